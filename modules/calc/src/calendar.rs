//! Dates and instants as the texts of RFC 3339 and as the numbers that R has of them. The worker compiles this file, too: both read and
//! write them alike.

use std::fmt;

/// Why a text is no date or no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    NoDate,
    NoDay { year: i64, month: i64 },
    HasTime,
    NoInstant,
    NoTimeOfDay,
    DateAlone,
    NoOffset,
    TooFine,
    TooFar,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match *self {
            Self::NoDate => "must be a date such as 2026-01-31",
            Self::NoDay { month, .. } if !(1..=12).contains(&month) => {
                return write!(f, "is no day of the calendar: there is no month {month:02}");
            }
            Self::NoDay { year, month } => {
                let days = days_of(year, month);
                return write!(f, "is no day of the calendar: {year:04}-{month:02} has {days} days");
            }
            Self::HasTime => "must be a date such as 2026-01-31, without a time of day",
            Self::NoInstant => "must be an instant such as 2026-01-31T08:00:00Z",
            Self::NoTimeOfDay => "has no such time of day: hours end at 23, minutes and seconds at 59",
            Self::DateAlone => "is a date alone: add the time of day and its offset from UTC, such as T08:00:00Z",
            Self::NoOffset => "has no offset from UTC: end it with Z for UTC, or with the offset of the place, such as +01:00",
            Self::TooFine => "is finer than a microsecond, which a number of R does not hold",
            Self::TooFar => "is so far from 1970 that a number of R does not hold its microseconds",
        })
    }
}

/// Days since 1970-01-01 of a date such as `2026-01-31`.
pub(crate) fn date(text: &str) -> Result<i64, Wrong> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
        let day = text.get(..10).filter(|_| text.len() > 10);
        let has_time = day.is_some_and(|day| date(day).is_ok());
        return Err(if has_time {
            Wrong::HasTime
        } else {
            Wrong::NoDate
        });
    };
    let number = |digits: &[u8]| number(digits).ok_or(Wrong::NoDate);
    let (year, month) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?);
    let day = number(&[d1, d2])?;
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
        return Err(Wrong::NoDay { year, month });
    }
    Ok(days(year, month, day))
}

/// Microseconds since 1970 of an instant such as `2026-01-31T08:00:00.25+01:00`.
pub(crate) fn instant(text: &str) -> Result<i64, Wrong> {
    let (day, rest) = text.split_at_checked(10).ok_or(Wrong::NoInstant)?;
    let days = date(day).map_err(|wrong| match wrong {
        Wrong::NoDay { .. } => wrong,
        _ => Wrong::NoInstant,
    })?;
    if rest.is_empty() {
        return Err(Wrong::DateAlone);
    }
    let rest = rest.strip_prefix(['T', 't']).ok_or(Wrong::NoInstant)?;
    let (clock, rest) = rest.split_at_checked(8).ok_or(Wrong::NoInstant)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock.as_bytes() else {
        return Err(Wrong::NoInstant);
    };
    let number = |digits: &[u8]| number(digits).ok_or(Wrong::NoInstant);
    let (hours, minutes, seconds) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Err(Wrong::NoTimeOfDay);
    }
    let (fraction, rest) = fraction(rest)?;
    let whole = days * 86_400 + hours * 3600 + minutes * 60 + seconds - offset(rest)?;
    let micros = whole * 1_000_000 + fraction;
    if to_micros(to_seconds(micros)) != micros {
        return Err(Wrong::TooFar);
    }
    Ok(micros)
}

/// Microseconds after the whole second, and what stands behind them.
fn fraction(text: &str) -> Result<(i64, &str), Wrong> {
    let Some(text) = text.strip_prefix('.') else {
        return Ok((0, text));
    };
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    let (kept, beyond) = digits.split_at(length.min(6));
    if beyond.bytes().any(|digit| digit != b'0') {
        return Err(Wrong::TooFine);
    }
    let micros = number(format!("{kept:0<6}").as_bytes());
    let micros = micros.filter(|_| length > 0).ok_or(Wrong::NoInstant)?;
    Ok((micros, rest))
}

/// Seconds by which a place is ahead of UTC.
fn offset(text: &str) -> Result<i64, Wrong> {
    let sign = match text.as_bytes() {
        [] => return Err(Wrong::NoOffset),
        [b'Z' | b'z'] => return Ok(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return Err(Wrong::NoInstant),
    };
    let [_, h1, h2, b':', m1, m2] = *text.as_bytes() else {
        return Err(Wrong::NoInstant);
    };
    let part = |digits: &[u8], most| number(digits).filter(|part| *part <= most);
    let both = part(&[h1, h2], 23).zip(part(&[m1, m2], 59));
    let (hours, minutes) = both.ok_or(Wrong::NoInstant)?;
    Ok(sign * (hours * 3600 + minutes * 60))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        Some(sum * 10 + digit)
    })
}

/// `2026-01-31`.
pub(crate) fn write_date(since_1970: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(since_1970);
    out.extend_from_slice(format!("{year:04}-{month:02}-{day:02}").as_bytes());
}

/// `2026-01-31T08:00:00Z`, with three or six digits of a second where it has them.
pub(crate) fn write_instant(micros: i64, out: &mut Vec<u8>) {
    let (whole, part) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    write_date(whole.div_euclid(86_400), out);
    let clock = whole.rem_euclid(86_400);
    let (hours, minutes, seconds) = (clock / 3600, clock / 60 % 60, clock % 60);
    let fraction = match (part, part % 1000) {
        (0, _) => String::new(),
        (_, 0) => format!(".{:03}", part / 1000),
        _ => format!(".{part:06}"),
    };
    let text = format!("T{hours:02}:{minutes:02}:{seconds:02}{fraction}Z");
    out.extend_from_slice(text.as_bytes());
}

/// An instant as R has it.
#[expect(clippy::cast_precision_loss, reason = "what is lost is refused")]
pub(crate) fn to_seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// The microsecond nearest to an instant of R.
#[expect(
    clippy::cast_possible_truncation,
    reason = "beyond any calendar it ends at the last"
)]
pub(crate) fn to_micros(seconds: f64) -> i64 {
    // Apart, so that nothing is rounded but the microseconds.
    let whole = seconds.floor();
    let micros = ((seconds - whole) * 1e6).round() as i64;
    (whole as i64)
        .saturating_mul(1_000_000)
        .saturating_add(micros)
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a day of the Gregorian calendar; years start in March while counting.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The opposite: year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
#[path = "calendar/tests.rs"]
mod tests;
