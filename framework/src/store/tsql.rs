//! Reading the `sql/mssql` folder: batches, signatures, and whether they agree with `sql/sqlite`.
//!
//! ```sql
//! -- returns id NVARCHAR(36), name NVARCHAR(200)
//! CREATE PROCEDURE dbo.model_by_id @id NVARCHAR(36), @unit NVARCHAR(200) = NULL AS
//! SELECT id, name FROM dbo.model WHERE id = @id AND (@unit IS NULL OR unit = @unit);
//! GO
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use super::procedure::{Field, Procedure, Type, problem};
use super::{Files, StoreError};

const CREATE: &str = "CREATE PROCEDURE ";

/// Cuts a file at its `GO` lines.
pub(super) fn batches(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for line in text.lines() {
        if line.trim().eq_ignore_ascii_case("GO") {
            found.push(String::new());
        } else if let Some(last) = found.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    found.retain(|batch| {
        batch
            .lines()
            .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
    });
    found
}

/// The procedure that a batch creates, without its schema.
pub(super) fn created(batch: &str) -> Option<&str> {
    let rest = batch
        .lines()
        .find_map(|line| line.strip_prefix(CREATE))?
        .trim_start();
    let name = rest
        .split(|char: char| char.is_whitespace() || char == '(')
        .next()?;
    name.strip_prefix("dbo.").filter(|name| !name.is_empty())
}

/// The same batch for a procedure that is there already.
pub(super) fn as_alter(batch: &str) -> String {
    batch.replacen(CREATE, "ALTER PROCEDURE ", 1)
}

/// What `sql/sqlite` and `sql/mssql` below `folder` define differently; nothing, if all is well.
pub fn differences(folder: &Path) -> Result<Vec<String>, StoreError> {
    let (mut sqlite, mut mssql) = (BTreeMap::new(), BTreeMap::new());
    for (file, text) in sql_files(&folder.join("sqlite"))? {
        for procedure in super::procedure::parse(&file, &text)? {
            sqlite.insert(procedure.name.clone(), procedure);
        }
    }
    for (file, text) in sql_files(&folder.join("mssql"))? {
        for batch in batches(&text) {
            let procedure = signature(&batch).map_err(|text| problem(&file, text))?;
            mssql.insert(procedure.name.clone(), procedure);
        }
    }
    let mut found: Vec<String> = mssql
        .keys()
        .filter(|name| !sqlite.contains_key(*name))
        .map(|name| format!("{name}: only mssql"))
        .collect();
    for (name, one) in &sqlite {
        match mssql.get(name) {
            None => found.push(format!("{name}: only sqlite")),
            Some(other) => found.extend(compare(one, other)),
        }
    }
    // On SQL Server tables and procedures share their names.
    let migrations = sql_files(&folder.join("mssql/migrations"))?;
    for name in mssql.keys() {
        let table = format!("CREATE TABLE dbo.{name} ");
        if migrations.iter().any(|(_, text)| text.contains(&table)) {
            found.push(format!("{name}: a table of mssql has this name as well"));
        }
    }
    let versions = |engine: &str| sql_files(&folder.join(engine).join("migrations"));
    let names = |files: Vec<(String, String)>| {
        files
            .into_iter()
            .filter_map(|(file, _)| file.get(..4).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let (one, other) = (names(versions("sqlite")?), names(versions("mssql")?));
    if one != other {
        found.push(format!(
            "migrations: sqlite has {one:?}, mssql has {other:?}"
        ));
    }
    Ok(found)
}

/// The files of an embedded folder, as one text each.
pub(super) fn procedures(files: &Files) -> Vec<&'static str> {
    super::files::procedures(files.mssql)
        .into_iter()
        .map(|file| file.text)
        .collect()
}

fn sql_files(folder: &Path) -> Result<Vec<(String, String)>, StoreError> {
    let unreadable =
        |error: std::io::Error| problem(&folder.display().to_string(), error.to_string());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|end| end == "sql") {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            found.push((name, std::fs::read_to_string(&path).map_err(unreadable)?));
        }
    }
    found.sort();
    Ok(found)
}

fn compare(one: &Procedure, other: &Procedure) -> Option<String> {
    let alike = same(&one.parameters, &other.parameters) && same(&one.columns, &other.columns);
    let show = |procedure: &Procedure| {
        format!(
            "{:?} -> {:?}",
            shown(&procedure.parameters),
            shown(&procedure.columns)
        )
    };
    (!alike).then(|| format!("{}: sqlite {}, mssql {}", one.name, show(one), show(other)))
}

fn same(one: &[Field], other: &[Field]) -> bool {
    let plain = |kind| if kind == Type::Json { Type::Text } else { kind };
    let pair = |(one, other): (&Field, &Field)| {
        one.name == other.name && one.optional == other.optional && plain(one.kind) == other.kind
    };
    one.len() == other.len() && one.iter().zip(other).all(pair)
}

fn shown(fields: &[Field]) -> Vec<String> {
    let mark = |field: &Field| if field.optional { "?" } else { "" };
    fields
        .iter()
        .map(|field| format!("{} {:?}{}", field.name, field.kind, mark(field)))
        .collect()
}

/// Reads the comment `-- returns` and the head of `CREATE PROCEDURE`.
fn signature(batch: &str) -> Result<Procedure, String> {
    let name = created(batch)
        .ok_or("a batch creates no `dbo.` procedure")?
        .to_owned();
    let mut returns = String::new();
    let mut lines = batch.lines().peekable();
    while let Some(line) = lines.next_if(|line| !line.starts_with(CREATE)) {
        let comment = line.trim_start_matches('-').trim();
        if let Some(columns) = comment.strip_prefix("returns ") {
            columns.clone_into(&mut returns);
        } else if returns.ends_with(',') {
            returns.push_str(comment);
        }
    }
    let head: String = lines.collect::<Vec<_>>().join(" ");
    let words = head.strip_prefix(CREATE).unwrap_or_default().trim_start();
    let rest = words.get("dbo.".len() + name.len()..).unwrap_or_default();
    let end =
        find_as(rest).ok_or_else(|| format!("{name}: there is no AS after the parameters"))?;
    let parameters = rest[..end]
        .trim()
        .trim_start_matches('(')
        .trim_end_matches(')');
    Ok(Procedure {
        parameters: list(parameters, &name)?,
        columns: list(&returns, &name)?,
        statements: Vec::new(),
        name,
    })
}

fn find_as(text: &str) -> Option<usize> {
    let upper = text.to_ascii_uppercase();
    upper.match_indices("AS").map(|(at, _)| at).find(|at| {
        let before = upper[..*at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        let after = upper[at + 2..]
            .chars()
            .next()
            .is_none_or(char::is_whitespace);
        before && after
    })
}

fn list(text: &str, procedure: &str) -> Result<Vec<Field>, String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for char in text.chars() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        match parts.last_mut() {
            Some(_) if char == ',' && depth == 0 => parts.push(String::new()),
            Some(last) => last.push(char),
            None => {}
        }
    }
    let parts = parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty());
    parts
        .map(|part| field(part).ok_or_else(|| format!("{procedure}: `{part}` is not understood")))
        .collect()
}

fn field(part: &str) -> Option<Field> {
    let (name, rest) = part.split_once(char::is_whitespace)?;
    let (kind, default) = rest
        .split_once('=')
        .map_or((rest, ""), |(kind, default)| (kind, default.trim()));
    let upper = kind.trim().to_ascii_uppercase();
    let word = upper.split(['(', ' ']).next()?;
    let kind = match word {
        "NVARCHAR" | "NCHAR" | "UNIQUEIDENTIFIER" | "DATE" => Type::Text,
        "BIGINT" | "INT" | "SMALLINT" | "TINYINT" => Type::Integer,
        "FLOAT" | "REAL" | "DECIMAL" => Type::Real,
        "BIT" => Type::Bool,
        "VARBINARY" | "BINARY" => Type::Blob,
        "DATETIMEOFFSET" => Type::Time,
        _ => return None,
    };
    Some(Field {
        name: name.trim_start_matches('@').to_owned(),
        kind,
        optional: default.eq_ignore_ascii_case("NULL"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_read_from_comment_and_head() {
        let batch = "-- returns id NVARCHAR(36),\n--   at DATETIMEOFFSET(6)\nCREATE PROCEDURE dbo.a_b @id NVARCHAR(36),\n    @rate DECIMAL(9, 3) = NULL\nAS\nSELECT 1 AS x;";
        let found = signature(batch).unwrap();
        assert_eq!(found.name, "a_b");
        assert_eq!(shown(&found.parameters), ["id Text", "rate Real?"]);
        assert_eq!(shown(&found.columns), ["id Text", "at Time"]);
        assert!(as_alter(batch).contains("ALTER PROCEDURE dbo.a_b"));
    }

    #[test]
    fn the_framework_defines_the_same_on_both_engines() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        for folder in ["src/store/sql", "src/store/sample", "tests/sql"] {
            assert_eq!(
                differences(&own.join(folder)).unwrap(),
                Vec::<String>::new(),
                "{folder}"
            );
        }
    }

    #[test]
    fn every_module_defines_the_same_on_both_engines() {
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../modules");
        for module in std::fs::read_dir(modules).unwrap() {
            let folder = module.unwrap().path().join("sql");
            if folder.exists() {
                assert_eq!(
                    differences(&folder).unwrap(),
                    Vec::<String>::new(),
                    "{}",
                    folder.display()
                );
            }
        }
    }

    #[test]
    fn a_table_and_a_procedure_of_one_name_are_told() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            (
                "sqlite/migrations/V001__a.sql",
                "CREATE TABLE thing (id TEXT);",
            ),
            (
                "mssql/migrations/V001__a.sql",
                "CREATE TABLE dbo.thing (id NVARCHAR(36));",
            ),
            ("sqlite/a.sql", "-- procedure thing()\nDELETE FROM thing;\n"),
            (
                "mssql/a.sql",
                "CREATE PROCEDURE dbo.thing AS\nDELETE FROM dbo.thing;\n",
            ),
        ] {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        assert_eq!(
            differences(folder.path()).unwrap(),
            ["thing: a table of mssql has this name as well"]
        );
    }
}
