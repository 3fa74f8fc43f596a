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
pub const BATCH: usize = 32;
/// Longest datagram accepted, bytes.
pub const DATAGRAM_BYTES_MAX: usize = 2_048;
const CONTROL_BYTES: usize = 96;

fn set_option(fd: BorrowedFd<'_>, name: i32, value: i32) -> io::Result<()> {
    // SAFETY: the option's value is an int that lives through the call, and its size is given.
    let done = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
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

/// Asks for arrival times and drop counts with each datagram, and for a receive buffer of about `buffer_bytes`.
///
/// # Errors
/// When the kernel does not know the options.
pub fn prepare_receiver(fd: BorrowedFd<'_>, buffer_bytes: i32) -> io::Result<()> {
    set_option(fd, libc::SO_TIMESTAMPNS, 1)?;
    set_option(fd, libc::SO_RXQ_OVFL, 1)?;
    set_option(fd, libc::SO_RCVBUFFORCE, buffer_bytes).or_else(|_| set_option(fd, libc::SO_RCVBUF, buffer_bytes))
}

/// Buffers for one `recvmmsg`.
pub struct RecvBatch {
    buffers: Vec<[u8; DATAGRAM_BYTES_MAX]>,
    controls: Vec<[u64; CONTROL_BYTES / 8]>,
    meta: Vec<Meta>,
}

/// What the kernel says about a datagram.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meta {
    /// Bytes.
    pub len: usize,
    /// Arrival at the socket, nanoseconds since 1970; 0 when unknown.
    pub arrived_ns: u64,
    /// Datagrams that this socket has dropped so far for want of buffer; none when not told.
    pub dropped: Option<u32>,
}

impl Default for RecvBatch {
    fn default() -> Self {
        Self {
            buffers: vec![[0; DATAGRAM_BYTES_MAX]; BATCH],
            controls: vec![[0; CONTROL_BYTES / 8]; BATCH],
            meta: vec![Meta::default(); BATCH],
        }
    }
}

impl RecvBatch {
    /// Takes what is there, without waiting; returns how many.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; what the socket reports otherwise.
    pub fn receive(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        // SAFETY: both are plain C structs for which all-zero is a valid value.
        let (mut vectors, mut messages): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) =
            unsafe { (zeroed(), zeroed()) };
        for i in 0..BATCH {
            vectors[i] = libc::iovec {
                iov_base: self.buffers[i].as_mut_ptr().cast(),
                iov_len: DATAGRAM_BYTES_MAX,
            };
            let header = &mut messages[i].msg_hdr;
            header.msg_iov = &raw mut vectors[i];
            header.msg_iovlen = 1;
            header.msg_control = self.controls[i].as_mut_ptr().cast();
            header.msg_controllen = CONTROL_BYTES as _;
        }
        // SAFETY: every pointer in `messages` points into `vectors` or `self`, which outlive the call, with true lengths.
        let n = unsafe {
            libc::recvmmsg(
                fd.as_raw_fd(),
                messages.as_mut_ptr(),
                BATCH as u32,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let n = usize::try_from(n).map_err(|_| io::Error::last_os_error())?;
        for (meta, message) in self.meta.iter_mut().zip(&messages[..n]) {
            *meta = Meta {
                len: message.msg_len as usize,
                ..Meta::default()
            };
            read_control(&message.msg_hdr, meta);
        }
        Ok(n)
    }

    /// Datagram `i` of the last batch.
    pub fn get(&mut self, i: usize) -> (&mut [u8], Meta) {
        let meta = self.meta[i];
        (&mut self.buffers[i][..meta.len], meta)
    }
}

fn read_control(header: &libc::msghdr, meta: &mut Meta) {
    // SAFETY: the kernel filled the control buffer that `header` points to; the CMSG macros stay within msg_controllen.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(header);
        while !at.is_null() {
            if (*at).cmsg_level == libc::SOL_SOCKET {
                let data = libc::CMSG_DATA(at);
                if (*at).cmsg_type == libc::SCM_TIMESTAMPNS {
                    let time: libc::timespec = data.cast::<libc::timespec>().read_unaligned();
                    meta.arrived_ns = time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
                } else if (*at).cmsg_type == libc::SO_RXQ_OVFL {
                    meta.dropped = Some(data.cast::<u32>().read_unaligned());
                }
            }
            at = libc::CMSG_NXTHDR(header, at);
        }
    }
}

/// Sends `bytes` to an IPv4 address as datagrams of `segment` bytes (the last may be shorter) by one `sendmsg`.
///
/// # Errors
/// What the socket reports, or an IPv6 address.
pub fn send_segments(fd: BorrowedFd<'_>, to: SocketAddr, bytes: &[u8], segment: usize) -> io::Result<()> {
    let SocketAddr::V4(to) = to else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    // SAFETY: plain C structs for which all-zero is a valid value.
    let (mut address, mut header): (libc::sockaddr_in, libc::msghdr) = unsafe { (zeroed(), zeroed()) };
    address.sin_family = libc::AF_INET as _;
    address.sin_port = to.port().to_be();
    address.sin_addr.s_addr = u32::from_ne_bytes(to.ip().octets());
    let mut vector = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    let mut control = [0_u64; 4];
    header.msg_name = (&raw mut address).cast();
    header.msg_namelen = size_of::<libc::sockaddr_in>() as _;
    header.msg_iov = &raw mut vector;
    header.msg_iovlen = 1;
    if segment < bytes.len() {
        header.msg_control = control.as_mut_ptr().cast();
        // SAFETY: `control` has room for one header with two bytes of data, is aligned, and outlives the call.
        unsafe {
            header.msg_controllen = libc::CMSG_SPACE(2) as _;
            let first = libc::CMSG_FIRSTHDR(&raw const header);
            (*first).cmsg_level = libc::SOL_UDP;
            (*first).cmsg_type = libc::UDP_SEGMENT;
            (*first).cmsg_len = libc::CMSG_LEN(2) as _;
            libc::CMSG_DATA(first).cast::<u16>().write_unaligned(segment as u16);
        }
    }
    // SAFETY: all pointers in `header` point to locals or `bytes` that outlive the call; the kernel only reads them.
    let sent = unsafe { libc::sendmsg(fd.as_raw_fd(), &raw const header, 0) };
    if sent < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
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

    #[test]
    fn gso_batch_arrives_as_datagrams_with_times() {
        let sink = UdpSocket::bind("127.0.0.1:0").unwrap();
        prepare_receiver(sink.as_fd(), 1 << 20).unwrap();
        let source = UdpSocket::bind("127.0.0.1:0").unwrap();
        let bytes: Vec<u8> = (0..2_500_u32).map(|i| (i / 1_000) as u8).collect();
        send_segments(source.as_fd(), sink.local_addr().unwrap(), &bytes, 1_000).unwrap();
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
