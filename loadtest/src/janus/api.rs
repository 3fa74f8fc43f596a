// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The Janus API over plain HTTP, as far as a VideoRoom publisher and subscriber need it: sessions, handles, messages,
//! events by long poll. Shapes: <https://janus.conf.meetecho.com/docs/rest.html> and `videoroom.html` there.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

const PLUGIN: &str = "janus.plugin.videoroom";
const TIMEOUT_S: u64 = 20;
/// Events that may come before the one that is waited for (`webrtcup`, `media`, other people's doings).
const EVENTS_SKIPPED_MAX: usize = 32;
/// VideoRoom's `JANUS_VIDEOROOM_ERROR_ROOM_EXISTS`.
const ROOM_EXISTS: i64 = 427;

/// A session description with its role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Jsep {
    /// `offer` or `answer`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The description.
    pub sdp: String,
}

/// What one reply or event of the server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A session or handle was made, with its number; or something else went well.
    Done(Option<u64>),
    /// The request was taken; its outcome comes as an event.
    Taken,
    /// The plugin speaks, at once or by event.
    Plugin {
        /// The request that it answers, where it answers one.
        transaction: Option<String>,
        /// Error number and sentence, or `None` when all is well.
        error: Option<(i64, String)>,
        /// The description that comes along.
        jsep: Option<Jsep>,
    },
    /// Anything else: `keepalive` when a long poll ran out, `webrtcup`, `media`, `hangup`.
    Other(String),
}

#[derive(Deserialize)]
struct Message {
    janus: String,
    transaction: Option<String>,
    data: Option<Id>,
    error: Option<ErrorBody>,
    plugindata: Option<PluginData>,
    jsep: Option<Jsep>,
}

#[derive(Deserialize)]
struct Id {
    id: Option<u64>,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: i64,
    reason: String,
}

#[derive(Deserialize)]
struct PluginData {
    data: PluginBody,
}

#[derive(Deserialize)]
struct PluginBody {
    error_code: Option<i64>,
    error: Option<String>,
}

/// Reads a reply or an event.
///
/// # Errors
/// When it is not of the Janus API, or says that the request failed.
pub fn read(text: &str) -> Result<Said> {
    let message: Message =
        serde_json::from_str(text).with_context(|| format!("not a message of the Janus API: {text:.80}"))?;
    if message.janus == "error" {
        let error = message.error.context("an error without its reason")?;
        bail!("Janus says {} {}", error.code, error.reason);
    }
    if let Some(plugin) = message.plugindata {
        let sentence = plugin.data.error.unwrap_or_default();
        return Ok(Said::Plugin {
            transaction: message.transaction,
            error: plugin.data.error_code.map(|code| (code, sentence)),
            jsep: message.jsep,
        });
    }
    Ok(match message.janus.as_str() {
        "success" => Said::Done(message.data.and_then(|data| data.id)),
        "ack" => Said::Taken,
        _ => Said::Other(message.janus),
    })
}

/// `static-event-loops` of `GET /janus/info`: how many threads all handles share, 0 when each has its own.
///
/// # Errors
/// When the text is not such an answer.
pub fn event_loops(info: &str) -> Result<u32> {
    let info: Value = serde_json::from_str(info).context("Janus info")?;
    if info["janus"] != "server_info" {
        bail!("no Janus answers there");
    }
    let loops = info["static-event-loops"].as_u64().unwrap_or(0);
    u32::try_from(loops).context("Janus info")
}

/// A handle of the VideoRoom plugin in a session of its own, as each browser has.
#[derive(Debug, Clone)]
pub struct Handle {
    base: String,
    session: u64,
    handle: u64,
}

impl Handle {
    /// Makes the session and the handle. `base` is such as `http://10.77.0.1:8088/janus`.
    ///
    /// # Errors
    /// When no Janus answers or it refuses.
    pub fn attach(base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let made = |said| match said {
            Said::Done(Some(id)) => Ok(id),
            other => bail!("no number in Janus's answer: {other:?}"),
        };
        let session = made(post(&base, &json!({"janus": "create", "transaction": "create"}))?)?;
        let attach = json!({"janus": "attach", "plugin": PLUGIN, "transaction": "attach"});
        let handle = made(post(&format!("{base}/{session}"), &attach)?)?;
        Ok(Self { base, session, handle })
    }

    fn message(&self, name: &str, body: &Value, jsep: Option<(&str, &str)>) -> Result<Said> {
        let mut message = json!({"janus": "message", "transaction": name, "body": body});
        if let Some((kind, sdp)) = jsep {
            message["jsep"] = json!({"type": kind, "sdp": sdp});
        }
        post(&format!("{}/{}/{}", self.base, self.session, self.handle), &message)
    }

    /// Opens a room for `publishers` speakers, for as long as the server runs; one that is open already stays.
    /// `bitrate` is what Janus asks publishers by REMB to keep to, bits per second.
    ///
    /// # Errors
    /// When Janus refuses.
    pub fn open_room(&self, room: u64, publishers: u32, bitrate: u64) -> Result<()> {
        let body = json!({"request": "create", "room": room, "permanent": false, "publishers": publishers,
            "bitrate": bitrate});
        match self.message("open", &body, None)? {
            Said::Plugin { error: None, .. } => Ok(()),
            Said::Plugin {
                error: Some((ROOM_EXISTS, _)),
                ..
            } => Ok(()),
            other => bail!("Janus opens no room: {other:?}"),
        }
    }

    /// Enters as the publisher `feed` with an offer; gives the answer.
    ///
    /// # Errors
    /// When Janus refuses.
    pub fn publish(&self, room: u64, feed: u64, offer: &str) -> Result<String> {
        let body = json!({"request": "joinandconfigure", "ptype": "publisher", "room": room, "id": feed});
        self.message("publish", &body, Some(("offer", offer)))?;
        self.description("publish", "answer")
    }

    /// Asks for all streams of `feed`; gives Janus's offer.
    ///
    /// # Errors
    /// When Janus refuses.
    pub fn subscribe(&self, room: u64, feed: u64) -> Result<String> {
        let body = json!({"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]});
        self.message("subscribe", &body, None)?;
        self.description("subscribe", "offer")
    }

    /// Answers that offer; media may flow.
    ///
    /// # Errors
    /// When Janus refuses.
    pub fn start(&self, answer: &str) -> Result<()> {
        match self.message("start", &json!({"request": "start"}), Some(("answer", answer)))? {
            Said::Plugin { error: Some(error), .. } => bail!("Janus refuses to start: {error:?}"),
            _ => Ok(()),
        }
    }

    /// Long-polls until the description comes that answers `transaction`.
    fn description(&self, transaction: &str, kind: &str) -> Result<String> {
        let url = format!("{}/{}", self.base, self.session);
        for _ in 0..EVENTS_SKIPPED_MAX {
            if let Some(sdp) = answers(read(&get(&url)?)?, transaction, kind)? {
                return Ok(sdp);
            }
        }
        bail!("no {kind} among {EVENTS_SKIPPED_MAX} events of Janus");
    }

    /// Says that the session is wanted still; Janus ends those it does not hear of for 60 s.
    ///
    /// # Errors
    /// When the session is gone.
    pub fn keep_alive(&self) -> Result<()> {
        let body = json!({"janus": "keepalive", "transaction": "keepalive"});
        post(&format!("{}/{}", self.base, self.session), &body).map(|_| ())
    }

    /// Ends the session, its handle and their connection.
    ///
    /// # Errors
    /// When the session is gone.
    pub fn destroy(&self) -> Result<()> {
        let body = json!({"janus": "destroy", "transaction": "destroy"});
        post(&format!("{}/{}", self.base, self.session), &body).map(|_| ())
    }
}

/// The description in an event, if it is the one that is waited for.
fn answers(said: Said, wanted: &str, kind: &str) -> Result<Option<String>> {
    let Said::Plugin {
        transaction,
        error,
        jsep,
    } = said
    else {
        return Ok(None);
    };
    if transaction.as_deref() != Some(wanted) {
        return Ok(None);
    }
    if let Some((code, sentence)) = error {
        bail!("VideoRoom says {code} {sentence}");
    }
    match jsep {
        Some(jsep) if jsep.kind == kind => Ok(Some(jsep.sdp)),
        _ => bail!("VideoRoom's event has no {kind}"),
    }
}

/// `GET`: the body.
///
/// # Errors
/// When nobody answers or the status is not 200.
pub fn get(url: &str) -> Result<String> {
    let response = minreq::get(url)
        .with_timeout(TIMEOUT_S)
        .send()
        .with_context(|| format!("GET {url}"))?;
    body(&response, url)
}

fn post(url: &str, message: &Value) -> Result<Said> {
    let response = minreq::post(url)
        .with_header("Content-Type", "application/json")
        .with_body(message.to_string())
        .with_timeout(TIMEOUT_S)
        .send()
        .with_context(|| format!("POST {url}"))?;
    read(&body(&response, url)?)
}

fn body(response: &minreq::Response, url: &str) -> Result<String> {
    if response.status_code != 200 {
        bail!("{url}: HTTP {}", response.status_code);
    }
    Ok(response.as_str().with_context(|| url.to_owned())?.to_owned())
}

#[cfg(test)]
mod tests;
