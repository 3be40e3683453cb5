//! What things are called, made and changed by programs.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Program, expect_problem};
use crate::databases::on_each_database;
use crate::http::Answer;

impl Program {
    pub(super) async fn changes(&self, path: &str, body: &Value) -> Answer {
        self.sends(Method::PATCH, path, body).await
    }

    async fn removes(&self, path: &str) -> Answer {
        self.sends(Method::DELETE, path, &json!({})).await
    }

    /// Removes what is there.
    async fn loses(&self, path: &str) {
        let answer = self.removes(path).await;
        assert_eq!(answer.status.as_u16(), 204, "{}", answer.text);
    }

    pub(super) async fn adds(&self, path: &str, body: &Value) -> Value {
        self.post(path, &[], body).await.expect(201)
    }

    async fn names(&self, path: &str) -> Vec<String> {
        let all = self.get(path).await.expect(200);
        let name = |part: &Value| part["name"].as_str().unwrap_or_default().to_owned();
        all["items"].as_array().unwrap().iter().map(name).collect()
    }
}

on_each_database! {
    async fn a_severity_is_made_changed_and_removed(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let made = program.post("/api/v1/severities", &[], &json!({"name": "Catastrophe", "description": "All is lost"})).await;
        let id = made.expect(201)["id"].as_str().unwrap().to_owned();
        assert_eq!(made.expect(201)["rank"], 4, "a new one is the worst");
        assert_eq!(made.header("location"), format!("/api/v1/severities/{id}"));
        assert_eq!(program.names("/api/v1/severities").await, ["Minor", "Major", "Critical", "Catastrophe"]);
        let incident = program.post("/api/v1/incidents", &[], &json!({"name": "x", "severity": "sev1"})).await.expect(201);
        assert_eq!(incident["severity"]["name"], "Catastrophe");

        let path = format!("/api/v1/severities/{id}");
        let changed = program.changes(&path, &json!({"name": "Disaster", "rank": 0})).await.expect(200);
        assert_eq!((&changed["description"], &changed["rank"]), (&json!("All is lost"), &json!(0)));
        assert_eq!(program.names("/api/v1/severities").await, ["Disaster", "Minor", "Major", "Critical"]);
        let again = program.changes(&path, &changed).await.expect(200);
        assert_eq!(again, changed, "what it shows can be sent back, and changes nothing");
        assert_eq!(program.get(&path).await.expect(200), changed);

        program.loses(&path).await;
        expect_problem(&program.get(&path).await, 404, "no-such-severity", None);
        expect_problem(&program.removes(&path).await, 404, "no-such-severity", None);
        assert_eq!(program.names("/api/v1/severities").await, ["Minor", "Major", "Critical"]);
        let incident = program.get("/api/v1/incidents/INC-1").await.expect(200);
        assert_eq!(incident["severity"]["name"], "Disaster", "what has it shows its name");
        let refused = program.post("/api/v1/incidents", &[], &json!({"name": "x", "severity": id})).await;
        expect_problem(&refused, 422, "unknown-severity", Some("severity"));

        let changes = program.get("/api/v1/catalogue/changes?limit=2").await.expect(200);
        let done: Vec<&Value> = changes["changes"].as_array().unwrap().iter().map(|it| &it["action"]).collect();
        assert_eq!(done, ["removed", "changed"]);
        assert_eq!(changes["changes"][0]["actor"], json!({"type": "api_token", "name": "ci"}));
        assert_eq!(changes["changes"][1]["before"]["name"], "Catastrophe");
        let cursor = changes["next_cursor"].as_str().unwrap();
        let rest = program.get(&format!("/api/v1/catalogue/changes?limit=2&cursor={cursor}")).await.expect(200);
        assert_eq!((&rest["changes"][0]["action"], &rest["next_cursor"]), (&json!("created"), &Value::Null));
    }

    async fn the_same_request_makes_one(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let key = [("idempotency-key", "once")];
        let body = json!({"name": "Vendor"});
        let first = program.post("/api/v1/roles", &key, &body).await.expect(201);
        assert_eq!(first["shortform"], "vendor");
        let path = format!("/api/v1/roles/{}", first["id"].as_str().unwrap());
        program.changes(&path, &json!({"name": "Supplier"})).await.expect(200);
        let again = program.post("/api/v1/roles", &key, &json!({"name": "Another"})).await.expect(201);
        assert_eq!(again, first);
        assert_eq!(program.names("/api/v1/roles").await, ["Incident Lead", "Reporter", "Communications", "Scribe", "Supplier"]);
        expect_problem(&program.post("/api/v1/roles", &[], &json!({"name": "supplier"})).await, 409, "name-taken", Some("name"));
    }

    async fn what_is_needed_stays(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let catalogue = program.get("/api/v1/catalogue").await.expect(200);
        let of = |list: &str, name: &str| {
            let found = catalogue[list].as_array().unwrap().iter().find(|part| part["name"] == name);
            found.unwrap()["id"].as_str().unwrap().to_owned()
        };
        for name in ["Triage", "Paused", "Declined", "Merged", "Canceled", "Closed"] {
            let path = format!("/api/v1/statuses/{}", of("statuses", name));
            expect_problem(&program.removes(&path).await, 409, "still-needed", None);
            program.changes(&path, &json!({"name": format!("{name}!?")})).await.expect(200);
        }
        for name in ["Fixing", "Monitoring", "Documenting", "Reviewing"] {
            program.loses(&format!("/api/v1/statuses/{}", of("statuses", name))).await;
        }
        let last = format!("/api/v1/statuses/{}", of("statuses", "Investigating"));
        expect_problem(&program.removes(&last).await, 409, "still-needed", None);
        for name in ["Incident Lead", "Reporter"] {
            let path = format!("/api/v1/roles/{}", of("roles", name));
            expect_problem(&program.removes(&path).await, 409, "still-needed", None);
        }
        for name in ["Minor", "Major"] {
            program.loses(&format!("/api/v1/severities/{}", of("severities", name))).await;
        }
        let critical = format!("/api/v1/severities/{}", of("severities", "Critical"));
        expect_problem(&program.removes(&critical).await, 409, "still-needed", None);
        let default = format!("/api/v1/types/{}", of("types", "Default"));
        expect_problem(&program.removes(&default).await, 409, "still-needed", None);
        let reported = format!("/api/v1/timestamps/{}", of("timestamps", "Reported"));
        expect_problem(&program.removes(&reported).await, 409, "still-needed", None);
        // What is left is enough for a whole life.
        program.declares("x").await;
        for command in ["resolve", "reopen"] {
            program.commands("INC-1", json!({"type": command})).await.expect(200);
        }
        let closed = program.commands("INC-1", json!({"type": "close"})).await.expect(200);
        assert_eq!(closed["status"]["name"], "Closed!?");
    }

    async fn statuses_have_their_place(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let post = |body: Value| { let program = program.clone(); async move { program.post("/api/v1/statuses", &[], &body).await } };
        let made = post(json!({"name": "Verifying", "category": "live"})).await.expect(201);
        assert_eq!(made["rank"], 5);
        assert_eq!(program.names("/api/v1/statuses").await[..6], ["Triage", "Investigating", "Fixing", "Monitoring", "Verifying", "Paused"]);
        expect_problem(&post(json!({"name": "A", "category": "live", "rank": 5})).await, 409, "rank-taken", Some("rank"));
        expect_problem(&post(json!({"name": "A", "category": "merged"})).await, 422, "unfit", Some("category"));
        expect_problem(&post(json!({"name": "A"})).await, 422, "missing-text", Some("category"));
        expect_problem(&post(json!({"category": "live"})).await, 422, "missing-text", Some("name"));
        expect_problem(&post(json!({"name": " \u{200b} ", "category": "live"})).await, 422, "missing-text", Some("name"));
        expect_problem(&post(json!({"name": "x".repeat(76), "category": "live"})).await, 422, "text-too-long", Some("name"));
        expect_problem(&post(json!({"name": "A", "category": "live", "colour": 1})).await, 422, "invalid-body", Some("colour"));
        let path = format!("/api/v1/statuses/{}", made["id"].as_str().unwrap());
        expect_problem(&program.changes(&path, &json!({"category": "closed"})).await, 422, "unfit", Some("category"));
        // The rank of another part of life is another place.
        program.adds("/api/v1/statuses", &json!({"name": "Archived", "category": "closed", "rank": 5})).await;
    }

    async fn one_type_is_the_default(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let security = program.adds("/api/v1/types", &json!({"name": "Security", "private_incidents_only": true})).await;
        assert_eq!((&security["is_default"], &security["create_in_triage"]), (&json!(false), &json!("optional")));
        let path = format!("/api/v1/types/{}", security["id"].as_str().unwrap());
        program.changes(&path, &json!({"is_default": true})).await.expect(200);
        let all = program.get("/api/v1/types").await.expect(200);
        let defaults = all["items"].as_array().unwrap().iter().filter(|it| it["is_default"] == true);
        assert_eq!(defaults.count(), 1);
        expect_problem(&program.changes(&path, &json!({"is_default": false})).await, 422, "unfit", Some("is_default"));
        expect_problem(&program.removes(&path).await, 409, "still-needed", None);
        let incident = program.declares("Someone has our keys").await;
        assert_eq!(incident["incident_type"]["name"], "Security");
    }

    async fn fields_have_options(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let team = program.adds("/api/v1/custom-fields", &json!({"name": "Team", "field_type": "multi_select"})).await;
        let path = format!("/api/v1/custom-fields/{}", team["id"].as_str().unwrap());
        let options = format!("{path}/options");
        let search = program.adds(&options, &json!({"value": "Search"})).await;
        assert_eq!(search["sort_key"], 1000);
        program.adds(&options, &json!({"value": "Payments", "sort_key": 10})).await;
        let all = program.get(&options).await.expect(200);
        let values: Vec<&Value> = all["items"].as_array().unwrap().iter().map(|it| &it["value"]).collect();
        assert_eq!(values, ["Payments", "Search"]);
        expect_problem(&program.post(&options, &[], &json!({"value": "SEARCH"})).await, 409, "name-taken", Some("value"));
        expect_problem(&program.post(&options, &[], &json!({})).await, 422, "missing-text", Some("value"));
        let one = format!("/api/v1/custom-field-options/{}", search["id"].as_str().unwrap());
        assert_eq!(program.changes(&one, &json!({"value": "Find", "sort_key": 1})).await.expect(200)["value"], "Find");
        assert_eq!(program.get(&one).await.expect(200)["sort_key"], 1);
        program.loses(&one).await;
        expect_problem(&program.get(&one).await, 404, "no-such-option", None);
        expect_problem(&program.changes(&path, &json!({"field_type": "text"})).await, 422, "unfit", Some("field_type"));
        let note = program.adds("/api/v1/custom-fields", &json!({"name": "Note", "field_type": "text"})).await;
        let its_options = format!("/api/v1/custom-fields/{}/options", note["id"].as_str().unwrap());
        expect_problem(&program.post(&its_options, &[], &json!({"value": "x"})).await, 422, "unfit", Some("field"));
        let nowhere = "/api/v1/custom-fields/nothing/options";
        expect_problem(&program.get(nowhere).await, 404, "no-such-custom-field", None);
        expect_problem(&program.post(nowhere, &[], &json!({"value": "x"})).await, 404, "no-such-custom-field", None);
        program.loses(&path).await;
        assert_eq!(program.names("/api/v1/custom-fields").await, ["Note"]);
    }

    async fn durations_lead_from_one_timestamp_to_another(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let noticed = program.adds("/api/v1/timestamps", &json!({"name": "Noticed"})).await;
        assert_eq!((&noticed["rank"], &noticed["stamped_when"]), (&json!(7), &json!("by_hand")));
        let duration = json!({"name": "Time to notice", "from": "noticed", "to": "Reported"});
        let made = program.adds("/api/v1/durations", &duration).await;
        assert_eq!(made["from"], noticed["id"]);
        let one = format!("/api/v1/timestamps/{}", noticed["id"].as_str().unwrap());
        expect_problem(&program.removes(&one).await, 409, "still-needed", None);
        let refused = program.post("/api/v1/durations", &[], &json!({"name": "x", "from": "never", "to": "Reported"})).await;
        expect_problem(&refused, 422, "unfit", Some("from"));
        let refused = program.post("/api/v1/durations", &[], &json!({"name": "x", "from": "Closed", "to": "closed"})).await;
        expect_problem(&refused, 422, "unfit", Some("to"));
        program.loses(&format!("/api/v1/durations/{}", made["id"].as_str().unwrap())).await;
        program.loses(&one).await;
    }

    async fn a_catalogue_of_an_older_version_is_read_and_changed(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let mut older = program.get("/api/v1/catalogue").await.expect(200);
        let catalogue = older.as_object_mut().unwrap();
        for new in ["fields", "durations", "removed"] {
            catalogue.remove(new);
        }
        for (list, parts) in catalogue {
            for part in parts.as_array_mut().unwrap() {
                let part = part.as_object_mut().unwrap();
                for new in ["created_at", "updated_at", "required", "is_default", "private_incidents_only", "create_in_triage"] {
                    part.remove(new);
                }
                if ["roles", "types"].contains(&list.as_str()) {
                    part.remove("description");
                }
            }
        }
        let mut tx = program.app.db.begin().await.unwrap();
        tx.query("UPDATE workspace SET catalogue = $1, catalogue_version = catalogue_version + 1")
            .bind(sqlx::types::Json(older))
            .execute()
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let read = program.get("/api/v1/catalogue").await.expect(200);
        assert_eq!(read["durations"][2]["name"], "Time to resolve");
        assert_eq!(program.declares("x").await["incident_type"]["name"], "Default");
        program.adds("/api/v1/types", &json!({"name": "Security"})).await;
        let types = program.get("/api/v1/types").await.expect(200);
        assert_eq!((&types["items"][0]["is_default"], &types["items"][1]["is_default"]), (&json!(true), &json!(false)));
    }

    async fn there_is_an_end_to_each_list(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        for number in 0..97 {
            program.adds("/api/v1/severities", &json!({"name": format!("Number {number}")})).await;
        }
        expect_problem(&program.post("/api/v1/severities", &[], &json!({"name": "One more"})).await, 409, "too-many", None);
    }

    async fn many_change_it_at_once(fresh: Fresh) {
        let program = Program::start(&fresh).await;
        let mut at_once = tokio::task::JoinSet::new();
        for number in 0..10 {
            let program = program.clone();
            at_once.spawn(async move {
                program.adds("/api/v1/roles", &json!({"name": format!("Role {number}")})).await
            });
        }
        while let Some(made) = at_once.join_next().await {
            made.unwrap();
        }
        let names = program.names("/api/v1/roles").await;
        assert_eq!(names.len(), 14);
        let changes = program.get("/api/v1/catalogue/changes").await.expect(200);
        assert_eq!(changes["changes"].as_array().unwrap().len(), 10);
    }
}
