//! Stentor as people meet it: the real router, engine, worker and database, and a strict local
//! Slack over HTTP. Time stands still until a test moves it, and work is done when a test says so.
//!
//! [`Bot::ends`] makes the test fail if a message was not read, a call was refused, work is left,
//! or Stentor warned of something; a test that wants one of these says so.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use stentor::app::{App, SlackSettings, Stentor};
use stentor::clock::{Clock, Timestamp};
use stentor::config::install::InstallSettings;
use stentor::config::rules::RuleSettings;
use stentor::config::{Secret, SigningSecrets};
use stentor::engine::order::{Order, Target};
use stentor::ids::{IdSource, UserId};
use stentor::incident::command::{Command, Declare};
use stentor::incident::event::{Actor, Entry, Event, Via};
use stentor::incident::state::Incident;
use stentor::incident::wanted::Wanted;
use stentor::simulator::Simulator;
use stentor::simulator::act::{Act, Seen};
use stentor::simulator::faults::{Failing, Fault};
use stentor::simulator::settings::{AppUrls, Settings};
use stentor::simulator::socket::Happening;
use stentor::simulator::state::message::Message;
use stentor::simulator::state::ts::Ts;
use stentor::slack::socket::Limits;
use stentor::store::{heard, incident_lists, incidents, outbox, timeline};
use tokio::sync::{oneshot, watch};

use crate::databases::Fresh;
use crate::warnings;

mod reading;

pub const ALICE: &str = "U0ALICE";
pub const BOB: &str = "U0BOB";
pub const CAROL: &str = "U0CAROL";
pub const STENTOR: &str = "U0STENTOR";
pub const GENERAL: &str = "C0GENERAL";
pub const INCIDENTS: &str = "C0INCIDENTS";

/// Steps after which a test gives up on work that never ends.
const STEPS: usize = 500;
/// How long a test waits for what comes by itself. Nothing takes that long but a mistake.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Bot {
    pub slack: Simulator,
    pub stentor: Stentor,
    pub clock: Clock,
    start: Start,
    /// Keys of work that the test knows will not be done.
    undone: Mutex<Vec<String>>,
    stop: Option<oneshot::Sender<()>>,
    /// Ends the socket when it is dropped.
    socket: Option<watch::Sender<bool>>,
}

/// How a test's Slack and Stentor begin, if not as usual.
#[derive(Clone, Copy, Default)]
pub struct Start {
    pub slack: Option<fn(Settings) -> Settings>,
    pub announce_channel: Option<&'static str>,
    /// What Stentor takes for Slack's signing secrets, if not the one.
    pub signing_secrets: &'static [&'static str],
    /// The bot's token in the settings, if not the first one.
    pub bot_token: Option<&'static str>,
    /// Whether Slack is reached over a socket, with these limits.
    pub socket: Option<Limits>,
    /// Whether what was missed is read back.
    pub reads_back: bool,
    /// What alert rules may ask and call, if not nothing.
    pub rules: Option<&'static RuleSettings>,
}

impl Bot {
    pub async fn start(fresh: &Fresh) -> Bot {
        Bot::start_with(fresh, Start::default()).await
    }

    pub async fn start_with(fresh: &Fresh, start: Start) -> Bot {
        warnings::listen();
        let clock = Clock::manual(Timestamp::from_micros(1_790_000_000_000_000));
        let slacks_clock = clock.clone();
        let slacks_clock = Arc::new(move || slacks_clock.now().as_micros());
        let settings = Settings {
            clock: stentor::simulator::clock::Clock::from_fn(slacks_clock),
            rate_limits: false,
            ..Settings::default()
        };
        let settings =
            start.slack.map_or_else(|| settings.clone(), |change| change(settings.clone()));
        let slack = Simulator::start(settings).await.unwrap();
        Box::pin(Bot::beside(slack, fresh, clock, start)).await
    }

    /// The same Slack and database, and a new process.
    pub async fn restarted(self, fresh: &Fresh) -> Bot {
        let start = self.start;
        self.restarted_with(fresh, start).await
    }

    /// The same Slack and database, and a new process with other settings.
    pub async fn restarted_with(mut self, fresh: &Fresh, start: Start) -> Bot {
        self.stop.take();
        self.stops_listening().await;
        let undone = std::mem::take(&mut *self.undone.lock().unwrap());
        let (slack, clock) = (self.slack.clone(), self.clock.clone());
        let bot = Box::pin(Bot::beside(slack, fresh, clock, start)).await;
        Bot { undone: Mutex::new(undone), ..bot }
    }

    async fn beside(slack: Simulator, fresh: &Fresh, clock: Clock, start: Start) -> Bot {
        let app = App::start(fresh.open().await, clock.clone(), IdSource::system()).await.unwrap();
        let rules = start.rules.cloned().unwrap_or_default();
        let app = app.watching(&rules).unwrap();
        let secrets = match start.signing_secrets {
            [] if start.socket.is_some() => Vec::new(),
            [] => vec![Secret::new(&slack.settings().signing_secret)],
            secrets => secrets.iter().copied().map(Secret::new).collect(),
        };
        let settings = SlackSettings {
            api_url: slack.api_url(),
            bot_token: Some(Secret::new(start.bot_token.unwrap_or(&slack.settings().bot_token))),
            install: InstallSettings::default(),
            signing_secrets: SigningSecrets(secrets),
            app_token: start.socket.map(|_| Secret::new(&slack.settings().app_token)),
            announce_channel: start.announce_channel.unwrap_or("incidents").to_owned(),
        };
        let mut stentor = Stentor::new(app, &settings).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        slack.set_app_urls(AppUrls {
            commands: format!("{address}/slack/commands"),
            interactions: format!("{address}/slack/interactions"),
            options: String::new(),
            events: format!("{address}/slack/events"),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let router = stentor.router();
        tokio::spawn(::stentor::server::serve(
            listener,
            router,
            async move { drop(stopped.await) },
        ));
        if start.reads_back {
            tokio::spawn(stentor.missed());
        }
        if let (Some(socket), Some(limits)) = (&mut stentor.socket, start.socket) {
            socket.limits = limits;
        }
        let undone = Mutex::default();
        let stop = Some(stop);
        let mut bot = Bot { slack, stentor, clock, start, undone, stop, socket: None };
        if start.socket.is_some() {
            bot.slack.happen(Happening::Enable);
            bot.listens().await;
        }
        bot
    }

    /// Opens a socket to Slack, and waits until it is open.
    pub async fn listens(&mut self) {
        let (stop, stopping) = watch::channel(false);
        let socket = self.stentor.socket.clone().unwrap();
        tokio::spawn(socket.run(stopping));
        self.socket = Some(stop);
        self.eventually("a socket", async || self.slack.links() > 0).await;
    }

    /// Ends the socket to Slack, as a process that stops does.
    pub async fn stops_listening(&mut self) {
        if let Some(stop) = self.socket.take() {
            stop.send_replace(true);
            stop.closed().await;
        }
    }

    /// A moment that is later than all that has happened.
    pub fn a_moment_later(&self) -> Timestamp {
        self.clock.advance(Duration::from_secs(1));
        self.clock.now()
    }

    /// Waits until what was missed has been asked for since then: that is durable work.
    pub async fn asks_what_was_missed(&self, since: Timestamp) {
        let app = &self.stentor.app;
        let has_asked = async || {
            let mut tx = app.db.read().await.unwrap();
            let until = heard::until(&mut tx, &app.workspace).await.unwrap();
            until.is_some_and(|until| until >= since)
        };
        self.eventually("a look at what was missed", has_asked).await;
    }

    /// Waits for something that comes by itself.
    pub async fn eventually(&self, what: &str, has_come: impl AsyncFn() -> bool) {
        let waiting = async {
            while !has_come().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let result = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(result.is_ok(), "it does not come: {what}");
    }

    /// Somebody does something in Slack; what they see of it at once.
    pub async fn act(&self, act: Act) -> Seen {
        self.slack.act(act).await.unwrap()
    }

    /// Somebody enters a public channel.
    pub async fn joins(&self, user: &str, channel: &str) {
        self.act(Act::Join { user: user.to_owned(), channel: channel.to_owned() }).await;
    }

    /// Somebody types `/incident {text}` in a channel.
    pub async fn types(&self, user: &str, channel: &str, text: &str) -> Seen {
        self.act(Act::SlashCommand {
            user: user.to_owned(),
            channel: channel.to_owned(),
            command: "/incident".to_owned(),
            text: text.to_owned(),
        })
        .await
    }

    /// Somebody types `/incident {text}`, and Stentor does it: what it said to them alone.
    pub async fn says(&self, user: &str, channel: &str, text: &str) -> String {
        let seen = self.types(user, channel, text).await;
        assert_eq!(seen.error, None, "/incident {text}");
        assert_eq!(seen.modal, None, "/incident {text} was expected to need no form");
        self.settle().await;
        seen.messages.iter().map(|message| message.text.clone()).collect::<Vec<_>>().join("\n")
    }

    /// Somebody types `/incident {text}`, and a form opens.
    pub async fn opens(&self, user: &str, channel: &str, text: &str) -> String {
        let seen = self.types(user, channel, text).await;
        let said = || seen.messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>();
        seen.modal.clone().unwrap_or_else(|| {
            panic!("/incident {text} opened no form: {:?} {:?}", seen.error, said())
        })
    }

    /// Somebody sends a form with these fields; `null`, text, or the value of an option.
    pub async fn submits(&self, user: &str, view_id: &str, fields: &[(&str, Value)]) -> Seen {
        let values = fields
            .iter()
            .map(|(field, value)| {
                ((*field).to_owned(), [("value".to_owned(), value.clone())].into())
            })
            .collect();
        self.act(Act::SubmitView { user: user.to_owned(), view_id: view_id.to_owned(), values })
            .await
    }

    /// Somebody opens a form, fills it in, and it is taken; everything that follows has happened.
    pub async fn fills_in(&self, user: &str, channel: &str, text: &str, fields: &[(&str, Value)]) {
        let view = self.opens(user, channel, text).await;
        self.completes(user, &view, fields).await;
    }

    /// Somebody fills in an open form, and it is taken; everything that follows has happened.
    pub async fn completes(&self, user: &str, view_id: &str, fields: &[(&str, Value)]) {
        let seen = self.submits(user, view_id, fields).await;
        assert_eq!((seen.error, seen.field_errors), (None, Default::default()));
        self.settle().await;
    }

    /// The form that somebody looks at, by its word.
    pub fn form(&self, view_id: &str) -> String {
        self.slack.read(|state| state.views[view_id].text("callback_id").to_owned())
    }

    /// Somebody presses a button, and is told something that only they see.
    pub async fn presses_and_hears(
        &self,
        user: &str,
        channel: &str,
        ts: Ts,
        label: &str,
    ) -> Vec<String> {
        let mut changes = self.slack.changes();
        let heard = self.whispers(user, channel).len();
        let seen = self.presses(user, channel, ts, label).await;
        assert_eq!(seen.error, None, "{label}");
        // The answer comes by itself, after the press was taken.
        let listening = async {
            while self.whispers(user, channel).len() == heard {
                changes.recv().await.ok();
            }
        };
        let result = tokio::time::timeout(PATIENCE, listening).await;
        assert!(result.is_ok(), "nothing was said to {user} about pressing {label:?}");
        self.whispers(user, channel).split_off(heard)
    }

    /// Somebody presses a button of this name under a message.
    pub async fn presses(&self, user: &str, channel: &str, ts: Ts, label: &str) -> Seen {
        let message = self.slack.message(channel, ts).unwrap();
        let (block_id, action_id) = button(&message, label)
            .unwrap_or_else(|| panic!("there is no button {label:?} under {:?}", message.text));
        self.act(Act::BlockAction {
            user: user.to_owned(),
            channel: Some(channel.to_owned()),
            ts: Some(ts),
            view_id: None,
            block_id,
            action_id,
            value: Value::Null,
            values: Default::default(),
        })
        .await
    }

    /// Alice declares an incident of this name in #general; everything about it has happened, and
    /// its first messages are read.
    pub async fn declares(&self, name: &str) -> Incident {
        let incident = self.declares_in_trouble(name).await;
        self.settle().await;
        let incident = self.incident(incident.number).await;
        let channel = incident.channel.as_ref().unwrap().as_str();
        self.slack.next_message(channel).expect("the welcome message");
        self.slack.next_message(INCIDENTS).expect("the announcement");
        incident
    }

    /// Alice declares an incident with more than the form asks for; everything about it has happened.
    pub async fn declares_so(&self, declare: Declare) -> Incident {
        let order = Order {
            workspace: self.stentor.app.workspace.clone(),
            receipt: None,
            target: Target::New,
            actor: Actor::Person { user: UserId::from(ALICE) },
            through: None,
            via: Via::Api,
            command: Command::Declare(declare),
            expected_version: None,
        };
        let declared = self.stentor.app.engine.submit(order).await.unwrap().incident;
        self.settle().await;
        self.incident(declared.number).await
    }

    /// Alice declares an incident of this name; what follows may take its time.
    pub async fn declares_in_trouble(&self, name: &str) -> Incident {
        let view = self.opens(ALICE, GENERAL, "").await;
        self.submits_in_trouble(&view, &[("name", json!(name))]).await
    }

    /// Alice sends the form that declares; what follows may take its time.
    pub async fn submits_in_trouble(&self, view: &str, fields: &[(&str, Value)]) -> Incident {
        let seen = self.submits(ALICE, view, fields).await;
        assert_eq!((seen.error, seen.field_errors), (None, Default::default()));
        self.latest().await.unwrap()
    }

    /// The incident that was declared last.
    pub async fn latest(&self) -> Option<Incident> {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        let everything = stentor::incident::event::Actor::Stentor;
        let workspace = &self.stentor.app.workspace;
        incident_lists::newest(&mut tx, workspace, &everything, Wanted::Every, None, 1)
            .await
            .unwrap()
            .pop()
    }

    /// The incident as it stands.
    pub async fn incident(&self, number: i64) -> Incident {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        incidents::by_number(&mut tx, &self.stentor.app.workspace, number).await.unwrap().unwrap()
    }

    /// Everything that happened to it.
    pub async fn record(&self, incident: &Incident) -> Vec<Entry> {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        timeline::after(&mut tx, &self.stentor.app.workspace, &incident.id, 0, 10_000)
            .await
            .unwrap()
    }

    /// What its record says was not delivered.
    pub async fn undelivered(&self, incident: &Incident) -> Vec<String> {
        let record = self.record(incident).await;
        let texts = record.into_iter().filter_map(|entry| match entry.event {
            Event::Undelivered { what, error } => Some(format!("{what}: {error}")),
            _ => None,
        });
        texts.collect()
    }

    /// Does all work that there is, moving the clock to where the next is due. Timers stay.
    pub async fn settle(&self) {
        for _ in 0..STEPS {
            self.slack.settle().await;
            if self.stentor.worker.step().await.unwrap() > 0 {
                continue;
            }
            let Some(due) = self.next_work().await else {
                self.slack.settle().await;
                return;
            };
            self.clock.advance(due.since(self.clock.now()).max(Duration::from_millis(1)));
        }
        panic!("the work does not end: {:?}", self.left().await);
    }

    /// Does what is due now, without moving the clock.
    pub async fn works_a_while(&self) {
        while self.stentor.worker.step().await.unwrap() > 0 {}
        self.slack.settle().await;
    }

    /// Moves the clock, and does what is due then.
    pub async fn waits(&self, duration: Duration) {
        self.clock.advance(duration);
        self.settle().await;
    }

    /// When there is something to do that is no timer.
    pub async fn next_work(&self) -> Option<Timestamp> {
        let waiting = self
            .left()
            .await
            .into_iter()
            .any(|work| work.state == 0 && !work.key.contains("/timer/"));
        if waiting { self.stentor.worker.next_due().await.unwrap() } else { None }
    }

    /// What is left in the outbox.
    pub async fn left(&self) -> Vec<outbox::Left> {
        let mut tx = self.stentor.app.db.read().await.unwrap();
        outbox::left(&mut tx, 1_000).await.unwrap()
    }

    /// Makes calls of a method fail, so many times.
    pub fn breaks(&self, method: &str, failing: Failing, times: u32) {
        self.fault(Fault::times(method, failing, times));
    }

    /// Makes calls of a method fail until [`Bot::mends`].
    pub fn breaks_down(&self, method: &str, failing: Failing) {
        self.fault(Fault::always(method, failing));
    }

    /// Makes one call of a method fail, after so many that pass.
    pub fn breaks_after(&self, method: &str, failing: Failing, after: u32) {
        self.fault(Fault { after, ..Fault::times(method, failing, 1) });
    }

    /// What was done without an answer is met again when it is repeated, and Stentor joins a
    /// channel to look in it.
    pub fn expects_repeats(&self) {
        for (method, error) in [
            ("conversations.create", "name_taken"),
            ("conversations.invite", "already_in_channel"),
            ("conversations.history", "not_in_channel"),
            ("pins.add", "already_pinned"),
        ] {
            self.slack.expect_refusal(method, error);
        }
    }

    fn fault(&self, fault: Fault) {
        self.slack.inject(fault);
    }

    /// The work whose key ends like this will be given up, and stays: the test knows.
    pub fn gives_up(&self, key: &str) {
        warnings::expect("Gave up");
        self.undone.lock().unwrap().push(key.to_owned());
    }

    /// Nothing fails any more.
    pub fn mends(&self) {
        self.slack.clear_faults();
    }

    /// How often a method was called with success.
    pub fn count(&self, method: &str) -> usize {
        self.slack.calls().iter().filter(|call| call.method == method && call.ok).count()
    }

    /// The end of the story: nothing unread, nothing refused, nothing left but timers.
    pub async fn ends(self) {
        self.settle().await;
        let unread: Vec<String> = self
            .slack
            .unread()
            .iter()
            .map(|message| format!("{}: {}", message.channel, message.text))
            .collect();
        assert_eq!(unread, Vec::<String>::new(), "messages that the test did not read");
        assert_eq!(brief(&self.slack.refusals()), Vec::<String>::new(), "calls that Slack refused");
        assert_eq!(
            brief(&self.slack.oddities()),
            Vec::<String>::new(),
            "calls with unknown arguments"
        );
        let left = self.left().await;
        let undone = self.undone.lock().unwrap();
        for key in &*undone {
            let is_dead = left.iter().any(|work| work.key.ends_with(key) && work.state == 1);
            assert!(is_dead, "{key} was not given up: {left:?}");
        }
        let left: Vec<String> = left
            .into_iter()
            .filter(|work| !work.key.contains("/timer/"))
            .filter(|work| !undone.iter().any(|key| work.key.ends_with(key)))
            .map(|work| format!("{} {:?}", work.key, work.last_error))
            .collect();
        assert_eq!(left, Vec::<String>::new(), "work that was not done");
        assert_eq!(warnings::unexpected(), Vec::<String>::new(), "what Stentor warned of");
    }
}

fn brief(calls: &[stentor::simulator::state::journal::Call]) -> Vec<String> {
    calls
        .iter()
        .map(|call| {
            format!("{} {:?} {:?} {}", call.method, call.error, call.unknown_args, call.args)
        })
        .collect()
}

fn button(message: &Message, label: &str) -> Option<(String, String)> {
    message.blocks.iter().find_map(|block| {
        let elements = block["elements"].as_array()?;
        let button = elements
            .iter()
            .find(|element| element["type"] == "button" && element["text"]["text"] == label)?;
        Some((block["block_id"].as_str()?.to_owned(), button["action_id"].as_str()?.to_owned()))
    })
}
