// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Times of a programme: on the clock with a zone (RFC 3339), or counted from the start of the server for a demo.

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const MS_PER_MIN: i64 = 60_000;
/// Times that count from the start count from the last full five minutes before it.
const START_GRID_MS: u64 = 300_000;

/// A time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum When {
    /// Milliseconds since 1970.
    At(u64),
    /// Minutes from the start of the server.
    FromStart(i64),
}

impl When {
    /// Milliseconds since 1970.
    #[must_use]
    pub fn unix_ms(self, started_unix_ms: u64) -> u64 {
        match self {
            Self::At(unix_ms) => unix_ms,
            Self::FromStart(min) => {
                let from = started_unix_ms - started_unix_ms % START_GRID_MS;
                from.saturating_add_signed(min.saturating_mul(MS_PER_MIN))
            }
        }
    }

    /// Whether it comes before another; two of different kinds have no order.
    #[must_use]
    pub fn is_before(self, other: Self) -> bool {
        match (self, other) {
            (Self::At(this), Self::At(other)) => this < other,
            (Self::FromStart(this), Self::FromStart(other)) => this < other,
            _ => false,
        }
    }
}

impl TryFrom<String> for When {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no time; write it with its zone as \"2027-03-01T09:30:00+01:00\", or as \"+0:10\" for ten \
                 minutes after the server starts"
            )
        };
        if let Some((sign, rest)) = text.split_at_checked(1)
            && (sign == "+" || sign == "-")
        {
            let (hours, minutes) = rest.split_once(':').ok_or_else(wrong)?;
            let digits = |part: &str, most: i64| {
                let plain = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
                part.parse::<i64>().ok().filter(|number| plain && *number <= most)
            };
            let min = digits(hours, 99).zip(digits(minutes, 59)).ok_or_else(wrong)?;
            let min = min.0 * 60 + min.1;
            return Ok(Self::FromStart(if sign == "-" { -min } else { min }));
        }
        let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| wrong())?;
        let unix_ms = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(|_| wrong())?;
        Ok(Self::At(unix_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::When;

    fn when(text: &str) -> Result<When, String> {
        When::try_from(text.to_owned())
    }

    #[test]
    fn a_time_is_on_the_clock_or_counts_from_the_start() {
        assert_eq!(when("1970-01-01T01:00:01+01:00"), Ok(When::At(1_000)));
        assert_eq!(when("+1:05"), Ok(When::FromStart(65)));
        assert_eq!(when("-0:10"), Ok(When::FromStart(-10)));
        assert_eq!(
            When::FromStart(5).unix_ms(1_299_999),
            1_500_000,
            "from a full five minutes"
        );
        for bad in [
            "",
            "+",
            "+1",
            "+1:60",
            "+100:00",
            "10:00",
            "2027-03-01",
            "2027-03-01T09:30:00",
            "+1:-5",
            "1960-01-01T00:00:00Z",
        ] {
            assert!(when(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn two_kinds_of_time_have_no_order() {
        assert!(When::At(1).is_before(When::At(2)) && When::FromStart(-1).is_before(When::FromStart(1)));
        assert!(!When::At(1).is_before(When::FromStart(2)) && !When::FromStart(1).is_before(When::At(2)));
    }
}
