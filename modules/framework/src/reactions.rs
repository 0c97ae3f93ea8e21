//! What the platform's events become in the list of activity.

use dcp::Module;
use dcp::bus::Reaction;
use dcp::clock::Timestamp;
use dcp::events::Actor;
use dcp::events::administration::UserChanged;
use dcp::events::calc::{ResultDeviated, ScriptPublished};
use dcp::events::mvda::{Model, ModelCalculated, ModelFailed};
use dcp::events::saw::ChartCalculated;
use dcp::model::Zone;
use dcp::params;
use dcp::store::{StoreError, Tx};

use crate::Framework;

/// One line of activity.
pub(crate) struct Line<'a> {
    pub(crate) at: Timestamp,
    pub(crate) site: Option<&'a str>,
    pub(crate) restricted: bool,
    pub(crate) by: &'a Actor,
    pub(crate) kind: &'a str,
    /// English and German.
    pub(crate) title: (String, String),
    /// What it happened to: type, id, name.
    pub(crate) subject: (&'a str, &'a str, &'a str),
    pub(crate) link: Option<&'a str>,
}

impl Line<'_> {
    pub(crate) async fn add(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let module = self.kind.split('.').next().unwrap_or_default();
        let (kind, (en, de), (what, id, name)) = (self.kind, self.title, self.subject);
        let brought_from = tx.brought_from().map(Zone::as_str);
        let values = params![
            self.at,
            self.site,
            self.restricted,
            &self.by.id,
            &self.by.name,
            kind,
            module,
            en,
            de,
            what,
            id,
            name,
            self.link,
            brought_from
        ];
        tx.call("activity_add", values).await?;
        Ok(())
    }
}

impl Framework {
    /// Adds the reactions to the module.
    pub fn react(&self, module: Module) -> Module {
        module
            .on(user_changed)
            .on(script_published)
            .on(result_deviated)
            .on(model_calculated)
            .on(model_failed)
            .on(chart_calculated)
    }
}

async fn user_changed(tx: &mut Tx<'_>, event: &UserChanged) -> Result<(), Reaction> {
    let name = &event.user.name;
    let title = if event.user.active {
        (
            format!("User {name} may now do what the roles allow"),
            format!("Benutzer {name} darf nun, was die Rollen erlauben"),
        )
    } else {
        (
            format!("User {name} was deactivated"),
            format!("Benutzer {name} wurde deaktiviert"),
        )
    };
    let subject = ("user", event.user.id.as_str(), name.as_str());
    Line {
        at: event.at,
        site: None,
        restricted: true,
        by: &event.by,
        kind: "administration.user.changed",
        title,
        subject,
        link: None,
    }
    .add(tx)
    .await?;
    Ok(())
}

async fn script_published(tx: &mut Tx<'_>, event: &ScriptPublished) -> Result<(), Reaction> {
    let (name, version) = (&event.name, &event.version);
    let title = (
        format!("Script {name} was published, version {version:.8}"),
        format!("Skript {name} wurde veröffentlicht, Version {version:.8}"),
    );
    let subject = ("script", name.as_str(), name.as_str());
    Line {
        at: event.at,
        site: None,
        restricted: false,
        by: &event.by,
        kind: "calc.script.published",
        title,
        subject,
        link: None,
    }
    .add(tx)
    .await?;
    Ok(())
}

/// A deviation is to be looked into, so it must not wait in a record until somebody opens it.
async fn result_deviated(tx: &mut Tx<'_>, event: &ResultDeviated) -> Result<(), Reaction> {
    let (script, function, node) = (&event.script, &event.function, &event.node);
    let name = format!("{script}/{function}");
    let title = (
        format!("{name} gave another value for the same computation, on {node}"),
        format!("{name} hat für dieselbe Berechnung einen anderen Wert ergeben, auf {node}"),
    );
    Line {
        at: event.at,
        site: None,
        restricted: false,
        by: &event.by,
        kind: "calc.result.deviated",
        title,
        subject: ("call", event.call_id.as_str(), name.as_str()),
        link: None,
    }
    .add(tx)
    .await?;
    Ok(())
}

async fn model_calculated(tx: &mut Tx<'_>, event: &ModelCalculated) -> Result<(), Reaction> {
    let Model {
        id, name, version, ..
    } = &event.model;
    let (batches, abnormal) = (event.batches, event.abnormal);
    let title = (
        format!("Model {name} version {version} is ready: {batches} batches, {abnormal} abnormal"),
        format!(
            "Modell {name} Version {version} ist fertig: {batches} Chargen, {abnormal} auffällig"
        ),
    );
    let subject = ("model", id.as_str(), name.as_str());
    let (site, link) = (Some(event.site.as_str()), Some(event.link.as_str()));
    Line {
        at: event.at,
        site,
        restricted: false,
        by: &event.by,
        kind: "mvda.model.calculated",
        title,
        subject,
        link,
    }
    .add(tx)
    .await?;
    Ok(())
}

async fn model_failed(tx: &mut Tx<'_>, event: &ModelFailed) -> Result<(), Reaction> {
    let Model {
        id, name, version, ..
    } = &event.model;
    let title = (
        format!("Model {name} version {version} could not be calculated"),
        format!("Modell {name} Version {version} konnte nicht berechnet werden"),
    );
    let subject = ("model", id.as_str(), name.as_str());
    let (site, link) = (Some(event.site.as_str()), Some(event.link.as_str()));
    Line {
        at: event.at,
        site,
        restricted: false,
        by: &event.by,
        kind: "mvda.model.failed",
        title,
        subject,
        link,
    }
    .add(tx)
    .await?;
    Ok(())
}

async fn chart_calculated(tx: &mut Tx<'_>, event: &ChartCalculated) -> Result<(), Reaction> {
    let title = &event.chart.title;
    let line = (
        format!("Control chart {title} is ready"),
        format!("Regelkarte {title} ist fertig"),
    );
    Line {
        at: event.at,
        site: Some(&event.site),
        restricted: false,
        by: &event.by,
        kind: "saw.chart.calculated",
        title: line,
        subject: ("chart", &event.chart.id, title),
        link: Some(&event.link),
    }
    .add(tx)
    .await?;
    Ok(())
}
