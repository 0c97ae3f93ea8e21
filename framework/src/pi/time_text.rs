//! Times as people write them for PI (`*-8h`, `t+6h`, `31-Jan-26 12:00:00`), understood here as the server understands them.

#[cfg(test)]
mod tests;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::PiError;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
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
/// Years of two digits come first: the other order reads 24 as the year 24.
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
const EXAMPLES: &str = "write * for now, *-8h, t+6h, 2026-01-31 12:00 or 31-Jan-26 12:00:00";

/// A stretch of time that does not end before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant.
    pub start: Timestamp,
    /// Last instant.
    pub end: Timestamp,
}

impl TimeRange {
    /// Reads both ends; what carries no zone is read in `zone`.
    pub fn parse(start: &str, end: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, PiError> {
        let read = |name: &str, text: &str| {
            parse(text, now, zone)
                .map_err(|error| PiError::Time(format!("the {name} of the range: {error}")))
        };
        let (start, end) = (read("start", start)?, read("end", end)?);
        if end < start {
            let shown = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%F %T %Z").to_string();
            return Err(PiError::Time(format!(
                "the range ends at {}, before it begins at {}; exchange them",
                shown(end),
                shown(start)
            )));
        }
        Ok(Self { start, end })
    }

    /// What to say when nothing can have been recorded yet in this range; none when something can. Only points for forecasts hold
    /// values there.
    pub fn lies_ahead(&self, now: Timestamp) -> Option<String> {
        let ahead = self.start.duration_since(now);
        (ahead > SignedDuration::ZERO).then(|| {
            format!(
                "the range begins in {}: only points for forecasts hold values there",
                in_words(ahead)
            )
        })
    }
}

/// The largest unit that fits, in whole numbers.
fn in_words(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3600, "h"), (60, "min")];
    let fitting = units.iter().find(|(length, _)| seconds >= *length);
    fitting.map_or_else(
        || format!("{seconds} s"),
        |(length, unit)| format!("{} {unit}", seconds / length),
    )
}

/// The zone of a name such as `Europe/Zurich`.
pub fn zone(name: &str) -> Result<TimeZone, PiError> {
    TimeZone::get(name).map_err(|_| {
        PiError::Time(format!(
            "'{name}' is no time zone that is known here; write it as in Europe/Zurich or UTC"
        ))
    })
}

/// Reads a time; what carries no zone is read in `zone`.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, PiError> {
    let text = text.trim().trim_matches('\'').trim();
    if let Some(time) = absolute(text, zone) {
        return Ok(time);
    }
    let (base, offsets) = split(text);
    let now = now.to_zoned(zone.clone());
    let mut time = reference(base, &now, zone)
        .ok_or_else(|| PiError::Time(format!("'{text}' is not a time of PI; {EXAMPLES}")))?;
    for offset in offsets {
        let span = offset.span().ok_or_else(|| {
            PiError::Time(format!(
                "'{}' in '{text}' is not a length of time: write a number and ms, s, m, h, d, w, mo or y",
                offset.text
            ))
        })?;
        time = time
            .checked_add(span)
            .map_err(|_| PiError::Time(format!("'{text}' is outside the years PI knows")))?;
    }
    Ok(time.timestamp())
}

/// `-1.5h` at the end of a time.
struct Offset<'t> {
    text: &'t str,
    back: bool,
    number: &'t str,
    unit: &'t str,
}

/// Cuts the offsets from the end of a time, the last one first.
fn split(text: &str) -> (&str, Vec<Offset<'_>>) {
    let mut base = text;
    let mut offsets = Vec::new();
    while let Some((rest, offset)) = last_offset(base) {
        base = rest;
        offsets.push(offset);
    }
    offsets.reverse();
    (base, offsets)
}

fn last_offset(text: &str) -> Option<(&str, Offset<'_>)> {
    let before_unit = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text.get(before_unit.len()..)?;
    let trimmed = before_unit.trim_end();
    let before_number = trimmed.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = trimmed.get(before_number.len()..)?;
    let signed = before_number.trim_end();
    let base = signed.strip_suffix(['+', '-'])?;
    if unit.is_empty() || number.is_empty() {
        return None;
    }
    let offset = Offset {
        text: text.get(base.len()..)?.trim(),
        back: signed.ends_with('-'),
        number,
        unit,
    };
    Some((base.trim_end(), offset))
}

impl Offset<'_> {
    fn span(&self) -> Option<Span> {
        let number: f64 = self.number.parse().ok()?;
        let unit = self.unit.to_ascii_lowercase();
        let span = match unit.as_str() {
            "ms" | "millisecond" | "milliseconds" => seconds(number / 1e3),
            "s" | "sec" | "secs" | "second" | "seconds" => seconds(number),
            "m" | "min" | "mins" | "minute" | "minutes" => seconds(number * 60.0),
            "h" | "hr" | "hrs" | "hour" | "hours" => seconds(number * 3600.0),
            // Whole days and weeks are days of the calendar: one of them has 23 hours, another 25.
            "d" | "day" | "days" => match whole(number) {
                Some(days) => Span::new().try_days(days).ok(),
                None => seconds(number * 86_400.0),
            },
            "w" | "week" | "weeks" => match whole(number) {
                Some(weeks) => Span::new().try_weeks(weeks).ok(),
                None => seconds(number * 604_800.0),
            },
            "mo" | "month" | "months" => Span::new().try_months(whole(number)?).ok(),
            "y" | "yr" | "year" | "years" => Span::new().try_years(whole(number)?).ok(),
            _ => None,
        }?;
        Some(if self.back { span.negate() } else { span })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and far below 2^53"
)]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number < 1e9).then_some(number as i64)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be centuries at most, in microseconds"
)]
fn seconds(number: f64) -> Option<Span> {
    if !(0.0..1e11).contains(&number) {
        return None;
    }
    Span::new()
        .try_microseconds((number * 1e6).round() as i64)
        .ok()
}

fn reference(base: &str, now: &Zoned, zone: &TimeZone) -> Option<Zoned> {
    let today = now.date();
    let name = base.to_ascii_lowercase();
    let date = match name.as_str() {
        "" | "*" => return Some(now.clone()),
        "t" | "today" => today,
        "y" | "yesterday" => today.yesterday().ok()?,
        name => match named_day(name, today) {
            Some(date) => date,
            None => return Some(absolute(base, zone)?.to_zoned(zone.clone())),
        },
    };
    date.to_zoned(zone.clone()).ok()
}

/// The last such weekday, this day of a month of the year, a day of this month, or this day of another year.
fn named_day(name: &str, today: Date) -> Option<Date> {
    let is = |full: &str| name == full || (name.len() == 3 && full.starts_with(name));
    if let Some((_, weekday)) = WEEKDAYS.iter().find(|(full, _)| is(full)) {
        return match today.weekday() {
            same if same == *weekday => Some(today),
            _ => today.nth_weekday(-1, *weekday).ok(),
        };
    }
    let change = today.with();
    if let Some(place) = MONTHS.iter().position(|full| is(full)) {
        return change.month(i8::try_from(place + 1).ok()?).build().ok();
    }
    if !name.bytes().all(|letter| letter.is_ascii_digit()) {
        return None;
    }
    match (name.len(), name.parse::<i16>().ok()?) {
        (1 | 2, day) => change.day(i8::try_from(day).ok()?).build().ok(),
        (4, year) if year >= 1970 => change.year(year).build().ok(),
        _ => None,
    }
}

fn absolute(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    // Shorter texts are names of days and offsets.
    if text.len() < 6 {
        return None;
    }
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let of_format = |format: &&str| {
        let time = DateTime::strptime(format, text);
        time.or_else(|_| Date::strptime(format, text).map(DateTime::from))
            .ok()
    };
    let civil: Option<DateTime> = text.parse().ok();
    let civil = civil.or_else(|| FORMATS.iter().find_map(of_format))?;
    Some(civil.to_zoned(zone.clone()).ok()?.timestamp())
}
