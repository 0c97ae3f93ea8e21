//! Parameters of a query in which one name may stand several times.

use dcp::http::Problem;
use jiff::Timestamp;

/// All parameters in their order.
#[derive(Debug)]
pub struct Parameters(pub Vec<(String, String)>);

impl Parameters {
    /// Every value of a name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Between 1 and `most` values of a name.
    pub fn some(&self, name: &str, most: usize) -> Result<Vec<&str>, Problem> {
        let values = self.all(name);
        if values.is_empty() || values.len() > most {
            let detail = format!(
                "Between 1 and {most} are possible; there are {}.",
                values.len()
            );
            return Err(
                Problem::unprocessable(format!("Parameter {name}: {detail}")).part(name, detail),
            );
        }
        Ok(values)
    }

    /// The only value of a name.
    pub fn one(&self, name: &str) -> Result<&str, Problem> {
        Ok(self.some(name, 1)?[0])
    }

    /// An instant, if it is given.
    pub fn instant(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.all(name).first().copied() else {
            return Ok(None);
        };
        let wrong = |_| {
            Problem::unprocessable(format!(
                "Parameter {name} must be an instant such as 2026-01-31T12:00:00Z."
            ))
            .part(name, "Not an instant.")
        };
        text.parse().map(Some).map_err(wrong)
    }

    /// A finite number, if it is given.
    pub fn number(&self, name: &str) -> Result<Option<f64>, Problem> {
        let Some(text) = self.all(name).first().copied() else {
            return Ok(None);
        };
        let read: Option<f64> = text.parse().ok();
        let read = read.filter(|number| number.is_finite()).ok_or_else(|| {
            Problem::unprocessable(format!("Parameter {name} must be a number."))
                .part(name, "Not a number.")
        });
        read.map(Some)
    }

    /// Whether something that is usually not done is asked for.
    pub fn flag(&self, name: &str) -> bool {
        self.all(name).first() == Some(&"true")
    }

    /// A number of points between 10 and `most`.
    pub fn points(&self, usual: u32, most: u32) -> Result<u32, Problem> {
        let Some(text) = self.all("points").first().copied() else {
            return Ok(usual);
        };
        let read = text
            .parse()
            .ok()
            .filter(|points| (10..=most).contains(points));
        read.ok_or_else(|| {
            Problem::unprocessable(format!("Parameter points must be between 10 and {most}."))
                .part("points", "Out of range.")
        })
    }
}

/// First and last instant of a time range, in order.
pub fn range(start: Timestamp, end: Timestamp) -> Result<(Timestamp, Timestamp), Problem> {
    if start >= end {
        return Err(
            Problem::unprocessable("The range ends before it begins: exchange its ends.")
                .part("end", "Not after start."),
        );
    }
    Ok((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_stand_several_times() {
        let read = Parameters(
            serde_json::from_value(serde_json::json!([
                ["tag", "A"],
                ["points", "50"],
                ["tag", "B"],
                ["start", "2026-01-01T00:00:00Z"]
            ]))
            .unwrap(),
        );
        assert_eq!(read.some("tag", 2).unwrap(), ["A", "B"]);
        assert_eq!(read.some("tag", 1).unwrap_err().parts()[0].pointer, "tag");
        assert_eq!(read.points(1200, 5000).unwrap(), 50);
        assert!(read.instant("start").unwrap().is_some() && read.instant("end").unwrap().is_none());
        assert!(read.one("unit").is_err());
    }
}
