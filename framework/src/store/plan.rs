//! What of the embedded migrations a database lacks. Nothing is changed by looking.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::migration::Migration;

/// Under this number the procedures of an owner are recorded among its migrations; sets that were replaced stand below it.
pub(super) const PROCEDURES: i64 = 0;

/// One migration, or with the number 0 the set of procedures of an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Whose it is: `dcp` or the module.
    pub owner: String,
    /// Its number.
    pub version: i64,
    /// What it does.
    pub name: String,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            PROCEDURES => write!(out, "procedures of {}", self.owner),
            version => write!(out, "{} V{version:03} {}", self.owner, self.name),
        }
    }
}

/// What a database has recorded as applied: all of it together is the version of its schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Whose it is: `dcp` or the module.
    pub owner: String,
    /// Its number; 0 and below for sets of procedures.
    pub version: i64,
    /// What it does.
    pub name: String,
    /// SHA-256 of its text.
    pub checksum: String,
}

/// How a database stands to a program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What the program needs and the database lacks, in order.
    pub due: Vec<Step>,
    /// Procedures that newer ones of another version of the program have replaced.
    pub replaced: Vec<Step>,
    /// What a newer version of the program has applied; this one runs beside it.
    pub ahead: Vec<Step>,
    /// What was changed after it was applied: the program is not the one it says it is.
    pub changed: Vec<Step>,
}

impl Plan {
    /// Whether the database holds exactly what the program brings, or more.
    pub fn is_level(&self) -> bool {
        self.due.is_empty() && self.replaced.is_empty() && self.changed.is_empty()
    }

    /// Whether the program can work with the database as it is.
    pub fn serves(&self) -> bool {
        self.due.is_empty() && self.changed.is_empty()
    }

    /// Adds what one owner brings: its migrations and, where procedures stand in the database, their checksum.
    pub(super) fn add(
        &mut self,
        owner: &str,
        migrations: &[Migration],
        procedures: Option<&str>,
        recorded: &[Recorded],
    ) {
        let of_owner: Vec<&Recorded> = recorded.iter().filter(|row| row.owner == owner).collect();
        for migration in migrations {
            let found = of_owner.iter().find(|row| row.version == migration.version);
            match found {
                None => self.due.push(migration.step()),
                Some(row) if row.checksum != migration.checksum => {
                    self.changed.push(migration.step());
                }
                Some(_) => {}
            }
        }
        let last = migrations.last().map_or(0, |migration| migration.version);
        let newer = of_owner.iter().filter(|row| row.version > last);
        let newer: Vec<Step> = newer.map(|row| row.step()).collect();
        if let Some(checksum) = procedures.filter(|_| newer.is_empty()) {
            self.add_procedures(owner, checksum, &of_owner);
        }
        self.ahead.extend(newer);
    }

    fn add_procedures(&mut self, owner: &str, checksum: &str, recorded: &[&Recorded]) {
        let same = recorded.iter().filter(|row| row.checksum == checksum);
        let known: Vec<i64> = same.map(|row| row.version).collect();
        let step = Step {
            owner: owner.to_owned(),
            version: PROCEDURES,
            name: "procedures".to_owned(),
        };
        if known.is_empty() {
            self.due.push(step);
        } else if !known.contains(&PROCEDURES) {
            self.replaced.push(step);
        }
    }
}

impl Migration {
    fn step(&self) -> Step {
        Step {
            owner: self.owner.to_owned(),
            version: self.version,
            name: self.name.clone(),
        }
    }
}

impl Recorded {
    fn step(&self) -> Step {
        Step {
            owner: self.owner.clone(),
            version: self.version,
            name: self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(version: i64) -> Migration {
        Migration {
            owner: "mvda",
            version,
            name: format!("step_{version}"),
            text: "",
            checksum: format!("sum-{version}"),
        }
    }

    fn recorded(version: i64, checksum: &str) -> Recorded {
        Recorded {
            owner: "mvda".to_owned(),
            version,
            name: format!("step_{version}"),
            checksum: checksum.to_owned(),
        }
    }

    fn plan(migrations: &[Migration], procedures: Option<&str>, recorded: &[Recorded]) -> Plan {
        let mut plan = Plan::default();
        plan.add("mvda", migrations, procedures, recorded);
        plan
    }

    #[test]
    fn what_is_not_recorded_is_due_in_order() {
        let all = [migration(1), migration(2), migration(3)];
        let plan = plan(&all, Some("p"), &[recorded(1, "sum-1")]);
        let due: Vec<String> = plan.due.iter().map(ToString::to_string).collect();
        assert_eq!(
            due,
            ["mvda V002 step_2", "mvda V003 step_3", "procedures of mvda"]
        );
        assert!(!plan.serves() && plan.changed.is_empty());
    }

    #[test]
    fn a_migration_that_was_changed_after_it_ran_is_named() {
        let plan = plan(&[migration(1)], None, &[recorded(1, "other")]);
        assert_eq!(plan.changed.len(), 1);
        assert!(!plan.serves());
    }

    #[test]
    fn a_database_of_a_newer_version_serves_and_keeps_its_procedures() {
        let held = [
            recorded(1, "sum-1"),
            recorded(2, "sum-2"),
            recorded(0, "new"),
        ];
        let plan = plan(&[migration(1)], Some("unknown"), &held);
        assert_eq!(plan.ahead.len(), 1);
        assert!(plan.serves() && plan.is_level());
    }

    #[test]
    fn procedures_that_were_replaced_serve_and_are_told_apart_from_new_ones() {
        let held = [recorded(1, "sum-1"), recorded(0, "b"), recorded(-1, "a")];
        let older = plan(&[migration(1)], Some("a"), &held);
        assert!(older.serves() && !older.is_level());
        assert!(plan(&[migration(1)], Some("b"), &held).is_level());
        assert!(!plan(&[migration(1)], Some("c"), &held).serves());
    }
}
