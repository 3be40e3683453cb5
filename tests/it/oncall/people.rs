//! The people of a workspace are read from Slack, and known by name and address.

use std::time::Duration;

use stentor::oncall::person::Person;
use stentor::simulator::act::Act;
use stentor::simulator::faults::Failing;
use stentor::simulator::settings::Settings;
use stentor::simulator::state::user::User;
use stentor::slack::outbound::people::begin;
use stentor::store::people;

use crate::bot::{BOB, Bot, CAROL, Start};
use crate::databases::on_each_database;

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Bot {
    /// Everybody who is known, those who are gone too.
    async fn people(&self) -> Vec<Person> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        people::page(&mut tx, &app.workspace, true, None, 10_000).await.unwrap()
    }

    async fn knows_by_email(&self, email: &str) -> Option<String> {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let found = people::by_email(&mut tx, &app.workspace, email).await.unwrap();
        found.map(|person| person.id.to_string())
    }

    /// As a process does when it starts.
    async fn reads_people(&self) {
        begin(&self.stentor.worker.performer).await.unwrap();
        self.settle().await;
    }

    async fn becomes(&self, user: &str, real_name: Option<&str>, email: Option<&str>) {
        self.act(Act::ChangeUser {
            user: user.to_owned(),
            real_name: real_name.map(str::to_owned),
            email: email.map(str::to_owned),
            tz: None,
        })
        .await;
        self.settle().await;
    }
}

fn with_people_events(settings: Settings) -> Settings {
    let mut settings = settings;
    for event in ["team_join", "user_change"] {
        if !settings.events.iter().any(|it| it == event) {
            settings.events.push(event.to_owned());
        }
    }
    for scope in ["users:read", "users:read.email"] {
        if !settings.scopes.iter().any(|it| it == scope) {
            settings.scopes.push(scope.to_owned());
        }
    }
    settings
}

fn with_many(settings: Settings) -> Settings {
    let mut settings = with_people_events(settings);
    for nth in 0..450 {
        settings.users.push(User::person(
            &format!("U1{nth:04}"),
            &format!("p{nth}"),
            &format!("Person {nth}"),
            "UTC",
        ));
    }
    settings
}

fn without_scope(settings: Settings) -> Settings {
    let mut settings = settings;
    settings.scopes.retain(|scope| !scope.starts_with("users:"));
    settings
}

on_each_database! {
    async fn everybody_is_read_and_found_by_address(fresh: Fresh) {
        let start = Start { slack: Some(with_people_events), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        bot.reads_people().await;
        let people = bot.people().await;
        let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
        assert_eq!(names, ["Alice Adams", "Bob Brown", "Carol Cole", "Dave Dunn"], "bots are none");
        assert_eq!(people[1].time_zone.as_deref(), Some("Europe/London"));
        assert_eq!(bot.knows_by_email(" BOB@example.com").await.as_deref(), Some(BOB));
        // Asked again, nothing is asked twice.
        assert!(!begin(&bot.stentor.worker.performer).await.unwrap());
        bot.ends().await;
    }

    async fn what_changes_is_heard_of_or_seen_the_next_day(fresh: Fresh) {
        let start = Start { slack: Some(with_people_events), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        bot.reads_people().await;
        bot.becomes(BOB, Some("Bob Black"), Some("black@example.com")).await;
        assert_eq!(bot.knows_by_email("black@example.com").await.as_deref(), Some(BOB));
        assert_eq!(bot.knows_by_email("bob@example.com").await, None);
        // An address goes over to somebody else.
        bot.becomes(BOB, Some("Bob Blank"), Some("bob@example.com")).await;
        bot.becomes(CAROL, Some("Carol Black"), Some("black@example.com")).await;
        assert_eq!(bot.knows_by_email("black@example.com").await.as_deref(), Some(CAROL));
        assert_eq!(bot.knows_by_email("bob@example.com").await.as_deref(), Some(BOB));
        bot.act(Act::DeactivateUser { user: BOB.to_owned() }).await;
        bot.settle().await;
        assert_eq!(bot.knows_by_email("bob@example.com").await, None);
        assert!(bot.people().await.iter().any(|person| person.id.as_str() == BOB && !person.is_active));
        // Of this nobody hears, but the next day it is seen.
        let calls = bot.count("users.list");
        bot.waits(DAY).await;
        assert_eq!(bot.count("users.list"), calls + 1);
        bot.ends().await;
    }

    async fn a_large_slack_is_read_in_parts_whatever_happens_between(fresh: Fresh) {
        let start = Start { slack: Some(with_many), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        bot.breaks_after("users.list", Failing::Status { status: 503 }, 1);
        bot.reads_people().await;
        let bot = bot.restarted(&fresh).await;
        bot.settle().await;
        assert_eq!(bot.people().await.iter().filter(|person| person.is_active).count(), 454);
        assert_eq!(bot.count("users.list"), 3);
        bot.ends().await;
    }

    async fn without_the_scope_everything_goes_on_by_slacks_ids(fresh: Fresh) {
        let start = Start { slack: Some(without_scope), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        bot.slack.expect_refusal("users.list", "missing_scope");
        bot.reads_people().await;
        assert_eq!(bot.people().await, []);
        let id = bot.pages(crate::oncall::by_name(&[BOB], "Down")).await;
        bot.settle().await;
        assert_eq!(bot.reads_told(BOB).len(), 1);
        bot.answers(BOB, "Acknowledge").await;
        assert_eq!(bot.status_of(&id).await, "acked");
        bot.ends().await;
    }

    async fn whoever_is_gone_is_not_paged(fresh: Fresh) {
        let start = Start { slack: Some(with_people_events), ..Start::default() };
        let bot = Bot::start_with(&fresh, start).await;
        bot.reads_people().await;
        bot.act(Act::DeactivateUser { user: BOB.to_owned() }).await;
        bot.settle().await;
        let path = bot.has_path(serde_json::json!({"name": "Checkout", "nodes": [crate::oncall::level(&[BOB, CAROL], 60)]})).await;
        let id = bot.pages(crate::oncall::by_path(&path, "Down")).await;
        bot.settle().await;
        assert_eq!(bot.escalation(&id).await.pages.len(), 1);
        bot.answers(CAROL, "Acknowledge").await;
        bot.skims_told(&[CAROL]);
        bot.ends().await;
    }
}
