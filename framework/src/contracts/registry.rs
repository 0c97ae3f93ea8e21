//! The one list of all events and tasks.

use super::Contract;
use crate::events::{administration, calc, framework, mvda, saw};

/// Every version of every event and task of the platform. A new one is added here and nowhere else; its golden document and
/// its kept schema stand in `events/golden`.
pub fn all() -> Vec<Contract> {
    vec![
        Contract::of::<administration::UserChanged>(),
        Contract::of::<calc::Call>(),
        Contract::of::<calc::Cancel>(),
        Contract::of::<calc::CallFinished>(),
        Contract::of::<calc::CallProgressed>(),
        Contract::of::<calc::Publish>(),
        Contract::of::<calc::ResultDeviated>(),
        Contract::of::<calc::ScriptPublished>(),
        Contract::of::<framework::ModuleStarted>(),
        Contract::of::<mvda::ModelCalculated>(),
        Contract::of::<mvda::ModelFailed>(),
        Contract::of::<saw::ChartCalculated>(),
    ]
}
