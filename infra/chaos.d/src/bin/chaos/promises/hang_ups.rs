//! P34: a hang-up harms nobody: clients that leave in the midst of a request leave no open transaction, and no answer goes astray.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dcp_chaos::{Changed, WRITER};
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

use super::Run;
use crate::check::{PATIENCE, Verdict, judge, settle};
use crate::client::request;
use crate::load::{Load, Plan};

const HANG_UPS: u64 = 5_000;

pub(crate) async fn keep(run: Run) -> anyhow::Result<Verdict> {
    let mut stage = run.stage()?;
    stage.add_writer(1)?;
    stage.add_subscriber("chaos-a", 1)?;
    stage.open().await?;
    // Those who stay must get the answers to their own questions.
    let plan = Plan {
        clients: 4,
        subjects: 100,
        enough: 100,
        pace: Duration::from_millis(1),
    };
    let load = Load::start(&stage.writers(), plan);
    let (count, mut chance) = (run.scaled(HANG_UPS), run.chance());
    for _ in 0..count {
        let id = Uuid::now_v7();
        load.ledger.note_attempt(id);
        hang_up(stage.members[0].address, id, &mut chance).await?;
    }
    let ledger = load.end().await;
    let began = Instant::now();
    let free = stage.database(WRITER).is_free().await;
    let waited = began.elapsed();
    settle(&stage, PATIENCE).await?;
    let mut verdict = judge(&stage, &ledger, &[]).await?;
    verdict.expect(free.is_ok(), "a transaction stayed open");
    verdict.note(format!(
        "{count} hang-ups, database free after {} ms",
        waited.as_millis()
    ));
    Ok(verdict)
}

/// Sends all or a part of a request and leaves.
async fn hang_up(server: SocketAddr, id: Uuid, chance: &mut StdRng) -> anyhow::Result<()> {
    let asked = Changed {
        id,
        subject: "left".to_owned(),
        number: 0,
        note: String::new(),
    };
    let mut stream = TcpStream::connect(server).await?;
    let wire = request(&asked)?;
    let whole = chance.random_bool(0.8);
    let length = if whole {
        wire.len()
    } else {
        chance.random_range(1..wire.len())
    };
    stream.write_all(&wire[..length]).await?;
    let stay = Duration::from_micros(chance.random_range(0..2_000));
    tokio::time::sleep(stay).await;
    if chance.random_bool(0.5) {
        // A reset instead of a farewell.
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
    }
    Ok(())
}
