// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The answer about connections, as JSON. It is made from views that hold no person, no room and no address.

use std::fmt::Write;

use fiera_sfu::api::{PeerId, SourceKind};
use fiera_sfu::bwe::{Estimate, LimitedBy};
use fiera_sfu::engine::{ConnectionView, SlotView, SourceView, Traffic};
use fiera_sfu::ingest::IngestCounters;
use fiera_sfu::sdp::SlotKind;
use ring::hmac;
use serde::Serialize;

/// Bytes of a connection's name.
const NAME_BYTES: usize = 8;

/// Gives connections names that cannot be led back to their numbers, which lead to events.
pub(super) struct Namer(hmac::Key);

impl Namer {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn name(&self, peer: PeerId) -> String {
        let tag = hmac::sign(&self.0, &peer.0.to_be_bytes());
        let mut name = String::with_capacity(2 * NAME_BYTES);
        for byte in tag.as_ref().iter().take(NAME_BYTES) {
            let _ = write!(name, "{byte:02x}");
        }
        name
    }
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct Connections {
    connections: Vec<Connection>,
}

#[derive(Debug, Serialize)]
struct Connection {
    /// The same in each answer of this process.
    id: String,
    thread: u16,
    /// `udp`, `tcp`, `turn-udp`, `turn-tcp`, `turn-tls`, or `none` before it is connected.
    path: &'static str,
    #[serde(flatten)]
    traffic: Way,
}

#[derive(Debug, Serialize)]
#[serde(tag = "direction", rename_all = "snake_case")]
enum Way {
    Up {
        sources: Vec<Source>,
        packets: u64,
        /// Retransmissions that brought a missing packet.
        repaired: u64,
        /// Missing packets given up.
        lost: u64,
        nacked: u64,
        duplicates: u64,
        keyframe_requests: u64,
        refused: u64,
    },
    Down {
        /// None before media may flow.
        path_estimate: Option<Path>,
        packets: u64,
        retransmissions: u64,
        slots: Vec<Slot>,
    },
}

#[derive(Debug, Serialize)]
struct Source {
    source: &'static str,
    /// Not muted by the server.
    live: bool,
    layers: Vec<Layer>,
}

#[derive(Debug, Serialize)]
struct Layer {
    height: Option<u16>,
    bps: u64,
    flowing: bool,
}

#[derive(Debug, Serialize)]
struct Path {
    target_bps: u64,
    acked_bps: Option<u64>,
    rtt_ms: Option<u64>,
    /// Share lost, 0 to 1.
    loss: f32,
    inherent_loss: f32,
    queue_ms: u64,
    limited_by: &'static str,
    probes: u32,
}

#[derive(Debug, Serialize)]
struct Slot {
    slot: u8,
    kind: &'static str,
    wanted_height: Option<u16>,
    layer: Option<u8>,
    wished_layer: Option<u8>,
    reason: &'static str,
    packets: u32,
    retransmissions: u32,
}

impl Connections {
    pub(super) fn new(views: &[ConnectionView], namer: &Namer) -> Self {
        let mut connections: Vec<Connection> = views.iter().map(|view| Connection::new(view, namer)).collect();
        // In no order that tells who came first.
        connections.sort_by(|a, b| a.id.cmp(&b.id));
        Self { connections }
    }

    /// JSON as a person reads it in a terminal: indented, one line for each value, the last one ended.
    pub(super) fn text(&self) -> String {
        // Plain values under names that are strings: there is nothing that could not be written.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Connection {
    fn new(view: &ConnectionView, namer: &Namer) -> Self {
        Self {
            id: namer.name(view.peer),
            thread: view.thread.0,
            path: view.carrier.name(),
            traffic: match &view.traffic {
                Traffic::Up { sources, counters } => up(sources, counters),
                Traffic::Down { estimate, slots } => Way::Down {
                    path_estimate: estimate.as_ref().map(path),
                    packets: slots.iter().map(|slot| u64::from(slot.packets)).sum(),
                    retransmissions: slots.iter().map(|slot| u64::from(slot.retransmitted)).sum(),
                    slots: slots.iter().map(slot_of).collect(),
                },
            },
        }
    }
}

fn up(sources: &[SourceView], counters: &IngestCounters) -> Way {
    let source = |source: &SourceView| Source {
        source: source_name(source.kind),
        live: source.live,
        layers: source
            .layers
            .iter()
            .map(|layer| Layer {
                height: layer.height,
                bps: layer.bps,
                flowing: layer.flowing,
            })
            .collect(),
    };
    Way::Up {
        sources: sources.iter().map(source).collect(),
        packets: counters.media,
        repaired: counters.repaired,
        lost: counters.given_up,
        nacked: counters.nacked,
        duplicates: counters.duplicates,
        keyframe_requests: counters.plis,
        refused: counters.refused.iter().sum(),
    }
}

fn path(estimate: &Estimate) -> Path {
    let ms = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Path {
        target_bps: estimate.target_bps,
        acked_bps: estimate.acked_bps,
        rtt_ms: estimate.rtt.map(ms),
        loss: estimate.loss,
        inherent_loss: estimate.inherent_loss,
        queue_ms: ms(estimate.queue_delay),
        limited_by: limit_name(estimate.limited_by),
        probes: estimate.probes,
    }
}

fn slot_of(slot: &SlotView) -> Slot {
    Slot {
        slot: slot.slot,
        kind: match slot.kind {
            SlotKind::Voice => "voice",
            SlotKind::Camera => "camera",
            SlotKind::Screen => "screen",
            SlotKind::ScreenAudio => "screen_audio",
            SlotKind::Program => "program",
        },
        wanted_height: slot.want,
        layer: slot.layer,
        wished_layer: slot.wished,
        reason: slot.reason.name(),
        packets: slot.packets,
        retransmissions: slot.retransmitted,
    }
}

fn source_name(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Mic => "mic",
        SourceKind::Camera => "camera",
        SourceKind::Screen => "screen",
        SourceKind::ScreenAudio => "screen_audio",
    }
}

fn limit_name(limit: LimitedBy) -> &'static str {
    match limit {
        LimitedBy::Start => "start",
        LimitedBy::Path => "path",
        LimitedBy::Delay => "delay",
        LimitedBy::Loss => "loss",
        LimitedBy::Application => "application",
        LimitedBy::Silence => "silence",
        LimitedBy::Maximum => "maximum",
        LimitedBy::Reports => "reports",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fiera_sfu::allocate::Reason;
    use fiera_sfu::egress::StreamKind;
    use fiera_sfu::engine::{Carrier, LayerView, ThreadId};

    use super::*;

    fn views() -> Vec<ConnectionView> {
        let estimate = Estimate {
            target_bps: 900_000,
            acked_bps: Some(800_000),
            rtt: Some(Duration::from_millis(45)),
            loss: 0.25,
            inherent_loss: 0.0,
            queue_delay: Duration::from_millis(12),
            limited_by: LimitedBy::Delay,
            probes: 3,
        };
        let slot = SlotView {
            slot: 3,
            kind: SlotKind::Camera,
            want: Some(720),
            layer: Some(1),
            wished: Some(1),
            reason: Reason::Bandwidth,
            packets: 40,
            retransmitted: 2,
        };
        let layer = LayerView {
            height: Some(180),
            bps: 150_000,
            flowing: true,
        };
        let source = SourceView {
            kind: SourceKind::Screen,
            live: true,
            layers: vec![layer],
        };
        let counters = Box::new(IngestCounters {
            media: 7,
            given_up: 1,
            ..IngestCounters::default()
        });
        let view = |peer: u64, carrier, traffic| ConnectionView {
            peer: PeerId(peer),
            thread: ThreadId(1),
            carrier,
            traffic,
        };
        let down = Traffic::Down {
            estimate: Some(estimate),
            slots: vec![slot],
        };
        let up = Traffic::Up {
            sources: vec![source],
            counters,
        };
        vec![
            view(1 << 40 | 77, Carrier::Stream(StreamKind::TurnTls), down),
            view(1 << 40 | 78, Carrier::Udp, up),
        ]
    }

    #[test]
    fn a_connection_says_what_it_gets_and_why_and_never_whose_it_is() {
        let (namer, other) = (Namer::new(&[1; 32]), Namer::new(&[2; 32]));
        let json = serde_json::to_value(Connections::new(&views(), &namer)).unwrap();
        let all = json["connections"].as_array().unwrap();
        let of = |direction: &str| all.iter().find(|one| one["direction"] == direction).unwrap();
        let (up, down) = (of("up"), of("down"));
        assert_eq!((&down["path"], &down["thread"]), (&"turn-tls".into(), &1.into()));
        let estimate = &down["path_estimate"];
        assert_eq!(
            (&estimate["limited_by"], &estimate["rtt_ms"]),
            (&"delay".into(), &45.into())
        );
        assert_eq!(down["slots"][0]["reason"], "bandwidth");
        assert_eq!((&down["packets"], &down["retransmissions"]), (&40.into(), &2.into()));
        assert_eq!((&up["packets"], &up["lost"]), (&7.into(), &1.into()));
        assert_eq!(up["sources"][0]["layers"][0]["height"], 180);
        let mut keys: Vec<&String> = all.iter().flat_map(|one| one.as_object().unwrap().keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(
            keys,
            [
                "direction",
                "duplicates",
                "id",
                "keyframe_requests",
                "lost",
                "nacked",
                "packets",
                "path",
                "path_estimate",
                "refused",
                "repaired",
                "retransmissions",
                "slots",
                "sources",
                "thread",
            ],
            "another field needs a look at what it tells of a person"
        );
        assert_eq!(namer.name(PeerId(1)), namer.name(PeerId(1)));
        assert_ne!(namer.name(PeerId(1)), namer.name(PeerId(2)));
        assert_ne!(
            namer.name(PeerId(1)),
            other.name(PeerId(1)),
            "names end with the process"
        );
    }
}
