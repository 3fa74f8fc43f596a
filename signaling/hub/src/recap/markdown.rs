// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The recap as a page to read and print, in Italian or English. What people wrote stays text: every character that
//! means something in Markdown (CommonMark 0.31) or HTML is escaped.

use std::fmt::Write as _;

use fiera_protocol::fair::{CurvePoint, Localised, QuestionStage};
use fiera_protocol::limits::SUPPRESSED_BELOW;
use fiera_protocol::view::EventPhase;

use super::{PublicQuestion, Recap, RoomRecap};

/// Most rows of the attendance table; each then stands for several minutes.
const CURVE_ROWS_MAX: u32 = 24;

/// A language that recaps are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Italian.
    It,
    /// English.
    En,
}

impl Language {
    pub(super) fn words(self, it: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::It => it,
            Self::En => en,
        }
    }

    fn title<'a>(self, titles: &'a Localised, first: &'a str) -> &'a str {
        let own = match self {
            Self::It => &titles.it,
            Self::En => &titles.en,
        };
        own.as_deref().unwrap_or(first)
    }

    fn stage(self, stage: QuestionStage) -> &'static str {
        match stage {
            QuestionStage::Pending => self.words("in attesa", "pending"),
            QuestionStage::Published | QuestionStage::Next | QuestionStage::Now => self.words("aperta", "open"),
            QuestionStage::Answered => self.words("risposta data", "answered"),
            QuestionStage::FollowUp => self.words("risposta a seguire", "to be followed up"),
            QuestionStage::Dismissed => self.words("non accolta", "dismissed"),
        }
    }
}

impl Recap {
    /// The recap as Markdown; times are UTC.
    #[must_use]
    pub fn markdown(&self, language: Language) -> String {
        let mut page = format!("# {}\n\n", plain(language.title(&self.titles, &self.title)));
        if let Some(organiser) = &self.organiser {
            let _ = writeln!(page, "{}\n", plain(organiser));
        }
        if self.phase != EventPhase::Ended {
            let preliminary = language.words(
                "**Provvisorio:** l'evento non è ancora finito.",
                "**Preliminary:** the event is not over yet.",
            );
            let _ = writeln!(page, "{preliminary}\n");
        }
        self.attendance(language, &mut page);
        if !self.announcements.is_empty() {
            let _ = writeln!(page, "## {}\n", language.words("Annunci", "Announcements"));
            for one in &self.announcements {
                let _ = writeln!(page, "- {} {}", clock(one.at_unix_ms / 60_000), plain(&one.text));
            }
            page.push('\n');
        }
        self.ideas_and_thanks(language, &mut page);
        for room in &self.rooms {
            room.markdown(language, &mut page);
        }
        super::stands::markdown(&self.stands, language, &mut page);
        self.notes(language, &mut page);
        page
    }

    /// What breakout rooms wrote down.
    fn notes(&self, language: Language, page: &mut String) {
        if self.breakouts.is_empty() {
            return;
        }
        let title = language.words("Note dalle stanze di lavoro", "Notes from the breakout rooms");
        let _ = writeln!(page, "## {title}\n");
        for room in &self.breakouts {
            let _ = writeln!(page, "### {}\n", plain(&room.title));
            if let Some(topic) = &room.topic {
                let _ = writeln!(page, "{}\n", plain(topic));
            }
            for card in &room.cards {
                let votes = language.words("voti", "votes");
                let _ = writeln!(
                    page,
                    "- {} ({}, {votes}: {})",
                    plain(&card.text),
                    plain(&card.by),
                    card.votes
                );
            }
            page.push('\n');
        }
    }

    fn attendance(&self, language: Language, page: &mut String) {
        let few = language.words("meno di", "fewer than");
        let number = |people: Option<u32>| people.map_or(format!("{few} {SUPPRESSED_BELOW}"), |n| n.to_string());
        let _ = writeln!(page, "## {}\n", language.words("Presenze", "Attendance"));
        let most = language.words("Massimo contemporaneo", "Most at once");
        let _ = writeln!(page, "{most}: {}\n", number(self.peak));
        let (Some(first), Some(last)) = (self.curve.first(), self.curve.last()) else {
            return;
        };
        let step = (last.unix_min - first.unix_min) / CURVE_ROWS_MAX + 1;
        let (from, people) = (
            language.words("Dalle (UTC)", "From (UTC)"),
            language.words("Persone", "People"),
        );
        let _ = writeln!(page, "| {from} | {people} |\n|---|---|");
        let row_of = |point: &CurvePoint| (point.unix_min - first.unix_min) / step;
        for points in self.curve.chunk_by(|a, b| row_of(a) == row_of(b)) {
            let most = points.iter().filter_map(|point| point.people).max();
            let from = points.first().map_or(0, |point| point.unix_min);
            let _ = writeln!(page, "| {} | {} |", clock(u64::from(from)), number(most));
        }
        page.push('\n');
    }
}

impl RoomRecap {
    fn markdown(&self, language: Language, page: &mut String) {
        if self.questions.is_empty() && self.polls.is_empty() && self.transcripts.is_empty() {
            return;
        }
        let _ = writeln!(page, "## {}\n", plain(language.title(&self.titles, &self.title)));
        if !self.questions.is_empty() {
            let _ = writeln!(page, "### {}\n", language.words("Domande", "Questions"));
        }
        for question in &self.questions {
            question_line(question, language, page);
        }
        if !self.questions.is_empty() {
            page.push('\n');
        }
        for poll in &self.polls {
            super::polls::markdown(poll, language, page);
        }
        for transcript in &self.transcripts {
            let heading = language.words("Trascrizione", "Transcript");
            let _ = writeln!(page, "### {heading} ({})\n", transcript.lang);
            for line in &transcript.lines {
                let _ = writeln!(page, "{}  ", plain(line));
            }
            page.push('\n');
        }
    }
}

fn question_line(question: &PublicQuestion, language: Language, page: &mut String) {
    let by = question.by.as_ref().map(|name| plain(name.as_str()));
    let by = by.unwrap_or_else(|| language.words("anonimo", "anonymous").to_owned());
    let (text, stage, upvotes) = (plain(&question.text), language.stage(question.stage), question.upvotes);
    let _ = write!(page, "- {text} ({by}; +{upvotes}; {stage}");
    if let Some(note) = &question.note {
        let _ = write!(page, ": {}", plain(note));
    }
    page.push_str(")\n");
    if let Some(answer) = &question.answer {
        let _ = writeln!(page, "  - {}: {}", language.words("Risposta", "Answer"), plain(answer));
    }
}

/// A text of somebody as nothing but text, on one line.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c if c.is_whitespace() => escaped.push(' '),
            c if c.is_ascii_punctuation() && !matches!(c, ',' | ';' | '?' | '\'' | '"' | '/' | '%') => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Date and time of day of a minute since 1970, UTC (days to civil date after Howard Hinnant).
pub(crate) fn clock(unix_min: u64) -> String {
    let (days, minute) = (unix_min / 1_440 + 719_468, unix_min % 1_440);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::{clock, plain};

    #[test]
    fn what_people_write_stays_text() {
        assert_eq!(plain("<script>a|b</script>"), "&lt;script&gt;a\\|b&lt;/script&gt;");
        assert_eq!(plain("# *x* [y](z)\nnext"), "\\# \\*x\\* \\[y\\]\\(z\\) next");
    }

    #[test]
    fn minutes_become_dates() {
        assert_eq!(clock(0), "1970-01-01 00:00");
        assert_eq!(clock(951_782_400 / 60 + 61), "2000-02-29 01:01");
        assert_eq!(clock(1_790_000_000 / 60), "2026-09-21 14:13");
    }
}
