// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A simulcast publisher and a viewer on a WebSocket: the height that is wanted picks the layer.

use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::ids::Role;
use fiera_protocol::server::{ServerMessage, SlotKind};
use tokio::sync::mpsc;

use super::frames::{Codec, Frame};
use super::peer::Peer;
use super::publisher::{LAYERS, Publisher};
use super::seen::Seen;
use super::viewer::{Arrived, frames, primary_ssrc};
use crate::site::{Client, Site};

/// Frames of a layer that are to be seen before the next one is wanted.
const FRAMES: usize = 15;

/// Says what it is given and answers pings, until the test ends.
async fn keep_alive(mut client: Client, mut to_say: mpsc::Receiver<ClientMessage>) {
    loop {
        let message = tokio::select! {
            message = client.until(|message| matches!(message, ServerMessage::Ping { .. })) => message,
            message = to_say.recv() => {
                let Some(message) = message else { return };
                client.say(&message).await;
                continue;
            }
        };
        if let ServerMessage::Ping { n } = message {
            client.say(&ClientMessage::Pong { n }).await;
        }
    }
}

/// A viewer in the room with a rack of one camera; returns its peer, the camera's slot and SSRC, and its socket.
async fn watch(site: &Site) -> (Peer, u8, u32, Client) {
    let mut client = site.join(Role::Attendee).await;
    let room = "main".parse().unwrap();
    let entered = client.command(Command::Enter { room }).await;
    assert!(matches!(entered, ServerMessage::Accepted { .. }), "{entered:?}");
    client.say(&ClientMessage::Watch { video_slots: 1 }).await;
    let offer = client
        .until(|message| matches!(message, ServerMessage::RackOffer { .. }))
        .await;
    let ServerMessage::RackOffer { rack, sdp, slots, .. } = offer else {
        unreachable!()
    };
    let camera = slots.iter().find(|slot| slot.takes == SlotKind::Camera).unwrap();
    let mid = format!("a=mid:{}\r\n", camera.mid);
    let ssrc = primary_ssrc(&sdp, |section| section.contains(&mid));
    let peer = Peer::new().await;
    let sdp = peer.answer(sdp).await;
    client.say(&ClientMessage::RackAnswer { rack, sdp }).await;
    peer.connected().await;
    (peer, camera.slot, ssrc, client)
}

fn arrived(seen: &Seen, ssrc: u32) -> Vec<Arrived> {
    let packets = seen.streams.get(&ssrc);
    packets.map(|packets| frames(Codec::Vp8, packets)).unwrap_or_default()
}

#[tokio::test]
async fn the_height_that_is_wanted_picks_the_simulcast_layer() {
    let site = Site::start().await;
    let publisher = Publisher::simulcast(&site).await;
    for (rid, _) in LAYERS {
        assert!(
            publisher.offer.contains(&format!("a=rid:{rid} send")),
            "{}",
            publisher.offer
        );
    }
    let (peer, slot, ssrc, client) = watch(&site).await;
    let (say, to_say) = mpsc::channel(1);
    let alive = tokio::spawn(keep_alive(client, to_say));
    for height in [180, 720, 360, 180] {
        say.send(ClientMessage::Want {
            slot,
            height: Some(height),
        })
        .await
        .unwrap();
        let settled = |seen: &Seen| {
            let packets = seen.streams.get(&ssrc).into_iter().flatten().rev();
            let newest = packets.filter_map(|packet| Frame::read(Codec::Vp8, &packet.payload));
            let heights: Vec<u16> = newest.take(FRAMES).map(|frame| frame.height).collect();
            heights == [height; FRAMES]
        };
        peer.witness
            .until(&format!("the layer of {height} lines"), settled)
            .await;
    }
    // `frames` has seen to it that sequence and bytes hold across the switches; so must time and what a decoder needs.
    let all = peer.witness.look(|seen| arrived(seen, ssrc));
    let mut switches = 0;
    for pair in all.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let ticks = b.timestamp.wrapping_sub(a.timestamp) as i32;
        if a.frame.height == b.frame.height {
            assert_eq!(b.frame.number, a.frame.number + 1, "{a:?} {b:?}");
            assert_eq!(ticks, 3_000, "{a:?} {b:?}");
        } else {
            switches += 1;
            assert!(b.frame.key, "a layer starts with a keyframe: {b:?}");
            assert!((1..90_000).contains(&ticks), "{a:?} {b:?}");
        }
    }
    assert!(switches >= 3, "{switches}");
    alive.abort();
    drop(publisher);
}
