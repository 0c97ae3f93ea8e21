//! Places in JSON text that has not arrived in full, and the usual form of a timed value without a general parser.

use std::borrow::Cow;

use super::series::{Reading, TimedValue};

/// Digits of a whole number that every double holds exactly, and the powers of ten that do.
const EXACT_DIGITS: usize = 15;
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The first place at or after `at` that is no white space.
pub(super) fn past_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Where the value that begins at `at` ends; none while its end has not arrived. Whether it is well formed, its reader says.
pub(super) fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => nested_end(text, at),
        _ => text
            .get(at..)?
            .iter()
            .position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r'))
            .map(|length| at + length),
    }
}

/// Behind the closing quote of the string that begins at `at`.
fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut place = at + 1;
    loop {
        match text.get(place)? {
            b'"' => return Some(place + 1),
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
}

fn nested_end(text: &[u8], at: usize) -> Option<usize> {
    let (mut place, mut depth) = (at, 0_usize);
    loop {
        match text.get(place)? {
            b'"' => {
                place = string_end(text, place)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        place += 1;
        if depth == 0 {
            return Some(place);
        }
    }
}

/// A timed value as servers write it, without white space and unknown keys, and its length; none for every other form.
pub(super) fn timed_value(text: &[u8]) -> Option<(TimedValue<'_>, usize)> {
    let mut scan = Scan { text, at: 0 };
    scan.eat(b"{")?;
    let mut value = TimedValue::default();
    let mut seen = 0_u8;
    loop {
        let key = scan.member(&mut value)?;
        if seen & key != 0 {
            return None;
        }
        seen |= key;
        match scan.next()? {
            b',' => {}
            b'}' => return Some((value, scan.at)),
            _ => return None,
        }
    }
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn eat(&mut self, expected: &[u8]) -> Option<()> {
        self.rest().starts_with(expected).then(|| {
            self.at += expected.len();
        })
    }

    /// One key with its value; answers a bit of its own for each key.
    fn member(&mut self, value: &mut TimedValue<'t>) -> Option<u8> {
        let rest = self.rest();
        // The first letter tells the keys of a timed value apart.
        match rest.get(1)? {
            b'T' => {
                self.eat(b"\"Timestamp\":")?;
                value.timestamp = Cow::Borrowed(self.plain()?);
                Some(1)
            }
            b'V' => {
                self.eat(b"\"Value\":")?;
                value.value = self.reading()?;
                Some(2)
            }
            b'G' => {
                self.eat(b"\"Good\":")?;
                value.good = self.truth()?;
                Some(4)
            }
            b'Q' => {
                self.eat(b"\"Questionable\":")?;
                value.questionable = self.truth()?;
                Some(8)
            }
            b'S' => {
                self.eat(b"\"Substituted\":")?;
                value.substituted = self.truth()?;
                Some(16)
            }
            b'A' => {
                self.eat(b"\"Annotated\":")?;
                value.annotated = self.truth()?;
                Some(32)
            }
            b'U' => {
                self.eat(b"\"UnitsAbbreviation\":")?;
                self.plain()?;
                Some(64)
            }
            _ => None,
        }
    }

    /// A string without escapes.
    fn plain(&mut self) -> Option<&'t str> {
        self.eat(b"\"")?;
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        self.at += length + 1;
        std::str::from_utf8(rest.get(..length)?).ok()
    }

    fn truth(&mut self) -> Option<bool> {
        let truth = self.rest().starts_with(b"true");
        self.eat(if truth { b"true" } else { b"false" })?;
        Some(truth)
    }

    fn reading(&mut self) -> Option<Reading<'t>> {
        let rest = self.rest();
        if matches!(rest.first()?, b'-' | b'0'..=b'9') {
            let (number, length) = number(rest)?;
            self.at += length;
            return Some(Reading::Number(number));
        }
        let length = value_end(rest, 0)?;
        let reading = serde_json::from_slice(rest.get(..length)?).ok()?;
        self.at += length;
        Some(reading)
    }
}

/// The number at the beginning, and its length; none when it is no JSON number, too large, or may go on.
fn number(text: &[u8]) -> Option<(f64, usize)> {
    let negative = text.first() == Some(&b'-');
    let first = usize::from(negative);
    let whole = digits(text, first);
    let leading_zero = text.get(first) == Some(&b'0') && whole > 1;
    if whole == 0 || leading_zero {
        return None;
    }
    let mut end = first + whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        fraction = digits(text, end + 1);
        if fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    }
    let exponent = matches!(text.get(end)?, b'e' | b'E');
    if !exponent && whole + fraction <= EXACT_DIGITS {
        let places = text.get(first..end)?.iter().filter(|byte| **byte != b'.');
        let exact = places.fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
        #[expect(clippy::cast_precision_loss, reason = "at most fifteen digits")]
        let magnitude = exact as f64 / EXACT_POWERS.get(fraction)?;
        return Some((if negative { -magnitude } else { magnitude }, end));
    }
    if exponent {
        end += 1 + usize::from(matches!(text.get(end + 1)?, b'+' | b'-'));
        let length = digits(text, end);
        if length == 0 {
            return None;
        }
        end += length;
    }
    text.get(end)?;
    let number: f64 = std::str::from_utf8(text.get(..end)?).ok()?.parse().ok()?;
    number.is_finite().then_some((number, end))
}

fn digits(text: &[u8], from: usize) -> usize {
    text.get(from..)
        .unwrap_or_default()
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_servers_write_is_read_and_everything_else_is_left_to_the_parser() {
        let usual = r#"{"Timestamp":"2026-01-01T00:00:00Z","Value":-12.5,"UnitsAbbreviation":"°C","Good":true,"Questionable":false,"Substituted":false,"Annotated":true}"#;
        let (value, length) = timed_value(usual.as_bytes()).unwrap();
        assert_eq!(length, usual.len());
        assert!(value.good && value.annotated && !value.questionable);
        assert!(
            matches!(value.value, Reading::Number(number) if number.to_bits() == (-12.5_f64).to_bits())
        );
        for cut in 0..usual.len() {
            assert!(timed_value(&usual.as_bytes()[..cut]).is_none());
        }
        for other in [
            r#"{"Timestamp":"2026-01-01T00:00:00Z", "Value":1}"#,
            r#"{"Value":01}"#,
            r#"{"Value":1.}"#,
            r#"{"Value":1e}"#,
            r#"{"Value":1e999}"#,
            r#"{"Value":1,"Value":2}"#,
            r#"{"Value":1,"Errors":[{"FieldName":"x"}]}"#,
            r#"{"Timestamp":"2026\u002d01-01T00:00:00Z","Value":1}"#,
            "{}",
        ] {
            assert!(timed_value(other.as_bytes()).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn numbers_are_the_same_bits_as_the_parser_reads(number in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?") {
            let text = format!("{number},");
            let expected = serde_json::from_str::<f64>(&number).ok().map(f64::to_bits);
            let read = super::number(text.as_bytes());
            prop_assert_eq!(read.map(|(value, _)| value.to_bits()), expected);
            if let Some((_, length)) = read {
                prop_assert_eq!(length, number.len());
            }
        }

        #[test]
        fn doubles_come_back_bit_for_bit(number in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
            let text = format!("{},", serde_json::to_string(&number).unwrap());
            let (read, _) = super::number(text.as_bytes()).unwrap();
            prop_assert_eq!(read.to_bits(), number.to_bits());
        }

        #[test]
        fn any_bytes_are_scanned_without_a_crash(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _value = timed_value(&text);
            let _end = value_end(&text, 0);
        }
    }
}
