//! Whose house it is: an organisation is a workspace, and a project a value of the label `project`.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::header;
use axum::http::request::Parts;

use crate::alert::rule::validate::PROJECT_LIMIT;
use crate::api::caller::Caller;
use crate::api::sentry::query::Query;
use crate::api::sentry::refused::Refused;
use crate::app::{App, DEFAULT_SLUG};
use crate::incident::text::clean_line;
use crate::store::workspaces;

/// A program that showed a token for the organisation in the path.
pub struct House {
    /// Who calls.
    pub caller: Caller,
    /// The project that the path is about, if it is about one.
    pub project: Option<String>,
    /// What else stands in the path.
    path: HashMap<String, String>,
    /// What is asked, as it was asked.
    pub query: Query,
    /// Where this was asked, without the query.
    pub url: String,
}

impl House {
    /// What stands at this place of the path.
    pub fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }
}

impl FromRequestParts<App> for House {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<House, Refused> {
        let caller = Caller::from_request_parts(parts, app).await?;
        // A path that does not decode is nobody's.
        let Path(path) = Path::<HashMap<String, String>>::from_request_parts(parts, app)
            .await
            .map_err(|_| Refused::not_there())?;
        let mut tx = app.db.read().await?;
        let own = workspaces::by_id(&mut tx, &caller.workspace).await?;
        drop(tx);
        let org = path.get("org").map_or("", String::as_str);
        // Who is a stranger is not told who lives here.
        if org != own.slug && org != DEFAULT_SLUG {
            return Err(Refused::forbidden());
        }
        let project = path.get("project").cloned();
        if project.as_ref().is_some_and(|project| !is_project(project)) {
            return Err(Refused::not_there());
        }
        let query = Query::read(parts.uri.query())?;
        let url = url(parts, app);
        Ok(House { caller, project, path, query, url })
    }
}

/// Whether something can be the name of a project. Whoever names one is believed: it is there as soon
/// as a rule or an alert is about it.
fn is_project(name: &str) -> bool {
    let length = name.chars().count();
    (1..=PROJECT_LIMIT).contains(&length) && clean_line(name) == name
}

fn url(parts: &Parts, app: &App) -> String {
    let path = parts.uri.path();
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (&app.public_url, host) {
        (Some(public), _) => format!("{public}{path}"),
        (None, Some(host)) => format!("http://{host}{path}"),
        (None, None) => path.to_owned(),
    }
}
