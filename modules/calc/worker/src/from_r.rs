//! An R object as JSON text. One writer for all results, so that equal results are equal bytes.

use crate::cells::{Cells, inherits, literal, text, text_of};
use extendr_ffi::{
    INTEGER, R_BaseEnv, R_DimSymbol, R_NamesSymbol, R_NilValue, R_tryEvalSilent, Rf_cons,
    Rf_getAttrib, Rf_install, Rf_isObject, Rf_lcons, Rf_protect, Rf_unprotect, Rf_xlength, SEXP,
    SEXPTYPE, STRING_ELT, TYPEOF, VECTOR_ELT, XLENGTH,
};
use std::borrow::Cow;

/// What has no JSON form, and where it stands in the result.
#[derive(Debug)]
pub(crate) struct Unsupported {
    pub(crate) pointer: String,
    pub(crate) what: String,
}

impl Unsupported {
    pub(crate) fn new(what: impl Into<String>) -> Self {
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

/// Whether it could be written.
pub(crate) type Written = Result<(), Unsupported>;

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
            SEXPTYPE::VECSXP if bool::from(Rf_isObject(value)) && inherits(value, "POSIXlt") => {
                broken_down(value, single, out)
            }
            SEXPTYPE::VECSXP => list(value, depth, out),
            other => Err(Unsupported::new(kind_name(other))),
        }
    }
}

/// Instants as R takes them apart, in whichever time zone: only R puts them together.
unsafe fn broken_down(value: SEXP, single: Single, out: &mut Vec<u8>) -> Written {
    // SAFETY: what R makes is protected while it is written.
    unsafe {
        let mut failed = 0;
        let arguments = Rf_protect(Rf_cons(value, R_NilValue));
        let call = Rf_protect(Rf_lcons(Rf_install(c"as.POSIXct".as_ptr()), arguments));
        let instants = Rf_protect(R_tryEvalSilent(call, R_BaseEnv, &raw mut failed));
        let written = if failed == 0 {
            vector(instants, single, out)
        } else {
            Err(Unsupported::new("a time that is none"))
        };
        Rf_unprotect(3);
        written
    }
}

/// Where dates and instants stand: `["", "date"]` for the value itself, else the names of such columns or elements.
pub(crate) unsafe fn calendar(value: SEXP) -> Vec<(String, &'static str)> {
    let of = |value: SEXP| unsafe {
        let is_number = matches!(TYPEOF(value), SEXPTYPE::INTSXP | SEXPTYPE::REALSXP);
        (is_number && bool::from(Rf_isObject(value)))
            .then(|| Cells::of(value).calendar())
            .flatten()
    };
    // SAFETY: types are checked before each access; `value` is protected by the caller.
    unsafe {
        if TYPEOF(value) != SEXPTYPE::VECSXP {
            return of(value)
                .into_iter()
                .map(|kind| (String::new(), kind))
                .collect();
        }
        let names = Rf_protect(Rf_getAttrib(value, R_NamesSymbol));
        let has_names = TYPEOF(names) == SEXPTYPE::STRSXP;
        let length = if has_names { XLENGTH(value) } else { 0 };
        let found = (0..length).filter_map(|index| {
            let kind = of(VECTOR_ELT(value, index))?;
            Some((text_of(STRING_ELT(names, index))?.into_owned(), kind))
        });
        let found = found.collect();
        Rf_unprotect(1);
        found
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
