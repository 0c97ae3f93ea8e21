//! What an operator can set for an engine.

use crate::keeping::Class;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the module; each has a default.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The worker's program; beside the engine's own when empty.
    pub(crate) worker: PathBuf,
    /// Where each worker has a folder of its own; made at start when empty.
    pub(crate) scratch: PathBuf,
    /// Where R is installed.
    pub(crate) r_home: PathBuf,
    /// Further folders of R packages, separated by colons.
    pub(crate) r_libs: String,
    /// The folder of the fonts of plots in PNG: those of Debian's fonts-dejavu-core.
    pub(crate) fonts: PathBuf,
    /// Workers kept ready.
    pub(crate) workers: usize,
    /// Workers at the same time, at most; 0 is one more than the machine has cores: all of them may be busy, and a short call passes a long one.
    pub(crate) workers_at_most: usize,
    /// Calls that may wait for a worker; the next one is told to come back.
    pub(crate) queue: usize,
    /// Seconds a call by HTTP may take.
    pub(crate) call_seconds: u64,
    /// Seconds a call over the bus may take when it names no deadline of its own.
    pub(crate) task_seconds: u64,
    /// MiB of R's own memory in each worker.
    pub(crate) memory_mb: u64,
    /// Bytes of one result, at most.
    pub(crate) result_bytes: usize,
    /// Bytes of the arguments of one call by HTTP, at most.
    pub(crate) body_bytes: usize,
    /// Hours that ephemeral results are kept after their last use.
    pub(crate) keep_hours: u32,
    /// Hours that results of the class `session` are kept after their last use.
    pub(crate) session_hours: u32,
    /// MiB of results that are not retained, at most; those unused longest go first.
    pub(crate) keep_mb: u32,
    /// Days that calls by HTTP stay recorded; those of results that are still kept stay with them.
    pub(crate) record_days: u32,
    /// Sites whose calls over the bus this engine takes, separated by commas.
    pub(crate) sites: String,
    /// Addresses of the nodes whose engines results are pulled from, of the same zone, separated by commas.
    pub(crate) peers: String,
    /// Packages of R's library whose functions are callable, separated by commas.
    pub(crate) packages: String,
    /// Whether versions in force are answered only where somebody has registered the environment of the engine; when absent so on the
    /// controlled node, and not on a free one.
    pub(crate) registered_only: Option<bool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            worker: PathBuf::new(),
            scratch: PathBuf::new(),
            r_home: "/usr/lib/R".into(),
            r_libs: String::new(),
            fonts: "/usr/share/fonts/truetype/dejavu".into(),
            workers: 1,
            workers_at_most: 0,
            queue: 256,
            call_seconds: 30,
            task_seconds: 600,
            memory_mb: 2048,
            result_bytes: 64 << 20,
            body_bytes: 32 << 20,
            keep_hours: 24,
            session_hours: 7 * 24,
            keep_mb: 4096,
            record_days: 30,
            sites: "basel,dublin".into(),
            peers: String::new(),
            packages: String::new(),
            registered_only: None,
        }
    }
}

/// A worker whose resident memory is larger than this is replaced when it becomes idle, MiB.
pub(crate) const RECYCLE_RSS_MB: u64 = 512;
/// Scripts one worker holds before it is replaced: old versions would pile up.
pub(crate) const RECYCLE_SCRIPTS: usize = 64;
/// A worker beyond those kept ready ends after this long without work.
pub(crate) const IDLE: Duration = Duration::from_mins(1);
/// How long a worker keeps the room of long arguments for the next ones.
pub(crate) const RESTING: Duration = Duration::from_secs(10);
/// How long R may take to start.
pub(crate) const START: Duration = Duration::from_secs(20);

impl Settings {
    /// Fills what depends on the machine: the worker beside this program, a scratch directory.
    pub(crate) fn complete(mut self) -> std::io::Result<Self> {
        if self.worker.as_os_str().is_empty() {
            self.worker = std::env::current_exe()?.with_file_name("calc-worker");
        }
        if self.scratch.as_os_str().is_empty() {
            self.scratch = std::env::temp_dir().join(format!("calc-{}", std::process::id()));
        }
        std::fs::create_dir_all(&self.scratch)?;
        self.workers = self.workers.max(1);
        if self.workers_at_most == 0 {
            self.workers_at_most = std::thread::available_parallelism()?.get() + 1;
        }
        self.workers_at_most = self.workers_at_most.max(self.workers);
        Ok(self)
    }

    /// How long a result is kept after its last use; `None` is for good.
    pub(crate) fn kept(&self, class: Class) -> Option<Duration> {
        let hours = match class {
            Class::Ephemeral => self.keep_hours,
            Class::Session => self.session_hours,
            Class::Retained => return None,
        };
        Some(Duration::from_secs(u64::from(hours) * 3600))
    }

    /// The sites as a list.
    pub(crate) fn site_list(&self) -> impl Iterator<Item = &str> {
        listed(&self.sites)
    }

    /// The peers as a list.
    pub(crate) fn peer_list(&self) -> impl Iterator<Item = &str> {
        listed(&self.peers)
    }

    /// The packages as a list.
    pub(crate) fn package_list(&self) -> impl Iterator<Item = &str> {
        listed(&self.packages)
    }

    /// Where the data of folders stand for the workers of this process.
    pub(crate) fn data_folder(&self) -> PathBuf {
        self.scratch.join(format!("data-{}", std::process::id()))
    }

    /// The whole environment of a worker with this folder: else the same on every machine, so that results are.
    pub(crate) fn r_environment(&self, folder: &std::path::Path) -> Vec<(&'static str, String)> {
        let folder = folder.display().to_string();
        vec![
            ("R_HOME", self.r_home.display().to_string()),
            (
                "R_SHARE_DIR",
                first_there(&["/usr/share/R/share"], &self.r_home.join("share")),
            ),
            (
                "R_INCLUDE_DIR",
                first_there(&["/usr/share/R/include"], &self.r_home.join("include")),
            ),
            (
                "R_DOC_DIR",
                first_there(&["/usr/share/R/doc"], &self.r_home.join("doc")),
            ),
            ("R_LIBS", self.r_libs.clone()),
            (
                "R_LIBS_SITE",
                "/usr/local/lib/R/site-library:/usr/lib/R/site-library:/usr/lib/R/library".into(),
            ),
            (
                "R_DEFAULT_PACKAGES",
                "grDevices,graphics,stats,utils".into(),
            ),
            ("LC_ALL", "C.UTF-8".into()),
            ("TZ", "UTC".into()),
            // One thread for linear algebra: the order of a sum, so its last bits, must not depend on the load.
            ("OMP_NUM_THREADS", "1".into()),
            ("OPENBLAS_NUM_THREADS", "1".into()),
            // Large pages where the kernel leaves the choice: long vectors come and go, and small ones cost a fault each.
            ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1".into()),
            ("PATH", "/usr/bin:/bin".into()),
            ("HOME", folder.clone()),
            ("TMPDIR", folder),
            ("CALC_DATA", self.data_folder().display().to_string()),
            ("CALC_MEMORY_MB", self.memory_mb.to_string()),
        ]
    }
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty())
}

fn first_there(candidates: &[&str], otherwise: &std::path::Path) -> String {
    let found = candidates
        .iter()
        .find(|path| std::path::Path::new(path).is_dir());
    found.map_or_else(|| otherwise.display().to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_settings_are_those_of_the_code() {
        let kept = include_str!("../../../../docs/configuration.md");
        assert!(dcp::config::is_documented::<Settings>("calc", kept));
    }
}
