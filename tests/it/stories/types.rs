//! What kind of incident it is.

use serde_json::json;
use sqlx::types::Json;
use stentor::ids::IncidentTypeId;
use stentor::incident::catalogue::{Catalogue, IncidentType};
use stentor::simulator::state::ts::Ts;

use super::channel_of;
use crate::bot::{ALICE, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

const SECURITY: &str = "01STENT0RTYP00000000000002";

impl Bot {
    /// The workspace's catalogue is this one from now on.
    async fn has_catalogue(&self, catalogue: &serde_json::Value) {
        let mut tx = self.stentor.app.db.begin().await.unwrap();
        tx.query("UPDATE workspace SET catalogue = $1, catalogue_version = catalogue_version + 1 WHERE id = $2")
            .bind(Json(catalogue.clone()))
            .bind(self.stentor.app.workspace.clone())
            .execute()
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    fn drawn(&self, channel: &str, ts: Ts) -> String {
        json!(self.slack.message(channel, ts).unwrap().blocks).to_string()
    }
}

on_each_database! {
    async fn a_workspace_with_several_types_chooses(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let mut catalogue = Catalogue::default();
        let security = IncidentType::plain(IncidentTypeId::from(SECURITY), "Security");
        catalogue.types.push(security);
        bot.has_catalogue(&json!(catalogue)).await;
        let fields = [("name", json!("Someone has our keys")), ("incident_type", json!(SECURITY))];
        bot.fills_in(ALICE, GENERAL, "", &fields).await;
        let incident = bot.incident(1).await;
        let channel = channel_of(&incident);
        bot.skims(channel);
        bot.skims(INCIDENTS);
        assert!(bot.drawn(channel, bot.welcome(&incident)).contains("Security"));
        assert!(bot.drawn(INCIDENTS, bot.announcement(&incident)).contains("Security"));
        bot.says(ALICE, channel, "type default").await;
        assert_eq!(bot.reads(channel), "INC-1: Type set to Default · by <@U0ALICE>");
        assert!(!bot.drawn(channel, bot.welcome(&incident)).contains("Security"));
        bot.fills_in(ALICE, channel, "type", &[("incident_type", json!(SECURITY))]).await;
        assert_eq!(bot.reads(channel), "INC-1: Type set to Security · by <@U0ALICE>");
        for (command, answer) in [
            ("type security", "The type is Security already; nothing was changed."),
            ("type secuirty", "There is no incident type “secuirty”. Did you mean Security? There are: Default, Security."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }
        // What is declared without a word on it is of the first type.
        let other = bot.declares("Checkout is slow").await;
        assert_eq!(other.incident_type, Some(Catalogue::default().types[0].id.clone()));
        bot.ends().await;
    }

    async fn a_catalogue_of_an_older_version_has_one_type(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let mut older = json!(Catalogue::default());
        older.as_object_mut().unwrap().remove("types");
        bot.has_catalogue(&older).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        assert!(!bot.drawn(channel, bot.welcome(&incident)).contains("Default"));
        let said = bot.says(ALICE, channel, "type default").await;
        assert_eq!(said, "The type is Default already; nothing was changed.");
        bot.ends().await;
    }
}
