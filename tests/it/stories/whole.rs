//! A whole incident that touches everything Stentor does in Slack, and what is to be read of it
//! when all is well: each thing once.

use std::time::Duration;

use serde_json::json;
use stentor::alert::observation::Observation;
use stentor::incident::event::Actor;
use stentor::incident::state::Incident;
use stentor::ingest::kind::Kind;
use stentor::intake::order::{Errand, Place, Which};

use super::severity;
use crate::alerts::monitor::{Monitor, ends, fires};
use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};

/// Enough for whatever is tried again a few times.
const A_WHILE: Duration = Duration::from_secs(900);
/// Pieces of work after which a test gives up on work that never ends.
const STEPS: usize = 500;

/// What people see of an incident in Slack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// The name of its channel.
    Name,
    /// The channel's topic.
    Topic,
    /// Who is in the channel.
    Members,
    /// The pinned welcome message, first in the channel.
    Welcome,
    /// The announcement.
    Announcement,
    /// What is posted in the channel.
    Posts,
    /// What the lead is told of the role.
    Instructions,
    /// Where the channel is, told to who declared.
    WayThere,
}

impl Bot {
    /// Does what is due within this time, moving the clock from one piece of work to the next.
    pub async fn carries_on(&self, duration: Duration) {
        let end = self.clock.now().plus(duration);
        for _ in 0..STEPS {
            self.slack.settle().await;
            if self.stentor.worker.step().await.unwrap() > 0 {
                continue;
            }
            let due = self.stentor.worker.next_due().await.unwrap();
            let Some(due) = due.filter(|due| *due <= end) else { return };
            self.clock.advance(due.since(self.clock.now()).max(Duration::from_millis(1)));
        }
        panic!("the work does not end: {:?}", self.left().await);
    }

    /// Alerts that somebody takes for part of this incident, before they open another one.
    async fn attaches(&self, monitor: &Monitor, said: Vec<Observation>, incident: &Incident) {
        self.hears(monitor, said).await;
        let group = self.alerts().await.pop().unwrap().group;
        let (which, to) = (Which::Group(group), Place::Incident(incident.id.clone()));
        let by = Actor::Person { user: ALICE.into() };
        self.carries(Errand::Move { which, to, by }).await;
    }

    /// What Stentor told somebody about where an incident is, in a channel or directly.
    fn led_to(&self, user: &str, incident: &Incident) -> usize {
        let words = format!("{} is open", incident.reference());
        let whispered = self.whispers(user, GENERAL).into_iter();
        let told = whispered.chain(self.reads_told(user));
        told.filter(|said| said.starts_with(&words)).count()
    }
}

/// Declares an incident and drives it to its end. What follows may take its time.
pub async fn tell(bot: &Bot, breaks: impl FnOnce()) -> Incident {
    let view = bot.opens(ALICE, GENERAL, "").await;
    breaks();
    let fields = [
        ("name", json!("Checkout is slow")),
        ("severity", severity("major")),
        ("lead", json!(BOB)),
    ];
    let declared = bot.submits_in_trouble(&view, &fields).await;
    let (monitor, service) = (bot.monitor(Kind::Generic).await, declared.id.to_string());
    bot.attaches(&monitor, vec![fires("A", &service), fires("B", &service)], &declared).await;
    bot.carries_on(A_WHILE).await;
    bot.hears(&monitor, vec![ends("A", &service)]).await;
    bot.carries_on(A_WHILE).await;
    for command in
        ["update Rolling back", "rename Checkout was slow", "severity minor", "close Done"]
    {
        bot.clock.advance(Duration::from_secs(60));
        // It may have no channel in which this could be typed.
        let seen = bot.types(ALICE, GENERAL, &format!("INC-{} {command}", declared.number)).await;
        assert_eq!(seen.error, None, "{command}");
        bot.carries_on(A_WHILE).await;
    }
    bot.incident(declared.number).await
}

/// Everything about the incident is there once, but for these, of which Slack did not say
/// the truth.
pub async fn ends_well(bot: &Bot, incident: &Incident, trouble: &str, but: &[Aspect]) {
    let number = incident.number;
    let is_right = |aspect: Aspect| !but.contains(&aspect);
    let incident = bot.incident(number).await;
    let channels = bot.channels(&incident);
    let names: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names.len(), 1, "channels: {names:?}: {trouble}");
    let channel = &channels[0];
    assert_eq!(incident.channel.as_ref().map(|id| id.as_str()), Some(&*channel.id), "{trouble}");
    if is_right(Aspect::Name) {
        assert_eq!(channel.name, format!("inc-{number}-checkout-was-slow"), "{trouble}");
    }
    if is_right(Aspect::Topic) {
        let topic = format!("[Minor] Closed · Lead <@U0BOB> · INC-{number}");
        assert_eq!(channel.topic.value, topic, "{trouble}");
    }
    if is_right(Aspect::Members) {
        assert!(channel.has(ALICE) && channel.has(BOB), "{trouble}: {:?}", channel.members);
    }
    let mut messages = bot.messages(&channel.id);
    if is_right(Aspect::Welcome) {
        let pins: Vec<_> = bot.slack.pins(&channel.id).iter().map(|pin| pin.ts).collect();
        assert_eq!(pins, [messages[0].ts], "the welcome message comes first, pinned: {trouble}");
    }
    if is_right(Aspect::Posts) {
        let posts = messages.split_off(1);
        let about = format!("INC-{number} alerts: ");
        let (cards, posts): (Vec<_>, Vec<_>) =
            posts.into_iter().partition(|post| post.text.starts_with(&about));
        assert_eq!(cards.len(), 1, "the card of its alerts is there once: {trouble}");
        assert!(cards[0].text.ends_with("1 of 2 firing, worst critical"), "{trouble}: {}", cards[0].text);
        // How long it took depends on the trouble.
        let posts: Vec<&str> =
            posts.iter().map(|post| post.text.split(" after ").next().unwrap()).collect();
        let expected = [
            format!("INC-{number}: Rolling back · Update from <@U0ALICE>"),
            format!("INC-{number}: Severity lowered: Major → Minor · by <@U0ALICE>"),
            format!("INC-{number}: Done · Closed"),
        ];
        assert_eq!(posts, expected, "{trouble}");
    }
    if is_right(Aspect::Announcement) {
        let shown = bot.slack.message(INCIDENTS, bot.announcement(&incident)).unwrap();
        let shown = serde_json::to_string(&shown.blocks).unwrap();
        assert!(shown.contains("Closed") && shown.contains(&channel.id), "{trouble}: {shown}");
    }
    if is_right(Aspect::Instructions) {
        // Beside it, whoever keeps the incident may be warned of what is wrong in the workspace.
        let mut told = bot.reads_told(BOB);
        told.retain(|text| text.starts_with("You are now "));
        assert_eq!(told.len(), 1, "the lead is told once: {trouble}");
    }
    let led = bot.led_to(ALICE, &incident);
    let least = usize::from(is_right(Aspect::WayThere));
    assert!((least..=1).contains(&led), "who declared is led there {led} times: {trouble}");
    for channel in [&channel.id, INCIDENTS] {
        bot.skims(channel);
    }
}
