//! The routes over a real database and a real bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{Messages, Sampler};
use crate::bus::{Delivery, Reaction, Subscriptions};
use crate::clock::{Clock, Ids, SystemClock};
use crate::events::{Event, Key};
use crate::http::Host;
use crate::identity::{Claims, ISSUER, Kind, Signer, Verifier, generate_keys};
use crate::model::{Manifest, Zone};
use crate::store::{FRAMEWORK, Store, Tx};

const PATIENCE: Duration = Duration::from_secs(20);
const MANIFEST: &str = "name = \"test\"\nversion = \"1.0.0\"\ntitle = { en = \"Test\", de = \"Test\" }\ndescription = { en = \"\", de = \"\" }\nzone = \"gxp\"\nport = 1\n";

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Happened {
    number: u32,
}

impl Event for Happened {
    const NAME: &'static str = "test.thing.happened";
    const VERSION: u16 = 1;

    fn key(&self) -> Key {
        self.number.to_string().as_str().into()
    }
}

/// A module that refuses every event until it is told to take them.
struct Refusing {
    _folder: tempfile::TempDir,
    store: Store,
    app: Router,
    messages: Messages,
    signer: Signer,
    takes: Arc<AtomicBool>,
    delivery: Delivery,
}

impl Refusing {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let place = |name: &str| folder.path().join(name).display().to_string();
        let address = format!("sqlite:{}", place("test.db"));
        let ids = Ids::random();
        let store = Store::open_with("test", &address, &[FRAMEWORK], clock.clone(), ids)
            .await
            .unwrap();
        let address = format!("local:{}", place("bus.db"));
        let bus = crate::bus::connect(&address, Zone::Gxp, clock.clone())
            .await
            .unwrap();
        let takes = Arc::new(AtomicBool::new(false));
        let subscriptions = Subscriptions::default().on_with(takes.clone(), take);
        let messages = Messages::new(store.clone(), bus.clone(), &subscriptions);
        let stop = CancellationToken::new();
        let delivery = Delivery::start(
            store.clone(),
            bus,
            subscriptions,
            clock.clone(),
            stop.clone(),
        )
        .unwrap();
        let (private, public) = generate_keys().unwrap();
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let verifier = Verifier::from_pem(&public).unwrap();
        let host = Arc::new(Host::new(&manifest, verifier, clock, stop));
        let router = utoipa_axum::router::OpenApiRouter::new()
            .nest("/api/test", messages.clone().routes().finish());
        Self {
            app: host.wrap(router.split_for_parts().0, Router::new()),
            _folder: folder,
            store,
            messages,
            signer: Signer::from_pem(&private).unwrap(),
            takes,
            delivery,
        }
    }

    async fn publish(&self, numbers: std::ops::Range<u32>) {
        let mut tx = self.store.begin().await.unwrap();
        for number in numbers {
            tx.publish(&Happened { number }).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.delivery.settle(PATIENCE).await.unwrap();
    }

    async fn ask(&self, path: &str, permission: &str, body: Option<Value>) -> (StatusCode, Value) {
        let now = SystemClock.now().as_second();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: "u-op".parse().unwrap(),
            login: "operator".to_owned(),
            name: "Olga Operator".to_owned(),
            kind: Kind::User,
            zone: Zone::Gxp,
            grants: [("*".to_owned(), [permission.into()].into())].into(),
            exp: now + 60,
            iat: now,
            jti: now.to_string(),
            sid: String::new(),
        };
        let token = self.signer.sign(&claims).unwrap();
        let request = Request::builder()
            .uri(format!("/api/test/{path}"))
            .method(if body.is_some() { "POST" } else { "GET" })
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let answer = self
            .app
            .clone()
            .oneshot(request.body(Body::from(body)).unwrap())
            .await
            .unwrap();
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn look(&self, path: &str) -> Value {
        let (status, body) = self.ask(path, "node.read", None).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    async fn decide(&self, how: &str, order: Value) -> Value {
        let path = format!("dead-letters/{how}");
        let (status, body) = self.ask(&path, "node.operate", Some(order)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }
}

async fn take(takes: &Arc<AtomicBool>, _: &mut Tx<'_>, event: &Happened) -> Result<(), Reaction> {
    if takes.load(Ordering::SeqCst) {
        return Ok(());
    }
    Err(Reaction::never(format!("no place {}", event.number / 100)))
}

#[tokio::test]
async fn an_operator_finds_out_why_and_lets_the_reaction_try_again() {
    let module = Refusing::start().await;
    module.publish(0..3).await;
    let queue = "q.test.test.thing.happened.v1";
    let overview = module.look("messages").await;
    assert_eq!(overview["dead_letters"], 3);
    assert_eq!(overview["bus_answers"], true);
    assert_eq!(overview["outbox"]["waiting"], 0);
    assert_eq!(overview["queues"][0]["queue"], queue);
    assert_eq!(overview["queues"][0]["depth"], 0);
    let groups = module.look("dead-letters/groups").await;
    assert_eq!(groups.as_array().unwrap().len(), 1);
    assert_eq!(groups[0]["count"], 3);
    assert_eq!(groups[0]["reason"], "no place 0");
    let letters = module
        .look("dead-letters?type=test.thing.happened.v1&limit=2")
        .await;
    assert_eq!(letters.as_array().unwrap().len(), 2);
    assert!(letters[0].get("body").is_none(), "a list has no bodies");
    let id = letters[0]["id"].as_str().unwrap();
    let one = module.look(&format!("dead-letters?id={id}")).await;
    assert_eq!(one[0]["body"], json!({ "number": 0 }));

    let counted = module
        .decide("replay", json!({ "queue": queue, "dry_run": true }))
        .await;
    assert_eq!(
        (&counted["matched"], &counted["done"]),
        (&json!(3), &json!(0))
    );
    module.takes.store(true, Ordering::SeqCst);
    let order = json!({ "queue": queue, "why": "there is place again", "rate": 1000 });
    let decided = module.decide("replay", order).await;
    assert_eq!(
        (&decided["done"], &decided["remaining"]),
        (&json!(3), &json!(0))
    );
    module.delivery.settle(PATIENCE).await.unwrap();
    assert_eq!(module.look("dead-letters").await, json!([]));
    let decisions = module.look("dead-letters/decisions").await;
    assert_eq!(decisions.as_array().unwrap().len(), 3);
    assert_eq!(decisions[0]["by"], "operator");
    assert_eq!(decisions[0]["why"], "there is place again");
    assert_eq!(decisions[0]["decision"], "replayed");
}

#[tokio::test]
async fn what_fails_again_is_not_tried_for_ever_and_what_is_discarded_stays_away() {
    let module = Refusing::start().await;
    module.publish(0..2).await;
    let order = json!({ "why": "perhaps it works now", "rate": 1000 });
    let first = module.decide("replay", order.clone()).await;
    assert_eq!(
        (&first["done"], &first["remaining"]),
        (&json!(2), &json!(0))
    );
    module.delivery.settle(PATIENCE).await.unwrap();
    let mut again = order;
    again["before"] = first["before"].clone();
    assert_eq!(module.decide("replay", again).await["matched"], 0);
    assert_eq!(module.look("messages").await["dead_letters"], 2);
    let id = module.look("dead-letters").await[0]["id"].clone();
    let given_up = module
        .decide("discard", json!({ "id": id, "why": "a mistake" }))
        .await;
    assert_eq!(
        (&given_up["done"], &given_up["remaining"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(module.look("messages").await["dead_letters"], 1);
}

#[tokio::test]
async fn a_decision_needs_its_permission_and_a_reason() {
    let module = Refusing::start().await;
    let order = || Some(json!({ "why": "because" }));
    for path in ["dead-letters/replay", "dead-letters/discard"] {
        let (status, _) = module.ask(path, "node.read", order()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        for wrong in [
            json!({}),
            json!({ "why": "  x " }),
            json!({ "why": "because", "tpye": "x" }),
        ] {
            let (status, problem) = module.ask(path, "node.operate", Some(wrong)).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        }
    }
    let fast = Some(json!({ "why": "because", "rate": 0 }));
    let (status, problem) = module
        .ask("dead-letters/replay", "node.operate", fast)
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"][0]["pointer"], "/rate");
    for path in [
        "messages",
        "dead-letters",
        "dead-letters/groups",
        "dead-letters/decisions",
    ] {
        let (status, _) = module.ask(path, "node.operate", None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn the_metrics_show_what_waits_and_what_is_dead() {
    let module = Refusing::start().await;
    module.publish(0..2).await;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let shown = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    Sampler::new(module.messages.clone()).sample().await;
    let text = shown.render();
    for line in [
        "dcp_dead_letters{queue=\"q.test.test.thing.happened.v1\"} 2",
        "dcp_queue_depth{queue=\"q.test.test.thing.happened.v1\"} 0",
        "dcp_outbox_waiting 0",
        "dcp_outbox_oldest_seconds 0",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}
