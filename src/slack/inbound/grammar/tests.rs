//! What people type, and what it means.

use proptest::prelude::*;

use super::*;

fn actor() -> UserId {
    UserId::from("U0ALICE")
}

fn intent(text: &str) -> Intent {
    parse(text, &actor()).intent
}

fn update(message: &str) -> Intent {
    Intent::Run(Command::Update {
        message: Some(message.to_owned()),
        status: None,
        severity: None,
        next_update_in_minutes: None,
    })
}

fn give(role: &str, person: Option<&str>) -> Intent {
    let person = person.map(UserId::from);
    Intent::Run(Command::Role { role: role.to_owned(), person })
}

fn role_form(role: Option<&str>, person: Option<&str>) -> Intent {
    let (role, person) = (role.map(str::to_owned), person.map(UserId::from));
    Intent::OpenForm(Form::Role { role, person })
}

#[test]
fn a_command_without_words_opens_its_form() {
    for (typed, form) in [
        ("update", Form::Update),
        ("Severity", Form::Severity),
        ("STATUS ", Form::Status),
        ("resolve", Form::Resolve),
        ("close", Form::Close),
        ("summary", Form::Summary),
        ("rename", Form::Rename),
        ("note", Form::Note),
        ("decline", Form::Decline),
        ("type", Form::Type),
        ("invite", Form::Invite),
        ("snooze", Form::Snooze),
        ("snooze for", Form::Snooze),
        ("merge", Form::Merge),
        ("merge into", Form::Merge),
        ("tag", Form::Tag { tag: None }),
        ("tag team", Form::Tag { tag: Some("team".to_owned()) }),
        ("untag", Form::Untag),
        ("field", Form::Field { field: None }),
        ("fields", Form::Field { field: None }),
        ("call", Form::Call),
        ("timestamps", Form::Timestamps),
        ("pause", Form::Pause),
        ("cancel", Form::Cancel),
    ] {
        assert_eq!(intent(typed), Intent::OpenForm(form), "{typed}");
    }
    assert_eq!(intent("lead"), role_form(Some("lead"), None));
    assert_eq!(intent("roles"), role_form(None, None));
    assert_eq!(intent("reopen"), Intent::Run(Command::Reopen { message: None }));
    assert_eq!(intent(""), Intent::Bare);
    assert_eq!(intent("  \u{3000}\n "), Intent::Bare);
    assert_eq!(intent("timeline"), Intent::Show(Show::Timeline));
}

#[test]
fn what_else_it_says_follows_the_word() {
    let words = "Affected team Payments".to_owned();
    assert_eq!(intent("field Affected team Payments"), Intent::SetField { words });
    let call = |url: &str| Intent::Run(Command::Call { url: url.to_owned() });
    assert_eq!(
        intent("call <https://a.example/b?c=d&amp;e|a.example>"),
        call("https://a.example/b?c=d&e")
    );
    assert_eq!(intent("bridge https://a.example"), call("https://a.example"));
    assert_eq!(intent("call none"), call(""));
    assert_eq!(intent("private"), Intent::Run(Command::Visibility { private: true }));
    assert_eq!(intent("test Hear me?"), Intent::DeclareTest { name: "Hear me?".to_owned() });
    assert_eq!(intent("drill"), Intent::DeclareTest { name: String::new() });
    let message = Some("The vendor".to_owned());
    assert_eq!(intent("pause The vendor"), Intent::Run(Command::Pause { message }));
    let message = Some("A mistake".to_owned());
    assert_eq!(intent("canceled A mistake"), Intent::Run(Command::Cancel { message }));
}

#[test]
fn words_after_it_are_what_it_needs() {
    assert_eq!(intent("update Rolling back"), update("Rolling back"));
    assert_eq!(intent("  UPDATE:\u{3000}Rolling   back "), update("Rolling   back"));
    assert_eq!(intent("update “Rolling back”"), update("Rolling back"));
    assert_eq!(intent("\"update Rolling back\""), update("Rolling back"));
    assert_eq!(intent("update He said \"no\""), update("He said \"no\""));
    assert_eq!(intent("update One\ntwo"), update("One\ntwo"));
    let major = || Intent::Run(Command::Severity { severity: "Major".to_owned() });
    assert_eq!(intent("sev Major"), major());
    assert_eq!(intent("severity 'Major'"), major());
    assert_eq!(intent("SEV1"), Intent::Run(Command::Severity { severity: "SEV1".to_owned() }));
    let name = "Checkout is slow".to_owned();
    assert_eq!(intent("declare “Checkout is slow”"), Intent::Declare { name });
    assert_eq!(intent("new"), Intent::Declare { name: String::new() });
    let reopened = Command::Reopen { message: Some("Slow again".to_owned()) };
    assert_eq!(intent("reopen Slow again"), Intent::Run(reopened));
}

#[test]
fn an_incident_is_steered_in_words() {
    let run =
        |typed: &str, command: Command| assert_eq!(intent(typed), Intent::Run(command), "{typed}");
    let snooze = |minutes, cancel_on_news| Command::Snooze { minutes, cancel_on_news };
    run("accept", Command::Accept {});
    run("Accept!", Command::Accept {});
    run("decline The load test", Command::Decline { message: Some("The load test".to_owned()) });
    run("type Security", Command::Type { incident_type: "Security".to_owned() });
    run("snooze 2h", snooze(120, false));
    run("snooze for 1 h 30 min", snooze(90, false));
    run("mute 1d cancel", snooze(1_440, true));
    run("snooze 90m until news", snooze(90, true));
    run("unsnooze", Command::Unsnooze {});
    run("wake", Command::Unsnooze {});
    for typed in ["snooze a while", "snooze 2h please", "snooze -1h"] {
        let refused = matches!(intent(typed), Intent::Refused(Refusal::BadDuration { .. }));
        assert!(refused, "{typed}");
    }
    for typed in ["merge INC-7", "merge into INC-7", "dup of"] {
        let into = if typed == "dup of" { "of" } else { "INC-7" };
        run(typed, Command::Merge { into: into.to_owned() });
    }
    assert_eq!(parse("INC-3 merge INC-7", &actor()).reference, Some(3));
    assert_eq!(parse("merge INC-7", &actor()).reference, None);
    assert_eq!(parse("accept INC-7", &actor()).reference, Some(7));
    assert_eq!(parse("snooze INC-7", &actor()).reference, Some(7));
}

#[test]
fn people_are_invited_by_mention() {
    let people = |ids: &[&str]| {
        let people = ids.iter().map(|id| UserId::from(*id)).collect();
        Intent::Run(Command::Invite { people })
    };
    assert_eq!(intent("invite <@U1BEA|bea>"), people(&["U1BEA"]));
    assert_eq!(
        intent("invite <@U1BEA>, <@U1CARL> and me"),
        people(&["U1BEA", "U1CARL", "U0ALICE"])
    );
    for (typed, who) in [("invite bea", "bea"), ("invite <@U1BEA> @carl", "@carl")] {
        let given = who.to_owned();
        assert_eq!(intent(typed), Intent::Refused(Refusal::UnknownPerson { given }), "{typed}");
    }
}

#[test]
fn slacks_escapes_are_undone_once() {
    for (typed, read) in [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&amp;lt;", "&lt;"),
        ("ask <@U1BEA|bea> in <#C1OPS|ops>", "ask @bea in #ops"),
        ("ask <@U1BEA> in <#C1OPS|>", "ask @U1BEA in #C1OPS"),
        ("<!here> <!subteam^S1|@oncall>", "@here @oncall"),
        ("see <https://a.example/x?a=1&amp;b=2|a.example>", "see https://a.example/x?a=1&b=2"),
        ("mail <mailto:a@b.example|a@b.example>", "mail a@b.example"),
        ("if a < b then c > d", "if a < b then c > d"),
        ("<", "<"),
        ("<@", "<@"),
    ] {
        assert_eq!(intent(&format!("update {typed}")), update(read), "{typed}");
    }
}

#[test]
fn a_reference_says_which_incident() {
    for (typed, reference) in [
        ("INC-42 close", 42),
        ("inc42 close", 42),
        ("inc 42 close", 42),
        ("#42 close", 42),
        ("42 close", 42),
        ("INC-42: close", 42),
        ("close INC-42", 42),
        ("close #42", 42),
    ] {
        let parsed = parse(typed, &actor());
        assert_eq!(parsed.reference, Some(reference), "{typed}");
        assert_eq!(parsed.intent, Intent::OpenForm(Form::Close), "{typed}");
    }
    let overview = Parsed { reference: Some(42), intent: Intent::Bare };
    assert_eq!(parse("INC-42", &actor()), overview);
    assert_eq!(parse("42", &actor()), overview);
    // What somebody wants to keep is not taken for a reference.
    let note = Intent::Run(Command::Note { text: "INC-42".to_owned() });
    assert_eq!(parse("note INC-42", &actor()), Parsed { reference: None, intent: note });
    assert_eq!(parse("close INC-42 was the cause", &actor()).reference, None);
    assert_eq!(parse("500 errors", &actor()).reference, None);
}

#[test]
fn people_are_named_in_many_ways() {
    for typed in ["lead <@U0BEA|bea>", "lead <@U0BEA>", "lead to <@U0BEA>", "Owner  <@U0BEA>"] {
        assert_eq!(intent(typed), give("lead", Some("U0BEA")), "{typed}");
    }
    assert_eq!(intent("lead me"), give("lead", Some("U0ALICE")));
    assert_eq!(intent("lead none"), give("lead", None));
    for typed in [
        "role comms <@U0BEA|bea>",
        "role <@U0BEA> comms",
        "assign comms to <@U0BEA>",
        "role \"comms\" <@U0BEA>",
    ] {
        assert_eq!(intent(typed), give("comms", Some("U0BEA")), "{typed}");
    }
    assert_eq!(intent("role incident lead me"), give("incident lead", Some("U0ALICE")));
    assert_eq!(intent("role scribe none"), give("scribe", None));
    assert_eq!(intent("role scribe"), role_form(Some("scribe"), None));
    assert_eq!(intent("role <@U0BEA>"), role_form(None, Some("U0BEA")));
    for typed in ["lead @bea", "lead bea", "role comms @bea", "lead <@bea>"] {
        let Intent::Refused(Refusal::UnknownPerson { given }) = intent(typed) else {
            panic!("nobody is {typed}");
        };
        assert!(given.contains("bea"), "{given}");
    }
}

#[test]
fn lists_are_filtered_and_help_is_found() {
    for (typed, filter) in [
        ("list", Filter::Open),
        ("ls all", Filter::All),
        ("list Closed", Filter::Closed),
        ("list check out", Filter::Matching("check out".to_owned())),
    ] {
        assert_eq!(intent(typed), Intent::Show(Show::List(filter)), "{typed}");
    }
    for (typed, verb) in [
        ("help", None),
        ("?", None),
        ("help sev", Some(Verb::Severity)),
        ("help updaet", Some(Verb::Update)),
        ("help 🔥", None),
    ] {
        assert_eq!(intent(typed), Intent::Show(Show::Help(verb)), "{typed}");
    }
}

#[test]
fn an_unknown_word_brings_the_nearest_known_one() {
    for (typed, nearest) in [
        ("reslove it", Some(Verb::Resolve)),
        ("stauts", Some(Verb::Status)),
        ("checkout is down", None),
        ("<!channel>", None),
        ("🔥", None),
    ] {
        let Intent::Misunderstood { nearest: found, .. } = intent(typed) else {
            panic!("{typed} is no command");
        };
        assert_eq!(found, nearest, "{typed}");
    }
}

#[test]
fn a_filter_is_read_in_the_words_of_the_workspace() {
    let catalogue = Catalogue::default();
    let critical = Filter::Matching("sev1".to_owned()).criteria(&catalogue);
    assert_eq!(critical.severity.as_ref(), catalogue.severities.last().map(|worst| &worst.id));
    assert_eq!(critical.described, "open incidents of severity Critical");
    let named = Filter::Matching("checkout".to_owned()).criteria(&catalogue);
    assert_eq!((named.severity, named.text.as_deref()), (None, Some("checkout")));
    let closed = Filter::Closed.criteria(&catalogue).categories;
    let open = Filter::Open.criteria(&catalogue).categories;
    assert_eq!(open.len() + closed.len(), Filter::All.criteria(&catalogue).categories.len());
}

#[test]
fn every_word_is_a_command_and_every_button_does_what_a_command_does() {
    for verb in Verb::ALL {
        let usage = verb.usage();
        for word in std::iter::once(&usage.word).chain(usage.aliases) {
            assert_eq!(intent(word), intent(usage.word), "{word}");
            assert!(!matches!(intent(word), Intent::Misunderstood { .. }), "{word}");
        }
        assert!(!matches!(intent(usage.example), Intent::Misunderstood { .. } | Intent::Bare));
    }
    let words = Verb::ALL.map(|verb| intent(verb.word()));
    for button in Button::ALL {
        let meant = pressed(button, &actor());
        assert!(words.contains(&meant) || meant == intent("lead me"), "{button:?}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_typed_is_too_much(
        text in any::<String>(),
        words in "[a-z#<@!>&;|\"“ 0-9-]{0,40}",
    ) {
        parse(&text, &actor());
        parse(&words, &actor());
        for verb in Verb::ALL {
            parse(&format!("{} {text}", verb.word()), &actor());
            parse(&format!("inc-1 {} {words}", verb.word()), &actor());
        }
    }
}
