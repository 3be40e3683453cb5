//! Who is told what: news on their way into the outbox.

use crate::clock::Timestamp;
use crate::ids::{IdSource, WorkId, WorkspaceId};
use crate::outbox::webhook_work::Delivery;
use crate::outbox::work::NewWork;
use crate::store::db::{Result, Tx};
use crate::store::webhooks::{self, Listening};
use crate::webhooks::meaning::News;

/// The work of telling whoever wants to be told of this. It goes into the outbox in the transaction in
/// which it happens.
pub async fn telling(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    news: &[News],
    ids: &IdSource,
    now: Timestamp,
) -> Result<Vec<NewWork>> {
    if news.is_empty() {
        return Ok(Vec::new());
    }
    let listening = webhooks::listening(tx, workspace).await?;
    Ok(spread(&listening, news, ids, now))
}

/// The work of telling these webhooks what they want to be told of this.
pub fn spread(
    listening: &[Listening],
    news: &[News],
    ids: &IdSource,
    now: Timestamp,
) -> Vec<NewWork> {
    let mut work = Vec::new();
    for one in news {
        for webhook in listening.iter().filter(|webhook| one.is_wanted_by(webhook)) {
            let id = ids.ulid(now);
            let delivery = Delivery {
                webhook: webhook.id.clone(),
                message: format!("msg_{id}"),
                event: one.event.as_str().to_owned(),
                about: one.about.clone(),
                at: one.at,
            };
            work.push(delivery.into_work(WorkId::new(id), now));
        }
    }
    work
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WebhookId;
    use crate::webhooks::event_type::EventType;
    use crate::webhooks::format::Format;
    use serde_json::json;

    #[test]
    fn each_is_told_what_it_wants_and_what_may_turn_out_to_be_private() {
        let listening = |id: &str, events: &[&str]| Listening {
            id: WebhookId::from(id),
            events: events.iter().map(|name| (*name).to_owned()).collect(),
            format: Format::IncidentIo,
        };
        let all = [
            listening("public", &["public_alert.alert_created_v1"]),
            listening("private", &["private_alert.alert_created_v1"]),
            listening("other", &["schedule.created_v1"]),
        ];
        let now = Timestamp::default();
        let news = |is_private| {
            let mut news = News::recorded(EventType::ALERT_CREATED, json!({}), None, now);
            news.is_private = is_private;
            news
        };
        for (is_private, told) in [
            (Some(false), vec!["public"]),
            (Some(true), vec!["private"]),
            (None, vec!["public", "private"]),
        ] {
            let work = spread(&all, &[news(is_private)], &IdSource::counting(), now);
            let lanes: Vec<String> = work.into_iter().map(|work| work.lane).collect();
            let told: Vec<String> =
                told.into_iter().map(|id| format!("webhook/{id}/timer/deliver")).collect();
            assert_eq!(lanes, told);
        }
    }
}
