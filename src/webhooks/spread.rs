//! Who is told what: news on their way into the outbox.

use crate::clock::Timestamp;
use crate::ids::{IdSource, WorkId};
use crate::outbox::webhook_work::Delivery;
use crate::outbox::work::NewWork;
use crate::store::webhooks::Listening;
use crate::webhooks::meaning::News;

/// The work of telling these webhooks what they want to be told of this.
pub fn spread(
    listening: &[Listening],
    news: &[News],
    ids: &IdSource,
    now: Timestamp,
) -> Vec<NewWork> {
    let mut work = Vec::new();
    for one in news {
        for webhook in listening.iter().filter(|webhook| one.is_wanted(&webhook.events)) {
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
