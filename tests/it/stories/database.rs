//! The database is away: whoever asks sees an error and can try again, and nothing is half-done.

use serde_json::json;
use stentor::incident::channel::ChannelState;
use stentor::simulator::act::Act;

use super::channel_of;
use crate::bot::{ALICE, Bot, GENERAL};
use crate::databases::on_each_database;
use crate::http::Server;

const NOT_SAVED: &str = "Stentor could not save that; nothing was changed. Please try again.";

on_each_database! {
    async fn without_the_database_everybody_sees_an_error_and_nothing_is_half_done(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let (welcome, announcement) = (bot.welcome(&incident), bot.announcement(&incident));
        let declaring = bot.opens(ALICE, GENERAL, "").await;
        let resolving = bot.opens(ALICE, channel, "resolve").await;
        for warning in ["Could not save commands", "Could not read what somebody asked for", "Could not look up"] {
            crate::warnings::expect(warning);
        }
        bot.stentor.app.db.close().await;

        for (place, command) in [
            (channel, "update Rolling back"), (channel, "update"), (channel, "timeline"), (GENERAL, "list"),
            (GENERAL, ""), (GENERAL, "declare Login is down"), (GENERAL, "INC-1"), (channel, "lead me"),
        ] {
            let seen = bot.types(ALICE, place, command).await;
            let said: Vec<&str> = seen.messages.iter().map(|message| message.text.as_str()).collect();
            assert_eq!((seen.error, said), (None, vec![NOT_SAVED]), "{command}");
        }
        let help = bot.types(ALICE, channel, "help").await;
        assert_eq!(help.messages[0].text, "Commands of /incident", "help needs no database");
        let declared = bot.submits(ALICE, &declaring, &[("name", json!("Login is down"))]).await;
        assert_eq!(declared.field_errors["name"], NOT_SAVED);
        let resolved = bot.submits(ALICE, &resolving, &[]).await;
        assert_eq!(resolved.field_errors["message"], NOT_SAVED);
        for label in ["Take the lead", "Post update"] {
            assert_eq!(bot.presses_and_hears(ALICE, channel, welcome, label).await, [NOT_SAVED], "{label}");
        }
        let heard = bot.presses_and_hears(ALICE, crate::bot::INCIDENTS, announcement, "Timeline").await;
        assert_eq!(heard, [NOT_SAVED]);
        assert!(bot.stentor.worker.step().await.is_err());
        // Slack is told that the event was not taken, and sends it again.
        crate::warnings::expect("Could not save what an event tells");
        let (user, place) = (ALICE.to_owned(), channel.to_owned());
        bot.act(Act::ArchiveChannel { user: user.clone(), channel: place.clone() }).await;
        bot.slack.settle().await;
        let refused = bot.slack.sent().into_iter().filter(|sent| sent.what == "channel_archive");
        assert_eq!(refused.map(|sent| sent.status).collect::<Vec<_>>(), [Some(503), Some(503)]);

        let server = Server::start(bot.stentor.router()).await;
        assert_eq!(server.get("/healthz", &[]).await.status.as_u16(), 200);
        crate::warnings::expect("Not ready");
        assert_eq!(server.get("/readyz", &[]).await.status.as_u16(), 503);
        let token = [("authorization", "Bearer stn_0000000000000000000000000000000000000000000000000000000000000000")];
        crate::warnings::expect("stentor::api");
        assert_eq!(server.get("/api/v1/incidents", &token).await.status.as_u16(), 503);

        // It is back, and the same forms are taken now.
        let bot = bot.restarted(&fresh).await;
        assert_eq!(bot.incident(1).await, incident);
        bot.clock.advance(std::time::Duration::from_secs(60));
        assert_eq!(bot.slack.run_due().await, 1);
        bot.settle().await;
        assert_eq!(bot.incident(1).await.standing.state, ChannelState::Archived);
        assert_eq!(bot.reads_told(ALICE).len(), 1);
        bot.act(Act::UnarchiveChannel { user, channel: place }).await;
        bot.settle().await;
        bot.completes(ALICE, &declaring, &[("name", json!("Login is down"))]).await;
        bot.completes(ALICE, &resolving, &[]).await;
        assert_eq!(bot.reads_everything_once(1).await.len(), 1);
        bot.reads_everything_once(2).await;
        bot.ends().await;
    }

    /// It goes away while work is under way in Slack, and comes back.
    async fn work_goes_on_when_the_database_is_back(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        crate::warnings::expect("stentor::");
        bot.expects_repeats();
        let view = bot.opens(ALICE, GENERAL, "").await;
        bot.submits_in_trouble(&view, &[("name", json!("Checkout is slow"))]).await;
        // The call is slow, and meanwhile the database closes.
        bot.breaks("conversations.create", stentor::simulator::faults::Failing::Delay { ms: 50 }, 1);
        let worker = bot.stentor.worker.clone();
        let working = tokio::spawn(async move { worker.step().await });
        let mut changes = bot.slack.changes();
        while bot.count("conversations.create") == 0 {
            changes.recv().await.ok();
        }
        bot.stentor.app.db.close().await;
        assert!(working.await.unwrap().is_ok());
        let bot = bot.restarted(&fresh).await;
        bot.settle().await;
        assert_eq!(bot.reads_everything_once(1).await, Vec::<String>::new());
        bot.ends().await;
    }
}
