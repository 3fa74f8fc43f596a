// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Stands and their practice cards as Markdown and as a table, for the recap and for exports.

use std::fmt::Write as _;

use super::Language;
use super::markdown::plain;
use super::polls::cell;
use crate::stands::StandRecap;

/// Stands as Markdown, below a title of their own; nothing where there is none.
pub(super) fn markdown(stands: &[StandRecap], language: Language, page: &mut String) {
    if stands.is_empty() {
        return;
    }
    let _ = writeln!(page, "## {}\n", language.words("Stand", "Stands"));
    for stand in stands {
        one(stand, language, page);
    }
}

fn one(stand: &StandRecap, language: Language, page: &mut String) {
    let content = &stand.content;
    let _ = writeln!(
        page,
        "### {}\n\n{}\n",
        plain(content.name.as_str()),
        plain(content.line.as_str())
    );
    let mut line = |it: &'static str, en: &'static str, text: &str| {
        let _ = writeln!(page, "- **{}:** {}", language.words(it, en), plain(text));
    };
    if let Some(by) = &stand.by {
        line("A cura di", "Kept by", by.as_str());
    }
    let card = &content.card;
    let parts = [
        ("Problema", "Problem", card.problem.as_ref().map(|text| text.as_str())),
        ("Contesto", "Context", card.context.as_ref().map(|text| text.as_str())),
        ("Metodo", "Method", card.method.as_ref().map(|text| text.as_str())),
        ("Strumenti", "Tools", card.tool.as_ref().map(|text| text.as_str())),
        ("Risultati", "Results", card.results.as_ref().map(|text| text.as_str())),
        ("Contatto", "Contact", card.contact.as_ref().map(|text| text.as_str())),
        ("Licenza", "Licence", card.licence.as_ref().map(|text| text.as_str())),
    ];
    for (it, en, text) in parts {
        if let Some(text) = text {
            line(it, en, text);
        }
    }
    for link in &content.links {
        line(
            "Collegamento",
            "Link",
            &format!("{}: {}", link.title.as_str(), link.url.as_str()),
        );
    }
    line("Lo riuserebbero", "Would reuse it", &stand.reuse.to_string());
    if !stand.adopters.is_empty() {
        line("Tra loro", "Among them", &stand.adopters.join(", "));
    }
    page.push('\n');
}

/// Stands as Markdown, for a file of their own.
#[must_use]
pub fn stands_markdown(stands: &[StandRecap], language: Language) -> String {
    let mut page = String::new();
    markdown(stands, language, &mut page);
    page
}

/// Stands as a table (RFC 4180) with a mark for spreadsheets; no cell is a formula.
#[must_use]
pub fn stands_csv(stands: &[StandRecap]) -> String {
    let mut table = String::from(
        "\u{FEFF}name,line,language,opened_by,tags,problem,context,method,tool,results,contact,licence,links,would_reuse,organisations\r\n",
    );
    for stand in stands {
        let (content, card) = (&stand.content, &stand.content.card);
        let longer =
            |text: &Option<fiera_protocol::text::PracticeText>| text.clone().map(String::from).unwrap_or_default();
        let line =
            |text: &Option<fiera_protocol::text::PracticeLine>| text.clone().map(String::from).unwrap_or_default();
        let tags: Vec<&str> = content.tags.iter().map(|tag| tag.as_str()).collect();
        let links: Vec<&str> = content.links.iter().map(|link| link.url.as_str()).collect();
        let language = match content.language {
            fiera_protocol::stands::StandLanguage::It => "it",
            fiera_protocol::stands::StandLanguage::En => "en",
        };
        let cells = [
            content.name.as_str().to_owned(),
            content.line.as_str().to_owned(),
            language.to_owned(),
            stand.by.clone().map(String::from).unwrap_or_default(),
            tags.join("; "),
            longer(&card.problem),
            longer(&card.context),
            longer(&card.method),
            line(&card.tool),
            longer(&card.results),
            line(&card.contact),
            line(&card.licence),
            links.join(" "),
            stand.reuse.to_string(),
            stand.adopters.join("; "),
        ];
        table.push_str(&cells.map(|text| cell(&text)).join(","));
        table.push_str("\r\n");
    }
    table
}
