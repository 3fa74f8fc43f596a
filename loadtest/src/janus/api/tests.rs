// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Answers recorded from Janus 1.1.2 (Debian), descriptions shortened.

use super::*;

const CREATED: &str = r#"{ "janus": "success", "transaction": "create", "data": { "id": 5883712724834571 } }"#;
const ROOM_MADE: &str = r#"{ "janus": "success", "session_id": 5883712724834571, "transaction": "open",
    "sender": 2278972675554916, "plugindata": { "plugin": "janus.plugin.videoroom",
    "data": { "videoroom": "created", "room": 1, "permanent": false } } }"#;
const ROOM_THERE: &str = r#"{ "janus": "success", "session_id": 5883712724834571, "transaction": "open",
    "sender": 2278972675554916, "plugindata": { "plugin": "janus.plugin.videoroom",
    "data": { "videoroom": "event", "error_code": 427, "error": "Room 1 already exists" } } }"#;
const ACK: &str = r#"{ "janus": "ack", "session_id": 5883712724834571, "transaction": "publish" }"#;
const PUBLISHED: &str = r#"{ "janus": "event", "session_id": 5883712724834571, "transaction": "publish",
    "sender": 2278972675554916, "plugindata": { "plugin": "janus.plugin.videoroom", "data": { "videoroom": "joined",
    "room": 1, "description": "Room 1", "id": 7, "private_id": 777440924, "publishers": [], "audio_codec": "opus",
    "video_codec": "vp8", "streams": [ { "type": "audio", "mindex": 0, "mid": "0", "codec": "opus", "fec": true },
    { "type": "video", "mindex": 1, "mid": "1", "codec": "vp8" } ] } },
    "jsep": { "type": "answer", "sdp": "v=0\r\no=- 4611731400430051336 2 IN IP4 10.77.0.1\r\n" } }"#;
const NO_FEED: &str = r#"{ "janus": "event", "session_id": 7759490331848856, "transaction": "subscribe",
    "sender": 7818068335855829, "plugindata": { "plugin": "janus.plugin.videoroom",
    "data": { "videoroom": "event", "error_code": 428, "error": "No such feed (7)" } } }"#;
const NO_SESSION: &str = r#"{ "janus": "error", "session_id": 55, "transaction": "k",
    "error": { "code": 458, "reason": "No such session 55" } }"#;
const UP: &str = r#"{ "janus": "webrtcup", "session_id": 5883712724834571, "sender": 2278972675554916 }"#;
const NOTHING_NEW: &str = r#"{ "janus": "keepalive" }"#;
const INFO: &str = r#"{ "janus": "server_info", "transaction": "q13MN9qFWCC", "name": "Janus WebRTC Server",
    "version": 1102, "version_string": "1.1.2", "twcc-period": 200, "static-event-loops": 2 }"#;

#[test]
fn numbers_of_sessions_and_handles_are_read_whole() {
    assert_eq!(read(CREATED).unwrap(), Said::Done(Some(5_883_712_724_834_571)));
    assert_eq!(read(ACK).unwrap(), Said::Taken);
    assert_eq!(read(UP).unwrap(), Said::Other("webrtcup".into()));
    assert_eq!(read(NOTHING_NEW).unwrap(), Said::Other("keepalive".into()));
}

#[test]
fn rooms_are_made_or_there() {
    let error = |text| match read(text).unwrap() {
        Said::Plugin { error, .. } => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error(ROOM_MADE), None);
    assert_eq!(error(ROOM_THERE), Some((ROOM_EXISTS, "Room 1 already exists".into())));
}

#[test]
fn only_the_event_that_answers_gives_the_description() {
    let published = || read(PUBLISHED).unwrap();
    let sdp = answers(published(), "publish", "answer").unwrap().unwrap();
    assert!(sdp.starts_with("v=0\r\n") && sdp.ends_with("10.77.0.1\r\n"));
    assert_eq!(answers(published(), "subscribe", "answer").unwrap(), None);
    assert!(answers(published(), "publish", "offer").is_err());
    assert_eq!(answers(read(UP).unwrap(), "publish", "answer").unwrap(), None);
    assert_eq!(answers(read(ACK).unwrap(), "publish", "answer").unwrap(), None);
}

#[test]
fn refusals_are_errors_with_the_sentence() {
    let refused = answers(read(NO_FEED).unwrap(), "subscribe", "offer").unwrap_err();
    assert_eq!(refused.to_string(), "VideoRoom says 428 No such feed (7)");
    assert_eq!(
        read(NO_SESSION).unwrap_err().to_string(),
        "Janus says 458 No such session 55"
    );
    for broken in ["", "[]", "{}", "<html>", r#"{"janus":"error"}"#, &PUBLISHED[..200]] {
        assert!(read(broken).is_err(), "{broken}");
    }
}

#[test]
fn info_tells_the_event_loops() {
    assert_eq!(event_loops(INFO).unwrap(), 2);
    assert_eq!(event_loops(&INFO.replace("static-event-loops", "x")).unwrap(), 0);
    assert!(event_loops(CREATED).is_err());
}
