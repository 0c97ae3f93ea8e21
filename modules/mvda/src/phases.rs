//! Phases of a batch (ISA-88: unit procedures, operations, phases): where in time they stand, and under which key each is found in other
//! batches of the same recipe.

use std::collections::HashMap;

use axum::extract::State;
use dcp::http::{Caller, Json, Path, Problem};
use dcp::pi::PiPhase;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Mvda;

/// A phase of a batch, or what lies between.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Phase {
    /// The same in every batch of the recipe: the names from the top down, and which time it is where they come again.
    pub key: String,
    /// Its name.
    pub name: String,
    /// How deep it stands, counted from 1.
    pub level: usize,
    /// What it is: the name of its template, such as `Operation`.
    pub template: String,
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// Its last instant; none while it runs.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub end: Option<Timestamp>,
    /// Seconds, up to now while it runs; none before it begins.
    pub duration_s: Option<f64>,
}

/// The phases of a batch, each before what it is made of, by start.
#[utoipa::path(get, path = "/api/mvda/sources/{source}/batches/{web_id}/phases", tag = "sources",
    params(("source" = String, Path, description = "The data source"), ("web_id" = String, Path, description = "The batch")),
    responses((status = 200, body = Vec<Phase>), (status = 404, description = "The batch is gone", body = Problem),
        (status = 503, description = "PI does not answer", body = Problem)))]
pub async fn list_phases(
    State(mvda): State<Mvda>,
    caller: Caller,
    Path((source, web_id)): Path<(String, String)>,
) -> Result<Json<Vec<Phase>>, Problem> {
    let source = mvda.sources.find(caller.site()?, &source).await?;
    let client = mvda.plant.client(&source).await?;
    let phases = client.phases(&web_id).await;
    let phases = phases.map_err(|error| source.problem(error))?;
    Ok(Json(listed(&phases, mvda.store.clock().now())))
}

/// All phases of a batch in one list, each before what it is made of.
pub(crate) fn listed(phases: &[PiPhase], now: Timestamp) -> Vec<Phase> {
    let mut list = Vec::new();
    add(&mut list, phases, "", 1, now);
    list
}

fn add(list: &mut Vec<Phase>, phases: &[PiPhase], above: &str, level: usize, now: Timestamp) {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for PiPhase { frame, phases } in phases {
        let turn = times.entry(&frame.name).or_default();
        *turn += 1;
        let key = match turn {
            1 => format!(r"{above}\{}", frame.name),
            turn => format!(r"{above}\{}#{turn}", frame.name),
        };
        let end = frame.end.filter(|end| *end <= now);
        let lasting = end.unwrap_or(now).duration_since(frame.start).as_secs_f64();
        list.push(Phase {
            key: key.clone(),
            name: frame.name.clone(),
            level,
            template: frame.template.clone(),
            start: frame.start,
            end,
            duration_s: (frame.start <= now).then_some(lasting),
        });
        add(list, phases, &key, level + 1, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dcp::pi::PiBatch;

    fn phase(name: &str, minute: i64, phases: Vec<PiPhase>) -> PiPhase {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        PiPhase {
            frame: PiBatch {
                web_id: String::new(),
                name: name.to_owned(),
                start: at(minute),
                end: Some(at(minute + 10)),
                template: "Phase".to_owned(),
                units: Vec::new(),
            },
            phases,
        }
    }

    #[test]
    fn a_phase_that_comes_again_has_a_key_of_its_own() {
        let heats = vec![phase("Heat", 0, Vec::new()), phase("Heat", 20, Vec::new())];
        let batch = [
            phase("Dry", 0, heats),
            phase("Dry", 40, vec![phase("Heat", 40, Vec::new())]),
        ];
        let list = listed(&batch, Timestamp::from_second(41 * 60).unwrap());
        let keys: Vec<&str> = list.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                r"\Dry",
                r"\Dry\Heat",
                r"\Dry\Heat#2",
                r"\Dry#2",
                r"\Dry#2\Heat"
            ]
        );
        assert_eq!(
            list.iter().map(|one| one.level).collect::<Vec<_>>(),
            [1, 2, 2, 1, 2]
        );
        let running = &list[4];
        assert_eq!((running.end, running.duration_s), (None, Some(60.0)));
    }

    #[test]
    fn a_phase_that_has_not_begun_lasts_no_time() {
        let list = listed(&[phase("Dry", 10, Vec::new())], Timestamp::UNIX_EPOCH);
        assert_eq!((list[0].end, list[0].duration_s), (None, None));
    }
}
