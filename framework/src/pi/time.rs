//! Instants of PI: microseconds since 1970, finer than the 15 microseconds PI resolves.

use jiff::Timestamp;

use super::PiError;

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// First instant of the year that stands for "still open" at the end of an event frame.
const OPEN_SINCE: Micros = 253_370_764_800_000_000;

/// Reads `2026-01-31T12:00:00.1234567Z`; digits beyond microseconds are cut.
pub fn parse(text: &str) -> Option<Micros> {
    fast(text.as_bytes()).or_else(|| {
        text.parse::<Timestamp>()
            .ok()
            .map(Timestamp::as_microsecond)
    })
}

/// Writes an instant as a time parameter.
pub fn format(time: Micros) -> String {
    let instant = Timestamp::from_microsecond(time).unwrap_or_default();
    format!("{instant:.6}")
}

/// Refuses a question whose range ends before it begins: servers answer it backwards or not at all.
pub(super) fn check_range(query: &[(&str, &str)]) -> Result<(), PiError> {
    let time = |name: &str| {
        let given = query.iter().find(|(key, _)| *key == name);
        given.and_then(|(_, text)| parse(text))
    };
    match (time("startTime"), time("endTime")) {
        (Some(start), Some(end)) if end < start => Err(PiError::Time(format!(
            "the range ends at {}, before it begins at {}; exchange them",
            format(end),
            format(start)
        ))),
        _ => Ok(()),
    }
}

/// The end of an event frame: `Some(None)` while it runs, `None` when it cannot be read.
#[expect(clippy::option_option, reason = "two things that must not be mixed up")]
pub(super) fn end_of_frame(text: &str) -> Option<Option<Timestamp>> {
    let time = parse(text)?;
    if time >= OPEN_SINCE {
        return Some(None);
    }
    Timestamp::from_microsecond(time).ok().map(Some)
}

/// The form every PI Web API server writes, without the cost of a general parser.
fn fast(text: &[u8]) -> Option<Micros> {
    let digits = |from: usize, to: usize| -> Option<i64> {
        text.get(from..to)?.iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i64::from(byte - b'0'))
        })
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators
        .iter()
        .any(|(place, byte)| text.get(*place) != Some(byte))
        || text.last() != Some(&b'Z')
    {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if !(1970..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let fraction = match text.get(19)? {
        b'Z' => 0,
        b'.' => {
            let kept = text
                .len()
                .checked_sub(21)
                .filter(|count| *count > 0)?
                .min(6);
            digits(20, text.len() - 1)?;
            digits(20, 20 + kept)? * 10_i64.pow(u32::try_from(6 - kept).ok()?)
        }
        _ => return None,
    };
    Some(
        ((days(year, month, day) * 24 + hour) * 60 + minute) * 60_000_000
            + second * 1_000_000
            + fraction,
    )
}

/// Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn instants_are_read_as_servers_write_them() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(
            parse("2024-02-29T23:59:59.1234567Z"),
            Some(1_709_251_199_123_456)
        );
        assert_eq!(parse("2024-02-29T23:59:59.5Z"), Some(1_709_251_199_500_000));
        assert_eq!(
            parse("2024-03-01T01:00:00+01:00"),
            Some(1_709_251_200_000_000)
        );
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse("2024-02-29T23:59:59.Z"), None);
        assert_eq!(end_of_frame("9999-12-31T23:59:59.9999999Z"), Some(None));
        assert_eq!(end_of_frame("9999-12-31T00:00:00Z"), Some(None));
        assert_eq!(end_of_frame("soon"), None);
        assert_eq!(
            end_of_frame("1970-01-01T00:00:00Z"),
            Some(Some(Timestamp::UNIX_EPOCH))
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(time in 0_i64..250_000_000_000_000_000) {
            prop_assert_eq!(parse(&format(time)), Some(time));
            prop_assert_eq!(fast(format(time).as_bytes()), Some(time));
        }

        #[test]
        fn any_bytes_are_refused_or_read_without_a_crash(text in "[0-9TZ:. -]{0,32}|\\PC{0,32}") {
            let _time = parse(&text);
        }
    }
}
