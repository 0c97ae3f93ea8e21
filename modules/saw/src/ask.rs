//! What a person asks for, and what must be true of it.

use dcp::http::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Characters of a title: what fits a list.
const TITLE: usize = 200;
/// Fewer values have no moving range worth its name.
const FEWEST: usize = 8;
/// More values are not pasted by people.
const MOST: usize = 10_000;

/// Values in the order of production, and what is allowed of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ask {
    /// What the chart is about.
    pub title: String,
    /// The values.
    pub values: Vec<f64>,
    /// Lower specification limit.
    #[serde(default)]
    pub lsl: Option<f64>,
    /// Upper specification limit.
    #[serde(default)]
    pub usl: Option<f64>,
    /// Whether capability is stated although the chart signals; kept with the result.
    #[serde(default)]
    pub allow_unstable: bool,
}

impl Ask {
    /// 422 that names everything wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let length = self.title.trim().chars().count();
        let mut wrong: Vec<(&str, String)> = Vec::new();
        if !(1..=TITLE).contains(&length) {
            wrong.push(("/title", format!("A title has 1 to {TITLE} characters.")));
        }
        if !(FEWEST..=MOST).contains(&self.values.len()) {
            wrong.push((
                "/values",
                format!(
                    "Between {FEWEST} and {MOST} values are needed; there are {}.",
                    self.values.len()
                ),
            ));
        } else if self
            .values
            .iter()
            .all(|value| value.to_bits() == self.values[0].to_bits())
        {
            wrong.push(("/values", "The values do not vary.".to_owned()));
        }
        if let (Some(lsl), Some(usl)) = (self.lsl, self.usl)
            && lsl >= usl
        {
            wrong.push((
                "/lsl",
                "The lower limit must be less than the upper one.".to_owned(),
            ));
        }
        let Some((_, first)) = wrong.first() else {
            return Ok(());
        };
        let problem = Problem::unprocessable(first.clone());
        Err(wrong
            .into_iter()
            .fold(problem, |problem, (pointer, detail)| {
                problem.part(pointer, detail)
            }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_named_at_once() {
        let ask = Ask {
            title: " ".into(),
            values: vec![1.0; 9],
            lsl: Some(2.0),
            usl: Some(1.0),
            allow_unstable: false,
        };
        let problem = ask.check().unwrap_err();
        let pointers: Vec<_> = problem
            .parts()
            .iter()
            .map(|part| part.pointer.as_str())
            .collect();
        assert_eq!(pointers, ["/title", "/values", "/lsl"]);
        let few = Ask {
            title: "pH".into(),
            values: vec![1.0, 2.0],
            lsl: None,
            usl: None,
            allow_unstable: false,
        };
        assert_eq!(
            few.check().unwrap_err().parts()[0].detail,
            "Between 8 and 10000 values are needed; there are 2."
        );
    }
}
