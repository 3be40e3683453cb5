//! What the command-line client asks before anything else, and who hears of alerts.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::alert::settings::{Inhibition, Kept, Route, Setting};
use crate::ingest::alertmanager::Refused;
use crate::ingest::alertmanager::time::Shown;
use crate::ingest::alertmanager::wire::Receiver;
use crate::ingest::knock::Knock;
use crate::store::alert_settings;

/// The version of Alertmanager whose API this is. Clients look at it to know what they may ask.
const SPOKEN: &str = "0.28.0";

/// Shows who hears of alerts: the routes, by name.
pub async fn receivers(knock: &Knock) -> Result<Response, Refused> {
    Ok(Json(names(&routes(&settings(knock).await?))).into_response())
}

/// Shows how this Alertmanager stands.
pub async fn show(knock: &Knock) -> Result<Response, Refused> {
    let settings = settings(knock).await?;
    let status = json!({
        "cluster": {"name": "", "peers": [], "status": "disabled"},
        "config": {"original": configuration(&settings)},
        "uptime": Shown(knock.app.started_at),
        "versionInfo": {
            "version": SPOKEN,
            "revision": concat!("stentor-", env!("CARGO_PKG_VERSION")),
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        },
    });
    Ok(Json(status).into_response())
}

async fn settings(knock: &Knock) -> Result<Vec<Kept>, Refused> {
    let mut tx = knock.app.db.read().await?;
    Ok(alert_settings::all(&mut tx, &knock.source.workspace).await?)
}

/// The routes, in the order in which they are tried. The one that always holds is the last.
fn routes(settings: &[Kept]) -> Vec<Route> {
    let mut routes: Vec<(i64, &Kept, Route)> = settings
        .iter()
        .filter_map(|kept| match &kept.setting {
            Setting::Route(route) => Some((route.position, kept, route.clone())),
            _ => None,
        })
        .collect();
    routes.sort_by(|(a, kept_a, _), (b, kept_b, _)| (a, &kept_a.id).cmp(&(b, &kept_b.id)));
    routes.into_iter().map(|(_, _, route)| route).chain([Route::default()]).collect()
}

/// Each name once: two routes may have the same.
fn names(routes: &[Route]) -> Vec<Receiver> {
    let mut names: Vec<Receiver> =
        routes.iter().map(|route| Receiver { name: route.name.clone() }).collect();
    names.sort();
    names.dedup();
    names
}

/// What is laid down, as a configuration of the original: the client draws its tree of routes, and
/// tries alerts on it. It is JSON, which YAML readers read too.
fn configuration(settings: &[Kept]) -> String {
    let routes = routes(settings);
    let inhibitions = settings.iter().filter_map(|kept| match &kept.setting {
        Setting::Inhibition(rule) => Some(inhibition(rule)),
        _ => None,
    });
    let (default, others) = routes.split_last().expect("the default route is always there");
    let whole = json!({
        "route": {
            "receiver": default.name,
            "group_wait": format!("{}s", default.group_wait_seconds),
            "routes": others.iter().map(route).collect::<Vec<Value>>(),
        },
        "inhibit_rules": inhibitions.collect::<Vec<Value>>(),
        "receivers": names(&routes),
    });
    format!("{whole:#}\n")
}

fn route(route: &Route) -> Value {
    json!({
        "receiver": route.name,
        "group_wait": format!("{}s", route.group_wait_seconds),
        "matchers": route.matchers.iter().map(ToString::to_string).collect::<Vec<String>>(),
    })
}

fn inhibition(rule: &Inhibition) -> Value {
    let texts = |matchers: &[crate::alert::matcher::Matcher]| -> Vec<String> {
        matchers.iter().map(ToString::to_string).collect()
    };
    json!({
        "source_matchers": texts(&rule.source),
        "target_matchers": texts(&rule.target),
        "equal": rule.equal,
    })
}
