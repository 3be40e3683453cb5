//! Requests in the shape that Slack gives them, with all they carry: each is taken.

use stentor::simulator::settings::Settings;
use stentor::simulator::state::Team;

use crate::bot::{Bot, Start};
use crate::databases::on_each_database;
use crate::raw::{FORM, JSON, Wire};

/// Every recorded request, by its file.
fn recorded() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/slack");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let read = |file: std::path::PathBuf| {
        (file.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&file).unwrap())
    };
    let mut recorded: Vec<_> = files.map(read).collect();
    recorded.sort();
    recorded
}

on_each_database! {
    async fn every_recorded_request_is_taken(fresh: Fresh) {
        let start = Start {
            slack: Some(|settings| {
                let team = Team { id: "T0INC0001".to_owned(), ..settings.team };
                Settings { team, ..settings }
            }),
            ..Start::default()
        };
        let bot = Bot::start_with(&fresh, start).await;
        let wire = Wire::to(&bot).await;
        // Their triggers are nothing to this Slack, and their forms not ours.
        bot.slack.expect_refusal("views.open", "invalid_trigger_id");
        crate::warnings::expect("A form did not open");
        crate::warnings::expect("Could not read a form");
        crate::warnings::expect("An answer to a button was not delivered");
        let mut taken = 0;
        for (file, body) in recorded() {
            let (path, kind, body) = match file.split('.').next().unwrap() {
                "event" => ("/slack/events", JSON, body),
                "interactive" => {
                    let payload = String::from_utf8(body).unwrap();
                    let form = serde_urlencoded::to_string([("payload", payload)]).unwrap();
                    ("/slack/interactions", FORM, form.into_bytes())
                }
                _ => ("/slack/commands", FORM, String::from_utf8(body).unwrap().trim().into()),
            };
            let answer = wire.signed(path, kind, body).await;
            assert_eq!(answer.status.as_u16(), 200, "{file}: {}", answer.text);
            taken += 1;
        }
        assert!(taken >= 32, "{taken} recorded requests");
        assert_eq!(bot.latest().await, None);
        bot.ends().await;
    }
}
