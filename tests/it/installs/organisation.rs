//! Two workspaces of one organisation that has installed Stentor for all of them: what is declared in
//! one of them is opened, looked for and announced there, and nowhere else.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::api::tokens;
use stentor::app::DEFAULT_SLUG;
use stentor::clock::Timestamp;
use stentor::ids::TeamId;
use stentor::incident::event::Event;
use stentor::incident::state::Incident;
use stentor::outbox::admin::{self, Which};
use stentor::simulator::Simulator;
use stentor::simulator::act::Act;
use stentor::simulator::faults::{Failing, Fault};
use stentor::simulator::settings::Settings;
use stentor::simulator::state::channel::Channel;
use stentor::simulator::state::{Enterprise, Team};
use stentor::store::{incidents, teams, timeline};

use super::house::{ACME, House, Setup, ZENITH, calls};
use crate::bot::{ALICE, BOB, GENERAL};
use crate::databases::{Fresh, on_each_database};
use crate::process::{Scratch, stentor};
use crate::warnings;

const ORGANISATION: &str = "E0STENTOR";
/// Zenith's channel.
const ITS_GENERAL: &str = "C1GENERAL";
const ITS_INCIDENTS: &str = "C1INCIDENTS";

/// Acme and Zenith are one organisation. People have the same ids in both, and no two channels have.
fn of_one_organisation(settings: Settings) -> Settings {
    let name = "Acme Group".to_owned();
    let enterprise = Some(Enterprise { id: ORGANISATION.to_owned(), name });
    let team = Team { enterprise, ..settings.team.clone() };
    let prefix = if team.id == ZENITH { "C1" } else { "C0" };
    let channels = settings.channels.iter().cloned();
    let channels = channels.map(|it| Channel { id: it.id.replace("C0", prefix), ..it }).collect();
    Settings { org_install: true, team, channels, ..settings }
}

async fn organisation(fresh: &Fresh) -> House {
    let house = House::start(fresh, Setup { slack: of_one_organisation, ..Setup::default() }).await;
    let answer = house.installs(ACME).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert!(answer.text.contains("Stentor is in Acme Group"), "{}", answer.text);
    house
}

impl House {
    async fn incident(&self, number: i64) -> Incident {
        let workspace = &self.stentor.app.workspace;
        let mut tx = self.stentor.app.db.read().await.unwrap();
        incidents::by_number(&mut tx, workspace, number).await.unwrap().unwrap()
    }

    /// Its state is what its record says.
    async fn replays(&self, incident: &Incident) -> Option<Incident> {
        let workspace = &self.stentor.app.workspace;
        let mut tx = self.stentor.app.db.read().await.unwrap();
        let record = timeline::after(&mut tx, workspace, &incident.id, 0, 1_000).await.unwrap();
        Incident::replay(incident.id.clone(), &record)
    }

    /// What its record says was not delivered.
    async fn undelivered(&self, incident: &Incident) -> Vec<String> {
        let workspace = &self.stentor.app.workspace;
        let mut tx = self.stentor.app.db.read().await.unwrap();
        let record = timeline::after(&mut tx, workspace, &incident.id, 0, 1_000).await.unwrap();
        let texts = record.into_iter().filter_map(|entry| match entry.event {
            Event::Undelivered { what, error } => Some(format!("{what}: {error}")),
            _ => None,
        });
        texts.collect()
    }

    /// Alice declares in Zenith.
    async fn declares_in_zenith(&self, name: &str) {
        let seen = self.types(&self.zenith, ITS_GENERAL, "").await;
        self.fills_in(&self.zenith, seen, name).await;
    }

    /// A program declares.
    async fn program_declares(&self, body: Value) {
        let app = &self.stentor.app;
        let name = app.ids.ulid(app.clock.now());
        let token = tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, &name).await;
        let authorization = format!("Bearer {}", token.unwrap());
        let headers = [("authorization", authorization.as_str())];
        self.server.post("/api/v1/incidents", &headers, &body).await.expect(201);
    }

    /// The incident's one channel is in this workspace, as is its one announcement; the other one knows
    /// nothing of it.
    async fn is_only_in(&self, slack: &Simulator, number: i64) -> Incident {
        let incident = self.incident(number).await;
        assert_eq!(self.replays(&incident).await.as_ref(), Some(&incident));
        let prefix = format!("inc-{number}-");
        let mut seen = Vec::new();
        for one in [&self.acme, &self.zenith] {
            let team = one.settings().team.id.clone();
            one.read(|state| {
                for channel in state.channels.values() {
                    if channel.name.starts_with(&prefix) {
                        assert_eq!(incident.channel.as_ref().unwrap().as_str(), channel.id);
                        seen.push((team.clone(), "channel"));
                    }
                    let announced = channel.messages.values().filter(|it| {
                        channel.name == "incidents"
                            && it.text.starts_with(&format!("INC-{number} "))
                    });
                    seen.extend(announced.map(|_| (team.clone(), "announcement")));
                }
            });
        }
        seen.sort_unstable();
        let team = slack.settings().team.id.clone();
        assert_eq!(seen, [(team.clone(), "announcement"), (team, "channel")], "INC-{number}");
        incident
    }

    /// Everything that was given up is tried again.
    async fn tries_again(&self) {
        let app = &self.stentor.app;
        let dead = admin::list(app, Which::Dead).await.unwrap();
        assert!(!dead.is_empty());
        for (workspace, letter) in dead {
            assert!(admin::retry(app, &workspace, &letter).await.unwrap(), "{letter:?}");
        }
        self.works().await;
    }

    /// The workspaces that Stentor knows of, the first one first.
    async fn known(&self) -> Vec<String> {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        let known = teams::all(&mut tx, &self.stentor.app.workspace).await.unwrap();
        known.iter().map(|team| team.to_string()).collect()
    }

    async fn lets_in(&self, slack: &Simulator, granted: bool) {
        slack.act(Act::LetIn { granted }).await.unwrap();
    }

    /// Slack refused nothing but what the test has said.
    fn ends_without_refusals(self) {
        // Stentor enters an announcement channel when it can't post there.
        let enters = ("chat.postMessage".to_owned(), Some("not_in_channel".to_owned()));
        for slack in [&self.acme, &self.zenith] {
            let refused = slack.refusals().into_iter().map(|it| (it.method, it.error));
            assert_eq!(refused.filter(|it| *it != enters).collect::<Vec<_>>(), []);
            assert_eq!(slack.oddities().len(), 0);
        }
        self.ends();
    }
}

fn lost() -> Failing {
    Failing::LostAnswer { hang_ms: 0 }
}

on_each_database! {
    async fn what_is_declared_in_a_workspace_is_opened_and_announced_there(fresh: Fresh) {
        let house = organisation(&fresh).await;
        assert_eq!(house.workspace(ORGANISATION).await.as_ref(), Some(&house.stentor.app.workspace));
        house.declares(&house.acme, "Checkout is slow").await;
        house.declares_in_zenith("Ovens are cold").await;
        // With a name typed, and by the shortcut, which is in no channel.
        let seen = house.types(&house.zenith, ITS_GENERAL, "declare Doors are stuck").await;
        house.fills_in(&house.zenith, seen, "Doors are stuck").await;
        let (user, callback_id) = (ALICE.to_owned(), "declare_incident".to_owned());
        let seen = house.acme.act(Act::GlobalShortcut { user, callback_id }).await.unwrap();
        house.fills_in(&house.acme, seen, "Login is down").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        for (number, slack, team) in [
            (1, &house.acme, ACME), (2, &house.zenith, ZENITH), (3, &house.zenith, ZENITH), (4, &house.acme, ACME),
        ] {
            let incident = house.is_only_in(slack, number).await;
            assert_eq!(incident.slack_team, Some(TeamId::from(team)), "INC-{number}");
            for method in ["conversations.create", "conversations.list"] {
                let named = calls(slack, method);
                assert!(!named.is_empty() && named.iter().all(|args| args["team_id"] == team), "{method}: {named:?}");
            }
        }
        // What was found is remembered.
        let lists = calls(&house.zenith, "conversations.list").len();
        house.declares_in_zenith("Ovens are hot").await;
        house.works().await;
        house.is_only_in(&house.zenith, 5).await;
        assert_eq!(calls(&house.zenith, "conversations.list").len(), lists);
        assert_eq!(calls(&house.zenith, "auth.teams.list").len() + calls(&house.acme, "auth.teams.list").len(), 0);
        // The organisation has one list of incidents, and they can be worked on from everywhere.
        assert!(house.hears(&house.acme, GENERAL, "INC-2").await.contains("Ovens are cold"));
        let ovens = house.incident(2).await.channel.unwrap();
        assert_eq!(house.hears(&house.zenith, ovens.as_str(), "update Warm again").await, "");
        house.works().await;
        assert!(house.said(&house.zenith).iter().any(|it| it.contains("Warm again")));
        assert!(!house.said(&house.acme).iter().any(|it| it.contains("Warm again")));
        house.ends_without_refusals();
    }

    /// Whoever fills it in may belong elsewhere.
    async fn a_form_belongs_to_the_workspace_that_it_was_opened_in(fresh: Fresh) {
        let house = organisation(&fresh).await;
        house.declares(&house.acme, "Checkout is slow").await;
        let seen = house.types(&house.zenith, ITS_GENERAL, "").await;
        let view = seen.modal.unwrap();
        let metadata = house.zenith.read(|state| state.views[&view].text("private_metadata").to_owned());
        assert_eq!(serde_json::from_str::<Value>(&metadata).unwrap(), json!({
            "declared_in": ITS_GENERAL, "slack_team": ZENITH,
        }));
        let submission = |view: &str, metadata: &str, user_team: &str, view_team: &str| json!({
            "type": "view_submission", "team": null, "enterprise": {"id": ORGANISATION}, "is_enterprise_install": true,
            "user": {"id": ALICE, "team_id": user_team},
            "view": {
                "id": view, "callback_id": "declare", "private_metadata": metadata,
                "team_id": view_team, "app_installed_team_id": ORGANISATION,
                "state": {"values": {"name": {"value": {"value": "Ovens are cold"}}}},
            },
        });
        for (number, payload, team) in [
            (2, submission("V1", &metadata, ACME, ACME), Some(ZENITH)),
            // A form of an older Stentor carries none, nor does one that somebody has forged.
            (3, submission("V2", "{}", ACME, ZENITH), Some(ZENITH)),
            (4, submission("V3", r#"{"slack_team":"*"}"#, ZENITH, ORGANISATION), Some(ZENITH)),
            (5, submission("V4", "", ORGANISATION, ORGANISATION), None),
        ] {
            // Twice, as Slack never does: it is one incident.
            for _ in 0..2 {
                let body = serde_urlencoded::to_string([("payload", payload.to_string())]).unwrap();
                let now = house.clock.now().as_seconds().to_string();
                let secret = &house.acme.settings().signing_secret;
                let signature = crate::raw::signature(secret, &now, body.as_bytes());
                let signed = [("content-type", crate::raw::FORM), ("x-slack-request-timestamp", now.as_str()),
                    ("x-slack-signature", signature.as_str())];
                let answer = house.server.send(Method::POST, "/slack/interactions", &signed, body).await;
                assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""), "{payload}");
            }
            house.works().await;
            let slack = if team.is_some() { &house.zenith } else { &house.acme };
            let incident = house.is_only_in(slack, number).await;
            assert_eq!(incident.slack_team, team.map(TeamId::from), "{payload}");
        }
        assert_eq!(house.left().await, []);
        house.ends_without_refusals();
    }

    async fn what_a_program_declares_is_opened_where_stentor_was_used_first(fresh: Fresh) {
        let house = organisation(&fresh).await;
        house.hears(&house.zenith, ITS_GENERAL, "list").await;
        house.clock.advance(std::time::Duration::from_secs(1));
        house.declares(&house.acme, "Checkout is slow").await;
        house.program_declares(json!({"name": "Ovens are cold", "lead": BOB})).await;
        house.program_declares(json!({"name": "Login is down", "slack_team": ACME})).await;
        house.works().await;
        assert_eq!(house.left().await, []);
        house.is_only_in(&house.acme, 1).await;
        let assumed = house.is_only_in(&house.zenith, 2).await;
        assert_eq!(assumed.slack_team, None);
        assert_eq!(house.is_only_in(&house.acme, 3).await.slack_team, Some(TeamId::from(ACME)));
        // Another process knows it too.
        let house = house.another(&fresh).await;
        house.program_declares(json!({"name": "Doors are stuck"})).await;
        house.works().await;
        house.is_only_in(&house.zenith, 4).await;
        house.ends_without_refusals();
    }

    async fn an_operator_says_which_workspace_is_home(fresh: Fresh) {
        let house = organisation(&fresh).await;
        house.hears(&house.acme, GENERAL, "list").await;
        let scratch = Scratch::new();
        let url = fresh.url();
        let home = |arguments: &[&str]| {
            let all = [&["workspace", "home", "--database-url", &url], arguments].concat();
            let output = stentor(&scratch.0, &all, &[]).output().unwrap();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (output.status.success(), text(&output.stdout), text(&output.stderr))
        };
        assert_eq!(home(&[DEFAULT_SLUG]).1, "T0STENTOR\n");
        let (done, shown, said) = home(&[DEFAULT_SLUG, ZENITH]);
        assert_eq!((done, shown.as_str()), (true, "T0ZENITH\nT0STENTOR\n"), "{said}");
        for wrong in [["nowhere", ZENITH], [DEFAULT_SLUG, ORGANISATION], [DEFAULT_SLUG, "zenith"]] {
            let (done, shown, said) = home(&wrong);
            assert_eq!((done, shown.as_str()), (false, ""), "{wrong:?}: {said}");
        }
        house.program_declares(json!({"name": "Ovens are cold"})).await;
        house.works().await;
        house.is_only_in(&house.zenith, 1).await;
        house.ends_without_refusals();
    }

    async fn where_nobody_can_know_the_workspace_that_is_said(fresh: Fresh) {
        let house = organisation(&fresh).await;
        warnings::expect("Gave up");
        house.program_declares(json!({"name": "Ovens are cold"})).await;
        house.works().await;
        let sentence = "nobody has said in which Slack workspace of the organisation this belongs: type /incident \
            in the one where Stentor is to open channels for programs, or let them name it as `slack_team`; \
            then have this tried again (`stentor outbox retry`)";
        let incident = house.incident(1).await;
        let undelivered = house.undelivered(&incident).await;
        for what in ["refresh the channel", "refresh the announcement"] {
            assert!(undelivered.contains(&format!("{what}: {sentence}")), "{undelivered:?}");
        }
        assert_eq!(house.said(&house.acme).len() + house.said(&house.zenith).len(), 0);
        // As the sentence says.
        house.hears(&house.zenith, ITS_GENERAL, "list").await;
        house.tries_again().await;
        assert_eq!(house.left().await, []);
        house.is_only_in(&house.zenith, 1).await;
        house.ends_without_refusals();
    }

    async fn the_only_workspace_that_lets_stentor_in_is_meant(fresh: Fresh) {
        let house = organisation(&fresh).await;
        warnings::expect("Gave up");
        for slack in [&house.acme, &house.zenith] {
            house.lets_in(slack, false).await;
        }
        house.program_declares(json!({"name": "Ovens are cold"})).await;
        house.works().await;
        let undelivered = house.undelivered(&house.incident(1).await).await;
        assert!(undelivered.iter().any(|it| it.contains("let into none of its Slack workspaces")), "{undelivered:?}");
        house.lets_in(&house.zenith, true).await;
        house.tries_again().await;
        assert_eq!(house.left().await, []);
        house.is_only_in(&house.zenith, 1).await;
        // It stays so when there are others.
        house.lets_in(&house.acme, true).await;
        house.declares(&house.acme, "Checkout is slow").await;
        house.program_declares(json!({"name": "Doors are stuck"})).await;
        house.works().await;
        house.is_only_in(&house.zenith, 3).await;
        house.ends_without_refusals();
    }

    /// One workspace is no reason to keep the others waiting.
    async fn a_workspace_that_shuts_stentor_out_is_named_and_the_others_go_on(fresh: Fresh) {
        let house = organisation(&fresh).await;
        warnings::expect("Gave up");
        house.zenith.expect_refusal("conversations.create", "team_access_not_granted");
        house.zenith.expect_refusal("conversations.list", "team_access_not_granted");
        house.declares_in_zenith("Ovens are cold").await;
        house.lets_in(&house.zenith, false).await;
        house.declares(&house.acme, "Checkout is slow").await;
        // Zenith was the first, and is assumed before Slack says that it is of no use.
        house.program_declares(json!({"name": "Login is down"})).await;
        house.works().await;
        house.is_only_in(&house.acme, 2).await;
        assert_eq!(house.is_only_in(&house.acme, 3).await.slack_team, None);
        assert_eq!(house.known().await, [ACME]);
        let undelivered = house.undelivered(&house.incident(1).await).await;
        let sentence = "Slack does not let Stentor into the workspace T0ZENITH of the organisation: an admin of the \
            organisation can add it there; then have this tried again (`stentor outbox retry`)";
        for what in ["refresh the channel", "refresh the announcement"] {
            assert!(undelivered.contains(&format!("{what}: {sentence}")), "{undelivered:?}");
        }
        house.lets_in(&house.zenith, true).await;
        house.tries_again().await;
        assert_eq!(house.left().await, []);
        house.is_only_in(&house.zenith, 1).await;
        house.ends_without_refusals();
    }

    async fn what_belongs_into_a_workspace_that_shuts_stentor_out_waits_alone(fresh: Fresh) {
        let house = organisation(&fresh).await;
        house.declares_in_zenith("Ovens are cold").await;
        house.declares(&house.acme, "Checkout is slow").await;
        house.works().await;
        house.lets_in(&house.zenith, false).await;
        for method in ["chat.postMessage", "chat.update"] {
            house.zenith.expect_refusal(method, "team_access_not_granted");
        }
        house.hears(&house.acme, GENERAL, "INC-1 update Still cold").await;
        house.hears(&house.acme, GENERAL, "INC-2 update Rolled back").await;
        house.works().await;
        let told = |slack: &Simulator, text: &str| {
            house.said(slack).iter().filter(|it| it.contains(text) && it.contains("Update from")).count()
        };
        house.hears(&house.acme, GENERAL, "INC-2 update Faster than before").await;
        house.works().await;
        assert_eq!((told(&house.acme, "Rolled back"), told(&house.acme, "Faster than before")), (1, 1));
        let waits = house.incident(1).await.id;
        let left = house.left().await;
        assert!(left.iter().all(|(key, _)| key.starts_with(waits.as_str())), "{left:?}");
        // What stands behind it in its lane was not tried.
        let why: Vec<&String> = left.iter().filter_map(|(_, error)| error.as_ref()).collect();
        assert!(why.len() == 2 && why.iter().all(|it| it.ends_with("team_access_not_granted")), "{left:?}");
        assert_eq!(told(&house.zenith, "Still cold"), 0);
        house.lets_in(&house.zenith, true).await;
        house.clock.advance(std::time::Duration::from_secs(300));
        house.works().await;
        assert_eq!(house.left().await, []);
        assert_eq!(told(&house.zenith, "Still cold"), 1);
        house.ends_without_refusals();
    }

    async fn a_channel_in_doubt_is_looked_for_in_its_workspace(fresh: Fresh) {
        let house = organisation(&fresh).await;
        house.declares(&house.acme, "Checkout is slow").await;
        house.zenith.inject(Fault::times("conversations.create", lost(), 1));
        house.declares_in_zenith("Ovens are cold").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        house.is_only_in(&house.zenith, 2).await;
        let looked = calls(&house.zenith, "users.conversations");
        assert!(!looked.is_empty() && looked.iter().all(|args| args["team_id"] == ZENITH), "{looked:?}");
        assert_eq!(calls(&house.acme, "users.conversations").len(), 0);
        // Slack carries it out after the look.
        house.zenith.expect_refusal("conversations.create", "name_taken");
        house.zenith.inject(Fault::times("conversations.create", lost(), 1));
        let late = Failing::Status { status: 503 };
        house.zenith.inject(Fault::times("users.conversations", late, 1));
        house.declares_in_zenith("Doors are stuck").await;
        house.works().await;
        house.is_only_in(&house.zenith, 3).await;
        house.ends_without_refusals();
    }

    /// What was assumed is written down before the call: whoever goes on does not assume anew.
    async fn after_a_crash_a_channel_in_doubt_is_looked_for_where_it_was_assumed(fresh: Fresh) {
        let house = organisation(&fresh).await;
        house.hears(&house.acme, GENERAL, "list").await;
        house.acme.inject(Fault::times("conversations.create", lost(), 1));
        house.program_declares(json!({"name": "Ovens are cold"})).await;
        while house.acme.channel_by_name("inc-1-ovens-are-cold").is_none() {
            assert!(house.stentor.worker.step().await.unwrap() > 0);
        }
        assert_eq!(house.incident(1).await.channel, None, "the answer was lost");
        // Meanwhile another workspace has become the first one.
        let mut tx = house.stentor.app.db.begin().await.unwrap();
        let workspace = &house.stentor.app.workspace;
        teams::remember(&mut tx, workspace, &TeamId::from(ZENITH), Timestamp::from_micros(1)).await.unwrap();
        tx.commit().await.unwrap();
        let house = house.another(&fresh).await;
        assert_eq!(house.known().await, [ZENITH, ACME]);
        house.works().await;
        assert_eq!(house.left().await, []);
        let channel = house.incident(1).await.channel.unwrap();
        assert_eq!(house.acme.channel_by_name("inc-1-ovens-are-cold").unwrap().id, channel.as_str());
        assert!(house.zenith.channel_by_name("inc-1-ovens-are-cold").is_none());
        assert_eq!(calls(&house.acme, "conversations.create").len(), 1);
        house.ends_without_refusals();
    }

    async fn each_workspace_has_an_announcement_channel_of_its_own(fresh: Fresh) {
        let without = |settings: Settings| {
            let mut settings = of_one_organisation(settings);
            settings.channels.retain(|it| it.id != ITS_INCIDENTS);
            settings
        };
        let house = House::start(&fresh, Setup { slack: without, ..Setup::default() }).await;
        assert_eq!(house.installs(ZENITH).await.status.as_u16(), 200);
        house.declares_in_zenith("Ovens are cold").await;
        house.declares(&house.acme, "Checkout is slow").await;
        house.works().await;
        let made = house.zenith.channel_by_name("incidents").unwrap();
        house.is_only_in(&house.zenith, 1).await;
        house.is_only_in(&house.acme, 2).await;
        // It is deleted, and made anew where it is missed.
        // One that is in no workspace, the first one answers for.
        house.acme.expect_refusal("chat.postMessage", "channel_not_found");
        let (user, channel) = (ALICE.to_owned(), made.id.clone());
        house.zenith.act(Act::Join { user: user.clone(), channel: channel.clone() }).await.unwrap();
        house.zenith.act(Act::DeleteChannel { user, channel }).await.unwrap();
        house.declares_in_zenith("Doors are stuck").await;
        house.declares(&house.acme, "Login is down").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        house.is_only_in(&house.zenith, 3).await;
        house.is_only_in(&house.acme, 4).await;
        assert_ne!(house.zenith.channel_by_name("incidents").unwrap().id, made.id);
        assert_eq!(calls(&house.acme, "conversations.list").len(), 1);
        house.ends_without_refusals();
    }
}
