//! What in the code of a function contradicts what its author declares with `@cache`.

use crate::functions::Described;
use crate::roxygen::Cache;

/// Change from call to call by themselves.
const TIME: &[&str] = &[
    "Sys.time",
    "Sys.Date",
    "date",
    "proc.time",
    "system.time",
    "Sys.getpid",
    "tempfile",
    "tempdir",
];
/// Take or change the random numbers.
const RANDOM: &[&str] = &[
    "runif",
    "rnorm",
    "rbinom",
    "rpois",
    "rexp",
    "rgamma",
    "rbeta",
    "rt",
    "rchisq",
    "rf",
    "rgeom",
    "rhyper",
    "rlogis",
    "rlnorm",
    "rcauchy",
    "rweibull",
    "rmultinom",
    "rnbinom",
    "rsignrank",
    "rwilcox",
    "rWishart",
    "sample",
    "sample.int",
    "set.seed",
    "RNGkind",
    ".Random.seed",
];
/// Depend on files, the network or the surroundings of the process, or change them.
const OUTSIDE: &[&str] = &[
    "file",
    "url",
    "gzfile",
    "pipe",
    "fifo",
    "socketConnection",
    "readLines",
    "readRDS",
    "readline",
    "scan",
    "read.csv",
    "read.table",
    "read.delim",
    "download.file",
    "source",
    "sys.source",
    "load",
    "save",
    "saveRDS",
    "write.csv",
    "write.table",
    "file.exists",
    "list.files",
    "unlink",
    "getwd",
    "setwd",
    "system",
    "system2",
    "shell",
    "dbConnect",
    "Sys.getenv",
    "Sys.setenv",
    "Sys.info",
    "Sys.setlocale",
    "commandArgs",
    "options",
];

/// A sentence for each contradiction; none where nothing is declared.
pub(crate) fn doubts(described: &Described, declared: Cache) -> Vec<String> {
    let word = match declared {
        Cache::Volatile => return Vec::new(),
        Cache::Pure => "pure",
        Cache::Seeded => "seeded",
    };
    let random = if declared == Cache::Pure { RANDOM } else { &[] };
    let name = &described.name;
    let used = described.uses.iter().filter_map(|used| {
        let among = |names: &[&str]| names.contains(&used.as_str());
        let why = if among(TIME) {
            "which differs from call to call"
        } else if among(random) {
            "which takes random numbers; declare it seeded"
        } else if among(OUTSIDE) {
            "which depends on more than its arguments"
        } else {
            return None;
        };
        Some(format!("{name} is declared {word} but uses {used}, {why}."))
    });
    let assigned = described.assigns.iter().map(|variable| {
        format!("{name} is declared {word} but assigns to {variable} outside itself.")
    });
    used.chain(assigned).collect()
}
