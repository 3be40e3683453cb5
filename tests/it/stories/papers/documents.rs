//! Post-mortems: attached, or begun from the record.

use stentor::incident::papers::document::DocumentKind;
use stentor::store::documents;

use super::everybody_enters;
use crate::bot::{ALICE, BOB, Bot};
use crate::databases::on_each_database;
use crate::stories::channel_of;

on_each_database! {
    async fn a_post_mortem_begins_with_what_is_known(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout <is> slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        bot.says(ALICE, channel, "summary Payments time out for *some* people").await;
        bot.says(ALICE, channel, "note The queue is full").await;
        bot.says(BOB, channel, "resolve Rolled back to 1.4").await;
        bot.says(ALICE, channel, "action Restart the queue").await;
        bot.says(ALICE, channel, "followup Write a test for it").await;
        bot.skims(channel);
        bot.reads_told(ALICE);
        assert_eq!(
            bot.says(ALICE, channel, "postmortem").await,
            "The post-mortem of INC-1: Post-mortem of INC-1: Checkout &lt;is&gt; slow (in progress)"
        );
        let incident = bot.incident(1).await;
        let document = incident.main_document().unwrap();
        assert_eq!(document.kind, DocumentKind::InApp);
        let mut tx = bot.stentor.app.db.read().await.unwrap();
        let workspace = &bot.stentor.app.workspace;
        let text = documents::markdown(&mut tx, workspace, &document.id).await.unwrap().unwrap();
        drop(tx);
        for part in [
            "# Post-mortem of INC-1: Checkout \\<is\\> slow",
            "Payments time out for \\*some\\* people",
            "Declared: Checkout \\<is\\> slow",
            "Note: The queue is full",
            "Status: Investigating → Documenting: Rolled back to 1.4",
            "- [ ] Restart the queue",
            "- [ ] Write a test for it",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        // Who asks again is shown the same one.
        let shown = bot.says(BOB, channel, "postmortem").await;
        assert!(shown.starts_with("The post-mortem of INC-1"), "{shown}");
        assert_eq!(bot.incident(1).await.papers.documents.len(), 1);
        assert_eq!(
            bot.says(BOB, channel, "postmortem https://docs.example/1").await,
            "A document is written here already: “Post-mortem of INC-1: Checkout <is> slow”.".replace('<', "&lt;").replace('>', "&gt;")
        );
        bot.ends().await;
    }

    async fn a_post_mortem_elsewhere_is_one_address(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        everybody_enters(&bot, channel).await;
        bot.says(ALICE, channel, "postmortem https://docs.example/1").await;
        bot.says(BOB, channel, "postmortem https://docs.example/2 What we learnt").await;
        let documents: Vec<_> = bot.incident(1).await.papers.documents.into_values().collect();
        assert_eq!(documents.len(), 1);
        assert_eq!(documents[0].url.as_deref(), Some("https://docs.example/2"));
        assert_eq!(documents[0].title, "What we learnt");
        assert_eq!(documents[0].editors.len(), 2);
        assert_eq!(
            bot.says(BOB, channel, "postmortem https://docs.example/2").await,
            "The document is so already; nothing was changed."
        );
        let shown = bot.says(BOB, channel, "postmortem").await;
        assert_eq!(shown, "The post-mortem of INC-1: <https://docs.example/2|What we learnt> (in progress)");
        bot.ends().await;
    }
}
