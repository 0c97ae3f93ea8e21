//! A RabbitMQ of its own, to be killed and to lose its disk.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// The broker of one run; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Broker {
    script: PathBuf,
    folder: PathBuf,
    /// Where it listens.
    pub(crate) address: String,
}

impl Broker {
    /// Starts it with everything it writes in `folder`.
    pub(crate) fn start(root: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut broker = Self {
            script: root.join("infra/test-rabbitmq"),
            folder: folder.to_owned(),
            address: String::new(),
        };
        let told = broker.run("start")?;
        let mut lines = told.lines();
        let address = lines.find_map(|line| line.strip_prefix("DCP_TEST_RABBITMQ="));
        address
            .context("the line to export")?
            .clone_into(&mut broker.address);
        Ok(broker)
    }

    /// Ends it as a power cut does; its disk stays.
    pub(crate) fn kill(&self) -> anyhow::Result<()> {
        self.run("kill").map(drop)
    }

    /// Ends it and deletes its disk.
    pub(crate) fn kill_and_wipe(&self) -> anyhow::Result<()> {
        self.kill()?;
        Ok(std::fs::remove_dir_all(self.folder.join("mnesia"))?)
    }

    /// Starts it again after a kill, on the same port.
    pub(crate) fn start_again(&self) -> anyhow::Result<()> {
        self.run("again").map(drop)
    }

    /// Raises the alarm of memory, under which nobody may publish, or ends it.
    pub(crate) fn alarm(&self, on: bool) -> anyhow::Result<()> {
        let most = if on { "1" } else { "1GB" };
        let control = self.folder.join("ctl");
        let output = Command::new(&control)
            .args(["set_vm_memory_high_watermark", "absolute", most])
            .output()
            .with_context(|| format!("{} cannot be run", control.display()))?;
        anyhow::ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    fn run(&self, what: &str) -> anyhow::Result<String> {
        let output = Command::new(&self.script)
            .arg(what)
            .arg(&self.folder)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("{} cannot be run", self.script.display()))?;
        if !output.status.success() {
            bail!("{} {what}: {}", self.script.display(), output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Err(error) = self.run("stop") {
            eprintln!("the broker could not be stopped: {error:#}");
        }
    }
}
