//! One truth, at whichever door it is asked: wherever an incident was declared and whoever changes it
//! through whatever format, Slack, the native API and the four formats say the same of it.
//!
//! [`declaring::Beginning`] are the rows of the table and [`TABLE`] holds its columns: for each row there
//! is a test, which declares an incident for each column and changes everything that this column can.
//! After each step every door is asked, and each answers as [`telling`] says it has to by the documents.

mod changing;
mod declaring;
mod house;
mod slack;
mod telling;
mod truth;

use changing::Change::{self, *};
use changing::Door;
use declaring::Beginning;
use house::House;

use crate::databases::{Fresh, on_each_database};

/// What can be changed where, in the order in which it is done. Telmai's format only reads.
#[rustfmt::skip]
const TABLE: [(Change, [bool; 5]); 15] = [
    //          Slack  native  incident.io  Sentry  BigPanda
    (Title,    [true,  true,   true,        false,  false]),
    (Summary,  [true,  true,   true,        false,  false]),
    (Severity, [true,  true,   true,        false,  false]),
    (Lead,     [true,  true,   true,        false,  true ]),
    (Comment,  [true,  true,   false,       true,   true ]),
    (Update,   [true,  true,   true,        false,  false]),
    (Snooze,   [true,  true,   false,       false,  true ]),
    (Wake,     [true,  true,   false,       false,  true ]),
    (Tag,      [true,  true,   false,       false,  true ]),
    (Untag,    [true,  true,   false,       false,  true ]),
    (Status,   [true,  true,   true,        false,  false]),
    (NoLead,   [true,  true,   true,        false,  true ]),
    (Resolve,  [true,  true,   true,        false,  true ]),
    (Close,    [true,  true,   true,        true,   false]),
    (Reopen,   [true,  true,   false,       false,  false]),
];

/// Declares an incident for each column, changes it, and asks everywhere after each change.
async fn walk(fresh: &Fresh, beginning: Beginning) {
    let house = House::start(fresh).await;
    for (column, door) in Door::ALL.into_iter().enumerate() {
        let mut truth = house.begins(beginning, column).await;
        house.asks_everywhere(&truth, &format!("{beginning:?}, before {door:?}")).await;
        for (change, _) in TABLE.into_iter().filter(|(_, can)| can[column]) {
            house.changes(door, change, &mut truth).await;
            house.asks_everywhere(&truth, &format!("{beginning:?}, {door:?}: {change:?}")).await;
        }
    }
    Box::pin(house.ends()).await;
}

on_each_database! {
    async fn declared_in_slack(fresh: Fresh) {
        Box::pin(walk(&fresh, Beginning::Slack)).await;
    }

    async fn declared_by_the_native_api(fresh: Fresh) {
        Box::pin(walk(&fresh, Beginning::Native)).await;
    }

    async fn declared_in_incident_ios_format(fresh: Fresh) {
        Box::pin(walk(&fresh, Beginning::IncidentIo)).await;
    }

    async fn opened_by_an_alert_event_of_incident_io(fresh: Fresh) {
        Box::pin(walk(&fresh, Beginning::AlertEvent)).await;
    }

    async fn opened_by_a_rule_of_sentrys(fresh: Fresh) {
        Box::pin(walk(&fresh, Beginning::SentryRule)).await;
    }

    async fn opened_by_a_webhook_of_sentrys(fresh: Fresh) {
        Box::pin(walk(&fresh, Beginning::SentryWebhook)).await;
    }

    async fn opened_by_an_alert_of_bigpandas(fresh: Fresh) {
        Box::pin(walk(&fresh, Beginning::BigpandaAlert)).await;
    }
}
