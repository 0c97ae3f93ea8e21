//! The calculation engine: plain R functions as REST endpoints and as work for other modules.
//!
//! A script is published by name and kept in every version, the hash of its source; one version is effective, the others are on
//! their way or superseded. A call runs in a worker process
//! that embeds one R; workers may loop, crash or eat memory and are interrupted, ended and replaced. A result is stored
//! under the hash of its value, so that it can be an argument of a later call, on any engine.
//!
//! Invariants: data is never code (arguments are bound to names); the same call gives the same value (random numbers
//! start from the call's key, locale, time zone and threads are fixed); no stored result without a record, here or at the peer it was
//! pulled from; no database
//! transaction is open while R runs. Deliberately absent: sessions, state between calls, R's own serialisation from
//! outside.

mod arguments;
mod arrow;
mod caching;
mod calculation;
mod calendar;
mod call_list;
mod calls;
mod changes;
mod content;
mod data_files;
mod data_sources;
mod declaration;
mod engine;
mod engines;
mod envelope;
mod environments;
mod examples;
mod fits;
mod folder;
mod folder_tests;
mod functions;
mod given;
mod installation;
mod keeping;
mod keys;
mod lineage;
mod listing;
mod members;
mod openapi;
mod own_r;
mod packages;
mod peers;
mod plots;
mod problems;
mod process_data;
mod publishing;
mod purity;
mod recomputation;
mod record;
mod recorder;
mod remembered;
mod request;
mod results;
mod retention;
mod roxygen;
mod running;
mod script;
mod scripts;
mod shape;
mod states;
mod tasks;
mod typed;
mod verification;

use anyhow::Context as _;
use dcp::http::{Routes, routes};
use dcp::model::{Permission, Zone};
use dcp::pi::PiCache;
use dcp::secrets::Secrets;
use dcp::store::{Files, Store};
use dcp::{Module, Start};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Call functions.
pub const CALL: Permission = Permission::new("calc.call");
/// Approve what others have published, make it effective, retire it.
pub const APPROVE: Permission = Permission::new("calc.approve");
/// Publish scripts.
pub const PUBLISH: Permission = Permission::new("calc.publish");
/// See scripts, engines and results.
pub const READ: Permission = Permission::new("calc.read");

const STORE: Files = dcp::store!();

/// How long the examples of one version may take when they are run again.
const VERIFYING: Duration = Duration::from_mins(5);

/// What the parts of the engine share.
#[derive(Clone)]
pub struct Calc {
    inner: Arc<Inner>,
}

/// See [`Calc`].
pub struct Inner {
    settings: engine::Settings,
    store: Store,
    pool: Arc<engine::Pool>,
    scripts: scripts::Scripts,
    results: Arc<results::Results>,
    recorder: recorder::Recorder,
    running: Arc<running::Running>,
    flights: caching::Flights,
    data_files: data_files::DataFiles,
    sources: data_sources::DataSources,
    peers: Option<peers::Peers>,
    environment: environments::OwnEnvironment,
    /// Versions whose examples run now.
    examining: Mutex<HashSet<Arc<str>>>,
    /// Calls outlive the connection that asked for them.
    calls: TaskTracker,
    /// Where workers live; reactions to messages run elsewhere.
    runtime: tokio::runtime::Handle,
    secrets: Arc<dyn Secrets>,
    pi_cache: Option<PiCache>,
    node: String,
    zone: Zone,
}

impl std::ops::Deref for Calc {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

/// Starts R and answers with the routes and the work queues.
pub async fn start(start: Start) -> anyhow::Result<Module> {
    let settings = start
        .settings::<engine::Settings>()?
        .complete()
        .context("the workers' directory cannot be made")?;
    // R starts while the database is opened and migrated: neither needs the other.
    let (pool, store) = tokio::try_join!(
        async {
            let pool = engine::Pool::start(settings.clone()).await;
            pool.context("R cannot be started")
        },
        start.store(STORE),
    )?;
    let results = Arc::new(results::Results::new(store.clone()));
    let (recorder, recording) =
        recorder::Recorder::new(store.clone(), results.clone(), start.drained());
    start.spawn_through_drain("record calls", recording);
    let common = start.common();
    let inner = Inner {
        scripts: scripts::Scripts::open(&store, pool.about().clone()).await?,
        pool: Arc::new(pool),
        results,
        recorder,
        running: Arc::default(),
        flights: caching::Flights::default(),
        data_files: data_files::DataFiles::default(),
        sources: data_sources::DataSources::new(&start),
        peers: peers::Peers::open(&start, &settings).await?,
        environment: environments::OwnEnvironment::default(),
        examining: Mutex::default(),
        calls: TaskTracker::new(),
        runtime: tokio::runtime::Handle::current(),
        secrets: start.secrets(),
        pi_cache: start.pi_cache()?,
        node: common.node.name.clone(),
        zone: start.zone(),
        settings,
        store,
    };
    let calc = Calc {
        inner: Arc::new(inner),
    };
    start.spawn("keep house", retention::keep_house(calc.clone()));
    start.spawn("offer packages", packages::offer(calc.clone()));
    start.spawn("follow publications", scripts::follow(calc.clone()));
    let module = start.routes(api(calc.clone()));
    Ok(module.subscribe(|subscriptions| tasks::subscribe(subscriptions, &calc)))
}

/// The routes and who may use them.
pub fn api(calc: Calc) -> Routes<Calc> {
    // The engine ends a call itself, with its own explanation: the host's limit comes after it.
    let call_time = Duration::from_secs(calc.settings.call_seconds + 5);
    let body_bytes = calc.settings.body_bytes;
    Routes::new(calc)
        .allow(READ, routes!(listing::list_scripts))
        .allow(READ, routes!(listing::script_by_name))
        .allow(READ, routes!(listing::version_of_script))
        .allow(READ, routes!(listing::source_of_version))
        .allow(READ, routes!(listing::folder_of_version))
        .allow(READ, routes!(changes::changes_of_version))
        .allow(READ, routes!(openapi::openapi_of_version))
        // The step decides which of the two permissions it needs.
        .allow(READ, routes!(states::change_state))
        .allow(READ, routes!(results::result_by_key))
        .allow(READ, routes!(keeping::facts_of_result))
        .allow(CALL, routes!(keeping::retain_result))
        .allow(READ, routes!(plots::artifact_by_key))
        .allow(READ, routes!(lineage::lineage_of_result))
        .allow(READ, routes!(call_list::list_calls))
        .allow(READ, routes!(call_list::call_by_id))
        .allow(READ, routes!(engines::list_engines))
        .allow(READ, routes!(environments::list_environments))
        .allow(APPROVE, routes!(environments::register_environment))
        .allow(CALL, routes!(calls::cancel_call))
        .body_limit(content::BODY_BYTES)
        .time_limit(publishing::PUBLISHING)
        .allow(PUBLISH, routes!(publishing::publish_script))
        .time_limit(VERIFYING)
        .allow(CALL, routes!(verification::verify_version))
        .allow(READ, routes!(installation::installation))
        .body_limit(body_bytes)
        .time_limit(call_time)
        .allow(CALL, routes!(calls::call_function))
        .allow(CALL, routes!(calls::call_package))
        .allow(CALL, routes!(calls::call_draft))
        .allow(CALL, routes!(recomputation::recompute_result))
}
