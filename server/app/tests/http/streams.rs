// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! ICE-TCP and TURN on the port of the pages, over real sockets.

use std::time::Duration;

use fiera_protocol::ids::Role;
use fiera_sfu::transport::dtls::DtlsIdentity;
use fiera_sfu::transport::ice;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::media::{SDP, offer, post};
use crate::site::Site;

/// Longer than any answer takes; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(20);
const BINDING_REQUEST: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7];
const SUCCESS: [u8; 2] = [1, 1];

async fn sent(site: &Site, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

async fn read<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    timeout(PATIENCE, stream.read_exact(&mut bytes))
        .await
        .expect("in time")
        .expect("that many");
    bytes
}

fn framed(datagram: &[u8]) -> Vec<u8> {
    [&u16::try_from(datagram.len()).unwrap().to_be_bytes()[..], datagram].concat()
}

fn value<'a>(sdp: &'a str, name: &str) -> &'a str {
    sdp.lines()
        .find_map(|line| line.strip_prefix(name))
        .expect("it is there")
}

#[tokio::test]
async fn a_viewer_is_checked_over_tcp_on_the_port_of_the_pages() {
    let site = Site::start().await;
    let made = post(
        &site,
        "/whep/demo/main",
        &site.token(Role::Attendee),
        SDP,
        &offer("recvonly"),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (ufrag, password) = (value(&made.body, "a=ice-ufrag:"), value(&made.body, "a=ice-pwd:"));
    let identity = DtlsIdentity::generate().unwrap();
    let check = ice::check([9; 12], ufrag, "abcd", password, identity.provider().crypto()).unwrap();
    let mut stream = sent(&site, &framed(&check)).await;
    let length = usize::from(u16::from_be_bytes(read::<2>(&mut stream).await));
    let mut answer = vec![0; length];
    timeout(PATIENCE, stream.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        ice::prove_response(&answer, password, identity.provider().crypto()),
        Ok(())
    );
    assert_eq!(answer[8..20], [9; 12]);
}

#[tokio::test]
async fn stun_and_http_are_told_apart_and_what_is_neither_is_let_go_of() {
    let site = Site::start().await;
    let mut stun = sent(&site, &BINDING_REQUEST).await;
    assert_eq!(read::<2>(&mut stun).await, SUCCESS);
    let mut split = sent(&site, &BINDING_REQUEST[..3]).await;
    tokio::task::yield_now().await;
    split.write_all(&BINDING_REQUEST[3..]).await.unwrap();
    assert_eq!(read::<2>(&mut split).await, SUCCESS);
    let mut http = sent(&site, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(&read::<15>(&mut http).await, b"HTTP/1.1 200 OK");
    let too_long = [&framed(&BINDING_REQUEST)[..], &[0xFF, 0xFF, 0, 0]].concat();
    for nothing in [&[0; 12][..], &too_long] {
        let mut stream = sent(&site, nothing).await;
        let end = timeout(PATIENCE, stream.read(&mut [0; 1]))
            .await
            .expect("let go of in time");
        assert!(matches!(end, Ok(0) | Err(_)), "answered");
    }
}

#[tokio::test]
async fn relays_are_named_as_the_client_reached_us() {
    let site = Site::start().await;
    let headers = [("content-type", SDP), ("host", "fair.example:8080")];
    let looked = site
        .ask("POST", "/api/v1/connectivity", &headers, &offer("recvonly"))
        .await;
    assert_eq!(looked.status, 200, "{}", looked.body);
    let relay = &looked.json()["ice_servers"][0];
    assert_eq!(relay["urls"][0], "turn:fair.example:8080?transport=tcp");
    let bearer = format!("Bearer {}", site.token(Role::Attendee));
    let headers = [
        ("content-type", SDP),
        ("host", "fair.example"),
        ("authorization", &*bearer),
    ];
    let made = site.ask("POST", "/whep/demo/main", &headers, &offer("recvonly")).await;
    let link = made.header("link");
    assert!(
        link.starts_with("<turn:fair.example:80?transport=tcp>; rel=\"ice-server\"; username=\""),
        "{link}"
    );
    assert!(
        link.contains("; credential=\"") && link.ends_with("; credential-type=\"password\""),
        "{link}"
    );
}
