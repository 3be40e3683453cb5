//! Who is let into a private incident, and taken out of it.

use stentor::simulator::act::Act;
use stentor::simulator::faults::Failing;

use super::declares_privately;
use crate::bot::{ALICE, BOB, Bot, CAROL, GENERAL};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn who_is_removed_sees_nothing_more_and_can_come_back(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = declares_privately(&bot, "Someone has our keys").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "invite @bob").await;
        bot.says(BOB, channel, "subscribe").await;
        assert!(bot.channels(&incident)[0].has(BOB));
        assert_eq!(bot.says(ALICE, channel, "remove @bob").await, format!("Took <@{BOB}> out of INC-1."));
        assert!(!bot.channels(&incident)[0].has(BOB));
        assert_eq!(bot.says(BOB, GENERAL, "list").await, "There are no open incidents.");
        assert!(bot.incident(1).await.papers.subscribers.is_empty(), "nor hears of it");
        bot.says(ALICE, channel, "update Keys revoked").await;
        bot.skims(channel);
        assert_eq!(
            bot.says(ALICE, channel, "remove @bob").await,
            "They have no part in it; nothing was changed."
        );
        bot.says(ALICE, channel, "invite @bob").await;
        assert!(bot.channels(&incident)[0].has(BOB), "the invitation is a new one");
        assert!(bot.says(BOB, GENERAL, "list").await.contains("1 open incident"));
        bot.ends().await;
    }

    async fn who_has_a_part_in_it_is_not_removed(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = declares_privately(&bot, "Someone has our keys").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "role scribe @bob").await;
        bot.reads_told(BOB);
        for (command, answer) in [
            ("remove @bob", "They are Scribe of this incident. Give that to somebody else first."),
            ("remove @alice", "They declared this incident, and stay part of it."),
            ("remove @carol", "They have no part in it; nothing was changed."),
            ("remove bob", "I don't know who “bob” is. Mention them, as in `@bea`."),
            ("remove @bob @carol", "Those are 2 people; 1 is the most at once."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }
        bot.says(ALICE, channel, "invite @bob").await;
        bot.says(ALICE, channel, "role scribe none").await;
        bot.says(ALICE, channel, "remove @bob").await;
        assert!(!bot.channels(&incident)[0].has(BOB));
        bot.skims(channel);
        bot.ends().await;
    }

    async fn nobody_is_kept_out_of_what_everybody_may_see(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let said = bot.says(ALICE, channel_of(&incident), "remove @bob").await;
        assert_eq!(said, "This incident is not private: everybody may see it, and nobody can be kept out.");
        bot.ends().await;
    }

    async fn a_removal_in_doubt_is_done_once(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = declares_privately(&bot, "Someone has our keys").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "invite @bob @carol").await;
        bot.breaks("conversations.kick", Failing::LostAnswer { hang_ms: 0 }, 1);
        bot.slack.expect_refusal("conversations.kick", "not_in_channel");
        bot.says(ALICE, channel, "remove @bob").await;
        assert!(!bot.channels(&incident)[0].has(BOB) && bot.channels(&incident)[0].has(CAROL));
        bot.ends().await;
    }

    /// Somebody is removed while Slack is away, and invited again before it is back.
    async fn who_is_let_in_again_meanwhile_stays(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = declares_privately(&bot, "Someone has our keys").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "invite @bob").await;
        let wire = crate::raw::Wire::to(&bot).await;
        wire.types(ALICE, channel, &format!("remove <@{BOB}>"), "1").await.expect(200);
        wire.types(ALICE, channel, &format!("invite <@{BOB}>"), "2").await.expect(200);
        bot.settle().await;
        assert!(bot.channels(&incident)[0].has(BOB));
        assert_eq!(bot.count("conversations.kick"), 0);
        bot.ends().await;
    }

    async fn a_removal_that_slack_refuses_is_seen(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = declares_privately(&bot, "Someone has our keys").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "invite @bob").await;
        bot.breaks_down("conversations.kick", Failing::Error { code: "restricted_action".to_owned() });
        bot.slack.expect_refusal("conversations.kick", "restricted_action");
        bot.gives_up("refresh/members");
        bot.says(ALICE, channel, "remove @bob").await;
        assert_eq!(bot.undelivered(&incident).await, ["refresh the members: conversations.kick: restricted_action"]);
        bot.ends().await;
    }

    /// Nothing can be done in a channel that is archived; when it is back, it is done.
    async fn who_is_removed_while_the_channel_is_archived_is_taken_out_when_it_is_back(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = declares_privately(&bot, "Someone has our keys").await;
        let channel = channel_of(&incident).to_owned();
        bot.says(ALICE, &channel, "invite @bob").await;
        bot.act(Act::ArchiveChannel { user: ALICE.to_owned(), channel: channel.clone() }).await;
        bot.settle().await;
        bot.says(ALICE, GENERAL, "INC-1 remove @bob").await;
        assert_eq!(bot.count("conversations.kick"), 0);
        bot.act(Act::UnarchiveChannel { user: ALICE.to_owned(), channel: channel.clone() }).await;
        bot.settle().await;
        assert!(!bot.channels(&incident)[0].has(BOB));
        bot.skims(&channel);
        bot.reads_told(ALICE);
        bot.ends().await;
    }
}
