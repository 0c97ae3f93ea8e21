//! The modules of a run: real processes with databases of their own, started, killed and started again.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use dcp::bus::{Bus, Topology};
use dcp::clock::SystemClock;
use dcp::events::wire_name;
use dcp::identity::generate_keys;
use dcp::model::{Manifest, Zone};
use dcp::store::create_database;
use dcp_chaos::{Changed, WRITER, until};

use rustix::process::{Pid, Signal, kill_process};

use crate::database::Database;

/// A process may take so long until it answers, on a busy machine.
const READY: Duration = Duration::from_secs(30);

/// One process of a module.
#[derive(Debug)]
pub(crate) struct Member {
    /// The module it is of.
    pub(crate) module: String,
    pub(crate) address: SocketAddr,
    child: Option<Child>,
    log: PathBuf,
}

/// The SQL Server on which every module gets a database of its own.
#[derive(Debug)]
struct Server {
    /// Its ADO connection string.
    address: String,
    /// What stands between the modules and it.
    front: Option<SocketAddr>,
    /// The address of each module's database.
    databases: BTreeMap<String, String>,
}

/// What is deployed.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) folder: PathBuf,
    /// The address of the bus that modules are told.
    bus: String,
    server: Option<Server>,
    port: u16,
    pub(crate) members: Vec<Member>,
    /// More settings of every process.
    pub(crate) environment: Vec<(String, String)>,
}

impl Stage {
    /// An empty stage in `folder`, on ports from `port`, with files as databases or with those of the SQL Server of a connection string.
    pub(crate) fn new(
        folder: &Path,
        bus: &str,
        port: u16,
        server: Option<&str>,
    ) -> anyhow::Result<Self> {
        let (_, public) = generate_keys()?;
        let secrets = folder.join("secrets.toml");
        std::fs::write(
            &secrets,
            format!("[identity.public]\nkey = '''{public}'''\n"),
        )?;
        std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            folder: folder.to_owned(),
            bus: bus.to_owned(),
            server: server.map(|address| Server {
                address: address.to_owned(),
                front: None,
                databases: BTreeMap::new(),
            }),
            port,
            members: Vec::new(),
            environment: Vec::new(),
        })
    }

    /// Adds `count` processes of a module, with queues as its manifest says, and starts none.
    pub(crate) fn add(&mut self, module: &str, queues: &str, count: usize) -> anyhow::Result<()> {
        let home = self.folder.join(module);
        std::fs::create_dir_all(&home)?;
        let (port, title) = (self.port, "{ en = \"Chaos\", de = \"Chaos\" }");
        let manifest = format!(
            "name = \"{module}\"\nversion = \"0.1.0\"\nzone = \"gxp\"\nport = {port}\ntitle = {title}\n{queues}\n"
        );
        std::fs::write(home.join("module.toml"), manifest)?;
        for _ in 0..count {
            let number = self.members.len();
            let port = self.port + u16::try_from(number)?;
            self.members.push(Member {
                module: module.to_owned(),
                address: SocketAddr::from(([127, 0, 0, 1], port)),
                child: None,
                log: self.folder.join(format!("{module}-{number}.log")),
            });
        }
        Ok(())
    }

    /// Adds the module that writes.
    pub(crate) fn add_writer(&mut self, count: usize) -> anyhow::Result<()> {
        let publishes = format!("[queues]\npublishes = [\"{}\"]", wire_name::<Changed>());
        self.add(WRITER, &publishes, count)
    }

    /// Adds a module that records every change.
    pub(crate) fn add_subscriber(&mut self, module: &str, count: usize) -> anyhow::Result<()> {
        let queue = format!("[queues.events]\n\"{}\" = {{}}", wire_name::<Changed>());
        self.add(module, &queue, count)
    }

    /// Adds a module that records every change, those of one subject in their order.
    pub(crate) fn add_ordered(&mut self, module: &str, count: usize) -> anyhow::Result<()> {
        let name = wire_name::<Changed>();
        let queue = format!("[queues.events]\n\"{name}\" = {{ ordered = true }}");
        self.add(module, &queue, count)
    }

    /// The names of the modules that subscribe.
    pub(crate) fn subscribers(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .members
            .iter()
            .map(|member| member.module.clone())
            .collect();
        names.dedup();
        names.retain(|name| name != WRITER);
        names
    }

    /// Where the writing module answers.
    pub(crate) fn writers(&self) -> Vec<SocketAddr> {
        let writers = self.members.iter().filter(|member| member.module == WRITER);
        writers.map(|member| member.address).collect()
    }

    /// Lets the modules reach their SQL Server through a proxy.
    pub(crate) fn put_before_server(&mut self, proxy: SocketAddr) {
        if let Some(server) = &mut self.server {
            server.front = Some(proxy);
        }
    }

    /// The database of a module.
    pub(crate) fn database(&self, module: &str) -> Database {
        let on_server = self
            .server
            .as_ref()
            .map(|server| server.databases.get(module));
        match on_server {
            Some(address) => Database::SqlServer(address.cloned().unwrap_or_default()),
            None => Database::Sqlite(self.file(module)),
        }
    }

    /// The file of a module, when files are its databases.
    pub(crate) fn file(&self, module: &str) -> PathBuf {
        self.folder.join("state").join(format!("{module}.db"))
    }

    /// Makes a database for each module that has none yet.
    async fn make_databases(&mut self) -> anyhow::Result<()> {
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        for member in &self.members {
            if !server.databases.contains_key(&member.module) {
                let name = format!("dcp_chaos_{}", uuid::Uuid::now_v7().simple());
                let address = create_database(&server.address, &name).await?;
                server.databases.insert(member.module.clone(), address);
            }
        }
        Ok(())
    }

    /// The address of its database that a module is told.
    fn store_of(&self, module: &str) -> anyhow::Result<String> {
        let Some(server) = &self.server else {
            return Ok(format!("sqlite:{}", self.folder.join("state").display()));
        };
        let database = server.databases.get(module).context("its database")?;
        Ok(match server.front {
            Some(front) => format!("{database};server=tcp:{},{}", front.ip(), front.port()),
            None => database.clone(),
        })
    }

    /// The bus as the deployment and the checker see it.
    pub(crate) async fn connect(&self) -> anyhow::Result<Arc<dyn Bus>> {
        Ok(dcp::bus::connect(&self.bus, Zone::Gxp, Arc::new(SystemClock)).await?)
    }

    /// What is declared before anybody publishes, as a deployment does: the queues of all manifests.
    pub(crate) fn topology(&self) -> anyhow::Result<Topology> {
        let mut topology = Topology::default();
        for module in self
            .subscribers()
            .iter()
            .map(String::as_str)
            .chain([WRITER])
        {
            let file = self.folder.join(module).join("module.toml");
            let manifest = Manifest::parse(&std::fs::read_to_string(file)?)?;
            topology = topology.manifest(&manifest, &[]);
        }
        Ok(topology)
    }

    /// Declares the queues, starts every process and waits until all answer.
    pub(crate) async fn open(&mut self) -> anyhow::Result<()> {
        let bus = self.connect().await?;
        bus.declare(&self.topology()?).await?;
        bus.close().await;
        self.make_databases().await?;
        // One after the other: the first of a module makes its tables.
        for number in 0..self.members.len() {
            self.start(number)?;
            self.ready(number).await?;
        }
        // What is written before the writer knows its subscribers is not kept for them.
        let (database, subscribers) = (self.database(WRITER), self.subscribers().len());
        until("the writer knows who subscribes", READY, async || {
            Ok(database.count("dcp_subscriber").await? == u64::try_from(subscribers)?)
        })
        .await
    }

    /// Starts one process and does not wait for it.
    pub(crate) fn start(&mut self, number: usize) -> anyhow::Result<()> {
        let program = std::env::current_exe()?.with_file_name("chaos-module");
        let store = self.store_of(&self.members[number].module)?;
        let member = &mut self.members[number];
        let log = File::options()
            .create(true)
            .append(true)
            .open(&member.log)?;
        let path = |name: &str| self.folder.join(name).display().to_string();
        let child = Command::new(&program)
            .current_dir(self.folder.join(&member.module))
            .env(
                "DCP__SECRETS__URL",
                format!("file:{}", path("secrets.toml")),
            )
            .env("DCP__STORE__URL", store)
            .env("DCP__BUS__URL", &self.bus)
            .env("DCP__HTTP__LISTEN", member.address.to_string())
            .env("DCP__LOG__FORMAT", "text")
            .env("DCP__LOG__LEVEL", "warn")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be run", program.display()))?;
        member.child = Some(child);
        Ok(())
    }

    /// Waits until the process listens.
    pub(crate) async fn ready(&mut self, number: usize) -> anyhow::Result<()> {
        let (what, address) = {
            let member = &self.members[number];
            (format!("{} is ready", member.module), member.address)
        };
        until(&what, READY, async || {
            ensure!(self.ended(number)?.is_none(), "it ended by itself: {what}");
            Ok(tokio::net::TcpStream::connect(address).await.is_ok())
        })
        .await
    }

    /// Kills a process as the kernel does when memory is short; it has no say in it.
    pub(crate) fn kill(&mut self, number: usize) -> anyhow::Result<()> {
        let member = &mut self.members[number];
        let Some(mut child) = member.child.take() else {
            return Ok(());
        };
        child.kill()?;
        let status = child.wait()?;
        ensure!(
            status.signal() == Some(9),
            "{} ended by itself ({status}); see {}",
            member.module,
            member.log.display()
        );
        Ok(())
    }

    /// Ends a process that may have ended already.
    pub(crate) fn end(&mut self, number: usize) -> anyhow::Result<()> {
        if let Some(mut child) = self.members[number].child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Tells a process to stop; how it ended and how long that took.
    pub(crate) async fn stop(&mut self, number: usize) -> anyhow::Result<(ExitStatus, Duration)> {
        let pid = self.pid(number).context("it runs")?;
        let pid = Pid::from_raw(i32::try_from(pid)?).context("a process id")?;
        let began = Instant::now();
        kill_process(pid, Signal::TERM)?;
        let mut ended = None;
        until("the process ends", READY, async || {
            ended = self.ended(number)?;
            Ok(ended.is_some())
        })
        .await?;
        self.members[number].child = None;
        Ok((ended.context("it has ended")?, began.elapsed()))
    }

    /// The most memory the process has held, in KiB.
    pub(crate) fn peak_memory(&self, number: usize) -> anyhow::Result<u64> {
        let pid = self.pid(number).context("it runs")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.split_whitespace().next());
        Ok(peak.context("VmHWM is told")?.parse()?)
    }

    /// How the process ended, if it did.
    pub(crate) fn ended(&mut self, number: usize) -> anyhow::Result<Option<ExitStatus>> {
        let child = self.members[number].child.as_mut();
        Ok(child.map(Child::try_wait).transpose()?.flatten())
    }

    /// Its id, while it runs.
    pub(crate) fn pid(&self, number: usize) -> Option<u32> {
        self.members[number].child.as_ref().map(Child::id)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for number in 0..self.members.len() {
            if let Err(error) = self.end(number) {
                eprintln!("{error:#}");
            }
        }
    }
}
