use insta::assert_snapshot;

use super::card::{Card, card, gone};
use super::*;
use crate::alert::course;
use crate::alert::history::{Cause, Change, Phase, What};
use crate::alert::state::Alert;
use crate::incident::command::Command;
use crate::incident::event::Actor;
use crate::slack::view::drawing;
use crate::slack::view::samples::{Story, alert, alice, group_of, minute};
use crate::slack::view::timeline;

fn shown(story: &Story, alerts: &[Alert]) -> String {
    let group = group_of(story, "Latency is high");
    let until = alerts.iter().map(|alert| alert.changed_at).max().unwrap();
    let seen = Change {
        phase: Phase::New,
        status: Status::Critical,
        what: Some(What::Seen),
        by: None,
        through: None,
    };
    let history = alerts.iter().map(|alert| (alert.id.clone(), alert.first_seen, seen.clone()));
    let history: Vec<_> = history.collect();
    drawing::message(&card(&Card {
        incident: &story.incident,
        group: &group,
        alerts,
        course: &course::firing(alerts, &history, until),
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
    assert_snapshot!(shown(&story, &[critical("web-1")]), @"
    🔴 *Latency is high*
    *Firing* · critical · since 2026-09-21 14:16 UTC
    `▁▁▁▁▁▁▁▁▁▁▁█` firing, in the 3 h until 2026-09-21 14:16 UTC
    📖 Runbook
    - 🔴 host `web-1`, service `checkout` · Graph
    ~ goes on from INC-7
    [*Acknowledge*] [Snooze] [Move…] [Not related] [Details]
    ");
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
    assert_snapshot!(shown(&story, &alerts), @"
    🔴 *Latency is high*
    *6 of 7 firing* · worst critical · since 2026-09-21 14:14 UTC
    `▁▁▁▁▁▁▁▁▁▁▁█` up to 7 firing, in the 3 h until 2026-09-21 14:22 UTC
    🎢 1 goes on and off · 🔧 1 expected: maintenance
    👀 Acknowledged by @U0ALICE: 1 of 6
    📖 Runbook
    - 🔴 *Latency is high* · host `web-4` · Graph
    - 🔴 *Latency is high* · host `web-5` · Graph
    - 🔴 *Latency is high* · host `web-6` · Graph
    - 🔴 *Latency is high* · host `web-2` · Graph
    - 🟡 *Queue is long* · host `db-1` · Graph
    ~ and 2 more · goes on from INC-7
    [*Acknowledge*] [Unacknowledge] [Snooze] [Move…] [Not related] [Details]
    ");
}

#[test]
fn runbooks_of_a_card_can_be_told_apart() {
    let story = Story::new();
    let mut alerts = [critical("web-1"), critical("web-2"), critical("web-3")];
    let line = |card: &str| card.lines().find(|line| line.starts_with("📖")).unwrap().to_owned();
    for (number, alert) in alerts.iter_mut().enumerate() {
        let href = format!("https://runbooks.example/{number}");
        alert.links.clear();
        alert.annotations.insert("runbook_url".to_owned(), href);
        alert.labels.insert("alertname".to_owned(), format!("Rule{number}"));
    }
    assert_snapshot!(line(&shown(&story, &alerts)), @"📖 Runbook: Rule0 · Runbook: Rule1 · Runbook: Rule2");
    for alert in &mut alerts {
        alert.labels.remove("alertname");
    }
    assert_snapshot!(line(&shown(&story, &alerts)), @"📖 Runbook 1 · Runbook 2 · Runbook 3");
}

#[test]
fn a_card_of_what_is_over_asks_for_nothing() {
    let mut story = Story::new();
    let mut alerts = [critical("web-1"), critical("web-2")];
    for alert in &mut alerts {
        alert.resolve(Cause::Sender, minute(9));
    }
    assert_snapshot!(shown(&story, &alerts), @"
    🟢 *Latency is high*
    *All 2 are over* · was critical · since 2026-09-21 14:22 UTC
    `▁▁▁▁▁▁▁▁▁▁▁█` up to 2 firing, in the 3 h until 2026-09-21 14:22 UTC
    📖 Runbook
    - 🟢 host `web-1` · Graph
    - 🟢 host `web-2` · Graph
    ~ goes on from INC-7
    [Move…] [Not related] [Details]
    ");
    story.says(&Command::Close { message: None });
    assert_snapshot!(shown(&story, &alerts).lines().last().unwrap(), @"[Details]");
}

#[test]
fn a_card_whose_alerts_are_gone_says_where() {
    let story = Story::new();
    let group = group_of(&story, "Latency is high");
    assert_snapshot!(drawing::message(&gone(&group, Some(7))), @"
    ↪️ *Latency is high*
    These alerts belong to INC-7 now.
    ");
    assert_snapshot!(drawing::message(&gone(&group, None)), @"
    ↪️ *Latency is high*
    These alerts belong to another incident now.
    ");
    let unrelated = crate::alert::group::Group { incident: None, ..group };
    assert_snapshot!(drawing::message(&gone(&unrelated, None)), @"
    ↪️ *Latency is high*
    These alerts are no part of this incident.
    ");
}

#[test]
fn a_list_tells_all_of_each() {
    let story = Story::new();
    let mut alerts = [critical("web-1"), critical("web-2"), critical("web-3")];
    alerts[0].resolve(Cause::Expiry, minute(9));
    alerts[1].acknowledge(alice(), minute(9));
    alerts[2].labels.insert("pod".to_owned(), "x".repeat(200));
    assert_snapshot!(drawing::message(&list::alerts(&story.incident, &alerts)), @"
    Alerts of *INC-1 Checkout is slow*: 2 of 3 firing
    🔴 *Latency is high*
    critical · since 2026-09-21 14:16 UTC
    host `web-3`, pod `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`, service `checkout`
    Runbook · Graph
    🔴 *Latency is high*
    critical · since 2026-09-21 14:16 UTC · acknowledged by @U0ALICE
    host `web-2`, service `checkout`
    Runbook · Graph
    🟢 *Latency is high*
    over since 2026-09-21 14:22 UTC, nothing more was heard of it
    host `web-1`, service `checkout`
    Runbook · Graph
    ");
    assert_snapshot!(drawing::message(&list::alerts(&story.incident, &[])), @"*INC-1 Checkout is slow* has no alerts.");
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
    assert_snapshot!(say(&story), @"
    -
    🔺 The worst alert is critical now.
    🟢 All alerts are over. Is the incident, too?
    [*Resolve*]
    🟢 All alerts are over.
    🔔 Alerts fire again, the worst is critical.
    🎢 Alerts go on and off. Nothing more is said of it until that ends.
    🟢 All alerts are over.
    -
    ");
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
    assert_snapshot!(said.join("\n"), @"
    critical
    warning, peak critical, going on and off
    critical, some expected
    firing, but expected, peak critical
    all over, peak warning
    ");
}

#[test]
fn the_timeline_tells_who_did_what_about_alerts() {
    let mut story = Story::new();
    let title = || "Latency is high".to_owned();
    for done in [
        Handled::Acknowledged { count: 3 },
        Handled::Unacknowledged { count: 1 },
        Handled::Resolved { count: 1, alerts: Vec::new() },
        Handled::Came { title: title(), count: 3, from: Some(7) },
        Handled::Came { title: title(), count: 1, from: None },
        Handled::Went { title: title(), count: 3, to: Some(7) },
        Handled::Went { title: title(), count: 3, to: None },
        Handled::Unrelated { title: title(), count: 1 },
        Handled::Unknown,
    ] {
        story.happens(Actor::Stentor, &Command::RecordAlerts { by: alice(), through: None, done });
    }
    let said = story
        .record
        .iter()
        .filter(|entry| matches!(entry.event, crate::incident::event::Event::AlertsHandled { .. }));
    let said = said.map(|entry| timeline::sentence(entry, &story.catalogue).to_plain(200));
    assert_snapshot!(said.collect::<Vec<_>>().join("\n"), @"
    @U0ALICE acknowledged 3 alerts
    @U0ALICE no longer looks after 1 alert
    @U0ALICE said that 1 alert is over
    @U0ALICE attached 3 alerts of INC-7: “Latency is high”
    @U0ALICE attached 1 alert: “Latency is high”
    @U0ALICE moved 3 alerts to INC-7: “Latency is high”
    @U0ALICE moved 3 alerts elsewhere: “Latency is high”
    @U0ALICE said that 1 alert is not related: “Latency is high”
    @U0ALICE did something about alerts that this version does not know
    ");
}
