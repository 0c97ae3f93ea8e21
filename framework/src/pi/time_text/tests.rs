//! Times as PI writes them.

use super::*;
use proptest::prelude::*;

/// Sunday 15 March 2026, 12:34:56 in Zurich (UTC+1).
fn now() -> Timestamp {
    "2026-03-15T11:34:56Z".parse().unwrap()
}

fn zurich() -> TimeZone {
    zone("Europe/Zurich").unwrap()
}

fn read(text: &str) -> String {
    parse(text, now(), &zurich()).unwrap().to_string()
}

fn refused(text: &str) -> String {
    parse(text, now(), &zurich()).unwrap_err().to_string()
}

#[test]
fn times_count_from_now_and_from_midnight_of_the_zone() {
    let expected = [
        ("*", "2026-03-15T11:34:56Z"),
        ("", "2026-03-15T11:34:56Z"),
        ("* - 1.5h", "2026-03-15T10:04:56Z"),
        ("-90 seconds", "2026-03-15T11:33:26Z"),
        ("t", "2026-03-14T23:00:00Z"),
        ("T+8h-30m", "2026-03-15T06:30:00Z"),
        ("yesterday", "2026-03-13T23:00:00Z"),
        ("y-200d", "2025-08-25T22:00:00Z"),
        ("mon", "2026-03-08T23:00:00Z"),
        ("Sunday", "2026-03-14T23:00:00Z"),
        ("1", "2026-02-28T23:00:00Z"),
        ("jan", "2026-01-14T23:00:00Z"),
        ("1999", "1999-03-14T23:00:00Z"),
        ("*-1mo", "2026-02-15T11:34:56Z"),
        ("'*-8h'", "2026-03-15T03:34:56Z"),
    ];
    for (text, time) in expected {
        assert_eq!(read(text), time, "{text}");
    }
}

#[test]
fn dates_are_read_as_people_and_tools_write_them() {
    let expected = [
        ("01-Jan-24 00:00:00", "2023-12-31T23:00:00Z"),
        ("01-Jan-2024", "2023-12-31T23:00:00Z"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00+05:30", "2023-12-31T18:30:00Z"),
        ("2024-01-01 06:00", "2024-01-01T05:00:00Z"),
        ("1/31/2024 3:05:00 PM", "2024-01-31T14:05:00Z"),
        ("2024-01-01T00:00:00Z-1d", "2023-12-31T00:00:00Z"),
        ("01-Jan-24 00:00:00 + 2h", "2024-01-01T01:00:00Z"),
    ];
    for (text, time) in expected {
        assert_eq!(read(text), time, "{text}");
    }
}

#[test]
fn a_day_of_the_calendar_has_23_hours_when_the_clocks_change() {
    // In Zurich the clocks went forward in the night to 29 March 2026.
    let after: Timestamp = "2026-03-29T12:00:00Z".parse().unwrap();
    let read = |text: &str| parse(text, after, &zurich()).unwrap().to_string();
    assert_eq!(read("*-1d"), "2026-03-28T13:00:00Z");
    assert_eq!(read("*-24h"), "2026-03-28T12:00:00Z");
    assert_eq!(read("t+12h"), "2026-03-29T11:00:00Z");
}

#[test]
fn what_cannot_be_read_is_told_with_what_can() {
    assert_eq!(
        refused("next week"),
        format!("'next week' is not a time of PI; {EXAMPLES}")
    );
    assert!(refused("*-5x").starts_with("'-5x' in '*-5x' is not a length of time"));
    assert!(refused("*-1.5mo").contains("'-1.5mo'"));
    assert!(refused("*-15000y").contains("outside the years"));
    assert!(refused("32").contains("'32' is not a time of PI"));
    let zone = zone("Middle Earth").unwrap_err().to_string();
    assert!(zone.contains("write it as in Europe/Zurich"), "{zone}");
}

#[test]
fn a_range_that_is_reversed_or_lies_ahead_is_named() {
    let range = |start: &str, end: &str| TimeRange::parse(start, end, now(), &zurich());
    let reversed = range("*", "t").unwrap_err().to_string();
    assert_eq!(
        reversed,
        "the range ends at 2026-03-15 00:00:00 CET, before it begins at 2026-03-15 12:34:56 CET; exchange them"
    );
    let wrong = range("*-1d", "soon").unwrap_err().to_string();
    assert!(wrong.starts_with("the end of the range: 'soon'"), "{wrong}");
    assert_eq!(range("*-1d", "*").unwrap().lies_ahead(now()), None);
    assert_eq!(
        range("*+2d", "*+3d").unwrap().lies_ahead(now()).unwrap(),
        "the range begins in 2 d: only points for forecasts hold values there"
    );
}

fn time_text() -> impl Strategy<Value = String> {
    let base = r"\*|t|today|y|Yesterday||mon|sunday|jan|December|[1-9]|[12][0-9]|20[0-3][0-9]|0[1-9]-(Jan|Apr|Oct)-2[0-9]|20[0-3][0-9]-0[1-9]-1[0-9]( 1[0-9]:[0-5][0-9])?|2026-0[1-9]-1[0-9]T0[0-9]:00:00Z";
    let offset =
        r"(( ?[+-] ?[0-9]{1,3}(s|m|h|d|w|mo|y| hours))|( ?[+-][0-9]{1,2}\.5(s|m|h|d|w))){0,2}";
    (base, offset).prop_map(|(base, offset)| base + &offset)
}

proptest! {
    #[test]
    fn the_simulator_understands_the_same(text in time_text(), now in 0_i64..4_000_000_000_000_000, zurich in any::<bool>()) {
        let zone = if zurich { self::zurich() } else { TimeZone::UTC };
        let ours = parse(&text, Timestamp::from_microsecond(now).unwrap(), &zone);
        let theirs = pi_simulator::time::parse(&text, now, &zone);
        prop_assert_eq!(ours.ok().map(Timestamp::as_microsecond), theirs.ok());
    }

    #[test]
    fn any_text_is_refused_or_read_without_a_crash(text in "[*ty0-9a-zµ+.:/' -]{0,24}|\\PC{0,24}") {
        if let Err(error) = parse(&text, now(), &TimeZone::UTC) {
            prop_assert!(error.to_string().contains('\''));
        }
    }
}
