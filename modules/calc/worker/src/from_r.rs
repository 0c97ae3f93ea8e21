//! An R object as JSON text. One writer for all results, so that equal results are equal bytes.

use extendr_ffi::{
    INTEGER, LENGTH, LOGICAL, R_CHAR, R_ClassSymbol, R_DimSymbol, R_LevelsSymbol, R_NaInt,
    R_NaString, R_NamesSymbol, REAL, Rf_getAttrib, Rf_isFactor, Rf_protect, Rf_unprotect,
    Rf_xlength, SEXP, SEXPTYPE, STRING_ELT, TYPEOF, VECTOR_ELT, XLENGTH,
};
use std::borrow::Cow;
use std::io::Write;

/// What has no JSON form, and where it stands in the result.
#[derive(Debug)]
pub(crate) struct Unsupported {
    pub(crate) pointer: String,
    pub(crate) what: String,
}

impl Unsupported {
    fn new(what: impl Into<String>) -> Self {
        Self {
            pointer: String::new(),
            what: what.into(),
        }
    }

    fn inside(mut self, key: &str) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        self.pointer.insert_str(0, &format!("/{key}"));
        self
    }
}

type Written = Result<(), Unsupported>;

/// Whether a vector of length one is written as a bare value.
#[derive(Clone, Copy, PartialEq)]
enum Single {
    Bare,
    Array,
}

/// Deepest nesting written; a result beyond it is an accident.
const DEPTH: usize = 64;

/// Appends `value` as JSON.
pub(crate) unsafe fn write(value: SEXP, out: &mut Vec<u8>) -> Written {
    // SAFETY: `value` is protected by the caller.
    unsafe { any(value, Single::Bare, DEPTH, out) }
}

unsafe fn any(value: SEXP, single: Single, depth: usize, out: &mut Vec<u8>) -> Written {
    if depth == 0 {
        return Err(Unsupported::new(format!("nesting deeper than {DEPTH}")));
    }
    // SAFETY: types are checked before each access.
    unsafe {
        match TYPEOF(value) {
            SEXPTYPE::NILSXP => literal(b"null", out),
            SEXPTYPE::LGLSXP | SEXPTYPE::INTSXP | SEXPTYPE::REALSXP | SEXPTYPE::STRSXP => {
                vector(value, single, out)
            }
            SEXPTYPE::VECSXP => list(value, depth, out),
            other => Err(Unsupported::new(kind_name(other))),
        }
    }
}

fn kind_name(kind: SEXPTYPE) -> String {
    match kind {
        SEXPTYPE::CLOSXP | SEXPTYPE::BUILTINSXP | SEXPTYPE::SPECIALSXP => "a function".into(),
        SEXPTYPE::ENVSXP => "an environment".into(),
        SEXPTYPE::LANGSXP | SEXPTYPE::SYMSXP | SEXPTYPE::EXPRSXP => {
            "R code (a call, formula or name)".into()
        }
        SEXPTYPE::S4SXP => "an S4 object".into(),
        SEXPTYPE::CPLXSXP => "complex numbers".into(),
        SEXPTYPE::RAWSXP => "raw bytes".into(),
        other => format!("an R object of type {other:?}"),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "reads as one expression per kind of cell"
)]
fn literal(text: &[u8], out: &mut Vec<u8>) -> Written {
    out.extend_from_slice(text);
    Ok(())
}

unsafe fn vector(value: SEXP, single: Single, out: &mut Vec<u8>) -> Written {
    // SAFETY: `value` is an atomic vector.
    unsafe {
        let cells = Cells::of(value);
        let dim = Rf_getAttrib(value, R_DimSymbol);
        match Rf_xlength(dim) {
            2 => {
                return matrix(
                    &cells,
                    *INTEGER(dim) as usize,
                    *INTEGER(dim).add(1) as usize,
                    out,
                );
            }
            0 | 1 => {}
            dimensions => {
                return Err(Unsupported::new(format!(
                    "an array of {dimensions} dimensions"
                )));
            }
        }
        let names = Rf_protect(Rf_getAttrib(value, R_NamesSymbol));
        let length = cells.length;
        let written = if TYPEOF(names) == SEXPTYPE::STRSXP {
            object(names, length, out, |index, out| cells.write(index, out))
        } else if length == 1 && single == Single::Bare && !inherits(value, "AsIs") {
            cells.write(0, out)
        } else {
            sequence(0..length, out, |index, out| cells.write(index, out))
        };
        Rf_unprotect(1);
        written
    }
}

unsafe fn matrix(cells: &Cells, rows: usize, columns: usize, out: &mut Vec<u8>) -> Written {
    sequence(0..rows, out, |row, out| {
        sequence(0..columns, out, |column, out| {
            // SAFETY: the index is below rows * columns, the length.
            unsafe { cells.write(column * rows + row, out) }
        })
    })
}

unsafe fn list(value: SEXP, depth: usize, out: &mut Vec<u8>) -> Written {
    // SAFETY: `value` is a list; the names are protected while they are read.
    unsafe {
        let length = XLENGTH(value) as usize;
        let single = if inherits(value, "data.frame") {
            Single::Array
        } else {
            Single::Bare
        };
        let names = Rf_protect(Rf_getAttrib(value, R_NamesSymbol));
        let element = |index: usize, out: &mut Vec<u8>| {
            any(VECTOR_ELT(value, index as isize), single, depth - 1, out)
        };
        let written = if TYPEOF(names) == SEXPTYPE::STRSXP {
            object(names, length, out, element)
        } else {
            sequence(0..length, out, element)
        };
        Rf_unprotect(1);
        written
    }
}

fn sequence(
    indices: std::ops::Range<usize>,
    out: &mut Vec<u8>,
    mut element: impl FnMut(usize, &mut Vec<u8>) -> Written,
) -> Written {
    out.push(b'[');
    let first = indices.start;
    for index in indices {
        if index > first {
            out.push(b',');
        }
        element(index, out).map_err(|error| error.inside(&index.to_string()))?;
    }
    out.push(b']');
    Ok(())
}

unsafe fn object(
    names: SEXP,
    length: usize,
    out: &mut Vec<u8>,
    mut element: impl FnMut(usize, &mut Vec<u8>) -> Written,
) -> Written {
    // SAFETY: R keeps as many names as elements.
    let keys: Vec<Cow<'static, str>> = (0..length)
        .map(
            |index| match unsafe { text_of(STRING_ELT(names, index as isize)) } {
                // R allows elements without a name among named ones: their position names them.
                None | Some(Cow::Borrowed("")) => Cow::Owned((index + 1).to_string()),
                Some(name) => name,
            },
        )
        .collect();
    if let Some(twice) = repeated(&keys) {
        return Err(Unsupported::new(format!("two elements named {twice:?}")));
    }
    out.push(b'{');
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        text(key, out);
        out.push(b':');
        element(index, out).map_err(|error| error.inside(key))?;
    }
    out.push(b'}');
    Ok(())
}

fn repeated<'a>(keys: &'a [Cow<'static, str>]) -> Option<&'a str> {
    let mut seen = std::collections::HashSet::with_capacity(keys.len());
    keys.iter()
        .map(AsRef::as_ref)
        .find(|key: &&'a str| !seen.insert(*key))
}

/// An atomic vector and how its cells are written.
struct Cells {
    value: SEXP,
    kind: Kind,
    length: usize,
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
    unsafe fn of(value: SEXP) -> Self {
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

    unsafe fn write(&self, index: usize, out: &mut Vec<u8>) -> Written {
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

unsafe fn inherits(value: SEXP, class: &str) -> bool {
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

fn text(value: &str, out: &mut Vec<u8>) {
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
unsafe fn text_of(chars: SEXP) -> Option<Cow<'static, str>> {
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
