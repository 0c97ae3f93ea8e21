//! Credentials that change while everybody goes on: of a module, of the edge, and the key that signs.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use dcp::clock::{Clock as _, SystemClock};
use dcp::identity::{Verifier, generate_keys};
use serde_json::Value;

use crate::platform::Platform;
use crate::signing::newcomer;

const CLIENTS: usize = 4;

/// Changes the file of secrets in one step.
fn change(platform: &Platform, with: impl FnOnce(String) -> String) {
    let file = platform.home().join("secrets.toml");
    let text = with(std::fs::read_to_string(&file).unwrap());
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::rename(&new, &file).unwrap();
}

#[derive(Default)]
struct Seen {
    good: AtomicUsize,
    stop: AtomicBool,
}

impl Seen {
    /// So many more requests than now have been answered well.
    async fn more(&self, platform: &Platform, requests: usize) {
        let wanted = self.good.load(Ordering::SeqCst) + requests;
        let enough = async |_: &Platform| self.good.load(Ordering::SeqCst) >= wanted;
        platform.until("answered", enough).await;
    }
}

/// Somebody new signs in, and the module asks another one, again and again; nothing of it may fail.
async fn work(platform: Arc<Platform>, seen: Arc<Seen>) {
    while !seen.stop.load(Ordering::SeqCst) {
        let (status, said) = newcomer(&platform).await;
        assert_eq!(status, 200, "{said}");
        let asked = platform.get("/api/probe/ask").await.unwrap();
        let (status, said) = (asked.status(), asked.text().await.unwrap());
        assert_eq!((status.as_u16(), said.as_str()), (200, "\"probe\""));
        seen.good.fetch_add(1, Ordering::SeqCst);
    }
}

async fn is_signed_with(platform: &Platform, public: &str) -> bool {
    let (_, said): (u16, Value) = newcomer(platform).await;
    let header = said["headers"]["authorization"]
        .as_str()
        .unwrap_or_default();
    let token = header.trim_start_matches("Bearer ");
    let verifier = Verifier::from_pem(public).unwrap();
    verifier.verify(token, SystemClock.now()).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_each_of_them_changes() {
    let platform = Arc::new(Platform::start().await);
    let seen = Arc::new(Seen::default());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(work(platform.clone(), seen.clone())))
        .collect();
    seen.more(&platform, 50).await;
    for number in 0..5 {
        let (before, after) = match number {
            0 => ("svc_probe_x".to_owned(), "svc_probe_0".to_owned()),
            _ => (
                format!("svc_probe_{}", number - 1),
                format!("svc_probe_{number}"),
            ),
        };
        change(&platform, |text| text.replace(&before, &after));
        seen.more(&platform, 50).await;
        change(&platform, |text| {
            let (head, tail) = text.split_once("[edge]\nkey = \"").unwrap();
            let (_, tail) = tail.split_once('"').unwrap();
            format!("{head}[edge]\nkey = \"edge-{number}\"{tail}")
        });
        seen.more(&platform, 50).await;
    }
    let (private, public) = generate_keys().unwrap();
    change(&platform, |text| {
        let (head, tail) = text.split_once("private_key = '''").unwrap();
        let (_, tail) = tail.split_once("'''").unwrap();
        let text = format!("{head}private_key = '''{}'''{tail}", private.expose());
        let next = format!("[identity.public]\nnext = '''{public}'''\n");
        text.replace("[identity.public]\n", &next)
    });
    let changed = async |platform: &Platform| is_signed_with(platform, &public).await;
    platform.until("signed with the new key", changed).await;
    seen.more(&platform, 50).await;
    seen.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    let good = 2 * seen.good.load(Ordering::SeqCst);
    eprintln!(
        "{good} requests, 0 failed, while 5 credentials of a module, 5 of the edge and the key changed"
    );
}
