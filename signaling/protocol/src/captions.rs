// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Live captions: what is said on a stage, as lines of text in one language or several. Everybody in the room gets all of
//! them and chooses in the browser, so that the server never learns who needs them.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::ids::{CaptionId, InvalidText, RoomId};
use crate::limits::{CAPTION_LANG_BYTES_MAX, CAPTIONS_SHOWN_MAX};

/// Tag of the language of a line (BCP 47): `it`, `en`, `pt-BR`. Two or three letters, then subtags of two to eight.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct CaptionLang(String);

impl CaptionLang {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CaptionLang {
    type Error = InvalidText;
    fn try_from(tag: String) -> Result<Self, InvalidText> {
        const WRONG: InvalidText = InvalidText("a language is a tag such as it, en or pt-BR");
        if tag.len() > CAPTION_LANG_BYTES_MAX {
            return Err(WRONG);
        }
        let mut parts = tag.split('-');
        let first = parts.next().unwrap_or_default();
        let language = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase());
        let subtag = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if language && parts.all(subtag) {
            Ok(Self(tag))
        } else {
            Err(WRONG)
        }
    }
}

impl std::str::FromStr for CaptionLang {
    type Err = InvalidText;
    fn from_str(tag: &str) -> Result<Self, InvalidText> {
        Self::try_from(tag.to_owned())
    }
}

impl From<CaptionLang> for String {
    fn from(lang: CaptionLang) -> String {
        lang.0
    }
}

impl fmt::Display for CaptionLang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line as everybody in the room sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CaptionLine {
    /// Which.
    pub caption: CaptionId,
    /// Its language.
    pub lang: CaptionLang,
    /// The words.
    pub text: String,
    /// The words stay as they are; otherwise the line is still being said and comes again under the same id.
    #[serde(rename = "final")]
    pub is_final: bool,
}

/// State of the captions of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CaptionsView {
    /// The room.
    pub room: RoomId,
    /// Final lines in the order in which they became final, at most 100 of each language; then those still being said.
    pub lines: Vec<CaptionLine>,
}

/// Puts a line where it belongs: a final one behind the last final one, one that is still being said where it stood or at
/// the end. Above [`CAPTIONS_SHOWN_MAX`] final lines of its language the oldest drops out.
pub fn put_caption(lines: &mut Vec<CaptionLine>, line: &CaptionLine) {
    if !line.is_final {
        match lines.iter_mut().find(|known| known.caption == line.caption) {
            Some(known) => known.clone_from(line),
            None => lines.push(line.clone()),
        }
        return;
    }
    lines.retain(|known| known.caption != line.caption);
    let at = lines.iter().position(|known| !known.is_final).unwrap_or(lines.len());
    lines.insert(at, line.clone());
    let same = |known: &CaptionLine| known.is_final && known.lang == line.lang;
    if lines.iter().filter(|known| same(known)).count() > CAPTIONS_SHOWN_MAX
        && let Some(oldest) = lines.iter().position(same)
    {
        lines.remove(oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::{CaptionLang, CaptionLine, put_caption};
    use crate::ids::CaptionId;
    use crate::limits::CAPTIONS_SHOWN_MAX;

    fn line(id: u128, lang: &str, is_final: bool) -> CaptionLine {
        CaptionLine {
            caption: CaptionId::from_u128(id),
            lang: lang.parse().expect("a language"),
            text: "x".to_owned(),
            is_final,
        }
    }

    #[test]
    fn z2_a_language_is_a_tag() {
        for good in ["it", "en", "ast", "pt-BR", "zh-Hant", "de-1996"] {
            assert!(good.parse::<CaptionLang>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "i",
            "IT",
            "italian",
            "it_IT",
            "it-",
            "-it",
            "pt-B",
            "en-<b>",
            "it-abcdefgh-abcdefgh",
            "è",
        ] {
            assert!(bad.parse::<CaptionLang>().is_err(), "{bad}");
        }
    }

    #[test]
    fn z3_a_final_line_goes_behind_the_last_final_one() {
        let mut lines = Vec::new();
        for one in [
            line(1, "it", false),
            line(2, "en", false),
            line(2, "en", true),
            line(1, "it", true),
        ] {
            put_caption(&mut lines, &one);
        }
        let ids: Vec<u128> = lines.iter().map(|one| one.caption.as_u128()).collect();
        assert_eq!(ids, [2, 1]);
    }

    #[test]
    fn z3_a_language_has_its_last_hundred_whatever_others_say() {
        let mut lines = Vec::new();
        put_caption(&mut lines, &line(0, "en", true));
        for n in 1..=CAPTIONS_SHOWN_MAX as u128 + 1 {
            put_caption(&mut lines, &line(n, "it", true));
        }
        assert_eq!(lines.len(), CAPTIONS_SHOWN_MAX + 1);
        let first = lines.iter().find(|one| one.lang.as_str() == "it").expect("one");
        assert_eq!(first.caption.as_u128(), 2);
    }
}
