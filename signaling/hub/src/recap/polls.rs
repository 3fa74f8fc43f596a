// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Results of polls in words (Markdown) and as a table for spreadsheets (CSV, RFC 4180).

use std::fmt::Write as _;

use fiera_protocol::fair::PollView;
use fiera_protocol::poll::{Outcome, PollForm};

use super::Recap;
use super::markdown::{Language, plain};

/// Hundredths as people write them.
fn decimal(hundredths: u32, language: Language) -> String {
    let point = language.words(",", ".");
    format!("{}{point}{:02}", hundredths / 100, hundredths % 100)
}

fn form_name(form: PollForm) -> &'static str {
    match form {
        PollForm::Single {} => "single",
        PollForm::Multiple { .. } => "multiple",
        PollForm::Rating { .. } => "rating",
        PollForm::Ranking {} => "ranking",
        PollForm::Words { .. } => "words",
        PollForm::Text {} => "text",
        PollForm::Quiz {} => "quiz",
    }
}

/// One thing that was counted: what it is, and its number where it has one.
type Row = (String, Option<u32>);

/// What was counted in a poll, under a kind of item each.
fn rows(poll: &PollView) -> Vec<(&'static str, Row)> {
    let tally = poll.tally.as_deref().unwrap_or_default();
    let mut rows: Vec<(&'static str, Row)> = match poll.form {
        PollForm::Rating { from, .. } => (u32::from(from)..)
            .zip(tally)
            .map(|(rating, votes)| ("rating", (rating.to_string(), Some(*votes))))
            .collect(),
        _ => {
            let options = poll.options.iter().zip(tally);
            options
                .map(|(option, votes)| ("option", (option.clone(), Some(*votes))))
                .collect()
        }
    };
    match &poll.outcome {
        None | Some(Outcome::Withheld {}) => {}
        Some(Outcome::Rating { mean_hundredths, nps }) => {
            rows.push(("mean", (decimal(*mean_hundredths, Language::En), None)));
            rows.extend(nps.map(|nps| ("nps", (nps.to_string(), None))));
        }
        Some(Outcome::Ranking { ranks }) => rows.extend(ranks.iter().map(|rank| {
            let option = poll.options.get(usize::from(rank.option)).cloned().unwrap_or_default();
            ("points", (option, Some(rank.points)))
        })),
        Some(Outcome::Words { words, .. }) => {
            rows.extend(words.iter().map(|word| ("word", (word.word.clone(), Some(word.count)))));
        }
        Some(Outcome::Texts { texts }) => {
            rows.extend(texts.iter().map(|text| ("text", (text.text.clone(), None))));
        }
        Some(Outcome::Quiz { board, questions }) => {
            rows.extend(
                board
                    .iter()
                    .map(|score| ("player", (score.nickname.clone(), Some(score.points)))),
            );
            for question in questions {
                let options = question.options.iter().zip(&question.tally);
                rows.extend(
                    options
                        .map(|(option, votes)| ("quiz", (format!("{} / {option}", question.question), Some(*votes)))),
                );
            }
        }
    }
    rows
}

/// A poll within the recap in words.
pub(super) fn markdown(poll: &PollView, language: Language, page: &mut String) {
    let word = language.words("Sondaggio", "Poll");
    let _ = writeln!(page, "### {word}: {}\n", plain(&poll.question));
    let answers = language.words("Risposte", "Answers");
    let _ = writeln!(page, "{answers}: {}\n", poll.answers);
    let table = |page: &mut String, head: &str, number: &str| {
        let _ = writeln!(page, "| {head} | {number} |\n|---|---|");
    };
    let votes = language.words("Voti", "Votes");
    let answer = language.words("Risposta", "Answer");
    match &poll.outcome {
        None => table(page, answer, votes),
        Some(Outcome::Withheld {}) => {
            let few = language.words(
                "Troppo poche risposte: non se ne conserva nulla.",
                "Too few answers: nothing of them was kept.",
            );
            let _ = writeln!(page, "{few}\n");
            return;
        }
        Some(Outcome::Rating { mean_hundredths, nps }) => {
            let mean = decimal(*mean_hundredths, language);
            let _ = writeln!(page, "{}: {mean}\n", language.words("Media", "Mean"));
            if let Some(nps) = nps {
                let _ = writeln!(page, "Net promoter score: {nps}\n");
            }
            table(page, language.words("Voto", "Rating"), votes);
        }
        Some(Outcome::Ranking { .. }) => table(page, answer, language.words("Punti (Borda)", "Points (Borda)")),
        Some(Outcome::Words { .. }) => table(page, language.words("Parola", "Word"), language.words("Volte", "Times")),
        Some(Outcome::Texts { texts }) => {
            for text in texts {
                let _ = writeln!(page, "- {}", plain(&text.text));
            }
            page.push('\n');
            return;
        }
        Some(Outcome::Quiz { board, questions }) => {
            table(
                page,
                language.words("Giocatore", "Player"),
                language.words("Punti", "Points"),
            );
            for score in board {
                let _ = writeln!(page, "| {} | {} |", plain(&score.nickname), score.points);
            }
            page.push('\n');
            for question in questions {
                let _ = writeln!(page, "#### {}\n", plain(&question.question));
                table(page, answer, votes);
                for (n, (option, votes)) in (0_u8..).zip(question.options.iter().zip(&question.tally)) {
                    let right = if n == question.right { " ✓" } else { "" };
                    let _ = writeln!(page, "| {}{right} | {votes} |", plain(option));
                }
                page.push('\n');
            }
            return;
        }
    }
    for (_, (what, number)) in rows(poll) {
        if let Some(number) = number {
            let _ = writeln!(page, "| {} | {number} |", plain(&what));
        }
    }
    page.push('\n');
}

/// A cell: quoted, and one that a spreadsheet would take for a formula begins with an apostrophe (OWASP, "CSV Injection").
pub(super) fn cell(text: &str) -> String {
    format!("\"{}{}\"", formula_guard(text), text.replace('"', "\"\""))
}

/// What goes before the text of a cell so that no spreadsheet runs it (OWASP, CSV injection): an apostrophe, or nothing.
#[must_use]
pub fn formula_guard(text: &str) -> &'static str {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { "'" } else { "" }
}

impl Recap {
    /// Revealed polls as a table: one line for each answer, number, word, text or player.
    #[must_use]
    pub fn polls_csv(&self) -> String {
        let mut page = "room,poll,form,question,answers,item,value,count\r\n".to_owned();
        for room in &self.rooms {
            for poll in &room.polls {
                let mut rows = rows(poll);
                if matches!(poll.outcome, Some(Outcome::Withheld {})) {
                    rows = vec![("withheld", (String::new(), None))];
                }
                for (item, (value, count)) in rows {
                    let count = count.map(|count| count.to_string()).unwrap_or_default();
                    let _ = write!(
                        page,
                        "{},{},{},{},{},{item},{},{count}\r\n",
                        cell(room.room.as_str()),
                        poll.poll,
                        form_name(poll.form),
                        cell(&poll.question),
                        poll.answers,
                        number_or_cell(item, &value),
                    );
                }
            }
        }
        page
    }
}

/// Our own numbers are no formulas, whatever their sign.
fn number_or_cell(item: &str, value: &str) -> String {
    match item {
        "nps" | "mean" | "rating" => value.to_owned(),
        _ => cell(value),
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn nothing_that_people_write_is_a_formula() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("-2\"a\""), "\"'-2\"\"a\"\"\"");
        assert_eq!(cell("a=b, c"), "\"a=b, c\"");
    }
}
