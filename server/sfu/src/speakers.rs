// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who speaks in a room, from the audio levels that clients put into their packets (RFC 6464).
//! Loudness decides the order of voices; who is shown as main changes slowly.

use std::time::{Duration, Instant};

use crate::api::ParticipantKey;

/// A voice must be louder than this to count as speaking, -dBov.
const SPEECH_MINUS_DBOV: u8 = 50;
/// Silence for this long ends speaking.
const HANGOVER: Duration = Duration::from_millis(600);
/// Another must speak alone for this long to become the main speaker.
const TAKEOVER: Duration = Duration::from_millis(1_500);
/// Speech shorter than this (a cough, a yes) brings nobody on the screen.
const WORD: Duration = Duration::from_millis(500);
/// Who spoke so lately is not taken off the screen.
const LATELY: Duration = Duration::from_secs(5);
/// Weight of a new packet in the smoothed loudness, of 256.
const SMOOTHING: i32 = 24;

#[derive(Debug)]
struct Voice {
    participant: ParticipantKey,
    /// Smoothed loudness in 1/256 dB above silence (127 dB is full scale).
    loudness: i32,
    spoke_at: Option<Instant>,
    speaking_since: Option<Instant>,
    /// The last that was heard of it and was longer than a word.
    said_at: Option<Instant>,
}

/// The voices of one room. Contract: `observe` every audio packet, `rank` every few hundred milliseconds.
#[derive(Debug, Default)]
pub struct Speakers {
    voices: Vec<Voice>,
    main: Option<ParticipantKey>,
}

impl Speakers {
    /// One audio packet with its level in -dBov (0 loudest, 127 silence).
    pub fn observe(&mut self, now: Instant, participant: ParticipantKey, minus_dbov: u8) {
        let index = match self.voices.iter().position(|v| v.participant == participant) {
            Some(index) => index,
            None => {
                self.voices.push(Voice {
                    participant,
                    loudness: 0,
                    spoke_at: None,
                    speaking_since: None,
                    said_at: None,
                });
                self.voices.len() - 1
            }
        };
        let Some(voice) = self.voices.get_mut(index) else {
            return;
        };
        let level = i32::from(127_u8.saturating_sub(minus_dbov)) * 256;
        voice.loudness += (level - voice.loudness) * SMOOTHING / 256;
        if minus_dbov < SPEECH_MINUS_DBOV {
            voice.spoke_at = Some(now);
            voice.speaking_since.get_or_insert(now);
        }
    }

    /// Forgets somebody who left.
    pub fn remove(&mut self, participant: ParticipantKey) {
        self.voices.retain(|v| v.participant != participant);
        if self.main == Some(participant) {
            self.main = None;
        }
    }

    /// Those who speak now, loudest first.
    pub fn rank(&mut self, now: Instant) -> Vec<ParticipantKey> {
        for voice in &mut self.voices {
            if voice
                .spoke_at
                .is_none_or(|at| now.saturating_duration_since(at) > HANGOVER)
            {
                voice.speaking_since = None;
            }
            // From the first loud packet to the last: the silence that follows is not speech.
            if let (Some(since), Some(until)) = (voice.speaking_since, voice.spoke_at)
                && until.saturating_duration_since(since) >= WORD
            {
                voice.said_at = Some(until);
            }
        }
        let mut speaking: Vec<&Voice> = self.voices.iter().filter(|v| v.speaking_since.is_some()).collect();
        speaking.sort_by_key(|v| (std::cmp::Reverse(v.loudness), v.participant));
        speaking.iter().map(|v| v.participant).collect()
    }

    /// Those who have spoken, the last one first, as [`Speakers::rank`] last saw it; and how many of them did so a moment
    /// ago.
    #[must_use]
    pub fn spoke(&self, now: Instant) -> (Vec<ParticipantKey>, usize) {
        let said = self.voices.iter().filter_map(|v| Some((v.said_at?, v.participant)));
        let mut said: Vec<_> = said.collect();
        said.sort_by_key(|(at, participant)| (std::cmp::Reverse(*at), *participant));
        let lately = said
            .iter()
            .filter(|(at, _)| now.saturating_duration_since(*at) < LATELY);
        (
            said.iter().map(|(_, participant)| *participant).collect(),
            lately.count(),
        )
    }

    /// The main speaker among `candidates` (those who may be shown, in order of precedence).
    pub fn main(&mut self, now: Instant, candidates: &[ParticipantKey]) -> Option<ParticipantKey> {
        let ranked = self.rank(now);
        let incumbent = self.main.filter(|main| candidates.contains(main));
        let challenger = ranked
            .iter()
            .copied()
            .find(|p| candidates.contains(p) && Some(*p) != incumbent);
        let spoke_long = |p: ParticipantKey| {
            self.voices
                .iter()
                .find(|v| v.participant == p)
                .and_then(|v| v.speaking_since)
                .is_some_and(|since| now.saturating_duration_since(since) >= TAKEOVER)
        };
        self.main = match (incumbent, challenger) {
            (Some(main), Some(other)) if !ranked.contains(&main) && spoke_long(other) => Some(other),
            (Some(main), _) => Some(main),
            (None, Some(other)) => Some(other),
            (None, None) => candidates.first().copied(),
        };
        self.main
    }
}

#[cfg(test)]
// Any moment will do as the beginning of a test.
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    const ANNA: ParticipantKey = ParticipantKey(1);
    const BRUNO: ParticipantKey = ParticipantKey(2);

    fn talk(speakers: &mut Speakers, who: ParticipantKey, from: Instant, ms: u64) -> Instant {
        let mut at = from;
        for _ in 0..ms / 20 {
            speakers.observe(at, who, 20);
            at += Duration::from_millis(20);
        }
        at
    }

    #[test]
    fn a_short_word_does_not_take_the_stage_but_a_sentence_does() {
        let mut speakers = Speakers::default();
        let start = Instant::now();
        let at = talk(&mut speakers, ANNA, start, 3_000);
        assert_eq!(speakers.main(at, &[ANNA, BRUNO]), Some(ANNA));
        let at = talk(&mut speakers, BRUNO, at + Duration::from_secs(1), 500);
        assert_eq!(speakers.main(at, &[ANNA, BRUNO]), Some(ANNA));
        let at = talk(&mut speakers, BRUNO, at, 1_500);
        assert_eq!(speakers.main(at, &[ANNA, BRUNO]), Some(BRUNO));
    }

    #[test]
    fn an_interruption_leaves_the_main_speaker_who_keeps_talking() {
        let mut speakers = Speakers::default();
        let mut at = Instant::now();
        speakers.main(at, &[ANNA, BRUNO]);
        for _ in 0..200 {
            speakers.observe(at, ANNA, 30);
            speakers.observe(at, BRUNO, 10);
            at += Duration::from_millis(20);
        }
        assert_eq!(speakers.rank(at), [BRUNO, ANNA]);
        assert_eq!(speakers.main(at, &[ANNA, BRUNO]), Some(ANNA));
    }

    #[test]
    fn who_said_more_than_a_word_is_remembered_the_last_one_first() {
        let mut speakers = Speakers::default();
        let at = talk(&mut speakers, ANNA, Instant::now(), 300);
        for ms in (0..1_000).step_by(100) {
            speakers.rank(at + Duration::from_millis(ms));
            assert_eq!(speakers.spoke(at), (vec![], 0), "a cough, and silence after it");
        }
        let mut at = talk(&mut speakers, ANNA, at + Duration::from_secs(1), 600);
        speakers.rank(at);
        assert_eq!(speakers.spoke(at), (vec![ANNA], 1));
        at = talk(&mut speakers, BRUNO, at + Duration::from_secs(6), 600);
        speakers.rank(at);
        assert_eq!(speakers.spoke(at), (vec![BRUNO, ANNA], 1));
        speakers.remove(BRUNO);
        assert_eq!(speakers.spoke(at), (vec![ANNA], 0));
    }

    #[test]
    fn who_is_gone_is_not_main() {
        let mut speakers = Speakers::default();
        let now = Instant::now();
        assert_eq!(speakers.main(now, &[ANNA, BRUNO]), Some(ANNA));
        assert_eq!(speakers.main(now, &[BRUNO]), Some(BRUNO));
        assert_eq!(speakers.main(now, &[]), None);
    }

    #[test]
    fn silence_is_not_speech() {
        let mut speakers = Speakers::default();
        let now = Instant::now();
        speakers.observe(now, ANNA, 90);
        assert!(speakers.rank(now).is_empty());
    }
}
