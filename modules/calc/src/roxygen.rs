//! The roxygen lines above a function: what its author says of it.

use serde::{Deserialize, Serialize};

/// Whether an equal call may be answered with the value of an earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cache {
    /// Depends on its arguments alone.
    Pure,
    /// Depends on its arguments and on random numbers, which start from the computation key.
    Seeded,
    /// Never answered from the store; so is what declares nothing.
    #[default]
    Volatile,
}

/// What the lines say.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Block {
    /// The first paragraph, or `@title`.
    pub(crate) title: String,
    /// The paragraphs after it, `@description` and `@details`.
    pub(crate) description: String,
    /// Names and texts of `@param`, in their order.
    pub(crate) params: Vec<(String, String)>,
    /// The text of `@return`.
    pub(crate) returns: Option<String>,
    /// The R code of each `@examples`.
    pub(crate) examples: Vec<String>,
    /// What `@cache` declares.
    pub(crate) cache: Option<Cache>,
    /// `@export` is there.
    pub(crate) is_exported: bool,
    /// `@keywords internal` is there.
    pub(crate) is_internal: bool,
    /// What cannot be understood, a sentence each.
    pub(crate) unclear: Vec<String>,
}

/// Reads the lines, without their `#'`.
pub(crate) fn read(lines: &str) -> Block {
    let mut block = Block::default();
    let mut open: Option<(&str, Vec<&str>)> = Some(("", Vec::new()));
    for line in lines.lines() {
        if let Some((tag, rest)) = tag_of(line) {
            if let Some((tag, text)) = open.replace((tag, vec![rest])) {
                block.take(tag, &text);
            }
        } else if let Some((_, text)) = &mut open {
            text.push(line);
        }
    }
    if let Some((tag, text)) = open {
        block.take(tag, &text);
    }
    block
}

fn tag_of(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start().strip_prefix('@')?;
    if !rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    Some(rest.split_once(char::is_whitespace).unwrap_or((rest, "")))
}

impl Block {
    fn take(&mut self, tag: &str, lines: &[&str]) {
        match tag {
            "" => {
                let mut paragraphs = paragraphs(lines);
                if !paragraphs.is_empty() {
                    self.title = paragraphs.remove(0);
                }
                self.describe(&paragraphs.join("\n\n"));
            }
            "title" => self.title = flowed(lines),
            "description" | "details" => self.describe(&paragraphs(lines).join("\n\n")),
            "param" => self.take_param(&flowed(lines)),
            "return" | "returns" => self.returns = Some(flowed(lines)),
            "examples" => self.examples.push(code(lines)),
            "export" => self.is_exported = true,
            "keywords" => {
                self.is_internal |= flowed(lines).split(' ').any(|word| word == "internal");
            }
            "cache" => self.take_cache(&flowed(lines)),
            _ => {}
        }
    }

    fn describe(&mut self, text: &str) {
        if !text.is_empty() {
            if !self.description.is_empty() {
                self.description.push_str("\n\n");
            }
            self.description.push_str(text);
        }
    }

    fn take_param(&mut self, text: &str) {
        let (names, text) = text.split_once(' ').unwrap_or((text, ""));
        for name in names.split(',').filter(|name| !name.is_empty()) {
            self.params.push((name.to_owned(), text.trim().to_owned()));
        }
    }

    fn take_cache(&mut self, text: &str) {
        self.cache = match text {
            "pure" => Some(Cache::Pure),
            "seeded" => Some(Cache::Seeded),
            "volatile" => Some(Cache::Volatile),
            other => {
                let sentence = format!("@cache must be pure, seeded or volatile, not {other:?}.");
                self.unclear.push(sentence);
                None
            }
        };
    }
}

/// The lines as one.
fn flowed(lines: &[&str]) -> String {
    let words = lines.iter().flat_map(|line| line.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

fn paragraphs(lines: &[&str]) -> Vec<String> {
    lines
        .split(|line| line.trim().is_empty())
        .map(flowed)
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

/// R code keeps its lines.
fn code(lines: &[&str]) -> String {
    lines.join("\n").trim_matches('\n').trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_as_roxygen_does() {
        let block = read(
            "Mean of the\ngood values.\n\nLeaves out\nthe others.\n@param x [numeric] Numbers\n  in order.\n@param a,b Limits.\n\
             @return The mean.\n@examples\nx <- 1:3\naverage(x)\n\n@cache pure\n@export\n@keywords internal stats\n@author Ada",
        );
        assert_eq!(block.title, "Mean of the good values.");
        assert_eq!(block.description, "Leaves out the others.");
        let param = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            block.params,
            [
                param("x", "[numeric] Numbers in order."),
                param("a", "Limits."),
                param("b", "Limits.")
            ]
        );
        assert_eq!(block.returns.as_deref(), Some("The mean."));
        assert_eq!(block.examples, ["x <- 1:3\naverage(x)"]);
        assert_eq!(block.cache, Some(Cache::Pure));
        assert!(block.is_exported && block.is_internal && block.unclear.is_empty());
    }

    #[test]
    fn an_unknown_purity_is_told() {
        assert_eq!(
            read("@cache always").unclear,
            ["@cache must be pure, seeded or volatile, not \"always\"."]
        );
    }
}
