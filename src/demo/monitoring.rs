//! What has to be laid down so that the shop's alerts open incidents.

use anyhow::Context as _;

use crate::alert::matcher::Matcher;
use crate::alert::settings::{OnResolve, Pattern, Route, Setting};
use crate::app::App;
use crate::ids::SettingId;
use crate::ingest::kind::Kind;
use crate::ingest::sources::{self, Made, Wanted};
use crate::intake::order::Errand;
use crate::shop::doors::Doors;
use crate::store;
use crate::store::sources::SourceSettings;

/// The label that all alerts of one way to break have in common.
const LABEL: &str = "group";
/// How long is waited for more alerts before an incident opens: visitors watch, so not for long.
const GROUP_WAIT_SECONDS: u32 = 5;
/// A storm is one group, also if it is a large one.
const MOST_ALERTS: u32 = 1_000;

/// Lays down sources, a pattern and a route for the shop; says where its monitoring is to send.
/// `address` is where this Stentor listens.
pub async fn lay_down(app: &App, address: String) -> anyhow::Result<Doors> {
    let prometheus = source(app, Kind::Alertmanager, "shop-prometheus").await?;
    let probes = source(app, Kind::Pagerduty, "shop-probes").await?;
    for (id, setting) in [("shop-pattern", pattern()), ("shop-route", route())] {
        let errand = Errand::Put { id: SettingId::from(id), setting };
        app.intake.carry(&app.workspace, errand).await.context("lay down what alerts do")?;
    }
    Ok(Doors {
        address,
        token: prometheus.secret.reveal().to_owned(),
        source: probes.source.id.to_string(),
        routing_key: probes.secret.reveal().to_owned(),
    })
}

/// A source of this name; one that an earlier demo has left gets another secret, because the one it
/// had is not known any more.
async fn source(app: &App, kind: Kind, name: &str) -> anyhow::Result<Made> {
    let App { db, clock, ids, workspace, .. } = app;
    let vault = app.source_vault.as_deref();
    let mut tx = db.read().await?;
    let known = store::sources::all(&mut tx, workspace).await?;
    drop(tx);
    let known = known.into_iter().find(|source| source.name == name && source.kind == kind);
    if let Some(known) = known
        && let Some(made) = sources::rotate(db, clock, vault, workspace, &known.id, None).await?
    {
        return Ok(made);
    }
    let settings = SourceSettings::default();
    let wanted = Wanted { kind, name: name.to_owned(), secret: None, settings };
    let made = sources::create(db, clock, ids, vault, workspace, wanted).await;
    made.with_context(|| format!("make the source {name}"))
}

fn pattern() -> Setting {
    Setting::Pattern(Pattern {
        labels: vec![LABEL.to_owned()],
        window_minutes: 60,
        source: None,
        filter: None,
        cross_source: true,
        active: true,
        note: "What breaks together in the demo’s shop".to_owned(),
        position: None,
    })
}

fn route() -> Setting {
    let any =
        Matcher { name: LABEL.to_owned(), value: String::new(), is_regex: false, is_equal: false };
    Setting::Route(Route {
        name: "The demo’s shop".to_owned(),
        position: 0,
        matchers: vec![any],
        group_wait_seconds: GROUP_WAIT_SECONDS,
        on_resolve: OnResolve::Propose,
        most_alerts: MOST_ALERTS,
        ..Route::default()
    })
}
