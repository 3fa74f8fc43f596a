// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The socket calls that no crate offers: batches in with kernel times, GSO batches out, CPU time of a thread.
//! The only unsafe code of this crate; it never sees what the bytes mean.
#![allow(unsafe_code)]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Datagrams taken per call.
pub const BATCH: usize = 64;
/// Longest datagram accepted, bytes.
pub const DATAGRAM_BYTES_MAX: usize = 2_048;
/// Largest buffer that the kernel joins datagrams of one sender to (`UDP_GRO`), bytes.
const JOINED_BYTES_MAX: usize = 65_536;
/// Buffers where datagrams come joined: fewer, for each holds up to 64 datagrams.
const JOINED_BATCH: usize = 16;
const CONTROL_BYTES: usize = 128;
/// Takes joined datagrams (linux/udp.h; the `libc` crate lacks it).
const UDP_GRO: i32 = 104;
/// Messages given to one `sendmmsg`.
pub const SEND_BATCH: usize = 64;

fn set_option_at(fd: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> io::Result<()> {
    // SAFETY: the option's value is an int that lives through the call, and its size is given.
    let done = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<i32>() as libc::socklen_t,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn set_option(fd: BorrowedFd<'_>, name: i32, value: i32) -> io::Result<()> {
    set_option_at(fd, libc::SOL_SOCKET, name, value)
}

/// Asks for arrival times and drop counts with each datagram, and for a receive buffer of about `buffer_bytes`.
///
/// # Errors
/// When the kernel does not know the options.
pub fn prepare_receiver(fd: BorrowedFd<'_>, buffer_bytes: i32) -> io::Result<()> {
    set_option(fd, libc::SO_TIMESTAMPNS, 1)?;
    set_option(fd, libc::SO_RXQ_OVFL, 1)?;
    set_option(fd, libc::SO_RCVBUFFORCE, buffer_bytes).or_else(|_| set_option(fd, libc::SO_RCVBUF, buffer_bytes))
}

/// For one socket of many local addresses: says with each datagram which address it came to, and with `joined` takes
/// datagrams of one sender joined where the kernel has them so (`UDP_GRO`).
///
/// # Errors
/// When the kernel does not know the options.
pub fn prepare_shared(fd: BorrowedFd<'_>, joined: bool) -> io::Result<()> {
    set_option_at(fd, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
    // Addresses of a local route (AnyIP) belong to no interface; binding and sending from them is asked for.
    let _ = set_option_at(fd, libc::IPPROTO_IP, libc::IP_FREEBIND, 1);
    if joined {
        set_option_at(fd, libc::SOL_UDP, UDP_GRO, 1)?;
    }
    Ok(())
}

/// Whether the socket takes joined datagrams.
#[must_use]
pub fn is_joined(fd: BorrowedFd<'_>) -> bool {
    option(fd, libc::SOL_UDP, UDP_GRO) == Some(1)
}

/// Size of the receive buffer that the kernel really gave, bytes (it counts double for its own use).
#[must_use]
pub fn receive_buffer_bytes(fd: BorrowedFd<'_>) -> usize {
    option(fd, libc::SOL_SOCKET, libc::SO_RCVBUF)
        .and_then(|value| usize::try_from(value).ok())
        .unwrap_or(0)
}

fn option(fd: BorrowedFd<'_>, level: i32, name: i32) -> Option<i32> {
    let (mut value, mut len) = (0_i32, size_of::<i32>() as libc::socklen_t);
    // SAFETY: value and length live through the call and are of the sizes given.
    let done = unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut len) };
    (done == 0).then_some(value)
}

/// Buffers for one `recvmmsg`. The headers point into the other vectors, which are never resized.
pub struct RecvBatch {
    buffers: Vec<u8>,
    buffer_bytes: usize,
    controls: Vec<[u64; CONTROL_BYTES / 8]>,
    vectors: Vec<libc::iovec>,
    messages: Vec<libc::mmsghdr>,
    meta: Vec<Meta>,
}

/// What the kernel says about a datagram.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meta {
    /// Bytes; of all joined datagrams together.
    pub len: usize,
    /// Bytes of each joined datagram (the last may be shorter); 0 where the datagram came alone.
    pub segment: usize,
    /// Arrival at the socket, nanoseconds since 1970; 0 when unknown.
    pub arrived_ns: u64,
    /// Datagrams that this socket has dropped so far for want of buffer; none when not told.
    pub dropped: Option<u32>,
    /// The local IPv4 address it came to, as a number; 0 when not told.
    pub to: u32,
}

impl Default for RecvBatch {
    fn default() -> Self {
        Self::new(false)
    }
}

impl RecvBatch {
    /// Buffers for datagrams that come alone, or `joined` by `UDP_GRO`.
    #[must_use]
    pub fn new(joined: bool) -> Self {
        let (count, buffer_bytes) = if joined {
            (JOINED_BATCH, JOINED_BYTES_MAX)
        } else {
            (BATCH, DATAGRAM_BYTES_MAX)
        };
        let mut batch = Self {
            buffers: vec![0; count * buffer_bytes],
            buffer_bytes,
            controls: vec![[0; CONTROL_BYTES / 8]; count],
            vectors: Vec::with_capacity(count),
            messages: Vec::with_capacity(count),
            meta: vec![Meta::default(); count],
        };
        for i in 0..count {
            batch.vectors.push(libc::iovec {
                iov_base: batch.buffers[i * buffer_bytes..].as_mut_ptr().cast(),
                iov_len: buffer_bytes,
            });
            // SAFETY: a plain C struct for which all-zero is a valid value.
            let mut message: libc::mmsghdr = unsafe { zeroed() };
            message.msg_hdr.msg_iov = &raw mut batch.vectors[i];
            message.msg_hdr.msg_iovlen = 1;
            message.msg_hdr.msg_control = batch.controls[i].as_mut_ptr().cast();
            message.msg_hdr.msg_controllen = CONTROL_BYTES as _;
            batch.messages.push(message);
        }
        batch
    }

    /// Datagrams (or joined runs) taken per call at most.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.messages.len()
    }

    /// Takes what is there, without waiting; returns how many.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; what the socket reports otherwise.
    pub fn receive(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        // SAFETY: every pointer in `messages` points into a vector of `self` that is never resized, with true lengths.
        let n = unsafe {
            libc::recvmmsg(
                fd.as_raw_fd(),
                self.messages.as_mut_ptr(),
                self.messages.len() as u32,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let n = usize::try_from(n).map_err(|_| io::Error::last_os_error())?;
        for (meta, message) in self.meta.iter_mut().zip(&mut self.messages[..n]) {
            *meta = Meta {
                len: message.msg_len as usize,
                ..Meta::default()
            };
            read_control(&message.msg_hdr, meta);
            message.msg_hdr.msg_controllen = CONTROL_BYTES as _;
        }
        Ok(n)
    }

    /// Datagram (or joined run) `i` of the last batch.
    pub fn get(&mut self, i: usize) -> (&mut [u8], Meta) {
        let meta = self.meta[i];
        (&mut self.buffers[i * self.buffer_bytes..][..meta.len], meta)
    }
}

fn read_control(header: &libc::msghdr, meta: &mut Meta) {
    // SAFETY: the kernel filled the control buffer that `header` points to; the CMSG macros stay within msg_controllen.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(header);
        while !at.is_null() {
            let data = libc::CMSG_DATA(at);
            match ((*at).cmsg_level, (*at).cmsg_type) {
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let time: libc::timespec = data.cast::<libc::timespec>().read_unaligned();
                    meta.arrived_ns = time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                    meta.dropped = Some(data.cast::<u32>().read_unaligned());
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info: libc::in_pktinfo = data.cast::<libc::in_pktinfo>().read_unaligned();
                    meta.to = u32::from_be(info.ipi_addr.s_addr);
                }
                (libc::SOL_UDP, UDP_GRO) => {
                    meta.segment = data.cast::<i32>().read_unaligned() as usize;
                }
                _ => {}
            }
            at = libc::CMSG_NXTHDR(header, at);
        }
    }
}

/// What leaves in one message: a datagram, or several of equal size (`UDP_SEGMENT`).
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Local IPv4 address as a number; 0 leaves it to the socket.
    pub from: u32,
    /// Where to, IPv4.
    pub to: SocketAddr,
    /// The bytes.
    pub bytes: &'a [u8],
    /// Bytes of each datagram, of which the last may be shorter; at least the length of `bytes` for one datagram.
    pub segment: usize,
}

/// Room for one `in_pktinfo` and one segment size.
const SEND_CONTROL_WORDS: usize = 8;

/// Fills the control messages; returns the bytes used.
fn write_control(control: &mut [u64; SEND_CONTROL_WORDS], out: &Outgoing<'_>) -> usize {
    let mut used = 0;
    let mut put = |level: i32, kind: i32, value: &[u8]| {
        // SAFETY: both entries together take 56 of the 64 aligned bytes; `used` is where the next one begins.
        unsafe {
            let at = control.as_mut_ptr().cast::<u8>().add(used).cast::<libc::cmsghdr>();
            (*at).cmsg_level = level;
            (*at).cmsg_type = kind;
            (*at).cmsg_len = libc::CMSG_LEN(value.len() as u32) as _;
            std::ptr::copy_nonoverlapping(value.as_ptr(), libc::CMSG_DATA(at), value.len());
            used += libc::CMSG_SPACE(value.len() as u32) as usize;
        }
    };
    if out.from != 0 {
        // in_pktinfo: interface index, source address, destination address (ignored).
        let mut info = [0_u8; 12];
        info[4..8].copy_from_slice(&out.from.to_be_bytes());
        put(libc::IPPROTO_IP, libc::IP_PKTINFO, &info);
    }
    if out.segment < out.bytes.len() {
        put(libc::SOL_UDP, libc::UDP_SEGMENT, &(out.segment as u16).to_ne_bytes());
    }
    used
}

/// Sends messages by as few `sendmmsg` as they take. What a full socket refuses is lost, as on a network.
/// Returns how many were refused.
pub fn send_each<'a>(fd: BorrowedFd<'_>, mut messages: impl Iterator<Item = Outgoing<'a>>) -> usize {
    let mut refused = 0;
    loop {
        // SAFETY: plain C structs for which all-zero is a valid value.
        let (mut addresses, mut vectors, mut headers): (
            [libc::sockaddr_in; SEND_BATCH],
            [libc::iovec; SEND_BATCH],
            [libc::mmsghdr; SEND_BATCH],
        ) = unsafe { (zeroed(), zeroed(), zeroed()) };
        let mut controls = [[0_u64; SEND_CONTROL_WORDS]; SEND_BATCH];
        let mut count = 0;
        for out in messages.by_ref().take(SEND_BATCH) {
            let SocketAddr::V4(to) = out.to else {
                refused += 1;
                continue;
            };
            addresses[count].sin_family = libc::AF_INET as _;
            addresses[count].sin_port = to.port().to_be();
            addresses[count].sin_addr.s_addr = u32::from_ne_bytes(to.ip().octets());
            vectors[count] = libc::iovec {
                iov_base: out.bytes.as_ptr().cast_mut().cast(),
                iov_len: out.bytes.len(),
            };
            let header = &mut headers[count].msg_hdr;
            header.msg_name = (&raw mut addresses[count]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as _;
            header.msg_iov = &raw mut vectors[count];
            header.msg_iovlen = 1;
            let used = write_control(&mut controls[count], &out);
            if used > 0 {
                header.msg_control = controls[count].as_mut_ptr().cast();
                header.msg_controllen = used as _;
            }
            count += 1;
        }
        if count == 0 {
            return refused;
        }
        let mut done = 0;
        while done < count {
            // SAFETY: all pointers in `headers` point to locals or to bytes that `messages` lends beyond the call.
            let n = unsafe {
                libc::sendmmsg(
                    fd.as_raw_fd(),
                    headers[done..].as_mut_ptr(),
                    (count - done) as u32,
                    libc::MSG_DONTWAIT as _,
                )
            };
            match usize::try_from(n) {
                Ok(n) if n > 0 => done += n,
                // One that cannot leave must not hold up the others.
                _ => {
                    refused += 1;
                    done += 1;
                }
            }
        }
    }
}

/// CPU time that the calling thread has used, nanoseconds.
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    // SAFETY: timespec is a plain C struct; the call writes it and keeps no pointer.
    unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
}

/// Clock ticks per second of `/proc/PID/stat`.
#[must_use]
pub fn ticks_per_second() -> u64 {
    // SAFETY: sysconf has no preconditions.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).unwrap_or(100).max(1)
}

/// Raises this process's descriptor limit to its hard limit, so that a thousand viewers fit; returns it.
pub fn raise_descriptor_limit() -> u64 {
    // SAFETY: rlimit is a plain C struct; both calls only read or write it.
    unsafe {
        let mut limit: libc::rlimit = zeroed();
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
            let _ = libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        }
        limit.rlim_cur
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    fn send_run(source: &UdpSocket, sink: &UdpSocket, bytes: &[u8]) {
        let out = Outgoing {
            from: 0,
            to: sink.local_addr().unwrap(),
            bytes,
            segment: 1_000,
        };
        assert_eq!(send_each(source.as_fd(), std::iter::once(out)), 0);
    }

    #[test]
    fn many_addresses_share_a_socket() {
        let shared = UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = shared.local_addr().unwrap().port();
        prepare_receiver(shared.as_fd(), 1 << 20).unwrap();
        prepare_shared(shared.as_fd(), false).unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        let from = |n: u8| u32::from_be_bytes([127, 64, 0, n]);
        let bytes = [[1; 10], [2; 10], [3; 10]];
        let out = (1..=3).zip(&bytes).map(|(n, bytes)| Outgoing {
            from: from(n),
            to: peer.local_addr().unwrap(),
            bytes,
            segment: bytes.len(),
        });
        assert_eq!(send_each(shared.as_fd(), out), 0);
        let mut buffer = [0; 20];
        for n in 1..=3_u8 {
            let (_, sender) = peer.recv_from(&mut buffer).unwrap();
            assert_eq!(sender, SocketAddr::from(([127, 64, 0, n], port)));
            peer.send_to(&[n], sender).unwrap();
        }
        let mut batch = RecvBatch::default();
        assert_eq!(batch.receive(shared.as_fd()).unwrap(), 3);
        for n in 1..=3_u8 {
            let (bytes, meta) = batch.get(usize::from(n) - 1);
            assert_eq!((bytes[0], meta.to), (n, from(n)));
        }
    }

    #[test]
    fn joined_datagrams_come_as_one_run() {
        let sink = UdpSocket::bind("127.0.0.1:0").unwrap();
        prepare_receiver(sink.as_fd(), 1 << 20).unwrap();
        prepare_shared(sink.as_fd(), true).unwrap();
        let source = UdpSocket::bind("127.0.0.1:0").unwrap();
        send_run(&source, &sink, &[7; 2_500]);
        let mut batch = RecvBatch::new(true);
        let mut bytes = 0;
        for i in 0..batch.receive(sink.as_fd()).unwrap() {
            let (run, meta) = batch.get(i);
            assert!(meta.segment == 0 || meta.segment == 1_000);
            bytes += run.len();
        }
        assert_eq!(bytes, 2_500);
        assert!(receive_buffer_bytes(sink.as_fd()) >= 1 << 20);
    }

    #[test]
    fn gso_batch_arrives_as_datagrams_with_times() {
        let sink = UdpSocket::bind("127.0.0.1:0").unwrap();
        prepare_receiver(sink.as_fd(), 1 << 20).unwrap();
        let source = UdpSocket::bind("127.0.0.1:0").unwrap();
        let bytes: Vec<u8> = (0..2_500_u32).map(|i| (i / 1_000) as u8).collect();
        send_run(&source, &sink, &bytes);
        let mut batch = RecvBatch::default();
        assert_eq!(batch.receive(sink.as_fd()).unwrap(), 3);
        for (i, len) in [1_000, 1_000, 500].into_iter().enumerate() {
            let (datagram, meta) = batch.get(i);
            assert_eq!((datagram.len(), datagram[0]), (len, i as u8));
            assert!(meta.arrived_ns > 1_000_000_000_000_000_000);
        }
        assert_eq!(
            batch.receive(sink.as_fd()).unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
        assert!(thread_cpu_ns() > 0);
    }
}
