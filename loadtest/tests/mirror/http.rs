// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The toy server's HTTP: POST and DELETE, one connection at a time.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::media::{Media, Misbehave};

/// Starts the toy on free loopback ports and returns its address. It lives as long as the test process.
pub(crate) fn start(misbehave: Misbehave) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let media = Arc::new(Mutex::new(Media::new(misbehave)));
    let for_media = media.clone();
    std::thread::spawn(move || Media::run(&for_media));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, &media, misbehave);
        }
    });
    address
}

fn answer(mut stream: TcpStream, media: &Mutex<Media>, misbehave: Misbehave) {
    let (mut request, mut chunk) = (Vec::new(), [0_u8; 4_096]);
    let (head, body) = loop {
        let n = stream.read(&mut chunk).unwrap_or(0);
        if n == 0 {
            return;
        }
        request.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|l| {
                l.to_ascii_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    let is_viewer = head.contains(" /whep/");
    let reply = if head.starts_with("DELETE") {
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
    } else if is_viewer && misbehave.refuse_viewers {
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 16\r\nConnection: close\r\n\r\nthe room is full".to_owned()
    } else {
        assert!(head.to_ascii_lowercase().contains("authorization: bearer "), "{head}");
        let sdp = media.lock().unwrap().add(&body, is_viewer);
        format!(
            "HTTP/1.1 201 Created\r\nLocation: /whep/demo/main/1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{sdp}",
            sdp.len()
        )
    };
    let _ = stream.write_all(reply.as_bytes());
}
