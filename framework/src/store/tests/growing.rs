//! How many connections a process opens, and whose they are: counted on the way to the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::{SAMPLE, Store, add, count, database, open};
use crate::clock::{Ids, SystemClock};

/// As long as a probe of the module's health waits.
const PROBE: Duration = Duration::from_secs(2);
/// No server takes so long to let somebody in.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to the server of an address.
struct Way {
    /// The same database, reached on this way.
    address: String,
    dialled: Arc<AtomicUsize>,
}

/// Counts who comes, and lets each pass when `pass` says so and its own delay is over.
async fn way(address: &str, delay: Duration, pass: watch::Receiver<bool>) -> Way {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let is_server = |part: &&str| part.to_lowercase().contains("server=");
    let server = address.split(';').find(is_server).unwrap();
    let place = server.split_once('=').unwrap().1.replace("tcp:", "");
    let (host, number) = place.split_once(',').unwrap_or((&place, "1433"));
    let server_at: SocketAddr = tokio::net::lookup_host(format!("{host}:{number}"))
        .await
        .unwrap()
        .next()
        .unwrap();
    let here = server.replace(&place, &format!("localhost,{port}"));
    let dialled = Arc::new(AtomicUsize::new(0));
    let counted = dialled.clone();
    tokio::task::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut pass = pass.clone();
            tokio::task::spawn(async move {
                sleep(delay).await;
                pass.wait_for(|pass| *pass).await.unwrap();
                let mut server = TcpStream::connect(server_at).await.unwrap();
                // Ends when either side does.
                drop(tokio::io::copy_bidirectional(&mut caller, &mut server).await);
            });
        }
    });
    let address = format!(
        "{};HostNameInCertificate={host}",
        address.replace(server, &here)
    );
    Way { address, dialled }
}

/// A store on that way that has opened no connection yet.
fn store_on(way: &Way) -> Store {
    let engine = Store::engine(&way.address, &[super::super::FRAMEWORK, SAMPLE]).unwrap();
    Store::with("sample", engine, Arc::new(SystemClock), Ids::random())
}

#[tokio::test]
async fn those_who_wait_for_a_server_that_is_silent_share_the_first_connection() {
    let test = "store::growing::those_who_wait_share_the_first_connection";
    let Some(address) = database(test).await else {
        return;
    };
    let direct = open(&address).await;
    let (pass, passes) = watch::channel(false);
    let way = way(&address, Duration::ZERO, passes).await;
    let store = store_on(&way);
    let adds = join_all((0..32).map(|id| add(&store, id)));
    let release = async {
        let end = Instant::now() + PATIENCE;
        while way.dialled.load(Ordering::SeqCst) == 0 {
            assert!(Instant::now() < end, "nobody dials");
            sleep(Duration::from_millis(5)).await;
        }
        // The others have asked in the same turn; if they dialled as well, it would be now.
        sleep(Duration::from_millis(200)).await;
        let dialled = way.dialled.load(Ordering::SeqCst);
        pass.send(true).unwrap();
        dialled
    };
    let (added, dialled) = tokio::join!(adds, release);
    assert_eq!(dialled, 1, "one is on trial, and the others wait for it");
    for added in added {
        added.unwrap();
    }
    assert_eq!(count(&direct).await, 32);
}

#[tokio::test]
async fn a_connection_that_opens_when_its_caller_has_gone_serves_who_comes_next() {
    let test = "store::growing::a_connection_that_opens_when_its_caller_has_gone";
    let Some(address) = database(test).await else {
        return;
    };
    let direct = open(&address).await;
    let (_pass, passes) = watch::channel(true);
    // Longer than a probe waits, and shorter than a login may take.
    let way = way(&address, PROBE + PROBE / 2, passes).await;
    let store = store_on(&way);
    let end = Instant::now() + PATIENCE;
    let mut probes = 0;
    loop {
        probes += 1;
        if matches!(
            timeout(PROBE, store.read("sample_count", Vec::new())).await,
            Ok(Ok(_))
        ) {
            break;
        }
        assert!(
            Instant::now() < end,
            "no probe of {probes} got a connection"
        );
    }
    assert!(
        probes <= 4,
        "the first connection was there for the second probe, and {probes} were needed"
    );
    add(&store, 1).await.unwrap();
    assert_eq!(count(&direct).await, 1);
}

#[tokio::test]
async fn who_gets_no_connection_is_told_so_in_time() {
    let test = "store::growing::who_gets_no_connection_is_told_so_in_time";
    let Some(address) = database(test).await else {
        return;
    };
    let (_pass, passes) = watch::channel(false);
    let way = way(&address, Duration::ZERO, passes).await;
    let store = store_on(&way);
    let begun = Instant::now();
    let told = join_all((0..16).map(|id| add(&store, id))).await;
    let took = begun.elapsed();
    assert!(took < crate::limits::STORE_ACQUIRE * 2, "{took:?}");
    for told in told {
        assert!(told.unwrap_err().is_transient());
    }
    let dialled = way.dialled.load(Ordering::SeqCst);
    assert_eq!(dialled, 2, "another when the first has had its time");
}
