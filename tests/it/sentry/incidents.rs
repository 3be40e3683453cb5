//! Incidents in Sentry's format: found, shown, ended, and what happened to them.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use stentor::alert::observation::Observation;
use stentor::alert::rule::minute;
use stentor::alert::settings::{Opens, Route, Setting};
use stentor::ingest::kind::Kind;

use super::{Client, O, has_shape, link};
use crate::alerts::monitor::Monitor;
use crate::bot::Bot;
use crate::databases::{Fresh, on_each_database};

/// As late in a minute the tests live: what is due about the minute before has been done.
const LATE: Duration = Duration::from_secs(30);

/// A Stentor that watches, a sender whose events open nothing by themselves, and a client of Sentry.
pub(super) struct Watch {
    pub(super) bot: Bot,
    monitor: Monitor,
    pub(super) client: Client,
}

impl Watch {
    pub(super) async fn start(fresh: &Fresh) -> Watch {
        let bot = Bot::start(fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let route = |name: &str, position| Route {
            name: name.to_owned(),
            position,
            group_wait_seconds: 0,
            ..Route::default()
        };
        let source = Some(monitor.source.id.clone());
        let quiet = Route { source, opens: Opens::Never, ..route("Quiet", 0) };
        bot.lays_down("quiet", Setting::Route(quiet)).await;
        bot.lays_down("rules", Setting::Route(route("Rules", 1))).await;
        let client = Client::of(&bot.stentor.app).await;
        let watch = Watch { bot, monitor, client };
        watch.next_minute().await;
        watch
    }

    async fn next_minute(&self) {
        let now = self.bot.clock.now();
        self.bot.watches(minute::first_end(now).plus(LATE).since(now)).await;
    }

    /// So many events of a project come in this minute, and it is evaluated.
    pub(super) async fn minute_with(&self, project: &str, environment: &str, count: usize) {
        let mut event = Observation::firing(format!("error/{project}"), "NullPointerException");
        event.labels = [("project", project), ("environment", environment), ("user", "7")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        self.bot.hears(&self.monitor, vec![event; count]).await;
        self.next_minute().await;
        self.bot.settle().await;
    }

    /// Makes a rule that is critical above two events in a minute.
    pub(super) async fn rule(&self, name: &str, project: &str, otherwise: Value) -> Value {
        let mut rule = json!({
            "name": name, "aggregate": "count()", "query": "", "timeWindow": 1, "thresholdType": 0,
            "triggers": [{"label": "critical", "alertThreshold": 2}],
        });
        rule.as_object_mut().unwrap().extend(otherwise.as_object().unwrap().clone());
        let path = format!("/projects/default/{project}/alert-rules/");
        self.client.post(&path, &rule).await.expect(201)
    }

    pub(super) async fn ends(self) {
        for number in 1..=self.bot.incidents().await {
            self.bot.reads_everything_once(number).await;
        }
        self.bot.ends().await;
    }
}

impl Client {
    /// The titles of the incidents that a query finds.
    async fn titles(&self, query: &str) -> Vec<String> {
        let all = self.lists(&format!("{O}/incidents/?{query}"), "incident").await;
        all.iter().map(|incident| incident["title"].as_str().unwrap().to_owned()).collect()
    }

    /// Declares an incident by the native API.
    pub(super) async fn declares(&self, name: &str) -> Value {
        let headers = [("authorization", self.authorization.as_str())];
        self.server.post("/api/v1/incidents", &headers, &json!({ "name": name })).await.expect(201)
    }

    /// Gives an incident a command by the native API.
    async fn commands(&self, number: i64, command: Value) {
        let headers = [("authorization", self.authorization.as_str())];
        let path = format!("/api/v1/incidents/{number}/commands");
        self.server.post(&path, &headers, &command).await.expect(200);
    }

    pub(super) async fn detail(&self, number: i64) -> Value {
        let shown = self.get(&format!("{O}/incidents/{number}/")).await.expect(200);
        has_shape(&shown, "detailedIncident");
        shown
    }

    async fn activities(&self, number: i64) -> Vec<Value> {
        self.lists(&format!("{O}/incidents/{number}/activity/"), "activity").await
    }

    async fn closes(&self, number: i64, body: Value) -> Value {
        let shown = self.put(&format!("{O}/incidents/{number}/"), &body).await.expect(200);
        has_shape(&shown, "detailedIncident");
        shown
    }
}

fn kinds(activities: &[Value]) -> Vec<i64> {
    activities.iter().map(|one| one["type"].as_i64().unwrap()).collect()
}

on_each_database! {
    /// Statements 1, 3 and 4.
    async fn incidents_are_found_by_status_time_and_title(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let begin = client.app.clock.now();
        client.declares("an alert rule").await;
        client.app.clock.advance(Duration::from_secs(3_600));
        client.closes(1, json!({"status": 2})).await;
        client.app.clock.advance(Duration::from_secs(23 * 3_600));
        client.declares("Yet another alert rule").await;
        let now = client.app.clock.now();
        assert_eq!(client.titles("").await, ["Yet another alert rule", "an alert rule"]);
        assert_eq!(client.titles("status=open").await, ["Yet another alert rule"]);
        assert_eq!(client.titles("status=closed").await, ["an alert rule"]);
        assert_eq!(client.titles("status=whatever").await.len(), 2);
        assert_eq!(client.titles("status=warning").await, [""; 0]);
        let hours = |count: u64| Duration::from_secs(count * 3_600);
        let window = |from, to| format!("start={from}&end={to}");
        assert_eq!(client.titles(&window(now.minus(hours(12)), now)).await, ["Yet another alert rule"]);
        let early = window(begin.minus(hours(12)), now.minus(hours(1)));
        assert_eq!(client.titles(&early).await, ["an alert rule"]);
        assert_eq!(client.titles("title=yet").await, ["Yet another alert rule"]);
        assert_eq!(client.titles("title=ALERT").await.len(), 2);
        assert_eq!(client.titles("title=no+results").await, [""; 0]);
        assert_eq!(client.titles("includeSnapshots=1&unknown=1").await.len(), 2);
    }

    /// Statements 2, 5 and 22.
    async fn incidents_are_found_by_what_their_alerts_are_about(fresh: Fresh) {
        let watch = Watch::start(&fresh).await;
        let client = &watch.client;
        let one = watch.rule("one", "backend", json!({"owner": "team:1"})).await;
        watch.rule("two", "web", json!({"owner": "team:2"})).await;
        watch.rule("three", "api", json!({})).await;
        watch.minute_with("backend", "prod", 3).await;
        watch.minute_with("web", "dev", 3).await;
        watch.minute_with("api", "prod", 3).await;
        assert_eq!(client.titles("").await, ["three", "two", "one"]);
        let projects = client.get(&format!("{O}/projects/")).await.expect(200);
        let number = |slug: &str| {
            let all = projects.as_array().unwrap().iter();
            all.clone().find(|it| it["slug"] == slug).unwrap()["id"].as_str().unwrap().to_owned()
        };
        assert_eq!(client.titles(&format!("project={}", number("web"))).await, ["two"]);
        let both = format!("project={}&project={}", number("web"), number("api"));
        assert_eq!(client.titles(&both).await, ["three", "two"]);
        assert_eq!(client.titles("project=-1").await.len(), 3);
        assert_eq!(client.titles("team=1").await, ["one"]);
        assert_eq!(client.titles("team=1&team=2").await, ["two", "one"]);
        assert_eq!(client.titles("team=unassigned").await, ["three"]);
        let rule = one["id"].as_str().unwrap();
        assert_eq!(client.titles(&format!("alertRule={rule}")).await, ["one"]);
        assert_eq!(client.titles("alertRule=7").await, [""; 0]);
        // Two of them are over for their alerts; for people they are as bad as they were declared.
        assert_eq!(client.titles("status=critical").await.len(), 3);
        assert_eq!(client.titles("status=open").await.len(), 3);
        let listed = client.lists(&format!("{O}/incidents/?per_page=1&cursor=1:2:0"), "incident").await;
        assert_eq!(listed[0]["alertRule"]["id"], one["id"]);
        assert_eq!((&listed[0]["projects"], &listed[0]["type"]), (&json!(["backend"]), &json!(2)));
        for path in ["status=open&per_page=2", "per_page=2"] {
            let page = client.get(&format!("{O}/incidents/?{path}")).await;
            assert_eq!((page.expect(200).as_array().unwrap().len(), link(&page, "next")), (2, ("2:1:0".to_owned(), true)));
        }
        Box::pin(watch.ends()).await;
    }

    async fn an_environment_is_that_of_the_alerts(fresh: Fresh) {
        let watch = Watch::start(&fresh).await;
        watch.rule("prod", "backend", json!({"environment": "prod"})).await;
        watch.rule("any", "web", json!({})).await;
        watch.minute_with("backend", "prod", 3).await;
        watch.minute_with("web", "prod", 3).await;
        assert_eq!(watch.client.titles("").await, ["any", "prod"]);
        assert_eq!(watch.client.titles("environment=prod").await, ["prod"]);
        assert_eq!(watch.client.titles("environment=dev&environment=test").await, [""; 0]);
        Box::pin(watch.ends()).await;
    }

    /// Statements 7, 12 and 16: from the rule to its end.
    async fn a_rule_opens_an_incident_and_its_end_is_proposed(fresh: Fresh) {
        let watch = Watch::start(&fresh).await;
        let rule = watch.rule("Too many errors", "backend", json!({
            "triggers": [{"label": "critical", "alertThreshold": 5}, {"label": "warning", "alertThreshold": 2}],
        })).await;
        watch.minute_with("backend", "prod", 3).await;
        let shown = watch.client.detail(1).await;
        assert_eq!((&shown["status"], &shown["statusMethod"]), (&json!(10), &json!(3)));
        assert_eq!((&shown["alertRule"]["id"], &shown["alertRule"]["snooze"]), (&rule["id"], &json!(false)));
        assert_eq!((&shown["title"], &shown["type"]), (&json!("Too many errors"), &json!(2)));
        assert!(shown["dateStarted"].as_str() < shown["dateDetected"].as_str());
        watch.minute_with("backend", "prod", 9).await;
        assert_eq!(watch.client.detail(1).await["status"], 20);
        let activities = watch.client.activities(1).await;
        assert_eq!(kinds(&activities), [2, 1, 4]);
        assert_eq!((&activities[0]["value"], &activities[0]["previousValue"]), (&json!("20"), &json!("10")));
        assert_eq!(activities[0]["user"], Value::Null);
        assert_eq!(activities[2]["dateCreated"], shown["dateStarted"]);
        let mut ascending = watch.client.lists(&format!("{O}/incidents/1/activity/?desc=0"), "activity").await;
        ascending.reverse();
        assert_eq!(ascending, activities);
        let expanded = watch.client.lists(&format!("{O}/incidents/?expand=activities"), "incident").await;
        assert_eq!(expanded[0]["activities"], json!(activities));
        let page = watch.client.get(&format!("{O}/incidents/1/activity/?per_page=1&cursor=1:1:0")).await;
        assert_eq!(page.expect(200), json!([activities[1]]));
        let stats = watch.client.get(&format!("{O}/incidents/1/stats/")).await.expect(200);
        has_shape(&stats, "stats");
        assert!(stats["totalEvents"].as_i64().unwrap() >= 2, "{stats}");
        Box::pin(watch.ends()).await;
    }

    /// Statement 8.
    async fn an_incident_can_be_closed_and_nothing_else(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        let path = format!("{O}/incidents/1/");
        for status in [1, 10, 20] {
            let answer = client.put(&path, &json!({"status": status})).await;
            assert_eq!(answer.expect(400), json!("Status cannot be changed."));
        }
        for status in [json!(5000), json!(-2)] {
            let answer = client.put(&path, &json!({"status": status})).await;
            let expected = json!({"status": ["Invalid value for status. Valid values: [1, 2, 10, 20]"]});
            assert_eq!(answer.expect(400), expected);
        }
        for (body, why) in [
            (json!({}), "This field is required."),
            (json!({"status": null}), "This field may not be null."),
            (json!({"status": "closed"}), "A valid integer is required."),
        ] {
            assert_eq!(client.put(&path, &body).await.expect(400), json!({"status": [why]}), "{body}");
        }
        assert_eq!(client.detail(1).await["status"], 1);
        let closed = client.closes(1, json!({"status": 2})).await;
        assert_eq!((&closed["status"], &closed["statusMethod"]), (&json!(2), &json!(1)));
        assert!(closed["dateClosed"].as_str().unwrap().ends_with(":00Z"), "{closed}");
        assert_eq!(client.detail(1).await, closed);
        let gone = client.delete(&path).await;
        assert_eq!(gone.expect(405), json!({"detail": "Method \"DELETE\" not allowed."}));
    }

    /// Statements 9, 17 and 25.
    async fn closing_twice_is_closing_once(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        let closed = client.closes(1, json!({"status": 2, "comment": " Rolled back "})).await;
        let activities = client.activities(1).await;
        assert_eq!(kinds(&activities), [2, 1, 4]);
        assert_eq!((&activities[0]["value"], &activities[0]["comment"]), (&json!("2"), &json!("Rolled back")));
        assert_eq!((&activities[0]["previousValue"], &activities[0]["user"]["name"]), (&json!("1"), &json!("ci")));
        client.app.clock.advance(Duration::from_secs(600));
        let again = client.another("other").await.closes(1, json!({"status": 2, "comment": "Mine"})).await;
        assert_eq!(again["dateClosed"], closed["dateClosed"]);
        assert_eq!(client.activities(1).await, activities);
        // Also at the same time.
        client.declares("Another").await;
        let (one, other) = (json!({"status": 2, "comment": "one"}), json!({"status": 2, "comment": "other"}));
        tokio::join!(client.closes(2, one), client.closes(2, other));
        assert_eq!(kinds(&client.activities(2).await), [2, 1, 4]);
        client.declares("Third").await;
        let long = client.put(&format!("{O}/incidents/3/"), &json!({"status": 2, "comment": "x".repeat(3_001)})).await;
        assert_eq!(long.expect(400), json!({"comment": ["Ensure this field has no more than 3000 characters."]}));
        assert_eq!(client.detail(3).await["status"], 1);
    }

    /// Statement 25: identifiers, and looking up by anything else.
    async fn identifiers_are_consecutive_and_ids_are_none(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        tokio::join!(client.declares("a"), client.declares("b"), client.declares("c"), client.declares("d"));
        let all = client.lists(&format!("{O}/incidents/"), "incident").await;
        let numbers: Vec<&str> = all.iter().map(|one| one["identifier"].as_str().unwrap()).collect();
        assert_eq!(numbers, ["4", "3", "2", "1"]);
        let id = all[0]["id"].as_str().unwrap();
        for wrong in [id, "0", "5", "x", "INC-1", "-1", "99999999999999999999", "01K5QGJH00000000000000000A"] {
            for (method, rest) in [(Method::GET, ""), (Method::PUT, ""), (Method::GET, "activity/"), (Method::GET, "stats/")] {
                let answer = client.sends(method, &format!("{O}/incidents/{wrong}/{rest}"), &json!({"status": 2})).await;
                assert_eq!(answer.expect(404), json!({"detail": "The requested resource does not exist"}), "{wrong}");
            }
        }
    }

    async fn parameters_that_mean_nothing_are_no_failures_of_ours(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        for (query, detail) in [
            ("start=yesterday", "Invalid start parameter."),
            ("end=9999999999999999999", "Invalid end parameter."),
            ("alertRule=abc", "Invalid alertRule parameter. Values must be numbers."),
            ("project=abc", "Invalid project parameter. Values must be numbers."),
            ("per_page=1000", "Invalid per_page value. Cannot exceed 100."),
            ("cursor=100:1000:0", "Pagination offset too large"),
        ] {
            let answer = client.get(&format!("{O}/incidents/?{query}")).await;
            assert_eq!(answer.expect(400), json!({ "detail": detail }), "{query}");
        }
    }

    async fn a_private_incident_leaves_no_trace_for_others(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let headers = [("authorization", client.authorization.as_str())];
        let private = json!({"name": "Secret", "private": true});
        client.server.post("/api/v1/incidents", &headers, &private).await.expect(201);
        let other = client.another("other").await;
        assert_eq!(other.titles("").await, [""; 0]);
        for (method, rest) in [(Method::GET, ""), (Method::PUT, ""), (Method::GET, "activity/"), (Method::GET, "stats/")] {
            other.sends(method, &format!("{O}/incidents/1/{rest}"), &json!({"status": 2})).await.expect(404);
        }
        assert_eq!(client.titles("").await, ["Secret"]);
        client.detail(1).await;
    }

    async fn severity_is_status_where_alerts_say_nothing(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        client.declares("Checkout answers 500").await;
        for (severity, status) in [("minor", 10), ("critical", 20), ("major", 10)] {
            client.commands(1, json!({"type": "severity", "severity": severity})).await;
            assert_eq!(client.detail(1).await["status"], status);
        }
        client.commands(1, json!({"type": "note", "text": "größer ☃"})).await;
        client.commands(1, json!({"type": "resolve"})).await;
        assert_eq!(client.detail(1).await["status"], 2);
        client.commands(1, json!({"type": "reopen"})).await;
        let shown = client.detail(1).await;
        assert_eq!((&shown["status"], &shown["dateClosed"]), (&json!(10), &Value::Null));
        let activities = client.activities(1).await;
        assert_eq!(kinds(&activities), [2, 2, 3, 2, 2, 2, 1, 4]);
        assert_eq!(activities[2]["comment"], "größer ☃");
        assert_eq!((&shown["alertRule"]["name"], &shown["type"]), (&json!(""), &json!(0)));
    }
}
