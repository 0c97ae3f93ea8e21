//! Keeps the modules of a node running: starts them, starts again what dies, obeys operators, drains at the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::config::NodeConfig;
use super::elsewhere;
use super::instance::{Instance, why};
use super::module::{Change, Command, Module, Order};
use super::ports::Ports;
use super::status::State;
use crate::model::Zone;

/// Pause before the first new start; doubled each time, so that a broken module costs little and a short trouble passes quickly.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause between two starts.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Whoever lived this long starts with the first pause again.
const CALM_LIFE: Duration = Duration::from_secs(30);
/// Between two looks at the health of a running instance.
const HEALTH_POLL: Duration = Duration::from_secs(5);
/// Unanswered looks after which an instance counts as hanging.
const HEALTH_MISSES: u32 = 3;
/// How long an operator's command waits to see what came of it.
const COMMAND_TIME: Duration = Duration::from_secs(30);
/// Most instances of one module: as many as half of the default range of ports.
pub(crate) const INSTANCES: u32 = 20;
/// Changes of state a slow listener may be behind before it misses some.
const CHANGES: usize = 256;

/// All modules of this node.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) modules: BTreeMap<String, Arc<Module>>,
    pub(crate) changes: broadcast::Sender<Change>,
    keepers: std::sync::Mutex<Vec<JoinHandle<()>>>,
    end: CancellationToken,
}

impl Supervisor {
    /// Starts every module of the node.
    pub(crate) fn start(config: &Arc<NodeConfig>, zone: Zone) -> Arc<Self> {
        let ports = Arc::new(Ports::new(config.edge.module_ports));
        let (changes, _) = broadcast::channel(CHANGES);
        let end = CancellationToken::new();
        let mut modules = BTreeMap::new();
        let mut keepers = Vec::new();
        for hosted in &config.modules {
            let (module, orders) = Module::new(config, zone, hosted, &ports, &changes);
            let (kept, end) = (Arc::clone(&module), end.clone());
            keepers.push(if hosted.addresses.is_empty() {
                tokio::spawn(obey(kept, orders, end))
            } else {
                tokio::spawn(elsewhere::watch(kept, orders, end))
            });
            modules.insert(hosted.name.clone(), module);
        }
        Arc::new(Self {
            modules,
            changes,
            keepers: std::sync::Mutex::new(keepers),
            end,
        })
    }

    /// Gives an order and waits to see what came of it.
    pub(crate) async fn order(&self, name: &str, command: Command) -> Result<State, String> {
        let module = self.modules.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.modules.keys().map(String::as_str).collect();
            format!(
                "no module `{name}` on this node; it hosts {}",
                known.join(", ")
            )
        })?;
        let (reply, answer) = oneshot::channel();
        let stopping = || "the node is stopping".to_owned();
        module
            .orders
            .send((command, reply))
            .await
            .map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())??;
        if command != Command::Stop {
            settled(module).await?;
        }
        Ok(module.state())
    }

    /// Stops every module; each may finish what it has begun.
    pub(crate) async fn drain(&self) {
        self.end.cancel();
        let keepers = std::mem::take(
            &mut *self
                .keepers
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        for keeper in keepers {
            if let Err(error) = keeper.await {
                tracing::error!(%error, "the keeper of a module broke");
            }
        }
    }
}

async fn settled(module: &Module) -> Result<(), String> {
    let settling = async {
        while module.state() == State::Starting {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let failed = || {
        format!(
            "module `{}` does not become ready: {}",
            module.name,
            module
                .problem()
                .unwrap_or_else(|| "its log says why".to_owned())
        )
    };
    tokio::time::timeout(COMMAND_TIME, settling)
        .await
        .map_err(|_| failed())?;
    if module.state() == State::Failed {
        Err(failed())
    } else {
        Ok(())
    }
}

/// The running keepers of one module's instances.
#[derive(Default)]
struct Keepers(BTreeMap<u32, (CancellationToken, JoinHandle<()>)>);

impl Keepers {
    fn add(&mut self, module: &Arc<Module>) -> u32 {
        let id = (1..=u32::MAX)
            .find(|id| !self.0.contains_key(id))
            .unwrap_or(1);
        let stop = CancellationToken::new();
        module.starting(id);
        self.0.insert(
            id,
            (
                stop.clone(),
                tokio::spawn(keep_running(Arc::clone(module), id, stop)),
            ),
        );
        id
    }

    async fn remove(&mut self, ids: Vec<u32>) {
        let leaving: Vec<_> = ids.iter().filter_map(|id| self.0.remove(id)).collect();
        for (stop, _) in &leaving {
            stop.cancel();
        }
        for (_, keeper) in leaving {
            if let Err(error) = keeper.await {
                tracing::error!(%error, "the keeper of an instance broke");
            }
        }
    }

    async fn match_wanted(&mut self, module: &Arc<Module>) {
        while self.0.len() < module.wanted() as usize {
            self.add(module);
        }
        let spare = self
            .0
            .keys()
            .skip(module.wanted() as usize)
            .copied()
            .collect();
        self.remove(spare).await;
    }

    /// Replaces every instance by a new one, and stops the old one only when the new one answers.
    async fn renew(&mut self, module: &Arc<Module>) -> Result<(), String> {
        for old in self.0.keys().copied().collect::<Vec<_>>() {
            let new = self.add(module);
            if let Err(problem) = is_answering(module, new).await {
                self.remove(vec![new]).await;
                return Err(format!(
                    "the new instance of `{}` does not become ready, the old one goes on: {problem}",
                    module.name
                ));
            }
            self.remove(vec![old]).await;
        }
        Ok(())
    }
}

async fn is_answering(module: &Module, id: u32) -> Result<(), String> {
    let waiting = async {
        loop {
            let status = module.status();
            match status
                .instances
                .into_iter()
                .find(|instance| instance.id == id)
            {
                Some(instance) if instance.state == State::Ready => return Ok(()),
                Some(instance) if instance.state == State::Failed => {
                    return Err(instance.problem.unwrap_or_default());
                }
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(COMMAND_TIME, waiting)
        .await
        .unwrap_or_else(|_| Err(format!("not ready within {} s", COMMAND_TIME.as_secs())))
}

/// Carries out one order after the other for one module.
async fn obey(module: Arc<Module>, mut orders: mpsc::Receiver<Order>, end: CancellationToken) {
    let mut keepers = Keepers::default();
    keepers.match_wanted(&module).await;
    loop {
        let (command, reply) = tokio::select! {
            order = orders.recv() => match order { Some(order) => order, None => break },
            () = end.cancelled() => break,
        };
        tracing::info!(module = module.name, ?command, "an operator's order");
        let done = tokio::select! {
            done = carry_out(command, &module, &mut keepers) => done,
            () = end.cancelled() => Err("the node is stopping".to_owned()),
        };
        // Whoever asked may have gone.
        drop(reply.send(done));
    }
    let all = keepers.0.keys().copied().collect();
    keepers.remove(all).await;
}

async fn carry_out(
    command: Command,
    module: &Arc<Module>,
    keepers: &mut Keepers,
) -> Result<(), String> {
    match command {
        Command::Scale(instances) if !(1..=INSTANCES).contains(&instances) => {
            return Err(format!(
                "{instances} instances are not possible; use 1 to {INSTANCES}"
            ));
        }
        Command::Scale(instances) => module.want(instances),
        Command::Stop => module.set_stopped(true),
        Command::Start => module.set_stopped(false),
        Command::Restart if module.state() == State::Ready => return keepers.renew(module).await,
        Command::Restart => {
            let all = keepers.0.keys().copied().collect();
            keepers.remove(all).await;
            module.set_stopped(false);
        }
    }
    keepers.match_wanted(module).await;
    Ok(())
}

/// How one life of an instance ended.
enum End {
    Stopped,
    Died { reason: String, lived: Duration },
}

async fn keep_running(module: Arc<Module>, id: u32, stop: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    loop {
        match one_life(&module, id, &stop).await {
            End::Stopped => break,
            End::Died { reason, lived } => {
                module.failed(id, &reason);
                if lived > CALM_LIFE {
                    pause = FIRST_PAUSE;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => break,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        module.starting(id);
    }
    module.gone(id);
}

async fn one_life(module: &Module, id: u32, stop: &CancellationToken) -> End {
    let died = |reason: String| End::Died {
        reason,
        lived: Duration::ZERO,
    };
    let recipe = match module.recipe(id) {
        Ok(recipe) => recipe,
        Err(reason) => return died(reason),
    };
    let Some(port) = module.ports.take() else {
        return died(format!(
            "no port of {} is free; end what holds them, or give edge.module_ports another range in the settings of this node",
            module.ports.range()
        ));
    };
    let mut running = match recipe.start(id, port.number) {
        Ok(running) => running,
        Err(error) => {
            return died(format!(
                "{} cannot be started: {error}",
                recipe.program.display()
            ));
        }
    };
    let instance = Arc::clone(&running.instance);
    module.started(&instance);
    let ready = tokio::select! {
        ready = running.ready() => Some(ready),
        () = stop.cancelled() => None,
    };
    let reason = match ready {
        Some(Ok(())) => {
            module.is_ready(&instance, running.started.elapsed());
            tokio::select! {
                end = running.end() => Some(end),
                () = hangs(module, &instance) => Some("it no longer answers".to_owned()),
                () = stop.cancelled() => None,
            }
        }
        Some(Err(reason)) => Some(format!(
            "{reason}; the end of {}:\n{}",
            recipe.log.display(),
            why(&recipe.log)
        )),
        None => None,
    };
    let Some(reason) = reason else {
        module.stopping(id);
        running.stop().await;
        return End::Stopped;
    };
    let lived = running.started.elapsed();
    running.kill().await;
    End::Died { reason, lived }
}

/// Ends when the instance hangs; tells the module meanwhile when it lacks something.
async fn hangs(module: &Module, instance: &Instance) {
    let mut misses = 0;
    while misses < HEALTH_MISSES {
        tokio::time::sleep(HEALTH_POLL).await;
        match instance.health("/health/live").await {
            Ok(_) => misses = 0,
            Err(_) => misses += 1,
        }
        if let Ok(status) = instance.health("/health/ready").await {
            module.degraded(instance.id, status != 200);
        }
    }
}
