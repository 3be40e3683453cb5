//! One cell of the matrix: a whole incident, while one method fails in one way.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use stentor::ids::ChannelId;
use stentor::incident::state::Incident;
use stentor::outbox::admin::{self, Which};
use stentor::simulator::act::Act;
use stentor::simulator::faults::{Failing, Fault};
use stentor::store::outbox::Left;
use stentor::store::workspaces;

use super::table::{Method, Occasion, Outcome};
use crate::bot::{ALICE, Bot, GENERAL, INCIDENTS, STENTOR};
use crate::http::Server;
use crate::stories::whole::{Aspect, ends_well, tell};

/// What the channel's absence does to everything that would be in it.
const NO_CHANNEL: &str = "the incident has no channel in Slack";

/// Ways to fail and how they must end.
pub struct Cell<'a> {
    pub method: &'a Method,
    /// What must end in the same way can be met by one incident, call by call.
    pub failing: Vec<Failing>,
    pub outcome: Outcome,
}

impl Cell<'_> {
    pub fn describe(&self) -> String {
        format!("{}: {:?}, must end {:?}", self.method.name, self.failing, self.outcome)
    }

    /// What passes is met at the first call and at the last; what stays, at every call.
    fn faults(&self, calls: u32) -> Vec<Fault> {
        let method = self.method.name;
        let [first, last] =
            [self.failing.first(), self.failing.last()].map(|it| it.unwrap().clone());
        match self.outcome {
            Outcome::Again => {
                // The second begins to count when the first has happened.
                let last = Fault { after: calls - 1, ..Fault::times(method, last, 1) };
                vec![Fault::times(method, first, 1), last]
            }
            Outcome::Repaired(_) => vec![Fault::times(method, first, 1)],
            _ => {
                let each = self.failing.iter().map(|it| Fault::times(method, it.clone(), 1));
                each.chain([Fault::always(method, last)]).collect()
            }
        }
    }

    /// Slack's words for it.
    fn codes(&self) -> Vec<&str> {
        let codes = self.failing.iter().filter_map(|failing| match failing {
            Failing::Error { code } => Some(code.as_str()),
            _ => None,
        });
        codes.collect()
    }
}

/// Tells a whole incident with this fault, and looks how it ends.
pub async fn play(bot: &Bot, page: &Server, cell: &Cell<'_>, calls: u32) {
    let trouble = cell.describe();
    prepare(bot, cell.method.occasion).await;
    let begin = bot.clock.now().as_micros();
    let incident = tell(bot, || {
        bring_about(bot, cell.method.occasion);
        for fault in cell.faults(calls) {
            bot.slack.inject(fault);
        }
    })
    .await;
    let has_struck = bot.slack.read(|state| {
        let since = state.calls.iter().rev().take_while(|call| call.at >= begin);
        since.filter(|call| call.fault.is_some()).any(|call| call.method == cell.method.name)
    });
    assert!(has_struck, "it never happened: {trouble}");
    let left = left_of(bot, &incident).await;
    let undelivered = bot.undelivered(&incident).await;
    let codes = cell.codes();
    let mut not_usual = Vec::new();
    match cell.outcome {
        Outcome::Again | Outcome::Believed | Outcome::Repaired(_) => {
            assert_eq!(undelivered, Vec::<String>::new(), "{trouble}");
            assert_eq!(left, [], "{trouble}");
        }
        Outcome::LeftOut(what) => {
            let words = format!(": {}", codes[0]);
            assert!(!undelivered.is_empty(), "{trouble}");
            for said in &undelivered {
                assert!(said.starts_with(what) && said.ends_with(&words), "{said}: {trouble}");
            }
            assert_eq!(left, [], "{trouble}");
        }
        Outcome::DeadLetter => {
            let code = format!("{}: {}", cell.method.name, codes[0]);
            is_dead(&left, cell.method.dead, &code, &trouble);
            is_recorded(&undelivered, &code, &trouble);
            is_shown(bot, page, &incident, codes[0]).await;
        }
        Outcome::Waits => {
            assert_eq!(undelivered, Vec::<String>::new(), "{trouble}");
            waits(&left, &codes, &trouble);
        }
        Outcome::Visible => is_visible(&left, &undelivered, &codes, &trouble),
    }
    bot.mends();
    if cell.outcome == Outcome::Waits {
        // As after an hour, or a restart.
        bot.stentor.worker.performer.slacks.try_configured_again().await.unwrap();
    }
    if matches!(cell.outcome, Outcome::DeadLetter | Outcome::Visible) {
        send_again(bot, &incident).await;
    }
    bot.settle().await;
    assert_eq!(left_of(bot, &incident).await, [], "{trouble}");
    if matches!(cell.outcome, Outcome::Believed | Outcome::Repaired(_) | Outcome::LeftOut(_)) {
        not_usual.extend(cell.method.not_usual);
    }
    if cell.method.name == "chat.postEphemeral" && cell.outcome == Outcome::Again {
        // Slack keeps no trace of it, so what may have been said is not said again.
        not_usual.push(Aspect::WayThere);
    }
    ends_well(bot, &incident, &trouble, &not_usual).await;
}

/// An operator has everything tried again that was given up.
async fn send_again(bot: &Bot, incident: &Incident) {
    let app = &bot.stentor.app;
    for (workspace, letter) in admin::list(app, Which::Dead).await.unwrap() {
        if letter.incident == incident.id {
            assert!(admin::retry(app, &workspace, &letter).await.unwrap(), "{letter:?}");
            assert!(!admin::retry(app, &workspace, &letter).await.unwrap(), "it is under way");
        }
    }
}

/// Leaves nothing of a story to the next one.
pub async fn forget(bot: &Bot) {
    bot.mends();
    bot.settle().await;
    for message in bot.slack.unread() {
        bot.skims(&message.channel);
    }
}

/// Makes Stentor forget what would spare it the call.
async fn prepare(bot: &Bot, occasion: Occasion) {
    let workspace = &bot.stentor.app.workspace;
    let mut tx = bot.stentor.app.db.begin().await.unwrap();
    match occasion {
        Occasion::FirstContact => {
            let forget = tx.query("UPDATE workspace SET bot_user = NULL WHERE id = $1");
            forget.bind(workspace.clone()).execute().await.unwrap();
        }
        Occasion::FirstAnnouncement => {
            let nowhere = ChannelId::from("");
            workspaces::set_announce_channel(&mut tx, workspace, "", &nowhere).await.unwrap();
        }
        Occasion::MessageInDoubt => {
            let is_in = bot.slack.read(|state| state.channels[INCIDENTS].has(STENTOR));
            let channel = INCIDENTS.to_owned();
            let (user, who) = (ALICE.to_owned(), STENTOR.to_owned());
            if is_in {
                bot.act(Act::Kick { user, channel, who }).await;
            }
        }
        Occasion::Always | Occasion::ChannelInDoubt => {}
    }
    tx.commit().await.unwrap();
}

/// Makes Stentor look for what it has done.
fn bring_about(bot: &Bot, occasion: Occasion) {
    let lost = Failing::LostAnswer { hang_ms: 0 };
    match occasion {
        Occasion::ChannelInDoubt => bot.breaks("conversations.create", lost, 1),
        // The announcement, the welcome message and what the lead is told, in any order.
        Occasion::MessageInDoubt => bot.breaks("chat.postMessage", lost, 3),
        _ => {}
    }
}

/// What is left to do for an incident, timers aside; keys without the incident, and a dash where
/// they have the number of an entry, or an id.
pub async fn left_of(bot: &Bot, incident: &Incident) -> Vec<Left> {
    let prefix = format!("{}/", incident.id);
    let left = bot.left().await.into_iter();
    left.filter_map(|left| {
        let key = left.key.strip_prefix(&prefix)?;
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_id = |part: &str| part.len() == 26;
        let parts = key.split('/');
        let parts: Vec<&str> =
            parts.map(|part| if is_number(part) || is_id(part) { "-" } else { part }).collect();
        let key = parts.join("/");
        (!key.starts_with("timer/")).then_some(Left { key, ..left })
    })
    .collect()
}

fn is_dead(left: &[Left], expected: &[&str], code: &str, trouble: &str) {
    let keys: BTreeSet<&str> = left.iter().map(|left| left.key.as_str()).collect();
    assert_eq!(keys, expected.iter().copied().collect(), "{trouble}");
    for left in left {
        assert_eq!(left.state, 1, "{left:?}: {trouble}");
        let error = left.last_error.as_deref().unwrap_or_default();
        assert!(error.contains(code) || error == NO_CHANNEL, "{left:?}: {trouble}");
    }
}

/// Whether one of the words is given as the reason.
fn is_why(left: &Left, codes: &[&str]) -> bool {
    let error = left.last_error.as_deref().unwrap_or_default();
    codes.iter().any(|code| error.contains(code))
}

fn waits(left: &[Left], codes: &[&str], trouble: &str) {
    assert!(left.iter().any(|left| is_why(left, codes)), "{left:?}: {trouble}");
    assert!(left.iter().all(|left| left.state == 0), "{left:?}: {trouble}");
}

fn is_recorded(undelivered: &[String], code: &str, trouble: &str) {
    assert!(undelivered.iter().any(|said| said.contains(code)), "{undelivered:?}: {trouble}");
    for said in undelivered {
        assert!(said.contains(code) || said.ends_with(NO_CHANNEL), "{said}: {trouble}");
    }
}

fn is_visible(left: &[Left], undelivered: &[String], codes: &[&str], trouble: &str) {
    let is_said = undelivered.iter().any(|said| codes.iter().any(|code| said.contains(code)));
    let is_seen = is_said || left.iter().any(|left| is_why(left, codes));
    assert!(is_seen, "{left:?} {undelivered:?}: {trouble}");
}

/// People read it in the timeline, and programs in the metrics.
async fn is_shown(bot: &Bot, page: &Server, incident: &Incident, code: &str) {
    let seen = bot.types(ALICE, GENERAL, &format!("{} timeline", incident.reference())).await;
    let timeline = serde_json::to_string(&seen.messages[0].blocks).unwrap();
    assert!(timeline.contains(code), "{code}: {timeline}");
    let dead = bot.left().await.iter().filter(|left| left.state == 1).count();
    assert_eq!(gauge(page, "stentor_outbox_dead").await, dead.to_string());
}

async fn gauge(page: &Server, name: &str) -> String {
    let metrics = page.get("/metrics", &[]).await;
    assert_eq!(metrics.status, StatusCode::OK);
    let line = metrics.text.lines().find(|line| line.split(' ').next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name}")).split(' ').next_back().unwrap().to_owned()
}

/// How often the method is called for one incident without trouble.
pub async fn usual_calls(bot: &Bot, method: &Method) -> u32 {
    prepare(bot, method.occasion).await;
    let begin = bot.clock.now().as_micros();
    let incident = tell(bot, || bring_about(bot, method.occasion)).await;
    ends_well(bot, &incident, "no trouble", &[]).await;
    let calls = bot.slack.read(|state| {
        let since = state.calls.iter().rev().take_while(|call| call.at >= begin);
        since.filter(|call| call.method == method.name).count()
    });
    assert!(calls > 0, "{} is not called", method.name);
    u32::try_from(calls).unwrap()
}

/// Time-outs come soon, but only for the worker: people open forms meanwhile.
pub fn shorten_time_outs(bot: &mut Bot) {
    bot.stentor.worker.performer.slacks.set_time_limit(Duration::from_millis(250));
}

/// `ok: false` with this reason.
pub fn refusal(code: &str) -> Failing {
    Failing::Error { code: code.to_owned() }
}
