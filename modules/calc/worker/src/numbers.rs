//! Arrays of nothing but numbers, which the long arguments are: one pass over the text, without a value for each number between.

use crate::value::na_real;

/// Digits of a whole number that a double holds exactly, whatever they are.
const EXACT_DIGITS: usize = 15;
/// Digits that 64 bits hold, whatever they are.
const DIGITS: usize = 19;
/// Powers of ten that a double holds exactly.
const EXACT_TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// The first 64 bits of one divided by a power of ten, and by which power of two they are too large.
const TENTHS: [(u64, u32); DIGITS + 1] = tenths();

const fn tenths() -> [(u64, u32); DIGITS + 1] {
    let mut table = [(0, 0); DIGITS + 1];
    let mut ten: u64 = 1;
    let mut power = 1;
    while power <= DIGITS {
        ten *= 10;
        let shift = 127 - ten.leading_zeros();
        table[power] = (((1_u128 << shift) / ten as u128) as u64, shift);
        power += 1;
    }
    table
}

/// The numbers of a JSON array, `null` among them as NA; nothing where there is anything else, or a number that needs a closer look.
pub(crate) fn plain(text: &[u8]) -> Option<Vec<f64>> {
    let inside = text.trim_ascii().strip_prefix(b"[")?.strip_suffix(b"]")?;
    let mut numbers = Vec::with_capacity(inside.len() / 8 + 1);
    let mut at = 0;
    let mut missing = 0;
    loop {
        at = after_blanks(inside, at);
        if inside[at..].starts_with(b"null") {
            numbers.push(na_real());
            missing += 1;
            at += 4;
        } else {
            let (number, end) = number(inside, at)?;
            numbers.push(number);
            at = end;
        }
        at = after_blanks(inside, at);
        match inside.get(at) {
            // Of what kind an array of nulls is, its neighbours decide.
            None => return (missing < numbers.len()).then_some(numbers),
            Some(b',') => at += 1,
            Some(_) => return None,
        }
    }
}

fn after_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// The nearest double to the number, as JSON writes numbers, that begins at a place, and where it ends. A long whole number may be none that
/// a double holds, and one beyond all doubles is no number at all: both are refused elsewhere, with their reasons.
#[inline]
fn number(text: &[u8], from: usize) -> Option<(f64, usize)> {
    let negative = text.get(from) == Some(&b'-');
    let first = from + usize::from(negative);
    let mut mantissa = 0;
    let whole = digits(text, first, &mut mantissa);
    if whole == 0 || (whole > 1 && text[first] == b'0') {
        return None;
    }
    let mut end = first + whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        fraction = Some(digits(text, end + 1, &mut mantissa)).filter(|count| *count > 0)?;
        end += 1 + fraction;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        end += 1 + sign;
        end += Some(digits(text, end, &mut 0)).filter(|count| *count > 0)?;
    } else if fraction == 0 && whole > EXACT_DIGITS {
        return None;
    } else if whole + fraction <= DIGITS
        && let Some(value) = divided(mantissa, fraction)
    {
        return Some((if negative { -value } else { value }, end));
    }
    let token = std::str::from_utf8(&text[from..end]).ok()?;
    let value: f64 = token.parse().ok()?;
    value.is_finite().then_some((value, end))
}

/// Adds the digits from a place on to a number, and counts them; beyond [`DIGITS`] the number is none.
#[inline]
fn digits(text: &[u8], from: usize, number: &mut u64) -> usize {
    let mut at = from;
    while let Some(eight) = text.get(at..).and_then(eight_digits) {
        *number = number.wrapping_mul(100_000_000).wrapping_add(eight);
        at += 8;
    }
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0'))
        && digit < 10
    {
        *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at - from
}

/// The number of eight digits, taken together: pairs, then fours, then all.
#[inline]
fn eight_digits(text: &[u8]) -> Option<u64> {
    const LOW: u64 = 0x0000_00FF_0000_00FF;
    let bytes = u64::from_le_bytes(*text.first_chunk()?);
    let values = bytes.wrapping_sub(0x3030_3030_3030_3030);
    // A byte above '9' sets its highest bit when 0x46 is added, one below '0' when '0' is taken away.
    if (bytes.wrapping_add(0x4646_4646_4646_4646) | values) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let high = (pairs & LOW).wrapping_mul((1_000_000 << 32) + 100);
    let low = ((pairs >> 16) & LOW).wrapping_mul((10_000 << 32) + 1);
    Some(high.wrapping_add(low) >> 32)
}

/// The double nearest to `number / 10^power`; nothing where the bits looked at do not decide.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "rounding is what is asked for")]
fn divided(number: u64, power: usize) -> Option<f64> {
    if number <= 1 << 53 {
        // One operation on two exact doubles rounds once.
        return Some(number as f64 / EXACT_TENS[power]);
    }
    let (tenth, shift) = TENTHS[power];
    let zeros = number.leading_zeros();
    // The tenth is cut off: the quotient lies between these, and is known where both are the same double.
    let least = u128::from(number << zeros) * u128::from(tenth);
    let most = least + (1 << 64);
    let quotient = least as f64;
    let two = f64::from_bits(u64::from(1023 - zeros - shift) << 52);
    (quotient.to_bits() == (most as f64).to_bits()).then_some(quotient * two)
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
        for round in 0..200_000_u32 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let number = f64::from_bits(state);
            if number.is_finite() {
                let small = number.abs() % 1000.0;
                texts.push(match round % 6 {
                    0 => format!("{number:e}"),
                    1 => format!("{small}"),
                    2 => format!("{small:.15}"),
                    3 => format!("{:.17}", small / 1e9),
                    4 => format!("0.{}", state % 10_u64.pow(1 + round % 19)),
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
            "[9007199254740993.5]",
            "[9007199254740992.5]",
            "[900719925474099.35]",
            "[0.9007199254740993]",
            "[0.5000000000000000000]",
            "[0.0000000000000000001]",
            "[9.999999999999999999]",
            "[1.0000000000000000000000000000001]",
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
