use super::*;

fn told(micros: i64) -> String {
    let mut out = Vec::new();
    write_instant(micros, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_day_of_four_centuries_is_written_and_read_back() {
    for (text, number) in [
        ("1970-01-01", 0),
        ("2024-02-29", 19_782),
        ("1969-12-31", -1),
    ] {
        assert_eq!(date(text), Ok(number));
    }
    for number in -146_097..146_097 {
        let mut out = Vec::new();
        write_date(number, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(date(&text), Ok(number), "{text}");
    }
}

#[test]
fn what_is_no_date_says_why() {
    for (text, why) in [
        (
            "2026-02-30",
            "is no day of the calendar: 2026-02 has 28 days",
        ),
        (
            "2026-13-01",
            "is no day of the calendar: there is no month 13",
        ),
        (
            "2026-01-00",
            "is no day of the calendar: 2026-01 has 31 days",
        ),
        (
            "1900-02-29",
            "is no day of the calendar: 1900-02 has 28 days",
        ),
        (
            "2026-01-31T08:00:00Z",
            "must be a date such as 2026-01-31, without a time of day",
        ),
        ("31.01.2026", "must be a date such as 2026-01-31"),
        ("2026-1-31", "must be a date such as 2026-01-31"),
        ("", "must be a date such as 2026-01-31"),
    ] {
        assert_eq!(date(text).unwrap_err().to_string(), why, "{text}");
    }
}

#[test]
fn an_instant_is_the_same_however_far_from_greenwich_it_was_written() {
    for (text, canonical) in [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"),
        ("2025-12-31t18:30:00.0-05:30", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.5z", "2026-01-01T00:00:00.500Z"),
        (
            "2026-01-01T00:00:00.1234560000Z",
            "2026-01-01T00:00:00.123456Z",
        ),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ] {
        assert_eq!(instant(text).map(told).as_deref(), Ok(canonical), "{text}");
    }
}

#[test]
fn what_is_no_instant_says_why() {
    for (text, why) in [
        ("2026-01-01T08:00:00", Wrong::NoOffset),
        ("2026-01-01", Wrong::DateAlone),
        ("2026-01-01 08:00:00", Wrong::NoInstant),
        ("2026-01-01T08:00Z", Wrong::NoInstant),
        ("2026-01-01T08:00:00.Z", Wrong::NoInstant),
        ("2026-01-01T08:00:00+1", Wrong::NoInstant),
        ("2026-01-01T08:00:00+24:00", Wrong::NoInstant),
        ("2026-01-01T24:00:00Z", Wrong::NoTimeOfDay),
        ("2026-01-01T08:00:60Z", Wrong::NoTimeOfDay),
        (
            "2026-02-29T08:00:00Z",
            Wrong::NoDay {
                year: 2026,
                month: 2,
            },
        ),
        ("2026-01-01T08:00:00.1234567Z", Wrong::TooFine),
        ("9999-01-01T08:00:00.123457Z", Wrong::TooFar),
        ("now", Wrong::NoInstant),
        ("2026-01-0é", Wrong::NoInstant),
    ] {
        assert_eq!(instant(text), Err(why), "{text}");
    }
}

#[test]
fn a_number_of_r_keeps_every_microsecond_within_two_centuries_and_a_half() {
    let mut state = 7_u64;
    for _ in 0..100_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let micros = i64::try_from(state >> 12).unwrap() % 8_000_000_000_000_000;
        for micros in [micros, -micros] {
            assert_eq!(instant(&told(micros)), Ok(micros), "{}", told(micros));
        }
    }
}
