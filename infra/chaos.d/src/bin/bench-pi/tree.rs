//! `pi.tree_level_ms`: an asset tree of 100,000 elements, opened level by level as a person does, each round along another branch.
//! The figure is the slowest level of a round, beside the goal.

use std::time::Instant;

use anyhow::ensure;
use dcp::pi::{PiClient, PiCredentials};
use dcp_chaos::figure::Figure;

const GOAL_MS: f64 = 200.0;
const LEVELS: usize = 4;

/// Opens the database `Large` of a simulator that was started with `--large-tree`.
pub(crate) async fn measure(url: &str, rounds: usize) -> anyhow::Result<Figure> {
    let mut source = crate::source(url);
    (source.asset_server, source.database) = ("PIAF".to_owned(), "Large".to_owned());
    let client = PiClient::connect(&source, &PiCredentials::Anonymous)?;
    let mut figure = Figure::rate("pi.tree_level_ms", "ms");
    for round in 0..rounds {
        let (mut slowest, mut above) = (0.0_f64, None::<String>);
        for level in 0..LEVELS {
            let began = Instant::now();
            let elements = match &above {
                None => client.root_elements().await?,
                Some(element) => client.elements(element).await?,
            };
            slowest = slowest.max(began.elapsed().as_secs_f64() * 1000.0);
            ensure!(elements.len() >= 10, "level {level} has its elements");
            above = elements
                .get(round % elements.len())
                .map(|element| element.web_id.clone());
        }
        figure.add(slowest, GOAL_MS);
    }
    Ok(figure)
}
