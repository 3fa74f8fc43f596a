// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! When two words count as one: NFKC (UAX 15), full case folding (Unicode 16, section 5.18), blanks collapsed, and what
//! only changes how a character looks left out (joiners, variation selectors).

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;

/// What a word or nickname is counted under; never shown.
pub(super) fn key(word: &str) -> String {
    let nfkc = const { ComposingNormalizer::new_nfkc() };
    let seen: String = word
        .chars()
        .filter(|c| !matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}'))
        .collect();
    let folded = const { CaseMapper::new() }
        .fold_string(&nfkc.normalize(&seen))
        .into_owned();
    let blanks = nfkc.normalize(&folded).into_owned();
    blanks.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn v11_spellings_of_one_word_have_one_key() {
        for (a, b) in [
            ("Perché", "PERCHE\u{0301}"),
            ("Straße", "STRASSE"),
            ("ＡＢＣ", "abc"),
            ("open  source", " Open Source "),
            ("ΣΟΦΟΣ", "σοφος"),
            ("ﬁera", "Fiera"),
            ("❤\u{FE0F}", "❤"),
        ] {
            assert_eq!(key(a), key(b), "{a} {b}");
        }
        assert_ne!(key("perche"), key("perché"), "an accent makes another word");
    }
}
