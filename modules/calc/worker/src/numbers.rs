//! Arrays of nothing but numbers, which the long arguments are: one pass over the text, without a value for each number between.

use crate::value::na_real;

/// Digits of a whole number that a double holds exactly, whatever they are.
const EXACT_DIGITS: usize = 15;

/// The numbers of a JSON array, `null` among them as NA; nothing where there is anything else, or a number that needs a closer look.
pub(crate) fn plain(text: &[u8]) -> Option<Vec<f64>> {
    let inside = text.trim_ascii().strip_prefix(b"[")?.strip_suffix(b"]")?;
    let mut numbers = Vec::with_capacity(inside.len() / 8 + 1);
    let mut rest = inside;
    let mut missing = 0;
    loop {
        rest = without_blanks(rest);
        if let Some(after) = rest.strip_prefix(b"null") {
            numbers.push(na_real());
            missing += 1;
            rest = after;
        } else {
            let length = length_of_number(rest)?;
            let (token, after) = rest.split_at(length);
            numbers.push(number(token)?);
            rest = after;
        }
        rest = without_blanks(rest);
        match rest.split_first() {
            // Of what kind an array of nulls is, its neighbours decide.
            None => return (missing < numbers.len()).then_some(numbers),
            Some((b',', after)) => rest = after,
            Some(_) => return None,
        }
    }
}

fn without_blanks(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    let blanks = text.iter().take_while(|byte| is_blank(byte)).count();
    &text[blanks..]
}

/// Bytes of the number, as JSON writes numbers, that a text begins with.
fn length_of_number(text: &[u8]) -> Option<usize> {
    let mut length = usize::from(text.first() == Some(&b'-'));
    let whole = digits(text, length);
    if whole == 0 || (whole > 1 && text[length] == b'0') {
        return None;
    }
    length += whole;
    if text.get(length) == Some(&b'.') {
        length += 1 + some_digits(text, length + 1)?;
    }
    if matches!(text.get(length), Some(b'e' | b'E')) {
        length += 1;
        length += usize::from(matches!(text.get(length), Some(b'+' | b'-')));
        length += some_digits(text, length)?;
    }
    Some(length)
}

fn digits(text: &[u8], from: usize) -> usize {
    let digits = text.iter().skip(from);
    digits.take_while(|byte| byte.is_ascii_digit()).count()
}

fn some_digits(text: &[u8], from: usize) -> Option<usize> {
    Some(digits(text, from)).filter(|count| *count > 0)
}

/// The nearest double. A long whole number may be none that a double holds, and one beyond all doubles is no number at all: both are
/// refused elsewhere, with their reasons.
fn number(token: &[u8]) -> Option<f64> {
    let is_whole = || {
        token
            .iter()
            .all(|byte| byte.is_ascii_digit() || *byte == b'-')
    };
    if token.len() > EXACT_DIGITS && is_whole() {
        return None;
    }
    let value: f64 = std::str::from_utf8(token).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    /// Bits, because NA is a NaN and -0 equals 0.
    fn bits(numbers: &[f64]) -> Vec<u64> {
        numbers.iter().map(|number| number.to_bits()).collect()
    }

    fn read_closely(text: &str) -> Option<Vec<f64>> {
        match serde_json::from_str(text) {
            Ok(Value::Numbers(numbers)) => Some(numbers),
            _ => None,
        }
    }

    #[test]
    fn numbers_are_those_of_the_general_reader_bit_for_bit() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut texts = Vec::new();
        for round in 0..100_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let number = f64::from_bits(state);
            if number.is_finite() {
                let small = number.abs() % 1000.0;
                texts.push(match round % 4 {
                    0 => format!("{number:e}"),
                    1 => format!("{small}"),
                    2 => format!("{small:.15}"),
                    _ => format!("-{}", state % 1_000_000),
                });
            }
        }
        let text = format!("[{}]", texts.join(" ,\n"));
        let fast = plain(text.as_bytes()).unwrap();
        assert_eq!(fast.len(), texts.len());
        assert_eq!(bits(&fast), bits(&read_closely(&text).unwrap()));
    }

    #[test]
    fn corner_cases_are_read_as_the_general_reader_does_or_left_to_it() {
        for text in [
            "[-0]",
            "[0]",
            "[-0.0]",
            "[5e-324]",
            "[1e-999]",
            "[1E+2]",
            "[ 1 , 2 ]",
            "[1,null]",
            "[null,1.5]",
            "[1.7976931348623157e308]",
            "[0.1e1]",
            "[123456789012345]",
        ] {
            let fast = plain(text.as_bytes()).unwrap_or_else(|| panic!("{text} is left"));
            assert_eq!(bits(&fast), bits(&read_closely(text).unwrap()), "{text}");
        }
        for text in [
            "",
            "[]",
            "[ ]",
            "[,]",
            "[1,]",
            "[1 2]",
            "[01]",
            "[+1]",
            "[.5]",
            "[1.]",
            "[1e]",
            "[1e+]",
            "[--1]",
            "[-]",
            "[0x1]",
            "[inf]",
            "[NaN]",
            "[1e400]",
            "[null]",
            "[null,null]",
            "[nullx]",
            "[true]",
            "[\"a\"]",
            "[[1]]",
            "[1\u{b}]",
            "[1]]",
            "1",
            "[1",
            "[9007199254740993]",
            "[1,\"NaN\"]",
        ] {
            assert_eq!(plain(text.as_bytes()), None, "{text}");
        }
    }
}
