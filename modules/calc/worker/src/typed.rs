//! What JSON has no kind for: dates, instants and factors, as texts under a mark of their own.
//!
//! `{"$date": ["2026-01-31", null]}`, `{"$instant": "2026-01-31T08:00:00Z"}`, `{"$factor": ["a", "b"], "levels": ["a", "b"]}`. The engine writes
//! arguments so that are declared to be of these kinds; a caller may write them anywhere.

use crate::calendar::{self, Wrong};
use crate::value::na_real;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// Vectors of classes that R makes of numbers.
#[derive(Debug, PartialEq)]
pub(crate) enum Typed {
    /// Days since 1970.
    Dates(Vec<f64>),
    /// Seconds since 1970.
    Instants(Vec<f64>),
    /// Places in the levels, the first is 1.
    Factor {
        codes: Vec<Option<i32>>,
        levels: Vec<String>,
    },
}

impl Typed {
    /// Whether an object whose first member is called so stands for such a vector.
    pub(crate) fn is_mark(name: &str) -> bool {
        matches!(name, "$date" | "$instant" | "$factor")
    }

    /// Reads the value of the mark and what follows it.
    pub(crate) fn read<'de, A: MapAccess<'de>>(
        mark: &str,
        mut members: A,
    ) -> Result<Self, A::Error> {
        let Texts(texts) = members.next_value()?;
        let mut levels = None;
        while let Some(name) = members.next_key::<String>()? {
            if mark != "$factor" || name != "levels" {
                return Err(A::Error::custom(format!(
                    "{name:?} does not belong to {mark}"
                )));
            }
            levels = Some(members.next_value()?);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a calendar has a few million days"
        )]
        let day = |text: &str| calendar::date(text).map(|days| days as f64);
        let second = |text: &str| calendar::instant(text).map(calendar::to_seconds);
        match mark {
            "$date" => numbers(&texts, mark, day).map(Self::Dates),
            "$instant" => numbers(&texts, mark, second).map(Self::Instants),
            _ => factor(&texts, levels),
        }
        .map_err(A::Error::custom)
    }

    /// Elements as R counts them.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Dates(items) | Self::Instants(items) => items.len(),
            Self::Factor { codes, .. } => codes.len(),
        }
    }
}

fn numbers(
    texts: &[Option<String>],
    mark: &str,
    number: impl Fn(&str) -> Result<f64, Wrong>,
) -> Result<Vec<f64>, String> {
    let cell = |text: &Option<String>| match text {
        None => Ok(na_real()),
        Some(text) => number(text).map_err(|why| format!("{text:?} in {mark} {why}")),
    };
    texts.iter().map(cell).collect()
}

/// Without levels these are its texts in their order, as those of R's `factor()`.
fn factor(texts: &[Option<String>], levels: Option<Vec<String>>) -> Result<Typed, String> {
    let levels = levels.unwrap_or_else(|| {
        let sorted: BTreeSet<&String> = texts.iter().flatten().collect();
        sorted.into_iter().cloned().collect()
    });
    let places: HashMap<&str, i32> = levels.iter().map(String::as_str).zip(1..).collect();
    if places.len() < levels.len() {
        return Err("a level of $factor is given twice".into());
    }
    let code = |text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => match places.get(text.as_str()) {
            Some(place) => Ok(Some(*place)),
            None => Err(format!("{text:?} in $factor is none of its levels")),
        },
    };
    let codes = texts.iter().map(code).collect::<Result<_, _>>()?;
    Ok(Typed::Factor { codes, levels })
}

/// One text or an array of them; `None` is a missing one.
struct Texts(Vec<Option<String>>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text or an array of texts")
    }

    fn visit_unit<E>(self) -> Result<Texts, E> {
        Ok(Texts(vec![None]))
    }

    fn visit_str<E>(self, value: &str) -> Result<Texts, E> {
        Ok(Texts(vec![Some(value.to_owned())]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element()? {
            texts.push(text);
        }
        Ok(Texts(texts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn read(text: &str) -> Result<Typed, String> {
        match serde_json::from_str(text) {
            Ok(Value::Typed(typed)) => Ok(typed),
            Ok(other) => panic!("{text} became {other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn marked_texts_are_numbers_of_their_class() {
        let days = read(r#"{"$date":["1970-01-02",null]}"#).unwrap();
        let Typed::Dates(days) = days else {
            panic!("{days:?}")
        };
        assert_eq!((days[0], days[1].to_bits()), (1.0, na_real().to_bits()));
        assert_eq!(
            read(r#"{"$instant":"1970-01-01T01:00:00.5+01:00"}"#),
            Ok(Typed::Instants(vec![0.5]))
        );
        let (codes, levels) = (vec![Some(2), None, Some(1)], ["Inf", "b"].map(String::from));
        assert_eq!(
            read(r#"{"$factor":["b",null,"Inf"]}"#),
            Ok(Typed::Factor {
                codes,
                levels: levels.into()
            })
        );
    }

    #[test]
    fn what_is_wrong_in_them_is_said() {
        for (text, why) in [
            (
                r#"{"$date":"2026-02-30"}"#,
                "\"2026-02-30\" in $date is no day",
            ),
            (r#"{"$instant":["2026-02-03T08:00:00"]}"#, "has no offset"),
            (r#"{"$factor":["c"],"levels":["a"]}"#, "none of its levels"),
            (r#"{"$factor":[],"levels":["a","a"]}"#, "twice"),
            (r#"{"$date":[],"levels":["a"]}"#, "does not belong"),
            (r#"{"$date":[1]}"#, "invalid type"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
