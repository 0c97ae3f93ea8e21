//! The cells of R's vectors as JSON: numbers, texts, factors, dates and instants.

use crate::calendar::{to_micros, write_date, write_instant};
use crate::from_r::{Unsupported, Written};
use extendr_ffi::{
    INTEGER, LENGTH, LOGICAL, R_CHAR, R_ClassSymbol, R_LevelsSymbol, R_NaInt, R_NaString, REAL,
    Rf_getAttrib, Rf_isFactor, Rf_isObject, SEXP, SEXPTYPE, STRING_ELT, TYPEOF, XLENGTH,
};
use std::borrow::Cow;

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
    /// Of package bit64: whole numbers in the bits of doubles.
    Integer64,
}

impl Kind {
    /// Numbers that are something else by their class.
    unsafe fn of_class(value: SEXP) -> Self {
        // SAFETY: `value` is a vector of numbers.
        unsafe {
            let is_real = TYPEOF(value) == SEXPTYPE::REALSXP;
            match () {
                () if inherits(value, "Date") => Self::Date,
                () if inherits(value, "POSIXct") => Self::Instant,
                () if is_real && inherits(value, "integer64") => Self::Integer64,
                () if is_real => Self::Number,
                () => Self::Integer,
            }
        }
    }
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
                SEXPTYPE::INTSXP | SEXPTYPE::REALSXP if bool::from(Rf_isObject(value)) => {
                    Kind::of_class(value)
                }
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

    /// The mark of a vector of dates or instants, without its dollar.
    pub(crate) fn calendar(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Date => Some("date"),
            Kind::Instant => Some("instant"),
            _ => None,
        }
    }

    /// A cell of numbers, which R keeps as integers where they came from such.
    unsafe fn real(&self, index: usize) -> f64 {
        // SAFETY: `index` is below the length.
        unsafe {
            if TYPEOF(self.value) == SEXPTYPE::REALSXP {
                return *REAL(self.value).add(index);
            }
            match *INTEGER(self.value).add(index) {
                value if value == R_NaInt => f64::NAN,
                value => f64::from(value),
            }
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
                Kind::Date => when(self.real(index), out, |days, out| {
                    write_date(days.floor() as i64, out);
                }),
                Kind::Instant => when(self.real(index), out, |seconds, out| {
                    write_instant(to_micros(seconds), out);
                }),
                Kind::Integer64 => integer64((*REAL(self.value).add(index)).to_bits() as i64, out),
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

/// A number where a double holds it, beyond that its digits as text: so no reader rounds them.
fn integer64(value: i64, out: &mut Vec<u8>) -> Written {
    const EXACT: u64 = 1 << 53;
    let digits = value.to_string();
    match value {
        i64::MIN => literal(b"null", out),
        _ if value.unsigned_abs() <= EXACT => literal(digits.as_bytes(), out),
        _ => {
            text(&digits, out);
            Ok(())
        }
    }
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

/// A date or an instant between quotes; what is none is missing.
fn when(value: f64, out: &mut Vec<u8>, write: impl Fn(f64, &mut Vec<u8>)) -> Written {
    if !value.is_finite() {
        return literal(b"null", out);
    }
    out.push(b'"');
    write(value, out);
    out.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
