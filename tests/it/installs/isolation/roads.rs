//! The API and Slack, as one of two workspaces that have incidents of the same numbers in channels
//! of the same ids.

use serde_json::{Value, json};
use stentor::api::tokens;
use stentor::incident::state::Incident;
use stentor::store::incidents;

use super::everything;
use crate::bot::GENERAL;
use crate::databases::on_each_database;
use crate::installs::house::{ACME, House, Setup, ZENITH};

impl House {
    async fn first(&self, team: &str) -> Incident {
        let workspace = self.workspace(team).await.unwrap();
        let mut tx = self.stentor.app.db.read().await.unwrap();
        incidents::by_number(&mut tx, &workspace, 1).await.unwrap().unwrap()
    }
}

on_each_database! {
    async fn no_road_leads_from_one_workspace_to_another(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        let acme = house.is_installed_in(ACME).await;
        let zenith = house.is_installed_in(ZENITH).await;
        house.declares(&house.acme, "Checkout is slow").await;
        house.declares(&house.zenith, "Ovens are cold").await;
        house.works().await;
        let (ours, theirs) = (house.first(ACME).await, house.first(ZENITH).await);
        // As much alike as can be.
        assert_eq!((ours.number, &ours.channel), (theirs.number, &theirs.channel));
        let app = &house.stentor.app;
        let mut authorizations = Vec::new();
        for workspace in [&acme, &zenith] {
            // The same name is another token in each.
            let made = tokens::create(&app.db, &app.clock, &app.ids, workspace, "ci").await.unwrap();
            authorizations.push(format!("Bearer {made}"));
        }
        let headers = [("authorization", authorizations[0].as_str())];
        let before = everything(app, &zenith).await;

        let mut heard = Vec::new();
        for path in [
            "/api/v1/incidents".to_owned(),
            "/api/v1/incidents?text=ovens".to_owned(),
            "/api/v1/incidents/1".to_owned(),
            "/api/v1/incidents/INC-1".to_owned(),
            format!("/api/v1/incidents/{}", theirs.id),
            "/api/v1/incidents/1/timeline".to_owned(),
            format!("/api/v1/incidents/{}/timeline", theirs.id),
            "/api/v1/catalogue".to_owned(),
        ] {
            let answer = house.server.get(&path, &headers).await;
            if path.contains(theirs.id.as_str()) {
                assert_eq!(answer.status.as_u16(), 404, "{path}");
            }
            heard.push(answer.text);
        }
        let note = json!({"type": "post_update", "text": "Ours"});
        for (reference, key) in [("1", "a"), (ours.id.as_str(), "b"), (theirs.id.as_str(), "c")] {
            let path = format!("/api/v1/incidents/{reference}/commands");
            let all = [headers[0], ("idempotency-key", key)];
            heard.push(house.server.post(&path, &all, &note).await.text);
        }
        let all = [headers[0], ("idempotency-key", "a")];
        heard.push(house.server.post("/api/v1/incidents", &all, &json!({"name": "Second"})).await.text);

        let place = ours.channel.as_ref().unwrap().as_str();
        for (channel, text) in [
            (GENERAL, "list"), (GENERAL, "list all"), (GENERAL, "INC-1"), (GENERAL, "INC-1 timeline"),
            (GENERAL, "INC-2"), (place, "timeline"), (place, "severity critical"), (place, "update Ours"),
            (place, "summary Ours"), (place, "lead @bob"), (place, "resolve Ours"), (place, "close Ours"),
            (place, "reopen"), (place, "rename Ours"), (place, "help"), (place, "nonsense"),
        ] {
            let seen = house.types(&house.acme, channel, text).await;
            assert_eq!(seen.error, None, "{text}");
            heard.extend(seen.messages.into_iter().map(|it| format!("{} {:?}", it.text, it.blocks)));
        }
        house.works().await;
        heard.extend(house.said(&house.acme));
        for text in &heard {
            assert!(!text.contains("Ovens") && !text.contains(theirs.id.as_str()), "{text}");
        }
        assert!(heard.iter().any(|text| text.contains("Checkout")));
        assert_eq!(everything(app, &zenith).await, before);
        let theirs_said = house.said(&house.zenith);
        assert!(theirs_said.iter().all(|text| !text.contains("Ours")), "{theirs_said:?}");

        // The very id of a form or button of theirs is of no use here either.
        let wire = crate::raw::signature;
        let payload = json!({
            "type": "block_actions", "user": {"id": "U0ALICE"}, "team": {"id": ACME}, "channel": {"id": place},
            "trigger_id": "1.2.3", "actions": [{"type": "button", "action_id": "resolve", "value": theirs.id}],
        });
        let form = json!({
            "type": "view_submission", "user": {"id": "U0ALICE"}, "team": {"id": ACME},
            "view": {"id": "V1", "callback_id": "update", "state": {"values": {
                "text": {"value": {"type": "plain_text_input", "value": "Ours"}}}},
                "private_metadata": json!({"incident": theirs.id}).to_string()},
        });
        for payload in [payload, form] {
            let body = serde_urlencoded::to_string([("payload", payload.to_string())]).unwrap();
            let now = house.clock.now().as_seconds().to_string();
            let signature = wire(&house.acme.settings().signing_secret, &now, body.as_bytes());
            let signed = [("content-type", crate::raw::FORM), ("x-slack-request-timestamp", now.as_str()),
                ("x-slack-signature", signature.as_str())];
            let answer = house.server
                .send(axum::http::Method::POST, "/slack/interactions", &signed, body).await;
            assert_eq!(answer.status.as_u16(), 200);
            assert!(!answer.text.contains("Ovens"), "{}", answer.text);
        }
        assert_eq!(everything(app, &zenith).await, before);
        // And it is not that nothing of theirs could be read at all.
        let their_headers = [("authorization", authorizations[1].as_str())];
        let list: Value = house.server.get("/api/v1/incidents", &their_headers).await.expect(200);
        assert!(list.to_string().contains("Ovens") && !list.to_string().contains("Checkout"));
        drop(house);
    }
}
