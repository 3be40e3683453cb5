//! Whatever people write, every message and form is one that Slack accepts, and nothing in it pings
//! or links.

mod alerting;
mod builders;
mod events;
mod forms;
mod messages;
mod paging;
mod refusals;
mod world;

use proptest::prelude::*;

use crate::incident::catalogue::StatusCategory;
use crate::slack::view::kit::message::Message;
use crate::slack::view::limits::check_message;
use crate::slack::view::promises::alerting::check_alerts_of;
use crate::slack::view::promises::forms::check_forms_about;
use crate::slack::view::promises::messages::check_messages_about;
use crate::slack::view::promises::paging::check_pages_about;
use crate::slack::view::promises::refusals::every_refusal;
use crate::slack::view::promises::world::{catalogue_of, incident_of};
use crate::slack::view::verb::Verb;
use crate::slack::view::{help, reply};

/// Text as nobody should write it, and somebody will.
pub(super) fn nasty_text() -> impl Strategy<Value = String> {
    let special = prop_oneof![
        Just("<!channel>"),
        Just("<!here|x>"),
        Just("<@U0EVIL>"),
        Just("<#C0EVIL|x>"),
        Just("<https://evil.example|Click>"),
        Just("&lt;!channel&gt;"),
        Just("&<>"),
        Just("*_~`"),
        Just("\u{202e}desrever"),
        Just("\u{200b}"),
        Just("\0\r\n\t"),
        Just("Z\u{301}\u{302}\u{303}"),
        Just("👩‍👩‍👧‍👦"),
        Just("   "),
        Just("\n> quote\n"),
        Just("```"),
        Just("日本語"),
        Just("@here #general"),
    ];
    let piece = prop_oneof![special.prop_map(str::to_owned), any::<String>(), "[a-z ]{0,20}"];
    let pieces = proptest::collection::vec(piece, 0..6);
    (pieces, prop_oneof![4 => Just(1usize), 1 => 2..900usize]).prop_map(|(pieces, times)| {
        let text = pieces.concat().repeat(times);
        text.chars().take(12_000).collect()
    })
}

fn any_category() -> impl Strategy<Value = StatusCategory> {
    proptest::sample::select(StatusCategory::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_people_write_slack_accepts_it_and_nothing_in_it_is_live(
        name in nasty_text(),
        text in nasty_text(),
        called in nasty_text(),
        category in any_category(),
        filled in any::<bool>(),
    ) {
        let catalogue = catalogue_of(&called, &text);
        let incident = incident_of(&name, &text, category, filled);
        check_messages_about(&incident, &catalogue, &name, &text)?;
        check_forms_about(&incident, &catalogue, &name)?;
        check_alerts_of(&incident, &name, &text)?;
        check_pages_about(&incident, &name, &text)?;
        for refusal in every_refusal(&catalogue, &name, &text) {
            check_message(&reply::refusal(&refusal))?;
        }
        check_message(&reply::misunderstood(&text, None))?;
        check_message(&reply::misunderstood(&text, Some(Verb::Update)))?;
    }
}

#[test]
fn what_stentor_says_of_itself_fits_too() {
    let check = |message: Message| check_message(&message).unwrap();
    check(help::help(None));
    for verb in Verb::ALL {
        check(help::help(Some(verb)));
        check(reply::form_did_not_open(verb));
    }
    check(reply::not_saved());
    check(reply::not_installed());
}
