//! The cells of R's vectors as JSON: numbers, texts, factors, dates and instants.

use crate::from_r::{Unsupported, Written};
use extendr_ffi::{
    INTEGER, LENGTH, LOGICAL, R_CHAR, R_ClassSymbol, R_LevelsSymbol, R_NaInt, R_NaString, REAL,
    Rf_getAttrib, Rf_isFactor, SEXP, SEXPTYPE, STRING_ELT, TYPEOF, XLENGTH,
};
use std::borrow::Cow;
use std::io::Write;

/// An atomic vector and how its cells are written.
pub(crate) struct Cells {
    value: SEXP,
    kind: Kind,
    pub(crate) length: usize,
}

enum Kind {
    Logical,
    Integer,
    Number,
    Text,
    /// Integers that index these levels.
    Factor(SEXP),
    Date,
    Instant,
}

impl Cells {
    pub(crate) unsafe fn of(value: SEXP) -> Self {
        // SAFETY: `value` is an atomic vector; its levels live as long as it.
        let kind = unsafe {
            match TYPEOF(value) {
                SEXPTYPE::LGLSXP => Kind::Logical,
                SEXPTYPE::STRSXP => Kind::Text,
                _ if bool::from(Rf_isFactor(value)) => {
                    Kind::Factor(Rf_getAttrib(value, R_LevelsSymbol))
                }
                SEXPTYPE::REALSXP if inherits(value, "Date") => Kind::Date,
                SEXPTYPE::REALSXP if inherits(value, "POSIXct") => Kind::Instant,
                SEXPTYPE::INTSXP => Kind::Integer,
                _ => Kind::Number,
            }
        };
        // SAFETY: as above.
        Self {
            value,
            kind,
            length: unsafe { XLENGTH(value) } as usize,
        }
    }

    /// Appends one cell.
    pub(crate) unsafe fn write(&self, index: usize, out: &mut Vec<u8>) -> Written {
        // SAFETY: `index` is below the length; the kind was read from the vector.
        unsafe {
            match self.kind {
                Kind::Logical => match *LOGICAL(self.value).add(index) {
                    value if value == R_NaInt => literal(b"null", out),
                    0 => literal(b"false", out),
                    _ => literal(b"true", out),
                },
                Kind::Integer => match *INTEGER(self.value).add(index) {
                    value if value == R_NaInt => literal(b"null", out),
                    value => number(f64::from(value), out),
                },
                Kind::Number => number(*REAL(self.value).add(index), out),
                Kind::Text => text_or_null(STRING_ELT(self.value, index as isize), out),
                Kind::Factor(levels) => match *INTEGER(self.value).add(index) {
                    value if value == R_NaInt => literal(b"null", out),
                    value => text_or_null(STRING_ELT(levels, value as isize - 1), out),
                },
                Kind::Date => when(*REAL(self.value).add(index) * 86_400.0, false, out),
                Kind::Instant => when(*REAL(self.value).add(index), true, out),
            }
        }
    }
}

/// Appends JSON that is written already.
#[expect(
    clippy::unnecessary_wraps,
    reason = "reads as one expression per kind of cell"
)]
pub(crate) fn literal(text: &[u8], out: &mut Vec<u8>) -> Written {
    out.extend_from_slice(text);
    Ok(())
}

/// Whether an object is of a class.
pub(crate) unsafe fn inherits(value: SEXP, class: &str) -> bool {
    // SAFETY: the class attribute is NULL or a character vector.
    unsafe {
        let classes = Rf_getAttrib(value, R_ClassSymbol);
        TYPEOF(classes) == SEXPTYPE::STRSXP
            && (0..XLENGTH(classes))
                .any(|index| text_of(STRING_ELT(classes, index)).as_deref() == Some(class))
    }
}

/// Shortest digits that read back to the same bits; whole numbers without a point.
fn number(value: f64, out: &mut Vec<u8>) -> Written {
    const WHOLE: f64 = 1e15;
    if value.is_nan() {
        // R's NA is a NaN with 1954 in its low word, whatever its other bits.
        let is_na = value.to_bits() & 0xFFFF_FFFF == 1954;
        return literal(if is_na { b"null" } else { br#""NaN""# }, out);
    }
    if value.is_infinite() {
        return literal(
            if value > 0.0 {
                br#""Inf""#
            } else {
                br#""-Inf""#
            },
            out,
        );
    }
    let whole = value.trunc().to_bits() == value.to_bits() && value.abs() < WHOLE;
    let minus_zero = value == 0.0 && value.is_sign_negative();
    let written = if whole && !minus_zero {
        serde_json::to_writer(&mut *out, &(value as i64))
    } else {
        serde_json::to_writer(&mut *out, &value)
    };
    written.map_err(|error| Unsupported::new(error.to_string()))
}

/// Appends a text with its quotes.
pub(crate) fn text(value: &str, out: &mut Vec<u8>) {
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"\"\"");
    }
}

unsafe fn text_or_null(chars: SEXP, out: &mut Vec<u8>) -> Written {
    // SAFETY: `chars` is an element of a character vector.
    match unsafe { text_of(chars) } {
        None => literal(b"null", out),
        Some(value) => {
            text(&value, out);
            Ok(())
        }
    }
}

/// A string of R; `None` for NA. The session is UTF-8, so other bytes come from marked or broken strings only.
pub(crate) unsafe fn text_of(chars: SEXP) -> Option<Cow<'static, str>> {
    // SAFETY: the bytes live as long as their vector, which the caller protects while it uses them.
    unsafe {
        if chars == R_NaString {
            return None;
        }
        let bytes = std::slice::from_raw_parts(R_CHAR(chars).cast::<u8>(), LENGTH(chars) as usize);
        Some(String::from_utf8_lossy(bytes))
    }
}

/// Seconds since 1970 as an RFC 3339 date or instant in UTC.
fn when(seconds: f64, with_time: bool, out: &mut Vec<u8>) -> Written {
    if !seconds.is_finite() {
        return literal(b"null", out);
    }
    let millis = (seconds * 1000.0).round() as i64;
    let (year, month, day) = civil(millis.div_euclid(86_400_000));
    let rest = millis.rem_euclid(86_400_000);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let (h, m, s, ms) = (
        rest / 3_600_000,
        rest / 60_000 % 60,
        rest / 1000 % 60,
        rest % 1000,
    );
    let written = match (with_time, ms) {
        (false, _) => write!(out, "\"{date}\""),
        (true, 0) => write!(out, "\"{date}T{h:02}:{m:02}:{s:02}Z\""),
        (true, _) => write!(out, "\"{date}T{h:02}:{m:02}:{s:02}.{ms:03}Z\""),
    };
    written.map_err(|error| Unsupported::new(error.to_string()))
}

/// Days since 1970-01-01 as year, month, day of the Gregorian calendar; years start in March while counting.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(-1), (1969, 12, 31));
    }

    #[test]
    fn numbers_are_short_and_exact() {
        let written = |value| {
            let mut out = Vec::new();
            number(value, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(1.0), "1");
        assert_eq!(written(-0.0), "-0.0");
        assert_eq!(written(0.1), "0.1");
        assert_eq!(written(f64::NAN), "\"NaN\"");
        assert_eq!(written(crate::value::na_real()), "null");
        assert_eq!(written(5e-324), "5e-324");
    }
}
