//! People are paged as a route of alerts says.

use crate::engine::order::{NotDone, Order};
use crate::ids::{PathId, UserId, WorkspaceId};
use crate::incident::command::Command;
use crate::incident::event::{Actor, Via};
use crate::incident::state::Incident;
use crate::incident::text::{clean_line, shorten};
use crate::intake::settle::{Settler, View};
use crate::oncall::escalation::state::{ALERTS_LIMIT, DESCRIPTION_LIMIT, Request, TITLE_LIMIT};
use crate::paging;
use crate::store::escalations::Asked;

impl Settler {
    /// Pages whom the route of a group names. Whatever happens in between, each is paged once for this
    /// occasion.
    pub(super) async fn page(
        &self,
        workspace: &WorkspaceId,
        view: &View,
        incident: &Incident,
        occasion: &str,
    ) -> anyhow::Result<()> {
        let route = view.settings.route_by_id(view.group.route.as_ref());
        for path in &route.page_paths {
            let key = format!("alerts/{}/page/{occasion}/{path}", view.group.id);
            let request = request(view, incident, Some(path), &[]);
            self.page_once(workspace, incident, request, key).await?;
        }
        if !route.page_people.is_empty() {
            let key = format!("alerts/{}/page/{occasion}", view.group.id);
            let request = request(view, incident, None, &route.page_people);
            self.page_once(workspace, incident, request, key).await?;
        }
        Ok(())
    }

    async fn page_once(
        &self,
        workspace: &WorkspaceId,
        incident: &Incident,
        request: Request,
        key: String,
    ) -> anyhow::Result<()> {
        let what = match &request.path {
            Some(path) => format!("page by way of the escalation path {path}"),
            None => "page those whom the route names".to_owned(),
        };
        let asked = Asked { request: Some(key.clone()), key: None };
        let refused = match self.paging.begin(workspace, request, &Actor::Stentor, &asked).await {
            Ok(_) => return Ok(()),
            Err(paging::NotDone::Refused(refused)) => refused,
            Err(error) => return Err(error.into()),
        };
        // The incident is what matters, and its people have to know that nobody was called.
        tracing::warn!(error = %refused, incident.id = %incident.id, "A route can't page whom it names");
        let command = Command::RecordUndelivered { what, error: refused.to_string() };
        let order = Order::by_stentor(workspace, &incident.id, key, Via::Delivery, command);
        match self.engine.submit(order).await {
            Ok(_) | Err(NotDone::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn request(view: &View, incident: &Incident, path: Option<&PathId>, people: &[UserId]) -> Request {
    let firing = || view.alerts.iter().filter(|alert| alert.phase.is_firing());
    let worst = firing().max_by_key(|alert| alert.status);
    let title = worst.map_or(incident.name.as_str(), |alert| alert.title.as_str());
    let title = clean_line(title);
    let title = if title.is_empty() { incident.name.clone() } else { title };
    let description = worst.map_or("", |alert| alert.description.trim());
    Request {
        title: shorten(&title, TITLE_LIMIT),
        description: shorten(description, DESCRIPTION_LIMIT),
        priority: worst.map(|alert| alert.status.as_str().to_owned()),
        path: path.cloned(),
        people: people.to_vec(),
        incident: Some(incident.id.clone()),
        alerts: firing().take(ALERTS_LIMIT).map(|alert| alert.id.clone()).collect(),
        ends_with_alerts: true,
    }
}
