//! Where in a file a setting stands.

/// The line of `key` in a file of TOML; see [`line_of`].
pub(super) fn line_in(file: &std::path::Path, key: &str) -> Option<usize> {
    line_of(&std::fs::read_to_string(file).ok()?, key)
}

/// The line of `key` (`a.b`, `module.1.name` for the second of several) in a text of TOML, or of the nearest that holds it.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
    let lines = keys(text);
    let mut wanted = Some(key);
    while let Some(key) = wanted {
        if let Some((line, _)) = lines.iter().find(|(_, found)| found == key) {
            return Some(*line);
        }
        wanted = key.rsplit_once('.').map(|(above, _)| above);
    }
    None
}

/// Every heading and every key, in full, with its line.
fn keys(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut section = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if let Some(name) = line
            .strip_prefix("[[")
            .and_then(|rest| rest.split("]]").next())
        {
            let several = |at: usize| format!("{}.{at}", plain(name));
            let before = (0..).take_while(|at| found.iter().any(|(_, key)| *key == several(*at)));
            section = several(before.count());
            found.push((number, section.clone()));
        } else if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            section = within_last(plain(name), &found);
            found.push((number, section.clone()));
        } else if let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let dot = if section.is_empty() { "" } else { "." };
            found.push((number, format!("{section}{dot}{}", plain(key))));
        }
    }
    found
}

/// `[a.b]` after `[[a]]` belongs to the last of them.
fn within_last(name: String, found: &[(usize, String)]) -> String {
    let Some((first, rest)) = name.split_once('.') else {
        return name;
    };
    let of = |at: usize| format!("{first}.{at}");
    let several = (0..).take_while(|at| found.iter().any(|(_, key)| *key == of(*at)));
    match several.last() {
        Some(last) => format!("{}.{rest}", of(last)),
        None => name,
    }
}

fn plain(key: &str) -> String {
    key.replace(['"', '\'', ' '], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# note\n[node]\nname = \"a\"\n\n[[module]]\nname = \"x\"\n\n[[module]]\nname = \"y\"\nsettings = { demo = 1 }\n";

    #[test]
    fn a_key_is_found_and_one_within_a_line_by_what_holds_it() {
        assert_eq!(line_of(TEXT, "node.name"), Some(3));
        assert_eq!(line_of(TEXT, "module.1.name"), Some(9));
        assert_eq!(line_of(TEXT, "module.1.settings.demo"), Some(10));
        assert_eq!(line_of(TEXT, "node.zone"), Some(2));
        assert_eq!(line_of(TEXT, "edge.url"), None);
        let table = format!("{TEXT}[module.settings.other]\nurl = \"z\"\n");
        assert_eq!(line_of(&table, "module.1.settings.other.url"), Some(12));
    }
}
