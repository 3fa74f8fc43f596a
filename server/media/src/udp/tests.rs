// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use std::sync::{Arc, Mutex};

use fiera_sfu::egress::StreamKind;

use super::*;

fn pair() -> (UdpSocket, UdpSocket) {
    let any = SocketAddr::from(([0, 0, 0, 0], 0));
    (
        UdpSocket::bind(any).expect("binds"),
        UdpSocket::bind(any).expect("binds"),
    )
}

fn udp(remote: SocketAddr) -> Path {
    Path {
        via: Via::Udp,
        local: None,
        remote,
    }
}

/// Everything that arrives until `count` datagrams are there.
fn collect(socket: &mut UdpSocket, count: usize) -> Vec<(Path, Vec<u8>)> {
    let waker = Waker::new().expect("a bell");
    let mut got = Vec::new();
    while got.len() < count {
        socket.wait(&waker, Duration::from_secs(5)).expect("waits");
        let taken = socket.receive(
            &mut got,
            |_, _, _| {},
            |got, path, bytes| got.push((path, bytes.to_vec())),
        );
        assert!(taken.is_ok(), "nothing more came: {} of {count}", got.len());
    }
    got
}

#[test]
fn runs_arrive_as_single_datagrams_from_the_address_that_was_asked() {
    let (mut a, mut b) = pair();
    let remote = SocketAddr::from(([127, 0, 0, 1], b.local_addr().expect("bound").port()));
    let path = Path {
        local: Some([127, 0, 0, 9].into()),
        ..udp(remote)
    };
    let mut egress = Egress::new();
    for (fill, len) in [(1_u8, 1_000), (2, 1_000), (3, 700), (4, 900)] {
        assert!(egress.push(path, &vec![fill; len]));
    }
    assert_eq!(egress.runs().len(), 2, "three of them in one send");
    a.send(&mut egress, &Streams::default());
    assert!(egress.is_empty());
    let got = collect(&mut b, 4);
    let shapes: Vec<_> = got.iter().map(|(_, bytes)| (bytes[0], bytes.len())).collect();
    assert_eq!(shapes, [(1, 1_000), (2, 1_000), (3, 700), (4, 900)]);
    for (path, _) in got {
        assert_eq!(path.remote.ip(), IpAddr::from([127, 0, 0, 9]));
        assert_eq!(path.local, Some([127, 0, 0, 1].into()));
    }
}

use std::net::IpAddr;

#[test]
fn without_offload_the_same_bytes_arrive() {
    let (mut a, mut b) = pair();
    a.gso = false;
    let remote = SocketAddr::from(([127, 0, 0, 1], b.local_addr().expect("bound").port()));
    let mut egress = Egress::new();
    for fill in 0..5_u8 {
        assert!(egress.push(udp(remote), &[fill; 300]));
    }
    a.send(&mut egress, &Streams::default());
    let fills: Vec<_> = collect(&mut b, 5)
        .iter()
        .map(|(_, bytes)| (bytes[0], bytes.len()))
        .collect();
    assert_eq!(fills, [(0, 300), (1, 300), (2, 300), (3, 300), (4, 300)]);
}

/// A path that is too narrow needs a network that this test has not; what the kernel would say of it is said by hand.
#[test]
fn what_is_too_long_for_a_path_may_be_cut_until_the_arena_is_sent() {
    let (mut a, mut b) = pair();
    assert!(!sys::may_fragment(&a.socket));
    let too_long = io::Error::from_raw_os_error(libc::EMSGSIZE);
    assert!(!a.is_cured_by_fragments(&io::Error::from_raw_os_error(libc::EIO)));
    assert!(a.is_cured_by_fragments(&too_long), "worth another try");
    assert!(sys::may_fragment(&a.socket));
    assert!(!a.is_cured_by_fragments(&too_long), "once");
    let remote = SocketAddr::from(([127, 0, 0, 1], b.local_addr().expect("bound").port()));
    let mut egress = Egress::new();
    assert!(egress.push(udp(remote), &[1; 1_000]));
    a.send(&mut egress, &Streams::default());
    assert_eq!(collect(&mut b, 1)[0].1, vec![1; 1_000]);
    assert!(!sys::may_fragment(&a.socket), "others are not cut");
}

#[test]
fn many_addresses_take_several_batches() {
    let (mut a, mut b) = pair();
    let port = b.local_addr().expect("bound").port();
    let mut egress = Egress::new();
    for n in 0..200_u8 {
        let remote = SocketAddr::from(([127, 0, 0, 1 + n], port));
        assert!(egress.push(udp(remote), &[n; 100]));
    }
    a.send(&mut egress, &Streams::default());
    let mut seen: Vec<u8> = collect(&mut b, 200).iter().map(|(_, bytes)| bytes[0]).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..200).collect::<Vec<u8>>());
}

#[test]
fn a_bell_ends_the_wait() {
    let (a, _) = pair();
    let waker = Waker::new().expect("a bell");
    waker.wake();
    assert!(a.wait(&waker, Duration::from_secs(60)).expect("waits"));
    waker.silence();
    assert!(!a.wait(&waker, Duration::ZERO).expect("waits"));
}

/// Takes so many datagrams, then it is full.
struct Narrow {
    room: usize,
    got: Mutex<Vec<Vec<u8>>>,
}

impl StreamSink for Narrow {
    fn send(&self, datagram: &[u8]) -> bool {
        let mut got = self.got.lock().expect("not poisoned");
        let fits = got.len() < self.room;
        if fits {
            got.push(datagram.to_vec());
        }
        fits
    }
}

#[test]
fn a_run_to_a_stream_arrives_as_datagrams_and_what_it_refuses_is_noted() {
    let (mut a, mut b) = pair();
    let port = b.local_addr().expect("bound").port();
    let streams = Streams::default();
    let sink = Arc::new(Narrow {
        room: 3,
        got: Mutex::default(),
    });
    let near = udp(SocketAddr::from(([127, 0, 0, 1], port)));
    let stream = Path {
        via: Via::Stream(streams.open(StreamKind::Tcp, sink.clone())),
        ..near
    };
    let mut egress = Egress::new();
    for (path, fill, len) in [(stream, 1_u8, 500), (stream, 2, 500), (stream, 3, 200), (near, 4, 100)] {
        assert!(egress.push(path, &vec![fill; len]));
    }
    a.send(&mut egress, &streams);
    let shapes = |got: &[Vec<u8>]| got.iter().map(|d| (d[0], d.len())).collect::<Vec<_>>();
    assert_eq!(
        shapes(&sink.got.lock().expect("not poisoned")),
        [(1, 500), (2, 500), (3, 200)]
    );
    assert_eq!(collect(&mut b, 1)[0].1, vec![4; 100], "the same address by UDP");
    assert!(a.full.is_empty());

    egress.push(stream, &[5; 50]);
    egress.push(stream, &[6; 50]);
    egress.push(near, &[7; 50]);
    a.send(&mut egress, &streams);
    assert_eq!(collect(&mut b, 1)[0].1, vec![7; 50], "others go on");
    assert_eq!((a.counters.streams_full, a.full.clone()), (2, vec![stream]));
}
