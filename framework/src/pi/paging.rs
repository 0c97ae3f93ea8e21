//! Lists that come in pages, with servers that repeat or skip a page noticed.

use std::collections::HashSet;

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{PiClient, PiError};
use crate::limits;

/// A list page on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub(super) items: Vec<T>,
    #[serde(default)]
    links: Option<Links>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Links {
    #[serde(default)]
    next: Option<String>,
}

impl<T> Page<T> {
    /// Where the server goes on; none on the last page, and where a server writes no links.
    pub(super) fn next(&self) -> Option<&str> {
        self.links.as_ref()?.next.as_deref()
    }
}

/// A list while its pages arrive.
struct Pages<'w, T> {
    what: &'w str,
    id: fn(&T) -> &str,
    items: Vec<T>,
    known: HashSet<String>,
}

impl PiClient {
    /// Every page of a list, where `id` tells its objects apart.
    pub(super) async fn all<T>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        what: &str,
        id: fn(&T) -> &str,
    ) -> Result<Vec<T>, PiError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let size = limits::PI_PAGE.to_string();
        let mut pages = Pages {
            what,
            id,
            items: Vec::new(),
            known: HashSet::new(),
        };
        loop {
            let start = pages.items.len().to_string();
            let mut query = query.to_vec();
            query.extend([("maxCount", size.as_str()), ("startIndex", &start)]);
            let page = self.get(path, &query, what).await?;
            if !pages.take(page)? {
                return Ok(pages.items);
            }
        }
    }
}

impl<T> Pages<'_, T> {
    /// Adds a page; whether there may be more.
    fn take(&mut self, page: Page<T>) -> Result<bool, PiError> {
        let what = self.what;
        let broken = |how: String| Err(PiError::Interrupted(format!("{what}: {how}")));
        let (next, rows) = (page.next().map(str::to_owned), page.items.len());
        for item in page.items {
            let id = (self.id)(&item);
            if !id.is_empty() && !self.known.insert(id.to_owned()) {
                return broken(format!(
                    "the server lists an object twice, at place {}: it repeats a page, or its list changed meanwhile",
                    self.items.len()
                ));
            }
            self.items.push(item);
        }
        if next.is_some() && rows == 0 {
            return broken("the server sends empty pages without end".to_owned());
        }
        if let Some(link) = &next {
            let place = start_index(link);
            if place != Some(self.items.len()) {
                let place = place.map_or_else(|| "an unknown place".to_owned(), |p| p.to_string());
                return broken(format!(
                    "after {} objects the server goes on at {place}: it leaves objects out or repeats them",
                    self.items.len()
                ));
            }
        }
        let more = next.is_some() || rows >= limits::PI_PAGE;
        if more && self.items.len() >= limits::PI_LIST {
            return Err(PiError::Truncated {
                tag: self.what.to_owned(),
            });
        }
        Ok(more)
    }
}

/// Where a link leads. Only its place is taken from it: credentials go to the address of the source alone.
fn start_index(link: &str) -> Option<usize> {
    let url = Url::parse(link).ok()?;
    let (_, place) = url
        .query_pairs()
        .find(|(key, _)| key.eq_ignore_ascii_case("startIndex"))?;
    place.parse().ok()
}
