// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! System calls that no crate offers as needed: `recvmmsg` with packet information, `sendmmsg` with `UDP_SEGMENT` per
//! message. Every buffer that the kernel is pointed at is owned by the struct that makes the call.
#![allow(unsafe_code)]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use fiera_sfu::egress::{Path, Run, Via};
use libc::{c_int, c_void, cmsghdr, iovec, mmsghdr, msghdr, sockaddr_in, sockaddr_in6, sockaddr_storage, socklen_t};

/// Datagrams per system call.
pub(super) const BATCH: usize = 64;
/// Bytes kept of a received datagram; longer ones are cut and then fail to authenticate.
const RECEIVE_BYTES: usize = 2_048;
/// Room for control messages: packet information of either family and a segment size.
const CONTROL_BYTES: usize = 128;

pub(super) const READABLE: i16 = libc::POLLIN;
pub(super) const WRITABLE: i16 = libc::POLLOUT;

fn checked(result: c_int) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

fn set_option(socket: &impl AsRawFd, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    // SAFETY: the pointer and length describe `value`, which outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const value).cast::<c_void>(),
            size_of::<c_int>() as socklen_t,
        )
    };
    checked(result).map(|_| ())
}

fn get_option(socket: &impl AsRawFd, level: c_int, name: c_int) -> usize {
    let mut value: c_int = 0;
    let mut len = size_of::<c_int>() as socklen_t;
    // SAFETY: the pointers describe `value` and `len`, which outlive the call.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw mut value).cast::<c_void>(),
            &raw mut len,
        )
    };
    if result == 0 {
        usize::try_from(value).unwrap_or(0)
    } else {
        0
    }
}

/// A socket that shares its port with others of this process (`SO_REUSEPORT`): the kernel spreads peers over them.
pub(super) fn bind_shared(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let family = if address.is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    };
    // SAFETY: a plain system call; the descriptor it returns is owned by nobody else.
    let fd = unsafe { libc::socket(family, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    checked(fd)?;
    // SAFETY: `fd` is open and ours alone.
    let socket = std::net::UdpSocket::from(unsafe { OwnedFd::from_raw_fd(fd) });
    set_option(&socket, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
    // SAFETY: all-zero bytes are a valid `sockaddr_storage`.
    let mut storage: sockaddr_storage = unsafe { zeroed() };
    let len = write_socket_addr(&mut storage, address);
    // SAFETY: the pointer and length describe `storage`, which outlives the call.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const storage).cast::<libc::sockaddr>(), len) };
    checked(result)?;
    Ok(socket)
}

pub(super) fn receive_packet_info(socket: &impl AsRawFd, is_v4: bool) -> io::Result<()> {
    if is_v4 {
        set_option(socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)
    } else {
        set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)
    }
}

/// Whether datagrams longer than the path takes may leave in fragments, or are refused with `EMSGSIZE`. Where they may,
/// Linux gives every datagram a number of its own to put it together by, which costs more than the route (IPv4 only: with
/// IPv6 a fragment alone has a number).
pub(super) fn let_fragment(socket: &impl AsRawFd, may: bool) -> io::Result<()> {
    let value = if may {
        libc::IP_PMTUDISC_WANT
    } else {
        libc::IP_PMTUDISC_DO
    };
    set_option(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, value)
}

/// Whether they may.
#[cfg(test)]
pub(super) fn may_fragment(socket: &impl AsRawFd) -> bool {
    get_option(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER) == libc::IP_PMTUDISC_WANT as usize
}

/// Asks for larger buffers, past the system's limit where that is allowed. Returns what there is: receive, send.
pub(super) fn set_buffers(socket: &impl AsRawFd, bytes: usize) -> (usize, usize) {
    let bytes = c_int::try_from(bytes).unwrap_or(c_int::MAX);
    for (force, plain) in [
        (libc::SO_RCVBUFFORCE, libc::SO_RCVBUF),
        (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF),
    ] {
        if set_option(socket, libc::SOL_SOCKET, force, bytes).is_err() {
            let _ = set_option(socket, libc::SOL_SOCKET, plain, bytes);
        }
    }
    let size = |name| get_option(socket, libc::SOL_SOCKET, name);
    (size(libc::SO_RCVBUF), size(libc::SO_SNDBUF))
}

/// Whether the kernel knows `UDP_SEGMENT`; 0 leaves the socket as it is.
pub(super) fn has_gso(socket: &impl AsRawFd) -> bool {
    set_option(socket, libc::SOL_UDP, libc::UDP_SEGMENT, 0).is_ok()
}

pub(super) fn is_gso_fault(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE))
}

pub(super) fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMSGSIZE)
}

/// Waits for any of the descriptors; which of them are ready.
pub(super) fn wait(descriptors: &[RawFd], events: i16, timeout: Duration) -> io::Result<[bool; 2]> {
    let mut polls = [libc::pollfd {
        fd: -1,
        events,
        revents: 0,
    }; 2];
    for (poll, fd) in polls.iter_mut().zip(descriptors) {
        poll.fd = *fd;
    }
    let timeout = libc::timespec {
        tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(timeout.subsec_nanos() as i32),
    };
    // SAFETY: `polls` and `timeout` outlive the call; negative descriptors are ignored by the kernel.
    let result = unsafe {
        libc::ppoll(
            polls.as_mut_ptr(),
            polls.len() as libc::nfds_t,
            &timeout,
            std::ptr::null(),
        )
    };
    checked(result)?;
    Ok(polls.map(|poll| poll.revents != 0))
}

/// Rings a bell in another thread's [`wait`].
pub(crate) struct Waker(OwnedFd);

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: a plain system call; the descriptor it returns is owned by nobody else.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        checked(fd)?;
        // SAFETY: `fd` is open and ours alone.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub(crate) fn wake(&self) {
        let one: u64 = 1;
        // SAFETY: the pointer and length describe `one`. A full counter means that the bell rings already.
        unsafe { libc::write(self.0.as_raw_fd(), (&raw const one).cast::<c_void>(), size_of::<u64>()) };
    }

    /// Returns whether it rang.
    pub(crate) fn silence(&self) -> bool {
        let mut count: u64 = 0;
        // SAFETY: the pointer and length describe `count`. Nothing to read is fine.
        unsafe { libc::read(self.0.as_raw_fd(), (&raw mut count).cast::<c_void>(), size_of::<u64>()) };
        count > 0
    }
}

impl AsRawFd for Waker {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Control buffers must be aligned like `cmsghdr`.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL_BYTES]);

fn socket_addr(storage: &sockaddr_storage) -> Option<SocketAddr> {
    match c_int::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the kernel wrote a `sockaddr_in`, which fits and is no more aligned.
            let v4 = unsafe { &*(&raw const *storage).cast::<sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::V4(SocketAddrV4::new(ip, u16::from_be(v4.sin_port))))
        }
        libc::AF_INET6 => {
            // SAFETY: the family says that the kernel wrote a `sockaddr_in6`, which fits and is no more aligned.
            let v6 = unsafe { &*(&raw const *storage).cast::<sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddr::V6(SocketAddrV6::new(
                ip,
                u16::from_be(v6.sin6_port),
                0,
                v6.sin6_scope_id,
            )))
        }
        _ => None,
    }
}

fn write_socket_addr(storage: &mut sockaddr_storage, address: SocketAddr) -> socklen_t {
    match address {
        SocketAddr::V4(v4) => {
            // SAFETY: a `sockaddr_in` fits into the storage and is no more aligned.
            let out = unsafe { &mut *(&raw mut *storage).cast::<sockaddr_in>() };
            out.sin_family = libc::AF_INET as libc::sa_family_t;
            out.sin_port = v4.port().to_be();
            out.sin_addr.s_addr = u32::from(*v4.ip()).to_be();
            size_of::<sockaddr_in>() as socklen_t
        }
        SocketAddr::V6(v6) => {
            // SAFETY: a `sockaddr_in6` fits into the storage and is no more aligned.
            let out = unsafe { &mut *(&raw mut *storage).cast::<sockaddr_in6>() };
            out.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            out.sin6_port = v6.port().to_be();
            out.sin6_addr.s6_addr = v6.ip().octets();
            out.sin6_scope_id = v6.scope_id();
            out.sin6_flowinfo = 0;
            size_of::<sockaddr_in6>() as socklen_t
        }
    }
}

/// Buffers for `recvmmsg`.
pub(super) struct Receiver {
    bytes: Box<[[u8; RECEIVE_BYTES]; BATCH]>,
    addresses: Box<[sockaddr_storage; BATCH]>,
    controls: Box<[Control; BATCH]>,
    lengths: [usize; BATCH],
    locals: [Option<IpAddr>; BATCH],
}

impl Receiver {
    pub(super) fn new() -> Self {
        // SAFETY: all-zero bytes are a valid `sockaddr_storage`.
        let storage: sockaddr_storage = unsafe { zeroed() };
        Self {
            bytes: Box::new([[0; RECEIVE_BYTES]; BATCH]),
            addresses: Box::new([storage; BATCH]),
            controls: Box::new([Control([0; CONTROL_BYTES]); BATCH]),
            lengths: [0; BATCH],
            locals: [None; BATCH],
        }
    }

    pub(super) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        // SAFETY: all-zero bytes are valid `iovec`s and `mmsghdr`s (null pointers, zero lengths).
        let (mut vectors, mut messages): ([iovec; BATCH], [mmsghdr; BATCH]) = unsafe { (zeroed(), zeroed()) };
        let buffers = self
            .bytes
            .iter_mut()
            .zip(self.addresses.iter_mut())
            .zip(self.controls.iter_mut());
        for ((message, vector), ((bytes, address), control)) in messages.iter_mut().zip(&mut vectors).zip(buffers) {
            vector.iov_base = bytes.as_mut_ptr().cast::<c_void>();
            vector.iov_len = RECEIVE_BYTES;
            message.msg_hdr.msg_iov = vector;
            message.msg_hdr.msg_iovlen = 1;
            message.msg_hdr.msg_name = (&raw mut *address).cast::<c_void>();
            message.msg_hdr.msg_namelen = size_of::<sockaddr_storage>() as socklen_t;
            message.msg_hdr.msg_control = control.0.as_mut_ptr().cast::<c_void>();
            message.msg_hdr.msg_controllen = CONTROL_BYTES;
        }
        // SAFETY: every header points at buffers of `self` and `vectors`, which outlive the call and are not otherwise
        // borrowed during it.
        let result = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                messages.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let count = checked(result)?;
        for ((message, length), local) in messages.iter().zip(&mut self.lengths).zip(&mut self.locals).take(count) {
            *length = (message.msg_len as usize).min(RECEIVE_BYTES);
            *local = packet_info(&message.msg_hdr);
        }
        Ok(count)
    }

    pub(super) fn datagram(&self, index: usize) -> Option<(Path, &[u8])> {
        let remote = socket_addr(self.addresses.get(index)?)?;
        let local = self.locals.get(index).copied().flatten();
        let bytes = self.bytes.get(index)?.get(..*self.lengths.get(index)?)?;
        let via = Via::Udp;
        Some((Path { via, local, remote }, bytes))
    }
}

/// The address that a datagram came to.
fn packet_info(header: &msghdr) -> Option<IpAddr> {
    // SAFETY: the kernel wrote `msg_control` and `msg_controllen`; the CMSG functions stay inside of them.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while let Some(message) = control.as_ref() {
            match (message.cmsg_level, message.cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = libc::CMSG_DATA(control).cast::<libc::in_pktinfo>().read_unaligned();
                    return Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr))));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = libc::CMSG_DATA(control).cast::<libc::in6_pktinfo>().read_unaligned();
                    return Some(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)));
                }
                _ => control = libc::CMSG_NXTHDR(header, control),
            }
        }
    }
    None
}

/// Buffers for `sendmmsg`.
pub(super) struct Sender {
    addresses: Box<[sockaddr_storage; BATCH]>,
    controls: Box<[Control; BATCH]>,
}

impl Sender {
    pub(super) fn new() -> Self {
        // SAFETY: all-zero bytes are a valid `sockaddr_storage`.
        let storage: sockaddr_storage = unsafe { zeroed() };
        Self {
            addresses: Box::new([storage; BATCH]),
            controls: Box::new([Control([0; CONTROL_BYTES]); BATCH]),
        }
    }

    /// Sends up to one batch of runs. Returns how many the kernel took.
    pub(super) fn send<'a>(
        &mut self,
        socket: BorrowedFd<'_>,
        runs: impl Iterator<Item = (&'a Run, &'a [u8])>,
    ) -> io::Result<usize> {
        // SAFETY: all-zero bytes are valid `iovec`s and `mmsghdr`s (null pointers, zero lengths).
        let (mut vectors, mut messages): ([iovec; BATCH], [mmsghdr; BATCH]) = unsafe { (zeroed(), zeroed()) };
        let mut count = 0;
        let buffers = self.addresses.iter_mut().zip(self.controls.iter_mut());
        for (((message, vector), (address, control)), (run, bytes)) in
            messages.iter_mut().zip(&mut vectors).zip(buffers).zip(runs)
        {
            // More than one segment makes a run; the longest fits (`RUN_BYTES_MAX`).
            let segment = (run.segments > 1).then_some(run.segment_bytes as u16);
            point(
                &mut message.msg_hdr,
                vector,
                (address, control),
                run.path,
                bytes,
                segment,
            );
            count += 1;
        }
        if count == 0 {
            return Ok(0);
        }
        // SAFETY: the first `count` headers point at live buffers: `vectors`, those of `self`, and the runs' bytes.
        let result = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                messages.as_mut_ptr(),
                count as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
        checked(result)
    }
}

/// Sends one datagram, from the address that the path names.
pub(super) fn send_one(socket: BorrowedFd<'_>, path: Path, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: all-zero bytes are a valid `sockaddr_storage`, `iovec` and `msghdr` (null pointers, zero lengths).
    let (mut address, mut vector, mut header): (sockaddr_storage, iovec, msghdr) =
        unsafe { (zeroed(), zeroed(), zeroed()) };
    let mut control = Control([0; CONTROL_BYTES]);
    point(
        &mut header,
        &mut vector,
        (&mut address, &mut control),
        path,
        bytes,
        None,
    );
    // SAFETY: the header points at `address`, `vector`, `control` and `bytes`, which outlive the call.
    let result = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, libc::MSG_DONTWAIT) };
    usize::try_from(result)
        .map_err(|_| io::Error::last_os_error())
        .map(|_| ())
}

/// Points a header at what is to be sent and at buffers for where to and from where; all of them must outlive its use.
fn point(
    header: &mut msghdr,
    vector: &mut iovec,
    (address, control): (&mut sockaddr_storage, &mut Control),
    path: Path,
    bytes: &[u8],
    segment: Option<u16>,
) {
    // The kernel only reads through this pointer.
    vector.iov_base = bytes.as_ptr().cast_mut().cast::<c_void>();
    vector.iov_len = bytes.len();
    header.msg_iov = vector;
    header.msg_iovlen = 1;
    header.msg_namelen = write_socket_addr(address, path.remote);
    header.msg_name = (&raw mut *address).cast::<c_void>();
    header.msg_control = control.0.as_mut_ptr().cast::<c_void>();
    header.msg_controllen = CONTROL_BYTES;
    header.msg_controllen = write_control(header, path.local, segment);
    if header.msg_controllen == 0 {
        header.msg_control = std::ptr::null_mut();
    }
}

/// Writes the control messages: the address to send from, and the segment size of a run; the bytes used.
fn write_control(header: &msghdr, local: Option<IpAddr>, segment: Option<u16>) -> usize {
    let mut used = 0;
    // SAFETY: `msg_control` points at `CONTROL_BYTES` aligned bytes, more than both messages take; the CMSG functions
    // stay inside of them.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        let mut put = |level: c_int, kind: c_int, data: *const u8, len: usize| {
            let Some(message) = control.as_mut() else { return };
            message.cmsg_level = level;
            message.cmsg_type = kind;
            message.cmsg_len = libc::CMSG_LEN(len as u32) as usize;
            std::ptr::copy_nonoverlapping(data, libc::CMSG_DATA(control), len);
            used += libc::CMSG_SPACE(len as u32) as usize;
            // Not CMSG_NXTHDR: it would look at the length of a message that is not written yet.
            control = control
                .cast::<u8>()
                .add(libc::CMSG_SPACE(len as u32) as usize)
                .cast::<cmsghdr>();
        };
        match local {
            Some(IpAddr::V4(ip)) => {
                let mut info: libc::in_pktinfo = zeroed();
                info.ipi_spec_dst.s_addr = u32::from(ip).to_be();
                put(
                    libc::IPPROTO_IP,
                    libc::IP_PKTINFO,
                    (&raw const info).cast::<u8>(),
                    size_of_val(&info),
                );
            }
            Some(IpAddr::V6(ip)) => {
                let mut info: libc::in6_pktinfo = zeroed();
                info.ipi6_addr.s6_addr = ip.octets();
                put(
                    libc::IPPROTO_IPV6,
                    libc::IPV6_PKTINFO,
                    (&raw const info).cast::<u8>(),
                    size_of_val(&info),
                );
            }
            None => {}
        }
        if let Some(size) = segment {
            put(
                libc::SOL_UDP,
                libc::UDP_SEGMENT,
                (&raw const size).cast::<u8>(),
                size_of_val(&size),
            );
        }
    }
    used
}
