//! PI time strings (`*-1d`, `t+8h`, `01-Jan-24 00:00:00`) and time spans (`1h`, `3600.0 seconds`).

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use crate::refusal::Refusal;

/// Microseconds since 1970 UTC: PI itself resolves 15 microseconds.
pub type Micros = i64;

/// The end of an event frame that is still running.
pub const OPEN_END: Micros = 253_402_300_799_999_999;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
// Years of two digits come first: the other order reads 24 as the year 24.
const FORMATS: [&str; 10] = [
    "%d-%b-%y %H:%M:%S%.f",
    "%d-%b-%Y %H:%M:%S%.f",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
];

/// Prints an instant as PI Web API does: UTC, seven decimals when there are any.
pub fn format(time: Micros) -> String {
    let Ok(instant) = Timestamp::from_microsecond(time) else {
        return "9999-12-31T23:59:59.9999999Z".to_owned();
    };
    if time == OPEN_END {
        return "9999-12-31T23:59:59.9999999Z".to_owned();
    }
    if time.rem_euclid(1_000_000) == 0 {
        return instant.to_string();
    }
    format!("{instant:.7}")
}

/// Reads a time string; what carries no zone is read in `zone`.
pub fn parse(text: &str, now: Micros, zone: &TimeZone) -> Result<Micros, Refusal> {
    let text = text.trim().trim_matches('\'');
    if let Some(time) = absolute(text, zone) {
        return Ok(time);
    }
    let refuse =
        || Refusal::bad_request(format!("The specified time string '{text}' is not valid."));
    let (base, mut rest) = split_base(text);
    let now = Timestamp::from_microsecond(now)
        .map_err(|_| refuse())?
        .to_zoned(zone.clone());
    let mut time = reference(base.trim(), &now, zone).ok_or_else(refuse)?;
    while !rest.is_empty() {
        let negative = rest.starts_with('-');
        let (span, length) = quantity(&rest[1..]).ok_or_else(refuse)?;
        let span = if negative { -span } else { span };
        time = time.checked_add(span).map_err(|_| refuse())?;
        rest = rest[1 + length..].trim_start();
        if !rest.is_empty() && !rest.starts_with(['+', '-']) {
            return Err(refuse());
        }
    }
    Ok(time.timestamp().as_microsecond())
}

/// Reads an `AFTimeSpan` of fixed length in microseconds.
pub fn parse_span(text: &str) -> Result<Micros, Refusal> {
    let refuse = || Refusal::bad_request(format!("The specified time span '{text}' is not valid."));
    if let Some(clock) = clock_span(text.trim()) {
        return Ok(clock);
    }
    let mut rest = text.trim();
    let mut total = 0;
    while !rest.is_empty() {
        let (span, length) = quantity(rest).ok_or_else(refuse)?;
        let span = span
            .total((
                jiff::Unit::Microsecond,
                jiff::SpanRelativeTo::days_are_24_hours(),
            ))
            .map_err(|_| refuse())?;
        total += whole(span);
        rest = rest[length..].trim_start_matches([' ', ',']);
    }
    if total <= 0 { Err(refuse()) } else { Ok(total) }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "spans of centuries in microseconds fit 63 bits"
)]
fn whole(microseconds: f64) -> Micros {
    microseconds.round() as Micros
}

fn clock_span(text: &str) -> Option<Micros> {
    let mut parts = text.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next().unwrap_or("0").parse().ok()?;
    let total = (hours * 60 + minutes) * 60_000_000 + whole(seconds * 1e6);
    (parts.next().is_none() && total > 0).then_some(total)
}

/// `12.5 hours` at the start of a text: the span and the length read.
fn quantity(text: &str) -> Option<(Span, usize)> {
    let trimmed = text.trim_start();
    let lead = text.len() - trimmed.len();
    let digits = trimmed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(trimmed.len());
    let number: f64 = trimmed[..digits].parse().ok()?;
    let after = trimmed[digits..].trim_start();
    let gap = trimmed.len() - digits - after.len();
    let letters = after
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(after.len());
    let span = unit(number, &after[..letters].to_ascii_lowercase())?;
    Some((span, lead + digits + gap + letters))
}

fn unit(number: f64, name: &str) -> Option<Span> {
    let calendar = |whole: fn(i64) -> Option<Span>, seconds: f64| {
        if number.fract() == 0.0 {
            whole(self::whole(number))
        } else {
            fixed(number * seconds)
        }
    };
    match name {
        "ms" | "millisecond" | "milliseconds" => fixed(number / 1000.0),
        "s" | "sec" | "secs" | "second" | "seconds" => fixed(number),
        "m" | "min" | "mins" | "minute" | "minutes" => fixed(number * 60.0),
        "h" | "hr" | "hour" | "hours" => fixed(number * 3600.0),
        "d" | "day" | "days" => calendar(|n| Span::new().try_days(n).ok(), 86_400.0),
        "w" | "week" | "weeks" => calendar(|n| Span::new().try_weeks(n).ok(), 7.0 * 86_400.0),
        "mo" | "month" | "months" if number.fract() == 0.0 => {
            Span::new().try_months(whole(number)).ok()
        }
        "y" | "year" | "years" if number.fract() == 0.0 => {
            Span::new().try_years(whole(number)).ok()
        }
        _ => None,
    }
}

fn fixed(seconds: f64) -> Option<Span> {
    if !(0.0..1e11).contains(&seconds) {
        return None;
    }
    Span::new().try_microseconds(whole(seconds * 1e6)).ok()
}

/// Splits `*-1d` into `*` and `-1d`. Absolute times, which contain signs of their own, were read before.
fn split_base(text: &str) -> (&str, &str) {
    for (index, sign) in text.char_indices() {
        if !matches!(sign, '+' | '-') {
            continue;
        }
        let rest = &text[index + 1..];
        if quantity(rest).is_some_and(|(_, length)| {
            let after = rest[length..].trim_start();
            after.is_empty() || after.starts_with(['+', '-'])
        }) {
            return (&text[..index], &text[index..]);
        }
    }
    (text, "")
}

fn reference(base: &str, now: &Zoned, zone: &TimeZone) -> Option<Zoned> {
    let today = now.date();
    let name = base.to_ascii_lowercase();
    let date = match name.as_str() {
        "" | "*" => return Some(now.clone()),
        "t" | "today" => today,
        "y" | "yesterday" => today.yesterday().ok()?,
        _ => match named_day(&name, today) {
            Some(date) => date,
            None => {
                return Timestamp::from_microsecond(absolute(base, zone)?)
                    .ok()
                    .map(|time| time.to_zoned(zone.clone()));
            }
        },
    };
    date.to_zoned(zone.clone()).ok()
}

fn named_day(name: &str, today: Date) -> Option<Date> {
    let matches = |full: &str| name == full || (name.len() == 3 && full.starts_with(name));
    if let Some((_, weekday)) = WEEKDAYS.iter().find(|(full, _)| matches(full)) {
        return if today.weekday() == *weekday {
            Some(today)
        } else {
            today.nth_weekday(-1, *weekday).ok()
        };
    }
    if let Some(index) = MONTHS.iter().position(|full| matches(full)) {
        return today
            .with()
            .month(i8::try_from(index + 1).ok()?)
            .build()
            .ok();
    }
    match (name.len(), name.parse::<i16>()) {
        (1 | 2, Ok(day)) => today.with().day(i8::try_from(day).ok()?).build().ok(),
        (4, Ok(year)) if year >= 1970 => today.with().year(year).build().ok(),
        _ => None,
    }
}

fn absolute(text: &str, zone: &TimeZone) -> Option<Micros> {
    if text.len() < 6 {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_microsecond());
    }
    let civil = text.parse::<DateTime>().ok().or_else(|| {
        FORMATS.iter().find_map(|format| {
            DateTime::strptime(format, text)
                .ok()
                .or_else(|| Date::strptime(format, text).ok().map(Date::into))
        })
    })?;
    Some(
        civil
            .to_zoned(zone.clone())
            .ok()?
            .timestamp()
            .as_microsecond(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> String {
        // Sunday 15 March 2026, 12:34:56 in Zurich (UTC+1).
        let now = "2026-03-15T11:34:56Z"
            .parse::<Timestamp>()
            .unwrap()
            .as_microsecond();
        format(parse(text, now, &TimeZone::get("Europe/Zurich").unwrap()).unwrap())
    }

    #[test]
    fn relative_times_count_from_now_and_from_midnight_of_the_servers_zone() {
        assert_eq!(read("*"), "2026-03-15T11:34:56Z");
        assert_eq!(read(""), "2026-03-15T11:34:56Z");
        assert_eq!(read("*-1d"), "2026-03-14T11:34:56Z");
        assert_eq!(read("* - 1.5h"), "2026-03-15T10:04:56Z");
        assert_eq!(read("-90s"), "2026-03-15T11:33:26Z");
        assert_eq!(read("t"), "2026-03-14T23:00:00Z");
        assert_eq!(read("t+8h-30m"), "2026-03-15T06:30:00Z");
        assert_eq!(read("Yesterday"), "2026-03-13T23:00:00Z");
        assert_eq!(read("y-200d"), "2025-08-25T22:00:00Z");
        assert_eq!(read("mon"), "2026-03-08T23:00:00Z");
        assert_eq!(read("sunday"), "2026-03-14T23:00:00Z");
        assert_eq!(read("1"), "2026-02-28T23:00:00Z");
        assert_eq!(read("*-1mo"), "2026-02-15T11:34:56Z");
    }

    #[test]
    fn absolute_times_of_real_clients_are_understood() {
        assert_eq!(read("01-Jan-24 00:00:00"), "2023-12-31T23:00:00Z");
        assert_eq!(read("01-Jan-2024 00:00:00"), "2023-12-31T23:00:00Z");
        assert_eq!(read("2024-01-01T00:00:00Z"), "2024-01-01T00:00:00Z");
        assert_eq!(
            read("2024-01-01T00:00:00.1234567Z"),
            "2024-01-01T00:00:00.1234560Z"
        );
        assert_eq!(read("2024-01-01T00:00:00"), "2023-12-31T23:00:00Z");
        assert_eq!(read("2024-01-01"), "2023-12-31T23:00:00Z");
        assert_eq!(read("1/31/2024 3:05:00 PM"), "2024-01-31T14:05:00Z");
        assert_eq!(read("2024-01-01T00:00:00+05:30"), "2023-12-31T18:30:00Z");
        assert_eq!(read("2024-01-01T00:00:00Z-1d"), "2023-12-31T00:00:00Z");
    }

    #[test]
    fn time_spans_have_abbreviations_words_fractions_and_clock_form() {
        assert_eq!(parse_span("1h").unwrap(), 3_600_000_000);
        assert_eq!(parse_span("3600.0 seconds").unwrap(), 3_600_000_000);
        assert_eq!(parse_span("1h 30m").unwrap(), 5_400_000_000);
        assert_eq!(parse_span("00:01:00").unwrap(), 60_000_000);
        assert_eq!(parse_span("1d").unwrap(), 86_400_000_000);
        assert!(parse_span("0s").is_err());
        assert!(parse_span("soon").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(time in 0_i64..4_000_000_000_000_000) {
            prop_assert_eq!(parse(&format(time), 0, &TimeZone::UTC).unwrap(), time);
        }

        #[test]
        fn any_text_is_refused_or_read_without_a_crash(text in "[*ty0-9a-z+.:/ -]{0,24}") {
            let _time = parse(&text, 1_700_000_000_000_000, &TimeZone::UTC);
            let _span = parse_span(&text);
        }
    }
}
