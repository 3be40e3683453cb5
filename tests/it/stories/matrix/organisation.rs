//! `auth.teams.list`, which is called only for an organisation, before anybody has said which of its
//! workspaces is meant.

use serde_json::json;
use stentor::api::tokens;
use stentor::incident::state::Incident;
use stentor::outbox::admin::{self, Which};
use stentor::simulator::faults::{Failing, Fault};
use stentor::simulator::settings::Settings;

use super::cell::{forget, left_of, refusal, shorten_time_outs};
use super::table::{METHODS, Outcome, reasons, transport};
use crate::bot::{Bot, Start};
use crate::databases::on_each_database;
use crate::http::Server;
use crate::warnings;

const METHOD: &str = "auth.teams.list";

/// A program of the organisation, which asks for no workspace.
struct Program {
    server: Server,
    authorization: String,
}

impl Program {
    async fn beside(bot: &Bot) -> Program {
        let app = &bot.stentor.app;
        let token = tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, "ci").await;
        let server = Server::start(bot.stentor.router()).await;
        Program { server, authorization: format!("Bearer {}", token.unwrap()) }
    }

    /// It declares while Stentor knows none of the organisation's workspaces.
    async fn declares(&self, bot: &Bot) -> Incident {
        let mut tx = bot.stentor.app.db.begin().await.unwrap();
        tx.query("DELETE FROM team").execute().await.unwrap();
        tx.commit().await.unwrap();
        let headers = [("authorization", self.authorization.as_str())];
        let name = json!({"name": "Checkout is slow"});
        self.server.post("/api/v1/incidents", &headers, &name).await.expect(201);
        bot.latest().await.unwrap()
    }
}

async fn is_there_once(bot: &Bot, incident: &Incident, trouble: &str) {
    let now = bot.incident(incident.number).await;
    let channels = bot.channels(&now);
    assert_eq!(channels.len(), 1, "{trouble}");
    assert_eq!(
        now.channel.as_ref().map(|id| id.as_str()),
        Some(channels[0].id.as_str()),
        "{trouble}"
    );
    bot.announcement(&now);
    assert_eq!(left_of(bot, &now).await, [], "{trouble}");
}

on_each_database! {
    async fn whatever_befalls_the_list_of_an_organisations_workspaces_ends_well_or_aloud(fresh: Fresh) {
        let start = Start {
            slack: Some(|settings| Settings { org_install: true, ..settings }),
            ..Start::default()
        };
        let mut bot = Bot::start_with(&fresh, start).await;
        shorten_time_outs(&mut bot);
        bot.expects_repeats();
        warnings::expect("Gave up");
        warnings::expect("Slack refuses the bot token");
        warnings::expect("what is to be done there waits");
        let ci = Program::beside(&bot).await;
        let method = METHODS.iter().find(|method| method.name == METHOD).unwrap();
        let transport = transport().into_iter().map(|failing| (failing, Outcome::Again));
        let reasons = reasons(method).map(|(code, outcome)| (refusal(code), outcome));
        for (failing, outcome) in transport.chain(reasons) {
            let trouble = format!("{failing:?}, must end {outcome:?}");
            match outcome {
                Outcome::Again => bot.breaks(METHOD, failing.clone(), 2),
                _ => bot.slack.inject(Fault::always(METHOD, failing.clone())),
            }
            let begin = bot.slack.calls().len();
            let incident = ci.declares(&bot).await;
            if outcome == Outcome::Waits {
                bot.works_a_while().await;
            } else {
                bot.settle().await;
            }
            let calls = bot.slack.calls().split_off(begin);
            assert!(calls.iter().any(|call| call.method == METHOD && call.fault.is_some()), "{trouble}");
            let left = left_of(&bot, &incident).await;
            match (outcome, &failing) {
                (Outcome::Again, _) => assert_eq!(left, [], "{trouble}"),
                (Outcome::DeadLetter, Failing::Error { code }) => {
                    let mut keys: Vec<&str> = left.iter().map(|it| it.key.as_str()).collect();
                    keys.sort_unstable();
                    assert_eq!(keys, method.dead, "{trouble}");
                    assert!(left.iter().all(|it| it.state == 1), "{trouble}");
                    let told = bot.undelivered(&incident).await;
                    assert!(told.iter().any(|said| said.ends_with(&format!("{METHOD}: {code}"))), "{told:?}");
                }
                // It waits, or was given up; either way it is seen.
                (_, Failing::Error { code }) => {
                    let seen = left.iter().any(|it| it.last_error.as_deref().is_some_and(|it| it.contains(code)));
                    assert!(seen, "{left:?}: {trouble}");
                }
                _ => panic!("{trouble}"),
            }
            bot.mends();
            bot.stentor.worker.performer.slacks.try_configured_again().await.unwrap();
            let app = &bot.stentor.app;
            for (workspace, letter) in admin::list(app, Which::Dead).await.unwrap() {
                assert!(admin::retry(app, &workspace, &letter).await.unwrap(), "{trouble}");
            }
            bot.settle().await;
            is_there_once(&bot, &incident, &trouble).await;
            forget(&bot).await;
        }
        bot.ends().await;
    }
}
