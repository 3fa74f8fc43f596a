// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A recap as Markdown (CommonMark), in Italian or English. What people wrote stays text: nothing in it becomes markup.

use std::fmt::Write;

use fiera_hub::Recap;
use fiera_protocol::fair::{PollView, QuestionStage, QuestionView};
use fiera_protocol::view::EventPhase;
use serde::Deserialize;

/// The languages of Fiera's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    It,
    En,
}

impl Language {
    fn of<'a>(self, it: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::It => it,
            Self::En => en,
        }
    }
}

/// The recap in words.
pub(crate) fn markdown(recap: &Recap, language: Language) -> String {
    let title = if recap.title.is_empty() {
        recap.event.as_str()
    } else {
        &recap.title
    };
    let mut out = format!("# {}\n", plain(title));
    if recap.phase != EventPhase::Ended {
        let note = language.of(
            "Provvisorio: l’evento non è finito.",
            "Preliminary: the event is not over.",
        );
        let _ = write!(out, "\n*{note}*\n");
    }
    let people = language.of("Persone nello stesso momento, al massimo", "Most people at once");
    let peak = recap.peak.map_or_else(|| few(language), |peak| peak.to_string());
    let _ = write!(out, "\n{people}: {peak}\n");
    if !recap.announcements.is_empty() {
        let _ = write!(out, "\n## {}\n\n", language.of("Annunci", "Announcements"));
        for announcement in &recap.announcements {
            let _ = writeln!(out, "- {}", plain(&announcement.text));
        }
    }
    for room in &recap.rooms {
        if room.questions.is_empty() && room.polls.is_empty() {
            continue;
        }
        let title = if room.title.is_empty() {
            room.room.as_str()
        } else {
            &room.title
        };
        let _ = write!(out, "\n## {}\n", plain(title));
        if !room.questions.is_empty() {
            let _ = write!(out, "\n### {}\n\n", language.of("Domande", "Questions"));
            room.questions
                .iter()
                .for_each(|asked| question(&mut out, asked, language));
        }
        for asked in &room.polls {
            poll(&mut out, asked, language);
        }
    }
    out
}

fn question(out: &mut String, asked: &QuestionView, language: Language) {
    let by = asked.by.as_ref().map_or_else(
        || language.of("anonima", "anonymous").to_owned(),
        |name| plain(name.as_str()),
    );
    let stage = match asked.stage {
        QuestionStage::Answered => language.of("risposta data", "answered"),
        QuestionStage::FollowUp => language.of("risposta dopo l’evento", "answered after the event"),
        QuestionStage::Dismissed => language.of("non trattata", "not taken up"),
        QuestionStage::Pending | QuestionStage::Published | QuestionStage::Next | QuestionStage::Now => {
            language.of("aperta", "open")
        }
    };
    let note = asked
        .note
        .as_deref()
        .map(|note| format!(": {}", plain(note)))
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "- {} ({by}, +{}) — {stage}{note}",
        plain(&asked.text),
        asked.upvotes
    );
}

fn poll(out: &mut String, asked: &PollView, language: Language) {
    let _ = write!(
        out,
        "\n### {}: {}\n\n",
        language.of("Sondaggio", "Poll"),
        plain(&asked.question)
    );
    let tally = asked.tally.as_deref().unwrap_or_default();
    for (n, option) in asked.options.iter().enumerate() {
        let votes = tally.get(n).map_or_else(|| "–".to_owned(), u32::to_string);
        let _ = writeln!(out, "- {}: {votes}", plain(option));
    }
    let _ = write!(out, "\n{}: {}\n", language.of("Risposte", "Answers"), asked.answers);
}

fn few(language: Language) -> String {
    language.of("meno di 10", "fewer than 10").to_owned()
}

/// Text that looks the same in Markdown: punctuation with a meaning is escaped, lines become one.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_ascii_punctuation() && !matches!(c, ',' | '.' | '?' | ':' | ';' | '\'' | '"' | '/' | '%') => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Language, markdown, plain};
    use fiera_hub::Recap;
    use fiera_protocol::fair::Announcement;
    use fiera_protocol::ids::AnnouncementId;
    use fiera_protocol::view::EventPhase;

    #[test]
    fn what_people_wrote_is_no_markup() {
        assert_eq!(plain("# a\n<b>[c](d)*"), "\\# a \\<b\\>\\[c\\]\\(d\\)\\*");
    }

    #[test]
    fn a_recap_speaks_the_language_asked_for_and_says_when_it_is_preliminary() {
        let recap = Recap {
            event: "demo".parse().unwrap(),
            title: "Demo".to_owned(),
            titles: fiera_protocol::fair::Localised::default(),
            organiser: None,
            phase: EventPhase::Live,
            peak: None,
            curve: Vec::new(),
            announcements: vec![Announcement {
                announcement: AnnouncementId::from_u128(1),
                text: "Lunch".to_owned(),
                at_unix_ms: 0,
            }],
            rooms: Vec::new(),
        };
        let (it, en) = (markdown(&recap, Language::It), markdown(&recap, Language::En));
        assert!(it.contains("## Annunci\n\n- Lunch") && it.contains("Provvisorio") && it.contains("meno di 10"));
        assert!(en.contains("## Announcements\n\n- Lunch") && en.contains("Preliminary"));
        let ended = Recap {
            phase: EventPhase::Ended,
            ..recap
        };
        assert!(!markdown(&ended, Language::En).contains("Preliminary"));
    }
}
