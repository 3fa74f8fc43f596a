// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use super::*;

fn pair() -> (UdpSocket, UdpSocket) {
    let any = SocketAddr::from(([0, 0, 0, 0], 0));
    (
        UdpSocket::bind(any).expect("binds"),
        UdpSocket::bind(any).expect("binds"),
    )
}

/// Everything that arrives until `count` datagrams are there.
fn collect(socket: &mut UdpSocket, count: usize) -> Vec<(Path, Vec<u8>)> {
    let waker = Waker::new().expect("a bell");
    let mut got = Vec::new();
    while got.len() < count {
        socket.wait(&waker, Duration::from_secs(5)).expect("waits");
        let taken = socket.receive(|path, bytes| got.push((path, bytes.to_vec())));
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
        remote,
    };
    let mut egress = Egress::new();
    for (fill, len) in [(1_u8, 1_000), (2, 1_000), (3, 700), (4, 900)] {
        assert!(egress.push(path, &vec![fill; len]));
    }
    assert_eq!(egress.runs().len(), 2, "three of them in one send");
    a.send(&mut egress);
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
        assert!(egress.push(Path { local: None, remote }, &[fill; 300]));
    }
    a.send(&mut egress);
    let fills: Vec<_> = collect(&mut b, 5)
        .iter()
        .map(|(_, bytes)| (bytes[0], bytes.len()))
        .collect();
    assert_eq!(fills, [(0, 300), (1, 300), (2, 300), (3, 300), (4, 300)]);
}

#[test]
fn many_addresses_take_several_batches() {
    let (mut a, mut b) = pair();
    let port = b.local_addr().expect("bound").port();
    let mut egress = Egress::new();
    for n in 0..200_u8 {
        let remote = SocketAddr::from(([127, 0, 0, 1 + n], port));
        assert!(egress.push(Path { local: None, remote }, &[n; 100]));
    }
    a.send(&mut egress);
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
