use insta::assert_snapshot;

use super::card::{Card, card, gone};
use super::*;
use crate::alert::course;
use crate::alert::state::{Alert, Cause};
use crate::incident::command::Command;
use crate::slack::view::drawing;
use crate::slack::view::samples::{Story, alert, alice, group_of, minute};
use crate::slack::view::timeline;

fn shown(story: &Story, alerts: &[Alert]) -> String {
    let group = group_of(story, "Latency is high");
    let until = alerts.iter().map(|alert| alert.changed_at).max().unwrap();
    drawing::message(&card(&Card {
        incident: &story.incident,
        group: &group,
        alerts,
        course: &course::firing(alerts, &[], until),
        until,
        continues: Some(7),
        continued_in: None,
        now: minute(60),
    }))
}

fn critical(host: &str) -> Alert {
    alert("Latency is high", host, Status::Critical, 3)
}

#[test]
fn a_card_of_one_alert_says_what_there_is_to_say() {
    let story = Story::new();
    assert_snapshot!(shown(&story, &[critical("web-1")]), @"");
}

#[test]
fn a_card_of_many_names_the_worst() {
    let story = Story::new();
    let mut alerts: Vec<Alert> = (1..=6).map(|n| critical(&format!("web-{n}"))).collect();
    alerts.push(alert("Queue is long", "db-1", Status::Warning, 1));
    alerts[0].resolve(Cause::Sender, minute(9));
    alerts[1].acknowledge(alice(), minute(9));
    alerts[2].maintenance = Some("W".into());
    alerts[3].turns = vec![minute(50); 5];
    assert_snapshot!(shown(&story, &alerts), @"");
}

#[test]
fn a_card_of_what_is_over_asks_for_nothing() {
    let mut story = Story::new();
    let mut alerts = [critical("web-1"), critical("web-2")];
    for alert in &mut alerts {
        alert.resolve(Cause::Sender, minute(9));
    }
    assert_snapshot!(shown(&story, &alerts), @"");
    story.says(&Command::Close { message: None });
    assert_snapshot!(shown(&story, &alerts).lines().last().unwrap(), @"");
}

#[test]
fn a_card_whose_alerts_are_gone_says_where() {
    let story = Story::new();
    let group = group_of(&story, "Latency is high");
    assert_snapshot!(drawing::message(&gone(&group, Some(7))), @"");
    assert_snapshot!(drawing::message(&gone(&group, None)), @"");
    let unrelated = crate::alert::group::Group { incident: None, ..group };
    assert_snapshot!(drawing::message(&gone(&unrelated, None)), @"");
}

#[test]
fn a_list_tells_all_of_each() {
    let story = Story::new();
    let mut alerts = [critical("web-1"), critical("web-2"), critical("web-3")];
    alerts[0].resolve(Cause::Expiry, minute(9));
    alerts[1].acknowledge(alice(), minute(9));
    alerts[2].labels.insert("pod".to_owned(), "x".repeat(200));
    assert_snapshot!(drawing::message(&list::alerts(&story.incident, &alerts)), @"");
    assert_snapshot!(drawing::message(&list::alerts(&story.incident, &[])), @"");
}

fn signal(status: Status, peak: Status) -> Signal {
    Signal { status, peak, active: status > Status::Ok, ..Signal::default() }
}

#[test]
fn news_are_said_once_and_shortly() {
    let mut story = Story::new();
    let (ok, warning) = (Status::Ok, Status::Warning);
    let critical = signal(Status::Critical, Status::Critical);
    let over = signal(ok, Status::Critical);
    let flapping = Signal { flapping: true, ..critical };
    let changes = [
        (None, critical, false),
        (Some(signal(warning, warning)), critical, false),
        (Some(critical), over, true),
        (Some(critical), over, false),
        (Some(over), critical, false),
        (Some(critical), flapping, false),
        (Some(flapping), over, false),
        (Some(critical), signal(warning, Status::Critical), false),
    ];
    let say = |story: &Story| {
        let said = changes.iter().map(|(from, to, proposes)| {
            let message = news(from.as_ref(), to, *proposes, &story.incident);
            message.map_or_else(|| "-".to_owned(), |message| drawing::message(&message))
        });
        said.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(say(&story), @"");
    // Who comes late finds no button that could not be pressed.
    story.says(&Command::Resolve { message: None });
    assert!(!say(&story).contains("[*Resolve*]"));
}

#[test]
fn the_signal_is_told_in_a_few_words() {
    let critical = signal(Status::Critical, Status::Critical);
    let all = [
        critical,
        Signal { flapping: true, ..signal(Status::Warning, Status::Critical) },
        Signal { maintenance: Maintenance::Partial, ..critical },
        Signal { status: Status::Ok, maintenance: Maintenance::Active, ..critical },
        signal(Status::Ok, Status::Warning),
    ];
    let said: Vec<String> = all.iter().map(|one| in_short(one).to_plain(200)).collect();
    assert_snapshot!(said.join("\n"), @"");
}

#[test]
fn the_timeline_tells_who_did_what_about_alerts() {
    let mut story = Story::new();
    let title = || "Latency is high".to_owned();
    for done in [
        Handled::Acknowledged { count: 3 },
        Handled::Unacknowledged { count: 1 },
        Handled::Resolved { count: 1 },
        Handled::Came { title: title(), count: 3, from: Some(7) },
        Handled::Came { title: title(), count: 1, from: None },
        Handled::Went { title: title(), count: 3, to: Some(7) },
        Handled::Went { title: title(), count: 3, to: None },
        Handled::Unrelated { title: title(), count: 1 },
        Handled::Unknown,
    ] {
        story.happens(Actor::Stentor, &Command::RecordAlerts { by: alice(), done });
    }
    let said = story.record.iter().filter(|entry| {
        matches!(entry.event, crate::incident::event::Event::AlertsHandled { .. })
    });
    let said = said.map(|entry| timeline::sentence(entry, &story.catalogue).to_plain(200));
    assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @"");
}
