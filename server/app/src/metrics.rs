// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Numbers for operators in the Prometheus text format. No label ever names a room, a person or an address.

mod media;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fiera_media::{MediaHandle, StreamKind};
use fiera_protocol::breakouts::BreakoutStep;
use fiera_protocol::client::Command;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::rate::Limit;
use media::MediaCollector;

/// Upper bounds of the join histogram, seconds.
const JOIN_BUCKETS_S: [f64; 11] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0, 10.0];

/// Upper bounds of the commit histogram, seconds.
const COMMIT_BUCKETS_S: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// All numbers of this process.
pub(crate) struct Metrics {
    registry: Registry,
    participants: IntGauge,
    sockets: IntGauge,
    commands: IntCounterVec,
    joins: Histogram,
    commits: Histogram,
    commit_failures: IntCounter,
    facts: IntCounter,
    erased_waits: IntGauge,
    streams: IntGaugeVec,
    limited: IntCounterVec,
    floods: IntCounter,
    reasons: Reasons,
}

/// A stream that is open; counted until it is dropped.
pub(crate) struct OpenStream(IntGauge);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

type Reasons = Arc<Mutex<BTreeMap<String, u64>>>;

impl Metrics {
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let metrics = Self {
            participants: IntGauge::new("fiera_participants", "Participants connected now, all events")?,
            sockets: IntGauge::new("fiera_ws_sessions", "WebSockets that said hello")?,
            commands: IntCounterVec::new(
                Opts::new("fiera_hub_commands_total", "Commands of clients"),
                &["kind", "outcome"],
            )?,
            joins: Histogram::with_opts(
                HistogramOpts::new("fiera_join_seconds", "From hello or WHEP POST to connected media")
                    .buckets(JOIN_BUCKETS_S.to_vec()),
            )?,
            commits: Histogram::with_opts(
                HistogramOpts::new("fiera_store_commit_seconds", "Until a round of an event was durable")
                    .buckets(COMMIT_BUCKETS_S.to_vec()),
            )?,
            commit_failures: IntCounter::new("fiera_store_commit_failures_total", "Rounds that could not be stored")?,
            facts: IntCounter::new("fiera_store_facts_total", "Facts that were stored")?,
            erased_waits: IntGauge::new(
                "fiera_store_erased_waiting_seconds",
                "For how long erased text has been waiting to leave the journal; 0: none does",
            )?,
            streams: IntGaugeVec::new(
                Opts::new(
                    "fiera_streams",
                    "Connections of ICE-TCP and of TURN over TCP and TLS, and clients of TURN over UDP, open now",
                ),
                &["path"],
            )?,
            limited: IntCounterVec::new(
                Opts::new(
                    "fiera_limited_total",
                    "What was refused because it came too fast, by limit",
                ),
                &["limit"],
            )?,
            floods: IntCounter::new(
                "fiera_floods_total",
                "Sockets closed because they went on sending too fast",
            )?,
            reasons: Reasons::default(),
            registry,
        };
        // From the start, so that nothing and zero are told apart.
        for kind in StreamKind::ALL {
            metrics.streams.with_label_values(&[kind.name()]);
        }
        metrics.registry.register(Box::new(metrics.streams.clone()))?;
        metrics.registry.register(Box::new(metrics.participants.clone()))?;
        metrics.registry.register(Box::new(metrics.sockets.clone()))?;
        metrics.registry.register(Box::new(metrics.commands.clone()))?;
        metrics.registry.register(Box::new(metrics.joins.clone()))?;
        metrics.registry.register(Box::new(metrics.commits.clone()))?;
        metrics.registry.register(Box::new(metrics.commit_failures.clone()))?;
        metrics.registry.register(Box::new(metrics.facts.clone()))?;
        metrics.registry.register(Box::new(metrics.erased_waits.clone()))?;
        for limit in Limit::ALL {
            metrics.limited.with_label_values(&[limit.name()]);
        }
        metrics.registry.register(Box::new(metrics.limited.clone()))?;
        metrics.registry.register(Box::new(metrics.floods.clone()))?;
        metrics.registry.register(Box::new(ProcessCollector::for_self()))?;
        Ok(metrics)
    }

    /// Adds the media plane's counters.
    pub(crate) fn watch_media(&self, media: MediaHandle) -> Result<(), prometheus::Error> {
        let collector = MediaCollector::new(media, self.reasons.clone())?;
        self.registry.register(Box::new(collector))
    }

    /// The text of `/metrics`.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// Counts a refusal.
    pub(crate) fn refused(&self, reason: &str) {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        *reasons.entry(reason.to_owned()).or_default() += 1;
    }

    /// Something came too fast for this limit.
    pub(crate) fn limited(&self, limit: Limit) {
        self.limited.with_label_values(&[limit.name()]).inc();
    }

    /// A socket is closed because it went on sending too fast.
    pub(crate) fn flooded(&self) {
        self.floods.inc();
    }

    /// Counts a command's outcome.
    pub(crate) fn command(&self, kind: &str, outcome: &str) {
        self.commands.with_label_values(&[kind, outcome]).inc();
    }

    /// A round is durable.
    pub(crate) fn committed(&self, facts: usize, after: Duration) {
        self.facts.inc_by(facts as u64);
        self.commits.observe(after.as_secs_f64());
    }

    /// A round could not be stored.
    pub(crate) fn commit_failed(&self) {
        self.commit_failures.inc();
    }

    /// So long something that was erased has been waiting to leave the store's files.
    pub(crate) fn erased_waits(&self, waited: Option<Duration>) {
        let waited_s = waited.map_or(0, |waited| waited.as_secs().max(1));
        self.erased_waits.set(i64::try_from(waited_s).unwrap_or(i64::MAX));
    }

    /// A stream or relay is open for as long as this is held.
    pub(crate) fn stream(&self, kind: StreamKind) -> OpenStream {
        let open = self.streams.with_label_values(&[kind.name()]);
        open.inc();
        OpenStream(open)
    }

    /// Somebody's media is connected.
    pub(crate) fn joined(&self, after: Duration) {
        self.joins.observe(after.as_secs_f64());
    }

    /// Participants came or went.
    pub(crate) fn participants(&self, change: i64) {
        self.participants.add(change);
    }

    /// A socket came or went.
    pub(crate) fn sockets(&self, change: i64) {
        self.sockets.add(change);
    }
}

/// The name of a command as a label.
pub(crate) fn command_kind(command: &Command) -> &'static str {
    match command {
        Command::Enter { .. } => "enter",
        Command::Programme { .. } => "programme",
        Command::Ideas { .. } => "ideas",
        Command::Thanks { .. } => "thanks",
        Command::Leave {} => "leave",
        Command::Rename { .. } => "rename",
        Command::EnterBackstage {} => "enter_backstage",
        Command::LeaveBackstage { .. } => "leave_backstage",
        Command::PutOnAir { .. } => "put_on_air",
        Command::TakeOffAir { .. } => "take_off_air",
        Command::SetSource { .. } => "set_source",
        Command::SetEventPhase { .. } => "set_event_phase",
        Command::Stage { .. } => "stage",
        Command::Caption { .. } => "caption",
        Command::EraseCaption { .. } => "erase_caption",
        Command::RaiseHand { .. } => "raise_hand",
        Command::LowerHand { .. } => "lower_hand",
        Command::AcceptHand { .. } => "accept_hand",
        Command::Ask { .. } => "ask",
        Command::WithdrawQuestion { .. } => "withdraw_question",
        Command::Upvote { .. } => "upvote",
        Command::SetQuestion { .. } => "set_question",
        Command::UndoQuestion { .. } => "undo_question",
        Command::EditQuestion { .. } => "edit_question",
        Command::MergeQuestions { .. } => "merge_questions",
        Command::AddLabel { .. } => "add_label",
        Command::EraseLabel { .. } => "erase_label",
        Command::LabelQuestion { .. } => "label_question",
        Command::AssignQuestion { .. } => "assign_question",
        Command::AnswerQuestion { .. } => "answer_question",
        Command::SetDue { .. } => "set_due",
        Command::ArchiveQuestions { .. } => "archive_questions",
        Command::EraseQuestion { .. } => "erase_question",
        Command::Chat { .. } => "chat",
        Command::EditMessage { .. } => "edit_message",
        Command::PinMessage { .. } => "pin_message",
        Command::QuestionFromMessage { .. } => "question_from_message",
        Command::SetWordFilter { .. } => "set_word_filter",
        Command::DeleteMessage { .. } => "delete_message",
        Command::Silence { .. } => "silence",
        Command::Ban { .. } => "ban",
        Command::SetRoom { .. } => "set_room",
        Command::DraftPoll { .. } => "draft_poll",
        Command::SetPoll { .. } => "set_poll",
        Command::DismissPoll { .. } => "dismiss_poll",
        Command::PreparePoll { .. } => "prepare_poll",
        Command::ClonePoll { .. } => "clone_poll",
        Command::PlacePoll { .. } => "place_poll",
        Command::Answer { .. } => "answer",
        Command::JoinQuiz { .. } => "join_quiz",
        Command::AskQuiz { .. } => "ask_quiz",
        Command::ShowEntry { .. } => "show_entry",
        Command::EraseEntry { .. } => "erase_entry",
        Command::Vote { .. } => "vote",
        Command::React { .. } => "react",
        Command::Stand { .. } => "stand",
        Command::Announce { .. } => "announce",
        Command::EraseAnnouncement { .. } => "erase_announcement",
        Command::Breakouts { step } => breakout_kind(step),
    }
}

/// The name of what is done about breakouts as a label.
fn breakout_kind(step: &BreakoutStep) -> &'static str {
    match step {
        BreakoutStep::Prepare { .. } => "breakouts_prepare",
        BreakoutStep::Deal { .. } => "breakouts_deal",
        BreakoutStep::Seat { .. } => "breakouts_seat",
        BreakoutStep::Discard { .. } => "breakouts_discard",
        BreakoutStep::Send { .. } => "breakouts_send",
        BreakoutStep::Rehearse { .. } => "breakouts_rehearse",
        BreakoutStep::EndRehearsal {} => "breakouts_end_rehearsal",
        BreakoutStep::Extend { .. } => "breakouts_extend",
        BreakoutStep::BringBack {} => "breakouts_bring_back",
        BreakoutStep::Tell { .. } => "breakouts_tell",
        BreakoutStep::Acknowledge { .. } => "breakouts_acknowledge",
        BreakoutStep::ShowCards { .. } => "breakouts_show_cards",
        BreakoutStep::Stay {} => "breakouts_stay",
        BreakoutStep::CallHelp { .. } => "breakouts_call_help",
        BreakoutStep::AddCard { .. } => "breakouts_add_card",
        BreakoutStep::EditCard { .. } => "breakouts_edit_card",
        BreakoutStep::EraseCard { .. } => "breakouts_erase_card",
        BreakoutStep::VoteCard { .. } => "breakouts_vote_card",
    }
}
