//! A [`Value`] as an R object. Allocates, so it runs inside `embed::protected` only.

use crate::typed::Typed;
use crate::value::Value;
use extendr_ffi::{
    INTEGER, LOGICAL, R_ClassSymbol, R_LevelsSymbol, R_NaInt, R_NaString, R_NamesSymbol,
    R_NilValue, R_RowNamesSymbol, REAL, Rf_allocMatrix, Rf_allocVector, Rf_install, Rf_mkCharLenCE,
    Rf_protect, Rf_setAttrib, Rf_unprotect, SET_STRING_ELT, SET_VECTOR_ELT, SEXP, SEXPTYPE,
    cetype_t,
};
use std::ffi::CString;

/// Builds the R object; the caller protects it.
pub(crate) unsafe fn into_r(value: &Value) -> SEXP {
    // SAFETY: inside `protected`; each branch protects what it holds while it allocates.
    unsafe {
        match value {
            Value::Null => R_NilValue,
            Value::Logical(value) => logicals(&[Some(*value)]),
            Value::Number(value) => numbers(&[*value]),
            Value::Text(value) => texts(std::iter::once(Some(value.as_str())), 1),
            Value::Logicals(items) => logicals(items),
            Value::Numbers(items) => numbers(items),
            Value::Texts(items) => texts(items.iter().map(Option::as_deref), items.len()),
            Value::Matrix {
                rows,
                columns,
                by_row,
            } => matrix(*rows, *columns, by_row),
            Value::List(items) => list(items.iter(), items.len()),
            Value::Object(members) => named(members),
            Value::Frame {
                columns,
                attributes,
            } => frame(columns, attributes),
            Value::Typed(typed) => of_class(typed),
        }
    }
}

/// What R has no type for but a class.
unsafe fn of_class(typed: &Typed) -> SEXP {
    // SAFETY: every object is protected until it hangs on the vector.
    unsafe {
        let (vector, classes): (SEXP, &[&str]) = match typed {
            Typed::Dates(days) => (numbers(days), &["Date"]),
            Typed::Instants(seconds) => (numbers(seconds), &["POSIXct", "POSIXt"]),
            Typed::Factor { codes, .. } => (integers(codes), &["factor"]),
        };
        Rf_protect(vector);
        match typed {
            Typed::Dates(_) => {}
            Typed::Instants(_) => attribute(vector, Rf_install(c"tzone".as_ptr()), &["UTC"]),
            Typed::Factor { levels, .. } => attribute(vector, R_LevelsSymbol, levels),
        }
        attribute(vector, R_ClassSymbol, classes);
        Rf_unprotect(1);
        vector
    }
}

unsafe fn attribute<T: AsRef<str>>(object: SEXP, name: SEXP, words: &[T]) {
    // SAFETY: the caller protects the object, and symbols are never removed.
    unsafe {
        let words = Rf_protect(texts(
            words.iter().map(|word| Some(word.as_ref())),
            words.len(),
        ));
        Rf_setAttrib(object, name, words);
        Rf_unprotect(1);
    }
}

unsafe fn integers(items: &[Option<i32>]) -> SEXP {
    // SAFETY: the vector has room for every item.
    unsafe {
        let vector = Rf_allocVector(SEXPTYPE::INTSXP, items.len() as isize);
        let target = INTEGER(vector);
        for (index, item) in items.iter().enumerate() {
            *target.add(index) = item.unwrap_or(R_NaInt);
        }
        vector
    }
}

unsafe fn logicals(items: &[Option<bool>]) -> SEXP {
    // SAFETY: the vector has room for every item.
    unsafe {
        let vector = Rf_allocVector(SEXPTYPE::LGLSXP, items.len() as isize);
        let target = LOGICAL(vector);
        for (index, item) in items.iter().enumerate() {
            *target.add(index) = item.map_or(R_NaInt, i32::from);
        }
        vector
    }
}

unsafe fn numbers(items: &[f64]) -> SEXP {
    // SAFETY: as above; bits are copied, so that NA and -0 stay what they are.
    unsafe {
        let vector = Rf_allocVector(SEXPTYPE::REALSXP, items.len() as isize);
        std::ptr::copy_nonoverlapping(items.as_ptr(), REAL(vector), items.len());
        vector
    }
}

unsafe fn texts<'a>(items: impl Iterator<Item = Option<&'a str>>, length: usize) -> SEXP {
    // SAFETY: the vector is protected while its strings are made.
    unsafe {
        let vector = Rf_protect(Rf_allocVector(SEXPTYPE::STRSXP, length as isize));
        for (index, item) in items.enumerate() {
            SET_STRING_ELT(
                vector,
                index as isize,
                item.map_or(R_NaString, |text| chars(text)),
            );
        }
        Rf_unprotect(1);
        vector
    }
}

/// A text with a NUL raises an R error, which `protected` reports.
unsafe fn chars(text: &str) -> SEXP {
    // SAFETY: pointer and length are of one string.
    unsafe { Rf_mkCharLenCE(text.as_ptr().cast(), text.len() as i32, cetype_t::CE_UTF8) }
}

unsafe fn matrix(rows: usize, columns: usize, by_row: &[f64]) -> SEXP {
    // SAFETY: R stores by column; every index stays below rows * columns.
    unsafe {
        let matrix = Rf_allocMatrix(SEXPTYPE::REALSXP, rows as i32, columns as i32);
        let target = REAL(matrix);
        for row in 0..rows {
            for column in 0..columns {
                *target.add(column * rows + row) = by_row[row * columns + column];
            }
        }
        matrix
    }
}

unsafe fn list<'a>(items: impl Iterator<Item = &'a Value>, length: usize) -> SEXP {
    // SAFETY: the list is protected while its elements are made.
    unsafe {
        let vector = Rf_protect(Rf_allocVector(SEXPTYPE::VECSXP, length as isize));
        for (index, item) in items.enumerate() {
            SET_VECTOR_ELT(vector, index as isize, into_r(item));
        }
        Rf_unprotect(1);
        vector
    }
}

unsafe fn named(members: &[(String, Value)]) -> SEXP {
    // SAFETY: both objects stay protected until the names are set.
    unsafe {
        let vector = Rf_protect(list(members.iter().map(|(_, value)| value), members.len()));
        let names = Rf_protect(texts(
            members.iter().map(|(name, _)| Some(name.as_str())),
            members.len(),
        ));
        Rf_setAttrib(vector, R_NamesSymbol, names);
        Rf_unprotect(2);
        vector
    }
}

unsafe fn frame(columns: &[(String, Value)], attributes: &[(String, Value)]) -> SEXP {
    // SAFETY: everything made here is protected until it hangs on the frame.
    unsafe {
        let frame = Rf_protect(named(columns));
        let rows = columns.first().map_or(0, |(_, column)| column.length());
        // R's compact row names: NA and the negative count.
        let row_names = Rf_protect(Rf_allocVector(SEXPTYPE::INTSXP, 2));
        *INTEGER(row_names) = R_NaInt;
        *INTEGER(row_names).add(1) = -(rows as i32);
        Rf_setAttrib(frame, R_RowNamesSymbol, row_names);
        attribute(frame, R_ClassSymbol, &["data.frame"]);
        for (name, value) in attributes {
            if let Ok(name) = CString::new(name.as_str()) {
                let value = Rf_protect(into_r(value));
                Rf_setAttrib(frame, Rf_install(name.as_ptr()), value);
                Rf_unprotect(1);
            }
        }
        Rf_unprotect(2);
        frame
    }
}
