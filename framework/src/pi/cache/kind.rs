//! How values are read, and under which name what was read so is kept.

use crate::limits;
use crate::pi::PiSource;
use crate::pi::time::Micros;

const SECOND: Micros = 1_000_000;
/// Values that a server sends of a column, at most.
const PLOTTED: Micros = 5;
/// How far from the ends of a grid the recorded values may lie between which a server interpolates there.
const REACH: Micros = 3_600_000_000;

/// How values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pi) enum Kind {
    /// As they were recorded.
    Recorded,
    /// On a grid through `anchor`.
    Grid { interval: Micros, anchor: Micros },
    /// Thinned out for columns of this width, which begin at its multiples.
    Plot { width: Micros },
}

impl Kind {
    /// Thinned out for at least `columns` columns over a range: of few widths, so that another range of about the same length uses what
    /// is kept of this one.
    pub(in crate::pi) fn plot(length: Micros, columns: usize) -> Self {
        let columns = Micros::try_from(columns.max(1)).unwrap_or(Micros::MAX);
        let exact = (length / columns / SECOND).max(1);
        Self::Plot {
            width: SECOND << exact.ilog2(),
        }
    }

    /// First instant of the column of an instant, and of the next one.
    pub(in crate::pi) fn column(self, at: Micros) -> (Micros, Micros) {
        match self {
            Self::Plot { width } => {
                let first = at - at.rem_euclid(width);
                (first, first.saturating_add(width))
            }
            _ => (at, at),
        }
    }

    /// What is kept under a name of its own: a grid is known by its interval and its place.
    pub(super) fn of(self, source: &PiSource, tag: &str) -> String {
        let credentials = source.credentials.as_deref().unwrap_or_default();
        let kind = match self {
            Self::Recorded => "recorded".to_owned(),
            Self::Grid { interval, anchor } => {
                format!("every {interval} from {}", anchor.rem_euclid(interval))
            }
            Self::Plot { width } => format!("plot by {width}"),
        };
        [source.url.trim_end_matches('/'), credentials, tag, &kind].join("\n")
    }

    /// The last instant at or before `at` at which a block may end, counted from `from`.
    pub(super) fn boundary(self, from: Micros, at: Micros) -> Micros {
        match self {
            Self::Recorded => at,
            Self::Grid { interval, .. } => at - (at - from).rem_euclid(interval),
            Self::Plot { width } => at - at.rem_euclid(width),
        }
    }

    /// The range on whose recorded values those of a block depend.
    pub(super) fn depends_on(self, from: Micros, to: Micros) -> (Micros, Micros) {
        match self {
            Self::Recorded | Self::Plot { .. } => (from, to),
            Self::Grid { .. } => (from.saturating_sub(REACH), to.saturating_add(REACH)),
        }
    }

    /// Longest window that the server is asked for.
    pub(super) fn window(self) -> Micros {
        let rows = Micros::try_from(limits::PI_CACHE_ROWS).unwrap_or(Micros::MAX);
        match self {
            Self::Recorded => Micros::MAX,
            Self::Grid { interval, .. } => interval.saturating_mul(rows),
            Self::Plot { width } => width.saturating_mul(rows / PLOTTED),
        }
    }

    /// What ends before this is kept, when values that end before `settled` do not change any more.
    pub(super) fn settled(self, settled: Micros) -> Micros {
        match self {
            Self::Recorded | Self::Plot { .. } => settled,
            Self::Grid { .. } => settled.saturating_sub(REACH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_about_the_same_length_are_thinned_out_alike_and_never_too_coarsely() {
        const DAY: Micros = 86_400 * SECOND;
        assert_eq!(Kind::plot(8 * DAY, 400), Kind::plot(9 * DAY, 400));
        for days in 7..400 {
            let Kind::Plot { width } = Kind::plot(days * DAY, 400) else {
                panic!("a plot");
            };
            let columns = days * DAY / width;
            assert!((400..=802).contains(&columns), "{columns} of {days} days");
        }
        assert_eq!(Kind::plot(1, 400), Kind::Plot { width: SECOND });
    }
}
