//! What else an incident says: its fields, its call, and what its type asks.

use serde_json::{Value, json};
use stentor::engine::catalogue::{CatalogueOrder, edit_catalogue};
use stentor::engine::order::{Order, Target};
use stentor::incident::catalogue::edit::{
    CatalogueCommand, Edit, FieldWords, OptionWords, TypeWords,
};
use stentor::incident::catalogue::field::FieldType;
use stentor::incident::catalogue::{Catalogue, CreateInTriage};
use stentor::incident::command::Command;
use stentor::incident::edit::Edit as Several;
use stentor::incident::event::{Actor, Via};
use stentor::incident::state::{Incident, Mode, Visibility};

use super::channel_of;
use crate::bot::{ALICE, BOB, Bot, GENERAL, INCIDENTS};
use crate::databases::on_each_database;

impl Bot {
    /// Changes the workspace's catalogue; the id of what was changed.
    async fn edits(&self, command: CatalogueCommand) -> String {
        let app = &self.stentor.app;
        let order = CatalogueOrder {
            workspace: app.workspace.clone(),
            receipt: app.ids.ulid(app.clock.now()),
            actor: Actor::Stentor,
            command,
        };
        edit_catalogue(&app.db, &app.clock, &app.ids, &order).await.unwrap().id
    }

    async fn has_field(&self, name: &str, field_type: FieldType, options: &[&str]) -> String {
        let words = FieldWords {
            name: Some(name.to_owned()),
            field_type: Some(field_type),
            ..FieldWords::default()
        };
        let id = self.edits(CatalogueCommand::Field(Edit::Create(words))).await;
        for option in options {
            let field = Some(id.as_str().into());
            let words = OptionWords { field, value: Some((*option).to_owned()), sort_key: None };
            self.edits(CatalogueCommand::Option(Edit::Create(words))).await;
        }
        id
    }

    async fn option(&self, field: &str, value: &str) -> Value {
        let app = &self.stentor.app;
        let mut tx = app.db.read().await.unwrap();
        let catalogue = app.catalogues.of(&mut tx, &app.workspace).await.unwrap();
        json!(catalogue.find_field(field).unwrap().find_option(value).unwrap().id)
    }

    /// Alice gives the incident a command through the API.
    async fn gives(&self, incident: &Incident, command: Command) {
        let order = Order {
            workspace: self.stentor.app.workspace.clone(),
            receipt: None,
            target: Target::Id(incident.id.clone()),
            actor: Actor::Person { user: ALICE.into() },
            through: None,
            via: Via::Api,
            command,
            expected_version: None,
        };
        self.stentor.app.engine.submit(order).await.unwrap();
        self.settle().await;
    }

    /// What the welcome message of an incident shows.
    fn welcome_of(&self, incident: &Incident) -> String {
        let message = self.slack.message(channel_of(incident), self.welcome(incident)).unwrap();
        json!(message.blocks).to_string()
    }
}

on_each_database! {
    async fn fields_are_filled_in_by_a_word_or_a_form(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        assert_eq!(bot.says(ALICE, channel, "field").await, "This workspace has no custom fields yet.");
        let team = bot.has_field("Affected team", FieldType::MultiSelect, &["Payments", "Search"]).await;
        let cause = bot.has_field("Cause", FieldType::SingleSelect, &["A release", "A vendor"]).await;
        let ticket = bot.has_field("Ticket", FieldType::Link, &[]).await;
        let lost = bot.has_field("Orders lost", FieldType::Numeric, &[]).await;
        let said = bot.says(ALICE, channel, "field affected team payments, search").await;
        assert_eq!(said, "INC-1: <@U0ALICE> set Affected team to Payments, Search.");
        let welcome = bot.welcome_of(&incident);
        assert!(welcome.contains("Affected team") && welcome.contains("Payments, Search"), "{welcome}");
        assert!(bot.says(BOB, GENERAL, "INC-1").await.contains("INC-1"));
        assert_eq!(
            bot.says(ALICE, channel, "field affected team payments, search").await,
            "Affected team says that already; nothing was changed."
        );
        for (command, answer) in [
            ("field affected team Shipping", "“Affected team” has no option “Shipping”. There are: Payments, Search."),
            ("field cuase A vendor", "There is no field “cuase”. Did you mean Cause? There are: Affected team, Cause, Ticket, Orders lost."),
            ("field ticket JIRA-1", "“Ticket” takes the address of a page, such as https://example.com/1."),
            ("field orders lost many", "“Orders lost” takes a number, such as 12 or -0.5."),
        ] {
            assert_eq!(bot.says(ALICE, channel, command).await, answer, "{command}");
        }

        // One form has them all, filled in with how things are.
        let form = bot.opens(ALICE, channel, "field").await;
        let bad = [(&*format!("field/{lost}"), json!("many"))];
        let seen = bot.submits(ALICE, &form, &bad).await;
        assert_eq!(seen.field_errors.keys().collect::<Vec<_>>(), [&format!("field/{lost}")], "{seen:?}");
        let fields = [
            (&*format!("field/{lost}"), json!("12.5")),
            (&*format!("field/{cause}"), bot.option("cause", "A vendor").await),
            (&*format!("field/{ticket}"), json!("https://jira.example.com/1")),
        ];
        bot.completes(ALICE, &form, &fields).await;
        let names: Vec<String> = bot.incident(1).await.fields.keys().map(ToString::to_string).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        let welcome = bot.welcome_of(&incident);
        for shown in ["A vendor", "12.5", "https://jira.example.com/1", "Payments, Search"] {
            assert!(welcome.contains(shown), "{shown} {welcome}");
        }
        // Sent off as it opens, it changes nothing.
        let before = bot.record(&incident).await.len();
        bot.fills_in(ALICE, channel, "field", &[]).await;
        assert_eq!(bot.record(&incident).await.len(), before);
        // The form of one field.
        bot.fills_in(ALICE, channel, "field affected team", &[(&*format!("field/{team}"), json!([bot.option("affected team", "search").await]))]).await;
        assert_eq!(bot.says(ALICE, channel, "field cause none").await, "INC-1: <@U0ALICE> cleared Cause.");
        assert!(!bot.incident(1).await.fields.keys().any(|id| id.as_str() == cause));
        assert_eq!(bot.reads_all(channel), Vec::<String>::new(), "the channel is left in peace");
        bot.ends().await;
    }

    async fn times_are_mended_in_one_form(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let before = bot.record(&incident).await;
        bot.fills_in(ALICE, channel, "timestamps", &[]).await;
        assert_eq!(bot.record(&incident).await, before, "what it shows is what there is");
        let catalogue = Catalogue::default();
        let id = |word: &str| catalogue.find_timestamp(word).unwrap().id.clone();
        let block = format!("timestamp/{}", id("fixed"));
        let form = bot.opens(ALICE, channel, "timestamp").await;
        let seen = bot.submits(ALICE, &form, &[(&block, json!(1_990_000_020))]).await;
        assert_eq!(seen.field_errors.len(), 1, "that lies ahead: {seen:?}");
        bot.completes(ALICE, &form, &[(&block, json!(1_789_999_980))]).await;
        let fixed = bot.incident(1).await.timestamps[&id("fixed")];
        assert_eq!(fixed.as_seconds(), 1_789_999_980);
        assert_eq!(bot.record(&incident).await.len(), before.len() + 1);
        bot.ends().await;
    }

    async fn the_call_is_where_people_look(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "call https://meet.example.com/abc").await;
        assert_eq!(bot.reads(channel), "INC-1: Call: <https://meet.example.com/abc|https://meet.example.com/abc> · by <@U0ALICE>");
        assert!(bot.welcome_of(&incident).contains("https://meet.example.com/abc"));
        let topic = bot.channels(&incident).remove(0).topic.value;
        assert!(topic.contains("https://meet.example.com/abc"), "{topic}");
        let said = bot.says(ALICE, channel, "call javascript:alert(1)").await;
        assert!(said.starts_with("A call has the address of a page"), "{said}");
        bot.fills_in(BOB, GENERAL, "INC-1 call", &[("call_url", Value::Null)]).await;
        assert_eq!(bot.reads(channel), "INC-1: The call has ended · by <@U0BOB>");
        assert_eq!(bot.incident(1).await.call_url, None);
        bot.ends().await;
    }

    async fn a_test_is_announced_to_nobody(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        bot.fills_in(ALICE, GENERAL, "test Can you hear me?", &[]).await;
        let incident = bot.incident(1).await;
        assert_eq!((incident.mode, incident.name.as_str()), (Mode::Test, "Can you hear me?"));
        let channel = channel_of(&incident);
        bot.skims(channel);
        assert!(bot.welcome_of(&incident).contains("A test: nobody outside this channel is told."));
        bot.says(ALICE, channel, "update All can").await;
        bot.says(ALICE, channel, "resolve All do").await;
        bot.skims(channel);
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        bot.ends().await;
    }

    async fn a_type_says_who_may_know_and_whether_it_is_accepted(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let security = bot.edits(CatalogueCommand::Type(Edit::Create(TypeWords {
            name: Some("Security".to_owned()),
            private_incidents_only: Some(true),
            create_in_triage: Some(CreateInTriage::Always),
            ..TypeWords::default()
        }))).await;
        let fields = [("name", json!("Someone has our keys")), ("incident_type", json!(security))];
        bot.fills_in(ALICE, GENERAL, "", &fields).await;
        let incident = bot.incident(1).await;
        assert_eq!(incident.visibility, Visibility::Private);
        assert_eq!(incident.category.as_str(), "triage");
        assert!(bot.channels(&incident)[0].is_private);
        assert_eq!(bot.messages(INCIDENTS).len(), 0);
        bot.skims(channel_of(&incident));
        bot.ends().await;
    }

    async fn what_becomes_private_is_taken_back(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Someone has our keys").await;
        let channel = channel_of(&incident);
        let announcement = bot.announcement(&incident);
        let said = bot.says(BOB, GENERAL, "INC-1 private").await;
        assert!(said.contains("Slack lets no app make a channel private"), "{said}");
        assert!(said.contains(&format!("<#{channel}>")), "{said}");
        assert_eq!(bot.reads(channel), "INC-1: Private from now on: only people invited can see it · by <@U0BOB>");
        let announcement = bot.slack.message(INCIDENTS, announcement).unwrap();
        let shown = format!("{} {}", announcement.text, json!(announcement.blocks));
        assert!(!shown.contains("keys") && shown.contains("INC-1 is private now."), "{shown}");
        assert_eq!(bot.messages(INCIDENTS).len(), 1);
        assert!(bot.says("U0CAROL", GENERAL, "list").await.contains("There are no open incidents."));
        assert!(bot.says(BOB, GENERAL, "list").await.contains("1 open incident"), "nobody shuts themselves out");
        assert!(bot.channels(&incident)[0].has(BOB));
        bot.says(ALICE, channel, "update Keys revoked").await;
        bot.skims(channel);
        assert_eq!(bot.messages(INCIDENTS).len(), 1, "nothing is announced any more");
        assert_eq!(bot.says(ALICE, channel, "private").await, "The incident is private already; nothing was changed.");
        bot.ends().await;
    }

    async fn work_rests_and_mistakes_end(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        bot.says(ALICE, channel, "pause Waiting for the vendor").await;
        assert_eq!(bot.reads(channel), "INC-1: Waiting for the vendor · Status Investigating → Paused · by <@U0ALICE>");
        assert_eq!(bot.says(ALICE, channel, "pause").await, "The incident is paused already; nothing was changed.");
        bot.says(ALICE, channel, "status fixing").await;
        bot.reads(channel);
        bot.fills_in(ALICE, channel, "cancel", &[("message", json!("Wrong dashboard"))]).await;
        assert_eq!(bot.reads(channel), "INC-1: Wrong dashboard · Status Fixing → Canceled · by <@U0ALICE>");
        let said = bot.says(ALICE, channel, "pause Again").await;
        assert!(said.starts_with("This incident is over (canceled)."), "{said}");
        bot.says(ALICE, channel, "reopen").await;
        bot.reads(channel);
        bot.ends().await;
    }

    async fn several_changes_are_told_in_one_message(fresh: Fresh) {
        let bot = Bot::start(&fresh).await;
        let incident = bot.declares("Checkout is slow").await;
        let channel = channel_of(&incident);
        let several = |notify: bool, severity: &str, name: &str| Command::Edit(Several {
            name: Some(name.to_owned()),
            severity: Some(severity.to_owned()),
            roles: [("lead".to_owned(), Some(BOB.into()))].into(),
            notify,
            ..Several::default()
        });
        bot.gives(&incident, several(true, "major", "Payments are slow")).await;
        let said = bot.reads(channel);
        assert_eq!(said, "INC-1: <@U0ALICE> renamed it from “Checkout is slow” to “Payments are slow”; <@U0ALICE> changed the severity to Major; <@U0ALICE> made <@U0BOB> Incident Lead");
        assert_eq!(bot.reads_told(BOB).len(), 1, "who gets a role hears what it asks");
        bot.gives(&incident, several(false, "critical", "Payments are down")).await;
        assert_eq!(bot.reads_all(channel), Vec::<String>::new());
        let before = bot.record(&incident).await;
        bot.gives(&incident, several(true, "critical", "Payments are down")).await;
        assert_eq!(bot.record(&incident).await, before, "what is so already is no change");
        // One change alone is told as it always is.
        bot.gives(&incident, several(true, "minor", "Payments are down")).await;
        assert_eq!(bot.reads(channel), "INC-1: Severity lowered: Critical → Minor · by <@U0ALICE>");
        bot.ends().await;
    }
}
