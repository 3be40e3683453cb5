//! A monitoring system, as tests need one: a source of some kind, and what it says.

use std::sync::Arc;
use std::time::Duration;

use stentor::alert::group::Group;
use stentor::alert::observation::Observation;
use stentor::alert::settings::{Route, Setting};
use stentor::alert::state::Alert;
use stentor::ids::SettingId;
use stentor::ingest::kind::Kind;
use stentor::ingest::sources::{self, Wanted};
use stentor::intake::order::{Carried, Delivery, Effect, Errand};
use stentor::intake::sweep;
use stentor::store::sources::{AlertSource, SourceSettings};
use stentor::store::{alert_groups, alerts, incidents};

use crate::bot::Bot;

/// A source with its secret.
pub struct Monitor {
    pub source: Arc<AlertSource>,
    pub secret: String,
}

impl Bot {
    /// A new source.
    pub async fn monitor(&self, kind: Kind) -> Monitor {
        self.monitor_with(kind, SourceSettings::default()).await
    }

    /// A new source with settings of its own.
    pub async fn monitor_with(&self, kind: Kind, settings: SourceSettings) -> Monitor {
        let app = &self.stentor.app;
        let name = format!("{kind} {}", app.ids.ulid(app.clock.now()));
        let wanted = Wanted { kind, name, secret: None, settings };
        let made = sources::create(&app.db, &app.clock, &app.ids, None, &app.workspace, wanted)
            .await
            .unwrap();
        Monitor { source: Arc::new(made.source), secret: made.secret.reveal().to_owned() }
    }

    /// What the observations did.
    pub async fn hears(&self, monitor: &Monitor, observations: Vec<Observation>) -> Vec<Effect> {
        let delivery = Delivery {
            source: Arc::clone(&monitor.source),
            observations,
            changes: Vec::new(),
            receipt: None,
        };
        let taken = self.stentor.app.intake.take(delivery).await.unwrap();
        taken.folded.into_iter().map(|one| one.effect).collect()
    }

    /// Somebody here does something about alerts.
    pub async fn carries(&self, errand: Errand) -> Carried {
        let app = &self.stentor.app;
        app.intake.carry(&app.workspace, errand).await.unwrap()
    }

    /// Something is laid down about alerts.
    pub async fn lays_down(&self, id: &str, setting: Setting) {
        self.carries(Errand::Put { id: SettingId::from(id), setting }).await;
    }

    /// The only route.
    pub async fn routes(&self, route: Route) {
        let route = Route { name: "Test".to_owned(), position: 0, ..route };
        self.lays_down("route", Setting::Route(route)).await;
    }

    /// All alerts, oldest first.
    pub async fn alerts(&self) -> Vec<Alert> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let filter = alerts::Filter::default();
        let mut all = alerts::list(&mut tx, &app.workspace, &filter, 10_000).await.unwrap();
        all.reverse();
        all
    }

    /// The group of an alert.
    pub async fn group_of(&self, alert: &Alert) -> Group {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let ids = std::slice::from_ref(&alert.group);
        alert_groups::with_ids(&mut tx, &app.workspace, ids).await.unwrap().pop().unwrap()
    }

    /// Time passes; what has run out ends, and what is due is done.
    pub async fn watches(&self, duration: Duration) {
        self.clock.advance(duration);
        self.sweeps().await;
        self.settle().await;
    }

    /// What has run out ends.
    pub async fn sweeps(&self) {
        let app = &self.stentor.app;
        sweep::sweep(&app.db, &app.clock, &app.intake).await.unwrap();
    }

    /// How many incidents there are.
    pub async fn incidents(&self) -> i64 {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let mut number = 0;
        while incidents::by_number(&mut tx, &app.workspace, number + 1).await.unwrap().is_some() {
            number += 1;
        }
        number
    }
}

/// An alert that fires, of this name, about this service.
pub fn fires(name: &str, service: &str) -> Observation {
    let mut said = Observation::firing(format!("{name}/{service}"), format!("{name} in {service}"));
    said.labels = [("alertname", name), ("service", service)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    said
}

/// It is over.
pub fn ends(name: &str, service: &str) -> Observation {
    Observation::resolved(format!("{name}/{service}"))
}
