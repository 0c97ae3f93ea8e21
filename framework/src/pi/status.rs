//! What values are worth, one byte a row.

use serde::{Deserialize, Serialize};

/// What a value is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A good number.
    Good,
    /// A number PI marks as doubtful.
    Questionable,
    /// A number somebody put in place of the measured one.
    Substituted,
    /// Text; it stands in [`super::Series::texts`].
    Text,
    /// A system state in place of a value; its name stands in [`super::Series::states`].
    State(i32),
    /// PI says that the value is not good, without a state.
    Bad,
    /// PI could not read the value.
    Failed,
    /// There is no value at this time.
    Missing,
}

impl Status {
    /// Whether the number beside it may be used.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Good | Self::Questionable | Self::Substituted)
    }
}

/// Kinds that one column tells apart; what comes beyond, which no server has, counts as [`Status::Bad`].
const KINDS: usize = 256;

/// A column of statuses: one byte a row, and the few kinds that occur.
#[derive(Debug, Clone, Default)]
pub struct StatusColumn {
    kinds: Vec<Status>,
    codes: Vec<u8>,
}

impl StatusColumn {
    /// From codes and the kinds they count; none when a code has no kind.
    pub fn from_parts(kinds: Vec<Status>, codes: Vec<u8>) -> Option<Self> {
        let fits = codes.iter().all(|code| usize::from(*code) < kinds.len());
        (fits && kinds.len() <= KINDS).then_some(Self { kinds, codes })
    }

    /// The kinds that occur, in the order of their codes.
    pub fn kinds(&self) -> &[Status] {
        &self.kinds
    }

    /// For each row the place of its kind in [`StatusColumn::kinds`].
    pub fn codes(&self) -> &[u8] {
        &self.codes
    }

    /// Kinds and codes, without copying.
    pub fn into_parts(self) -> (Vec<Status>, Vec<u8>) {
        (self.kinds, self.codes)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The status of a row.
    pub fn get(&self, row: usize) -> Option<&Status> {
        self.kinds.get(usize::from(*self.codes.get(row)?))
    }

    /// Adds a row.
    pub fn push(&mut self, status: Status) {
        let code = match self.codes.last() {
            Some(last) if self.kinds.get(usize::from(*last)) == Some(&status) => *last,
            _ => self.code(status),
        };
        self.codes.push(code);
    }

    /// All rows in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Status> + ExactSizeIterator + Clone {
        self.codes.iter().map(|code| {
            self.kinds
                .get(usize::from(*code))
                .unwrap_or(&Status::Missing)
        })
    }

    /// Whether a row has this status.
    pub fn contains(&self, status: &Status) -> bool {
        self.iter().any(|one| one == status)
    }

    /// Rows `from` to `to`, the latter excluded.
    #[must_use]
    pub fn part(&self, from: usize, to: usize) -> Self {
        let mut part = Self::default();
        part.append(self, from, to);
        part
    }

    /// Adds rows `from` to `to` of another column, the latter excluded.
    pub fn append(&mut self, other: &Self, from: usize, to: usize) {
        let to = to.min(other.len());
        let rows = other.codes.get(from.min(to)..to).unwrap_or_default();
        let mut known: [Option<u8>; KINDS] = [None; KINDS];
        self.codes.reserve(rows.len());
        for row in rows {
            let place = usize::from(*row);
            let code = known[place].unwrap_or_else(|| {
                self.code(other.kinds.get(place).copied().unwrap_or(Status::Bad))
            });
            known[place] = Some(code);
            self.codes.push(code);
        }
    }

    fn code(&mut self, status: Status) -> u8 {
        let found = self.kinds.iter().position(|kind| *kind == status);
        let place = found.unwrap_or_else(|| {
            // The last place is kept for what has none of its own.
            let status = if self.kinds.len() + 1 < KINDS {
                status
            } else {
                Status::Bad
            };
            let known = self.kinds.iter().position(|kind| *kind == status);
            known.unwrap_or_else(|| {
                self.kinds.push(status);
                self.kinds.len() - 1
            })
        });
        u8::try_from(place).unwrap_or(u8::MAX)
    }
}

impl FromIterator<Status> for StatusColumn {
    fn from_iter<I: IntoIterator<Item = Status>>(rows: I) -> Self {
        let mut column = Self::default();
        rows.into_iter().for_each(|status| column.push(status));
        column
    }
}

impl<'s> Extend<&'s Status> for StatusColumn {
    fn extend<I: IntoIterator<Item = &'s Status>>(&mut self, rows: I) {
        rows.into_iter().for_each(|status| self.push(*status));
    }
}

impl From<Vec<Status>> for StatusColumn {
    fn from(rows: Vec<Status>) -> Self {
        rows.into_iter().collect()
    }
}

impl std::ops::Index<usize> for StatusColumn {
    type Output = Status;

    fn index(&self, row: usize) -> &Status {
        self.kinds
            .get(usize::from(self.codes[row]))
            .unwrap_or(&Status::Missing)
    }
}

/// Columns are equal when their rows are, whatever their codes.
impl PartialEq for StatusColumn {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl PartialEq<[Status]> for StatusColumn {
    fn eq(&self, other: &[Status]) -> bool {
        self.iter().eq(other)
    }
}

impl<const ROWS: usize> PartialEq<[Status; ROWS]> for StatusColumn {
    fn eq(&self, other: &[Status; ROWS]) -> bool {
        self.iter().eq(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_keeps_every_status_in_one_byte() {
        let rows = [
            Status::Good,
            Status::State(246),
            Status::Good,
            Status::State(-7),
            Status::Missing,
        ];
        let column: StatusColumn = rows.into_iter().collect();
        assert_eq!(column, rows);
        assert_eq!(column.codes(), [0, 1, 0, 2, 3]);
        let mut joined = column.part(3, 9);
        joined.append(&column, 0, 2);
        assert_eq!(
            joined,
            [
                Status::State(-7),
                Status::Missing,
                Status::Good,
                Status::State(246)
            ]
        );
        assert_eq!(StatusColumn::from_parts(vec![Status::Good], vec![1]), None);
    }

    #[test]
    fn more_kinds_than_a_byte_counts_are_bad_and_never_something_else() {
        let column: StatusColumn = (0..1_000).map(Status::State).collect();
        for (row, status) in (0..).zip(column.iter()) {
            assert!([Status::State(row), Status::Bad].contains(status));
        }
        assert_eq!(column[254], Status::State(254));
        assert_eq!(column[999], Status::Bad);
    }
}
