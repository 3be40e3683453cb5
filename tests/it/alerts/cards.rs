//! The cards of alerts in the incident's channel: one for each group, edited in place.

use std::time::Duration;

use stentor::alert::observation::{Link, Observation};
use stentor::alert::settings::{OnResolve, Route};
use stentor::incident::state::Incident;
use stentor::ingest::kind::Kind;
use stentor::simulator::act::Act;
use stentor::simulator::faults::Failing;
use stentor::simulator::state::message::Message;

use super::monitor::{Monitor, ends, fires};
use crate::bot::{ALICE, Bot, INCIDENTS};
use crate::databases::on_each_database;
use crate::stories::channel_of;

const MINUTE: Duration = Duration::from_secs(60);

impl Bot {
    /// The incident that these alerts open, with Alice in its channel, and what is said at first read.
    pub async fn opens_by(&self, monitor: &Monitor, said: Vec<Observation>) -> Incident {
        let before = self.incidents().await;
        self.hears(monitor, said).await;
        self.watches(MINUTE).await;
        let incident = self.incident(before + 1).await;
        self.joins(ALICE, channel_of(&incident)).await;
        self.settle().await;
        self.skims(channel_of(&incident));
        self.skims(INCIDENTS);
        incident
    }

    /// The cards in the channel of an incident.
    pub fn cards(&self, incident: &Incident) -> Vec<Message> {
        let about = format!("{} alerts: ", incident.reference());
        let mut all = self.messages(channel_of(incident));
        all.retain(|message| message.text.starts_with(&about) || message.text.starts_with("↪️"));
        all
    }

    /// The only card in the channel of an incident.
    pub fn card(&self, incident: &Incident) -> Message {
        let mut cards = self.cards(incident);
        assert_eq!(cards.len(), 1, "{cards:#?}");
        cards.remove(0)
    }

    /// The card's blocks as text.
    pub fn card_says(&self, incident: &Incident) -> String {
        serde_json::to_string(&self.card(incident).blocks).unwrap()
    }

    async fn posts_nothing_new(&self, incident: &Incident) {
        assert_eq!(self.reads_all(channel_of(incident)), Vec::<String>::new());
    }
}

on_each_database! {
    async fn a_storm_is_one_card_that_is_edited(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let storm: Vec<Observation> =
            (0..60).map(|n| fires(&format!("Alert{n}"), "checkout")).collect();
        let incident = bot.opens_by(&monitor, storm[..50].to_vec()).await;
        assert_eq!(bot.card(&incident).text, "INC-1 alerts: Alert0 in checkout: 50 of 50 firing, worst critical");
        assert!(bot.card_says(&incident).contains("and 45 more"));
        bot.hears(&monitor, storm[50..].to_vec()).await;
        bot.settle().await;
        assert!(bot.card_says(&incident).contains("60 of 60 firing"));
        // What is said again, or seen to change in nothing that is shown, is no call at all.
        let calls = bot.slack.calls().len();
        bot.hears(&monitor, storm.clone()).await;
        bot.watches(MINUTE).await;
        assert_eq!(bot.slack.calls().len(), calls);
        bot.hears(&monitor, vec![ends("Alert3", "checkout")]).await;
        bot.settle().await;
        assert!(bot.card_says(&incident).contains("59 of 60 firing"));
        bot.hears(&monitor, (0..60).map(|n| ends(&format!("Alert{n}"), "checkout")).collect()).await;
        bot.settle().await;
        assert!(bot.card_says(&incident).contains("All 60 are over"));
        assert_eq!(bot.reads_all(channel_of(&incident)), ["INC-1: 🟢 All alerts are over. Is the incident, too?"]);
        bot.ends().await;
    }

    async fn what_senders_write_is_harmless(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let title = format!("<!channel> <@U0ALICE> *bold* `code` {}", "very long ".repeat(60));
        let mut said = Observation::firing("k", title);
        said.labels = [("service", "<!here>"), ("<script>", "</script>")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for (href, text) in [("https://a.example/1", "<!channel>|x"), ("javascript:alert(1)", "evil"), ("https://b.example/|<x>", "odd")] {
            said.links.push(Link { href: href.to_owned(), text: text.to_owned() });
        }
        let incident = bot.opens_by(&monitor, vec![said.within_limits()]).await;
        let card = bot.card(&incident);
        assert!(!card.text.contains("<!") && !card.text.contains("<@"), "{}", card.text);
        let blocks = bot.card_says(&incident);
        assert!(blocks.contains("https://a.example/1"), "{blocks}");
        assert!(!blocks.contains("javascript") && !blocks.contains("b.example"), "{blocks}");
        let welcome = bot.slack.message(channel_of(&incident), bot.welcome(&incident)).unwrap();
        assert!(!welcome.text.contains("<!"), "{}", welcome.text);
        bot.ends().await;
    }

    /// However its calls fail, the card is there once, and shows the present.
    async fn a_card_is_made_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.expects_repeats();
        let monitor = bot.monitor(Kind::Generic).await;
        let ways = [
            Failing::Refuse,
            Failing::Status { status: 503 },
            Failing::RateLimited { retry_after: 7 },
            Failing::LostAnswer { hang_ms: 0 },
            Failing::MalformedJson,
            Failing::ErrorAfter { code: "internal_error".to_owned() },
            Failing::Error { code: "fatal_error".to_owned() },
        ];
        for (number, way) in (1..).zip(ways) {
            let service = format!("s{number}");
            bot.hears(&monitor, vec![fires("Latency", &service)]).await;
            // The welcome message and the announcement come before it, at most.
            bot.breaks("chat.postMessage", way.clone(), 6);
            bot.watches(MINUTE).await;
            bot.mends();
            bot.settle().await;
            let incident = bot.incident(number).await;
            assert!(bot.card_says(&incident).contains("Firing"), "{way:?}");
            bot.breaks("chat.update", way.clone(), 4);
            bot.hears(&monitor, vec![fires("Errors", &service), ends("Latency", &service)]).await;
            bot.settle().await;
            bot.mends();
            assert!(bot.card_says(&incident).contains("1 of 2 firing"), "{way:?}");
            bot.reads_everything_once(number).await;
        }
        bot.ends().await;
    }

    async fn what_people_delete_is_shown_anew_with_the_next_news(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let (user, channel) = (ALICE.to_owned(), channel_of(&incident).to_owned());
        let ts = bot.card(&incident).ts;
        bot.act(Act::DeleteMessage { user: user.clone(), channel: channel.clone(), ts }).await;
        bot.settle().await;
        assert!(bot.cards(&incident).is_empty());
        bot.slack.expect_refusal("chat.update", "message_not_found");
        bot.hears(&monitor, vec![fires("Errors", "checkout")]).await;
        bot.settle().await;
        assert!(bot.card_says(&incident).contains("2 of 2 firing"));
        bot.skims(&channel);
        // A channel that is deleted takes the card with it.
        bot.act(Act::DeleteChannel { user, channel }).await;
        bot.settle().await;
        let incident = bot.incident(1).await;
        assert!(bot.card_says(&incident).contains("2 of 2 firing"));
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn a_channel_that_was_archived_shows_the_present_when_it_is_back(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let (user, channel) = (ALICE.to_owned(), channel_of(&incident).to_owned());
        bot.act(Act::ArchiveChannel { user: user.clone(), channel: channel.clone() }).await;
        bot.settle().await;
        bot.hears(&monitor, vec![fires("Errors", "checkout")]).await;
        bot.settle().await;
        assert!(!bot.card_says(&incident).contains("2 of 2 firing"));
        bot.act(Act::UnarchiveChannel { user, channel: channel.clone() }).await;
        bot.settle().await;
        assert!(bot.card_says(&incident).contains("2 of 2 firing"));
        bot.skims(&channel);
        bot.ends().await;
    }

    async fn the_welcome_message_and_the_announcement_tell_it_in_short(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let shown = |channel: &str, ts| {
            serde_json::to_string(&bot.slack.message(channel, ts).unwrap().blocks).unwrap()
        };
        let welcome = shown(channel_of(&incident), bot.welcome(&incident));
        assert!(welcome.contains("Alerts") && welcome.contains("critical"), "{welcome}");
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.settle().await;
        let announced = shown(INCIDENTS, bot.announcement(&incident));
        assert!(announced.contains("Alerts: ") && announced.contains("all over"), "{announced}");
        bot.skims(channel_of(&incident));
        bot.ends().await;
    }

    async fn people_are_asked_whether_it_is_over_only_where_a_route_says_so(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident = bot.opens_by(&monitor, vec![fires("Latency", "checkout")]).await;
        let channel = channel_of(&incident);
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.settle().await;
        let asked = bot.slack.next_message(channel).unwrap();
        let view = bot.presses(ALICE, channel, asked.ts, "Resolve").await.modal.unwrap();
        bot.completes(ALICE, &view, &[]).await;
        bot.skims(channel);
        // Whoever presses it now is told that it is done.
        let heard = bot.presses_and_hears(ALICE, channel, asked.ts, "Resolve").await;
        assert_eq!(heard, ["The incident is resolved already; nothing was changed."]);

        bot.routes(Route { on_resolve: OnResolve::Nothing, ..Route::default() }).await;
        let incident = bot.opens_by(&monitor, vec![fires("Errors", "cart")]).await;
        bot.hears(&monitor, vec![ends("Errors", "cart")]).await;
        bot.settle().await;
        let told = bot.slack.next_message(channel_of(&incident)).unwrap();
        assert_eq!(told.text, "INC-2: 🟢 All alerts are over.");
        assert!(told.blocks.iter().all(|block| block["type"] != "actions"));
        bot.posts_nothing_new(&incident).await;
        bot.ends().await;
    }

    async fn alerts_are_listed_for_who_asks(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let monitor = bot.monitor(Kind::Generic).await;
        let incident =
            bot.opens_by(&monitor, vec![fires("Latency", "checkout"), fires("Errors", "checkout")]).await;
        bot.hears(&monitor, vec![ends("Latency", "checkout")]).await;
        bot.settle().await;
        for (channel, command) in [(channel_of(&incident), "alerts"), (INCIDENTS, "alerts INC-1"), (INCIDENTS, "INC-1 firing")] {
            let said = bot.says(ALICE, channel, command).await;
            assert_eq!(said, "Alerts of INC-1 Latency in checkout: 1 of 2 firing", "{command}");
        }
        assert_eq!(bot.declares("Quiet").await.number, 2);
        assert_eq!(bot.says(ALICE, INCIDENTS, "alerts INC-2").await, "INC-2 Quiet has no alerts.");
        bot.skims(INCIDENTS);
        bot.ends().await;
    }
}
