//! What there is to read in Slack: by everybody, by one person alone, and all that belongs to an
//! incident.

use stentor::incident::state::Incident;
use stentor::simulator::state::channel::Channel;
use stentor::simulator::state::message::Message;
use stentor::simulator::state::ts::Ts;

use super::{Bot, INCIDENTS, STENTOR};

impl Bot {
    /// Everything that somebody alone was told in a channel, oldest first.
    pub fn whispers(&self, user: &str, channel: &str) -> Vec<String> {
        self.slack.read(|state| {
            let heard = state.channels.get(channel).and_then(|place| place.ephemerals.get(user));
            heard.into_iter().flatten().map(|(_, message)| message.text.clone()).collect()
        })
    }

    /// The next message in a channel that the test has not read, as its notification says it.
    pub fn reads(&self, channel: &str) -> String {
        self.slack
            .next_message(channel)
            .unwrap_or_else(|| panic!("nothing more was said in {channel}"))
            .text
    }

    /// Everything in a channel that the test has not read.
    pub fn reads_all(&self, channel: &str) -> Vec<String> {
        std::iter::from_fn(|| self.slack.next_message(channel)).map(|said| said.text).collect()
    }

    /// Everything that Stentor told somebody directly and the test has not read.
    pub fn reads_told(&self, user: &str) -> Vec<String> {
        let direct = self.slack.read(|state| {
            let direct = state.channels.values().find(|place| place.is_im && place.has(user));
            direct.map(|place| place.id.clone())
        });
        direct.map(|channel| self.reads_all(&channel)).unwrap_or_default()
    }

    /// Stentor's own messages in a channel as they are now, oldest first.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.slack.read(|state| {
            let place = state.channels.get(channel).unwrap();
            let own = place.messages.values();
            own.filter(|message| message.bot_id.is_some() && message.subtype.is_none())
                .cloned()
                .collect()
        })
    }

    /// The channels that Stentor has made for an incident.
    pub fn channels(&self, incident: &Incident) -> Vec<Channel> {
        let name = format!("inc-{}", incident.number);
        let is_its = |channel: &&Channel| {
            let rest = channel.name.strip_prefix(&name);
            channel.creator == STENTOR
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.slack.read(|state| state.channels.values().filter(is_its).cloned().collect())
    }

    /// The pinned message of an incident.
    pub fn welcome(&self, incident: &Incident) -> Ts {
        let mut pins = self.slack.pins(incident.channel.as_ref().unwrap().as_str());
        pins.retain(|pin| pin.created_by == STENTOR);
        assert_eq!(pins.len(), 1, "{}", incident.reference());
        pins[0].ts
    }

    /// The announcement of an incident.
    pub fn announcement(&self, incident: &Incident) -> Ts {
        let about = format!("{} ", incident.reference());
        let mut all = self.messages(INCIDENTS);
        all.retain(|message| message.text.starts_with(&about));
        assert_eq!(all.len(), 1, "{} is announced once: {all:#?}", incident.reference());
        all[0].ts
    }

    /// Reads what Slack shows of an incident: one channel, a pinned welcome message in it, one
    /// announcement, and each post once. Returns the posts.
    pub async fn reads_everything_once(&self, number: i64) -> Vec<String> {
        let incident = self.incident(number).await;
        let channels = self.channels(&incident);
        let names: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
        assert_eq!(names.len(), 1, "channels of {}: {names:?}", incident.reference());
        let channel = incident.channel.as_ref().unwrap().as_str();
        assert_eq!(channels[0].id, channel);
        let messages = self.messages(channel);
        assert_eq!(messages[0].ts, self.welcome(&incident), "the welcome message comes first");
        self.announcement(&incident);
        self.skims(channel);
        self.skims(INCIDENTS);
        messages[1..].iter().map(|message| message.text.clone()).collect()
    }

    /// Whatever is said in this channel is of no interest to the test.
    pub fn skims(&self, channel: &str) {
        while self.slack.next_message(channel).is_some() {}
    }
}
