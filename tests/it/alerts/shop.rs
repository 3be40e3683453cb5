//! The demo's shop breaks, with a clock that stands still between its seconds.

use std::time::Duration;

use axum::http::Method;
use stentor::alert::history::Phase as Life;
use stentor::alert::observation::Status;
use stentor::alert::state::Alert;
use stentor::demo::monitoring;
use stentor::incident::catalogue::StatusCategory;
use stentor::incident::state::Incident;
use stentor::shop::doors::{Doors, Letter};
use stentor::shop::scenario::Scenario;
use stentor::shop::story::{Phase, Story};

use crate::bot::{ALICE, Bot};
use crate::databases::on_each_database;
use crate::http::Server;

/// A shop whose monitoring sends to a bot.
struct Shop<'a> {
    bot: &'a Bot,
    server: Server,
    doors: Doors,
    story: Story,
    /// The next second of its story.
    next: u64,
}

impl<'a> Shop<'a> {
    async fn opens(bot: &'a Bot, scenario: Scenario) -> Shop<'a> {
        let app = &bot.stentor.app;
        // The same as in the demo; a second start changes only the secrets.
        monitoring::lay_down(app, String::new()).await.unwrap();
        let doors = monitoring::lay_down(app, String::new()).await.unwrap();
        app.sources.forget();
        let server = Server::start(bot.stentor.router()).await;
        let story = Story::new(scenario, 7, bot.clock.now().to_jiff(), 1.0);
        Shop { bot, server, doors, story, next: 0 }
    }

    async fn sends(&self, letters: Vec<Letter>) {
        for letter in letters {
            let post = self.doors.post(&letter);
            let authorization = post.token.map(|token| format!("Bearer {token}"));
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(authorization.as_deref().map(|it| ("authorization", it)));
            let answer = self.server.send(Method::POST, &post.path, &headers, post.body).await;
            assert!(answer.status.is_success(), "{} {}", answer.status, answer.text);
        }
    }

    /// Second after second goes by until this phase begins.
    async fn goes_on_until(&mut self, phase: Phase) {
        while self.next < phase.begins() {
            self.sends(self.story.letters(self.next)).await;
            self.bot.works_a_while().await;
            self.next += 1;
            self.bot.clock.advance(Duration::from_secs(1));
            self.bot.sweeps().await;
            self.bot.works_a_while().await;
        }
    }

    async fn firing(&self) -> usize {
        let alerts = self.bot.alerts().await;
        alerts.iter().filter(|alert| alert.phase.is_firing()).count()
    }
}

/// What was said in the channel of an incident since the last look.
fn says(bot: &Bot, incident: &Incident) -> Vec<String> {
    bot.reads_all(incident.channel.as_ref().unwrap().as_str())
}

fn count(said: &[String], words: &str) -> usize {
    said.iter().filter(|text| text.contains(words)).count()
}

on_each_database! {
    async fn a_storm_is_one_incident_which_recovers_flaps_and_opens_again(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let mut shop = Shop::opens(&bot, Scenario::BadRelease).await;
        shop.goes_on_until(Phase::Height).await;
        assert_eq!((shop.firing().await, bot.incidents().await), (304, 1));
        let incident = bot.incident(1).await;
        assert_eq!(incident.name, "Checkout fails for one in five customers");
        assert!(incident.summary.contains("since the last release"), "{}", incident.summary);
        let signal = incident.signal.unwrap();
        assert_eq!((signal.status, signal.active, signal.flapping), (Status::Critical, true, false));
        let channel = incident.channel.as_ref().unwrap().as_str();
        bot.joins(ALICE, channel).await;
        bot.reads_everything_once(1).await;

        shop.goes_on_until(Phase::Recovered).await;
        assert_eq!(shop.firing().await, 0);
        let said = says(&bot, &incident);
        assert_eq!(count(&said, "All alerts are over"), 1, "{said:#?}");
        assert_eq!(bot.incident(1).await.category, StatusCategory::Live, "people decide");

        shop.goes_on_until(Phase::Quiet).await;
        let said = says(&bot, &incident);
        assert_eq!(count(&said, "go on and off"), 1, "{said:#?}");
        assert!(said.last().unwrap().contains("go on and off"), "{said:#?}");
        assert!(bot.incident(1).await.signal.unwrap().flapping);

        bot.says(ALICE, channel, "close Rolled back").await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Closed);
        shop.goes_on_until(Phase::Fading).await;
        assert_eq!(bot.incident(1).await.category, StatusCategory::Live, "it is open again");
        let alerts = bot.alerts().await;
        let back = |alert: &&Alert| alert.phase == Life::Reopened && alert.labels.contains_key("alertname");
        assert_eq!(alerts.iter().filter(back).count(), 40);

        shop.goes_on_until(Phase::Over).await;
        shop.sends(shop.story.letters(Phase::Over.begins())).await;
        bot.settle().await;
        assert_eq!((shop.firing().await, bot.incidents().await), (0, 1));
        assert!(!bot.incident(1).await.signal.unwrap().active);
        // What a probe sees anew is another alert to PagerDuty: two of them came back.
        assert_eq!(bot.alerts().await.len(), 306);
        bot.reads_everything_once(1).await;
        bot.ends().await;
    }

    async fn each_way_to_break_is_one_incident_and_is_mended_at_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        for (number, scenario) in (1..).zip(Scenario::ALL) {
            let mut shop = Shop::opens(&bot, scenario).await;
            shop.goes_on_until(Phase::Height).await;
            assert_eq!((shop.firing().await, bot.incidents().await), (304, number));
            assert_eq!(bot.incident(number).await.name, scenario.plot().headline);
            shop.sends(shop.story.end(shop.next - 1)).await;
            bot.settle().await;
            assert_eq!(shop.firing().await, 0);
            assert!(!bot.incident(number).await.signal.unwrap().active);
        }
        for number in 1..=4 {
            bot.reads_everything_once(number).await;
        }
        bot.ends().await;
    }
}
