//! Every operation of the published interface: what is known but not served answers 501, what is unknown 404.
//!
//! `data/operations.txt` holds the facts, a path template and its methods a line; see `data/ATTRIBUTION.md`.

use std::sync::LazyLock;

const PUBLISHED: &str = include_str!("../data/operations.txt");
/// What real servers serve beyond the document of 2018.
const NEWER: &str = "/points/search GET\n/streamsets/{webId}/recordedattime GET\n";

/// A path template with its methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// `/elements/{webId}/attributes`.
    pub template: &'static str,
    /// `GET`, `POST`, ...
    pub methods: Vec<&'static str>,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let lines = PUBLISHED.lines().chain(NEWER.lines());
    let mut operations: Vec<Operation> = lines.filter_map(read).collect();
    // What names a part comes before what takes any.
    operations.sort_by_key(|operation| operation.template.matches('{').count());
    operations
});

fn read(line: &'static str) -> Option<Operation> {
    let mut words = line.split_whitespace();
    Some(Operation {
        template: words.next()?,
        methods: words.collect(),
    })
}

/// All of them.
pub fn all() -> &'static [Operation] {
    &OPERATIONS
}

/// The operation of a path, given by its parts.
pub fn find(segments: &[String]) -> Option<&'static Operation> {
    OPERATIONS
        .iter()
        .find(|operation| fits(operation.template, segments))
}

fn fits(template: &str, segments: &[String]) -> bool {
    let parts = template.split('/').filter(|part| !part.is_empty());
    parts.clone().count() == segments.len()
        && parts
            .zip(segments)
            .all(|(part, segment)| part.starts_with('{') || part.eq_ignore_ascii_case(segment))
}

impl Operation {
    /// Whether a method belongs to it; `HEAD` is a `GET`.
    pub fn allows(&self, method: &str) -> bool {
        let method = if method == "HEAD" { "GET" } else { method };
        self.methods.contains(&method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Option<&'static str> {
        let segments: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        find(&segments).map(|operation| operation.template)
    }

    #[test]
    fn a_path_finds_its_most_particular_template_in_any_case() {
        assert_eq!(at("/"), Some("/"));
        assert_eq!(at("/Elements/search"), Some("/elements/search"));
        assert_eq!(at("/elements/F1Em"), Some("/elements/{webId}"));
        assert_eq!(
            at("/streams/updates/abc_0"),
            Some("/streams/updates/{marker}")
        );
        assert_eq!(
            at("/streams/F1DP/updates"),
            Some("/streams/{webId}/updates")
        );
        assert_eq!(at("/nothing"), None);
        assert_eq!(at("/elements/F1Em/nothing"), None);
        assert!(all().len() > 255, "{}", all().len());
    }
}
