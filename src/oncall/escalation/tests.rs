//! How escalations go, without a database.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::ids::{EscalationId, PathId, UserId};
use crate::incident::event::Actor;
use crate::oncall::escalation::state::{Escalation, Request, Status, What, Whom};
use crate::oncall::escalation::world::World;
use crate::oncall::escalation::{Beginning, Effect};
use crate::oncall::path::definition::Path;
use crate::oncall::refusal::Refused;

/// A Monday, at noon.
const NOON: i64 = 1_790_596_800;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((NOON + seconds) * 1_000_000)
}

fn level(people: &[&str]) -> Value {
    let targets: Vec<Value> =
        people.iter().map(|id| json!({"to": {"type": "user", "id": id}})).collect();
    json!({"type": "level", "targets": targets, "time_to_ack": {"seconds": 60}})
}

fn with(mut node: Value, more: Value) -> Value {
    node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    node
}

fn path(nodes: Value, more: Value) -> Path {
    let path: Path =
        serde_json::from_value(with(json!({"name": "P", "nodes": nodes}), more)).unwrap();
    let mut count = 0;
    path.checked(|| {
        count += 1;
        format!("n{count}")
    })
    .unwrap()
}

fn request(priority: Option<&str>) -> Request {
    Request {
        title: "Down".to_owned(),
        description: String::new(),
        priority: priority.map(str::to_owned),
        path: Some(PathId::from("p")),
        people: Vec::new(),
        incident: None,
        alerts: Vec::new(),
        ends_with_alerts: false,
    }
}

fn begin(path: &Path, turn: u64, priority: Option<&str>) -> Escalation {
    let others = BTreeMap::new();
    let beginning = Beginning {
        id: EscalationId::from("e"),
        request: request(priority),
        path: Some((path, &others)),
        turn,
        by: Actor::Stentor,
    };
    Escalation::begin(beginning, at(0), &World::default()).0
}

/// Delivers what was sent, and lets time pass until something is due; nothing if nothing is.
fn pass(escalation: &mut Escalation, now: Timestamp) -> Option<Timestamp> {
    let sent: Vec<u32> = escalation
        .pages
        .iter()
        .filter(|it| it.delivered_at.is_none())
        .map(|it| it.number)
        .collect();
    for number in sent {
        escalation.delivered(number, now);
    }
    let due = escalation.due?;
    escalation.ring(due, &World::default());
    Some(due)
}

/// Who was paged, in order.
fn paged(escalation: &Escalation) -> Vec<&str> {
    let whom = escalation.pages.iter().map(|page| match &page.whom {
        Whom::Person { user } => user.as_str(),
        Whom::Channel { channel } => channel.as_str(),
    });
    whom.collect()
}

fn to_the_end(escalation: &mut Escalation) {
    let mut now = at(0);
    for _ in 0..1_000 {
        match pass(escalation, now) {
            Some(due) => now = due,
            None => return,
        }
    }
    panic!("it does not end: {:?}", escalation.status);
}

fn person(user: &str) -> Actor {
    Actor::Person { user: UserId::from(user) }
}

#[test]
fn levels_follow_one_another_and_repeat_as_often_as_is_said() {
    let nodes = json!([
        with(level(&["U0A"]), json!({"id": "first"})),
        level(&["U0B", "U0C"]),
        {"type": "repeat", "to_node": "first", "repeat_times": 2},
        level(&["U0D"]),
    ]);
    let mut escalation = begin(&path(nodes, json!({})), 0, None);
    to_the_end(&mut escalation);
    assert_eq!(
        paged(&escalation),
        ["U0A", "U0B", "U0C", "U0A", "U0B", "U0C", "U0A", "U0B", "U0C", "U0D"]
    );
    assert_eq!(escalation.status, Status::Expired);
}

#[test]
fn conditions_choose_the_way() {
    let hours = json!([{"id": "office", "name": "Office", "time_zone": "UTC",
        "intervals": [{"weekday": "monday", "start_time": "09:00", "end_time": "17:00"}]}]);
    let by_hours =
        |active: bool| json!({"subject": "working_hours", "hours": "office", "active": active});
    let branch = |condition: Value| {
        json!([{"type": "if_else", "conditions": [condition],
        "then_path": [level(&["U0THEN"])], "else_path": [level(&["U0ELSE"])]}, level(&["U0LAST"])])
    };
    for (condition, first) in [
        (by_hours(true), "U0THEN"),
        (by_hours(false), "U0ELSE"),
        (json!({"subject": "priority", "one_of": ["p1", "P2"]}), "U0THEN"),
        (json!({"subject": "priority", "one_of": ["p3"]}), "U0ELSE"),
    ] {
        let path = path(branch(condition.clone()), json!({"working_hours": hours}));
        let mut escalation = begin(&path, 0, Some("P1"));
        to_the_end(&mut escalation);
        assert_eq!(paged(&escalation), [first, "U0LAST"], "{condition}");
    }
}

#[test]
fn delays_and_hours_are_waited_for() {
    let hours = json!([{"id": "night", "name": "Night", "time_zone": "UTC",
        "intervals": [{"weekday": "monday", "start_time": "22:00", "end_time": "06:00"}]}]);
    let nodes = json!([{"type": "delay", "wait": {"seconds": 30}}, level(&["U0A"]),
        {"type": "delay", "wait": {"until_active": "night"}}, level(&["U0B"])]);
    let mut escalation = begin(&path(nodes, json!({"working_hours": hours})), 0, None);
    assert_eq!((escalation.status, escalation.due), (Status::Delayed, Some(at(30))));
    assert!(escalation.ring(at(29), &World::default()).is_empty());
    assert_eq!(pass(&mut escalation, at(0)), Some(at(30)));
    assert_eq!(paged(&escalation), ["U0A"]);
    assert_eq!(pass(&mut escalation, at(31)), Some(at(91)));
    assert_eq!(escalation.status, Status::Delayed);
    assert_eq!(escalation.due, Some(at(10 * 3600)));
    pass(&mut escalation, at(91));
    assert_eq!(paged(&escalation), ["U0A", "U0B"]);
}

#[test]
fn those_of_a_level_are_paged_again_and_who_can_not_is_left_alone() {
    let again = with(
        level(&["U0A", "U0B"]),
        json!({"time_to_ack": {"seconds": 600}, "retry": {"attempts": 3, "interval_seconds": 60}}),
    );
    let mut escalation = begin(&path(json!([again]), json!({})), 0, None);
    assert_eq!(escalation.due, None, "time begins when somebody was reached");
    pass(&mut escalation, at(5));
    assert_eq!(paged(&escalation), ["U0A", "U0B", "U0A", "U0B"]);
    escalation.decline(&person("U0B"), at(70), &World::default()).unwrap();
    to_the_end(&mut escalation);
    assert_eq!(paged(&escalation), ["U0A", "U0B", "U0A", "U0B", "U0A"]);
}

#[test]
fn one_of_several_is_paged_and_another_one_the_next_time() {
    let robin = |rotate: Value| {
        with(
            level(&["U0A", "U0B", "U0C"]),
            json!({"time_to_ack": {"seconds": 600}, "round_robin": rotate}),
        )
    };
    for (turn, first) in [(0, "U0A"), (1, "U0B"), (2, "U0C"), (3, "U0A")] {
        let mut escalation = begin(&path(json!([robin(json!({}))]), json!({})), turn, None);
        to_the_end(&mut escalation);
        assert_eq!(paged(&escalation), [first]);
    }
    let mut escalation =
        begin(&path(json!([robin(json!({"rotate_after_seconds": 60}))]), json!({})), 1, None);
    to_the_end(&mut escalation);
    assert_eq!(paged(&escalation), ["U0B", "U0C", "U0A"]);
    // Whoever can't take it is followed by the next of them at once.
    let mut escalation = begin(&path(json!([robin(json!({}))]), json!({})), 0, None);
    escalation.decline(&person("U0A"), at(1), &World::default()).unwrap();
    assert_eq!(paged(&escalation), ["U0A", "U0B"]);
}

#[test]
fn a_path_begins_anew_unless_somebody_works_on_it() {
    let repeat = json!({"repeat": {"after_seconds": 300, "delay_on_activity": true}});
    let mut escalation = begin(&path(json!([level(&["U0A"])]), repeat), 0, None);
    pass(&mut escalation, at(0));
    assert_eq!((escalation.status, escalation.due), (Status::PendingRepeat, Some(at(360))));
    let world = World { active_at: Some(at(200)), ..World::default() };
    assert!(escalation.ring(at(360), &world).is_empty());
    assert_eq!(escalation.due, Some(at(500)));
    escalation.ring(at(500), &world);
    assert_eq!((escalation.status, paged(&escalation)), (Status::Triggered, vec!["U0A", "U0A"]));
    // It ends some time, whatever happens.
    to_the_end(&mut escalation);
    assert_eq!((escalation.status, escalation.pages.len()), (Status::Expired, 500));
}

#[test]
fn who_is_gone_or_not_on_call_is_passed_over() {
    let world = World { gone: [UserId::from("U0A")].into(), ..World::default() };
    let nodes = json!([level(&["U0A"]), {"type": "level", "targets": [{"to": {"type": "schedule", "id": "none"}}]}, level(&["U0B"])]);
    let path = path(nodes, json!({}));
    let others = BTreeMap::new();
    let beginning = Beginning {
        id: EscalationId::from("e"),
        request: request(None),
        path: Some((&path, &others)),
        turn: 0,
        by: Actor::Stentor,
    };
    let (escalation, effects) = Escalation::begin(beginning, at(0), &world);
    assert_eq!(paged(&escalation), ["U0B"]);
    assert_eq!(escalation.log.iter().filter(|it| it.what == What::FoundNobody).count(), 2);
    assert!(effects.contains(&Effect::Show { page: 1 }));
}

#[test]
fn paths_go_on_with_others_and_never_for_ever() {
    let inner =
        path(json!([level(&["U0IN"]), {"type": "escalation_path", "path": "p"}]), json!({}));
    let outer = path(
        json!([{"type": "escalation_path", "path": "q"}, {"type": "escalation_path", "path": "gone"}, level(&["U0OUT"])]),
        json!({}),
    );
    let others = BTreeMap::from([(PathId::from("q"), inner), (PathId::from("p"), outer.clone())]);
    let steps = crate::oncall::path::steps::steps(&outer, &others);
    assert!(steps.len() < 50, "{}", steps.len());
}

#[test]
fn what_can_not_be_answered_is_refused() {
    let mut escalation = begin(&path(json!([level(&["U0A"])]), json!({})), 0, None);
    let token = Actor::ApiToken { name: "ci".to_owned() };
    assert_eq!(escalation.decline(&token, at(1), &World::default()), Err(Refused::NotForPrograms));
    assert_eq!(
        escalation.decline(&person("U0B"), at(1), &World::default()),
        Err(Refused::NotForPrograms)
    );
    assert!(matches!(escalation.snooze(&token, at(0), None, at(1)), Err(Refused::Unfit(_))));
    assert!(matches!(
        escalation.snooze(&token, at(9_999_999), None, at(1)),
        Err(Refused::Unfit(_))
    ));
    escalation.acknowledge(&token, at(1)).unwrap();
    assert!(matches!(escalation.acknowledge(&token, at(2)), Err(Refused::AlreadySo { .. })));
    assert!(matches!(
        escalation.decline(&person("U0A"), at(2), &World::default()),
        Err(Refused::AlreadySo { .. })
    ));
    escalation.cancel(&token, at(3)).unwrap();
    assert_eq!(escalation.cancel(&token, at(3)), Ok(Vec::new()));
    assert_eq!(escalation.acknowledge(&token, at(4)), Err(Refused::Over { how: "cancelled" }));
    assert!(escalation.resolve(&token, at(5)).is_empty());
    let to = EscalationId::from("f");
    assert_eq!(
        escalation.reassign(&token, &to, true, at(5)),
        Err(Refused::Over { how: "cancelled" })
    );
}

#[test]
fn it_can_be_reassigned_once() {
    let mut escalation = begin(&path(json!([level(&["U0A"])]), json!({})), 0, None);
    let to = EscalationId::from("f");
    escalation.reassign(&person("U0A"), &to, false, at(1)).unwrap();
    assert_eq!(
        (escalation.status, escalation.reassigned_to.as_ref()),
        (Status::Triggered, Some(&to))
    );
    assert!(matches!(
        escalation.reassign(&person("U0A"), &to, true, at(2)),
        Err(Refused::AlreadySo { .. })
    ));
}

#[test]
fn only_paths_that_make_sense_are_kept() {
    let refused = |nodes: Value, field: &str| {
        let read = serde_json::from_value::<Path>(json!({"name": "P", "nodes": nodes}));
        let unfit = read.unwrap().checked(|| "n".to_owned() + field).unwrap_err();
        assert_eq!(unfit.field, field, "{}", unfit.why);
    };
    refused(json!([]), "nodes");
    refused(json!([{"type": "delay", "wait": {"seconds": 5}}]), "nodes");
    refused(json!([with(level(&[]), json!({}))]), "nodes.0.targets");
    refused(json!([level(&["bea"])]), "nodes.0.targets.0.to.id");
    refused(
        json!([with(level(&["U0A"]), json!({"time_to_ack": {"seconds": 0}}))]),
        "nodes.0.time_to_ack",
    );
    refused(
        json!([with(level(&["U0A"]), json!({"time_to_ack": {"until_active": "x"}}))]),
        "nodes.0.time_to_ack",
    );
    refused(
        json!([with(level(&["U0A"]), json!({"retry": {"attempts": 1, "interval_seconds": 60}}))]),
        "nodes.0.retry.attempts",
    );
    refused(
        json!([with(level(&["U0A"]), json!({"retry": {"attempts": 2, "interval_seconds": 61}}))]),
        "nodes.0.retry.interval_seconds",
    );
    refused(
        json!([with(level(&["U0A"]), json!({"id": "a"})), {"id": "b", "type": "repeat", "to_node": "c", "repeat_times": 1}]),
        "nodes.1.to_node",
    );
    refused(
        json!([
            with(level(&["U0A"]), json!({"id": "a"})),
            with(level(&["U0A"]), json!({"id": "a"}))
        ]),
        "nodes.1.id",
    );
    for unknown in [
        json!([with(level(&["U0A"]), json!({"colour": "red"}))]),
        json!([{"type": "delay", "wait": {"seconds": 5}, "colour": "red"}]),
        json!([{"type": "level", "targets": [{"to": {"type": "user", "id": "U0A", "colour": "red"}}]}]),
    ] {
        let read = serde_json::from_value::<Path>(json!({"name": "P", "nodes": unknown}));
        assert!(read.is_err(), "{unknown}");
    }
}

#[derive(Clone, Debug)]
enum Doing {
    Wait(i64),
    Deliver(u32),
    Fail(u32),
    Ack(usize),
    Decline(usize),
    Snooze(usize, i64),
    Cancel,
}

fn any_doing() -> impl Strategy<Value = Doing> {
    prop_oneof![
        4 => (0i64..2_000).prop_map(Doing::Wait),
        4 => (1u32..12).prop_map(Doing::Deliver),
        1 => (1u32..12).prop_map(Doing::Fail),
        1 => (0usize..4).prop_map(Doing::Ack),
        2 => (0usize..4).prop_map(Doing::Decline),
        1 => ((0usize..4), 1i64..900).prop_map(|(who, seconds)| Doing::Snooze(who, seconds)),
        1 => Just(Doing::Cancel),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_somebody_is_paged_or_it_is_said_why_not(
        doings in proptest::collection::vec(any_doing(), 0..40),
        all in any::<bool>(),
        robin in any::<bool>(),
    ) {
        let mode = if all { "all" } else { "first" };
        let mut first = with(level(&["U0A", "U0B"]), json!({"ack_mode": mode}));
        if robin {
            first = with(first, json!({"round_robin": {"rotate_after_seconds": 20}}));
        }
        let path = path(json!([first, {"type": "delay", "wait": {"seconds": 10}}, level(&["U0C", "U0D"])]), json!({}));
        let mut escalation = begin(&path, 0, None);
        let (mut now, people) = (0, ["U0A", "U0B", "U0C", "U0D"].map(person));
        for doing in doings {
            let world = World::default();
            let done = match doing {
                Doing::Wait(seconds) => { now += seconds; Ok(escalation.ring(at(now), &world)) }
                Doing::Deliver(page) => { escalation.delivered(page, at(now)); Ok(Vec::new()) }
                Doing::Fail(page) => Ok(escalation.failed(page, "x", at(now), &world).unwrap_or_default()),
                Doing::Ack(who) => escalation.acknowledge(&people[who], at(now)),
                Doing::Decline(who) => escalation.decline(&people[who], at(now), &world),
                Doing::Snooze(who, seconds) => escalation.snooze(&people[who], at(now + seconds), None, at(now)),
                Doing::Cancel => escalation.cancel(&people[0], at(now)),
            };
            for effect in done.unwrap_or_default() {
                if let Effect::Show { page } = effect {
                    prop_assert!(escalation.page(page).is_some());
                }
            }
            // Somebody is asked, or something is due, or it is over.
            let level = escalation.level;
            let waits = escalation.pages.iter().any(|page| page.level == level && page.delivered_at.is_none() && page.failed.is_none());
            match escalation.status {
                Status::Triggered => prop_assert!(escalation.due.is_some() || waits, "{escalation:?}"),
                Status::Snoozed | Status::Delayed | Status::PendingRepeat => prop_assert!(escalation.due.is_some()),
                Status::Acked | Status::Resolved | Status::Expired | Status::Cancelled => prop_assert_eq!(escalation.due, None),
                Status::Pending => prop_assert!(false, "nothing is left to begin"),
            }
            let kept = serde_json::to_string(&escalation).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Escalation>(&kept).unwrap(), &escalation);
        }
        let mut later = at(now);
        for _ in 0..100 {
            match pass(&mut escalation, later.plus(Duration::from_secs(1))) {
                Some(due) => later = due.max(later),
                None => break,
            }
        }
        prop_assert!(!escalation.status.is_open(), "{:?}", escalation.status);
    }
}
