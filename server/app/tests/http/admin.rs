// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The operators' port: each connection under a name that leads nowhere, for this machine alone.

use fiera_app::app::App;
use fiera_app::config::{Config, Settings};
use fiera_protocol::ids::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::media::{SDP, offer, post};
use crate::site::{Site, new_folder};

/// Status line and body of a GET.
async fn get(site: &Site, path: &str, host: &str) -> (String, String) {
    let mut stream = TcpStream::connect(site.admin()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[tokio::test]
async fn operators_see_each_connection_and_nobody() {
    let site = Site::start().await;
    let (status, body) = get(&site, "/connections", "127.0.0.1").await;
    assert_eq!(
        (status.as_str(), body.as_str()),
        ("HTTP/1.1 200 OK", "{\n  \"connections\": []\n}\n"),
        "lines, the last one ended: somebody reads it in a terminal"
    );
    let made = post(
        &site,
        "/whip/demo/main",
        &site.token(Role::Speaker),
        SDP,
        &offer("sendonly"),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (_, body) = get(&site, "/connections", "localhost:9").await;
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    let [one] = json["connections"].as_array().unwrap().as_slice() else {
        panic!("{body}");
    };
    assert_eq!((&one["direction"], &one["path"]), (&"up".into(), &"none".into()));
    assert_eq!(one["sources"].as_array().map(Vec::len), Some(2));
    assert_eq!(one["id"].as_str().map(str::len), Some(16));
    let (_, again) = get(&site, "/connections", "[::1]").await;
    assert_eq!(again, body, "the same name as before");
    for secret in ["demo", "main", "127.0.0.1", "abcd", made.header("location")] {
        assert!(!body.contains(secret), "{secret} in {body}");
    }
}

#[tokio::test]
async fn the_operators_port_is_for_this_machine_and_apart_from_the_pages() {
    let site = Site::start().await;
    let (status, body) = get(&site, "/connections", "fair.example").await;
    assert!(
        status.contains(" 421 ") && !body.contains("connections"),
        "{status} {body}"
    );
    let (status, _) = get(&site, "/metrics", "127.0.0.1").await;
    assert!(status.contains(" 404 "), "{status}");
    assert_eq!(
        site.get("/connections").await.status,
        404,
        "not on the port of the pages"
    );

    let data = new_folder();
    let settings = Settings {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        media_port: Some(0),
        data: Some(data.clone()),
        admin_listen: Some("0.0.0.0:0".parse().unwrap()),
        ..Settings::default()
    };
    let refused = App::start(Config::resolve(settings, None).unwrap()).await.err();
    let _ = std::fs::remove_dir_all(data);
    assert!(refused.is_some_and(|why| why.to_string().contains("other machines")));
}
