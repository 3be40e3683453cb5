//! A chapter: one world, one replica, and so many kills at moments that a seed chooses.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::http::Method;
use serde_json::{Value, json};

use crate::books::{self, Tally};
use crate::chance::Chance;
use crate::commands::{Ask, Deliveries, Plan};
use crate::ledger::Fate;
use crate::place::Kind;
use crate::process::binary;
use crate::requests::Request;
use crate::trap::{Deed, Moment, Set};
use crate::wire::Call;
use crate::world::World;

/// Commands between two kills.
const BURST: std::ops::Range<u64> = 3..8;
/// Incidents in a chapter.
const INCIDENTS: usize = 8;
/// How long a trap waits before the replica is killed all the same.
const TRAP: Duration = Duration::from_millis(1_500);
/// What the calls of a declaration are, and what else is worth being killed in.
const CALLS: [&str; 7] = [
    "conversations.create",
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "pins.add",
    "conversations.invite",
    "conversations.setTopic",
];

/// Plays a chapter. The error says with which seed it can be played again.
pub async fn play(kind: Kind, seed: u64, kills: usize) -> Result<Tally> {
    let played = play_through(kind, seed, kills).await;
    played.with_context(|| format!("a chapter of {kills} kills on {kind}, seed {seed}"))
}

async fn play_through(kind: Kind, seed: u64, kills: usize) -> Result<Tally> {
    let mut chance = Chance::new(seed);
    let world = Arc::new(World::new(kind, &[binary() as PathBuf]).await?);
    let mut plan = Plan::new(chance.branch(), &world.token, INCIDENTS);
    let faulty = chance.one_in(3);
    world.replica(0).start().await?;
    let mut complete_after = Vec::new();
    let mut again: Vec<(usize, Request)> = Vec::new();
    for _ in 0..kills {
        if faulty {
            world.fault(&any_fault(&mut chance)).await?;
        }
        let known = books::known(&world).await?;
        let measured = !faulty && chance.one_in(4);
        let mut asks: Vec<Ask> = match measured {
            true => vec![plan.declare()],
            false => (0..chance.within(BURST)).map(|_| plan.any(&known)).collect(),
        };
        if measured {
            // Only this declaration is to be in flight.
            world.quiet().await?;
        }
        world.trap.set(any_trap(&mut chance));
        let mut sent: Vec<(usize, Request)> = std::mem::take(&mut again);
        let asked = asks.drain(..).map(|ask| {
            let place = world.ledger.ask(&ask.case, ask.trace, ask.what);
            sent.push((place, ask.request.clone()));
            (place, ask.request, ask.deliveries)
        });
        let asked: Vec<_> = asked.collect();
        let repeats = sent.iter().take(sent.len() - asked.len());
        let repeats = repeats.map(|(place, request)| (*place, request.clone(), Deliveries::Once));
        let deliveries: Vec<_> = repeats
            .chain(asked)
            .map(|(place, request, often)| {
                let world = Arc::clone(&world);
                let wait = Duration::from_millis(chance.within(0..60));
                tokio::spawn(async move { deliver(&world, place, &request, often, wait).await })
            })
            .collect();
        if world.trap.sprung(TRAP).await.is_none() {
            world.trap.clear();
            world.replica(0).kill();
        }
        for delivery in deliveries {
            delivery.await?;
        }
        world.replica(0).kill();
        // Whoever got no answer sends it again, sometimes, when somebody listens again.
        let asked = world.ledger.all();
        again = sent
            .into_iter()
            .filter(|(place, _)| asked[*place].fate == Fate::Unknown && chance.one_in(2))
            .collect();
        let restarted = world.replica(0).start().await?;
        if measured && let Some(seconds) = completion(&world, restarted).await? {
            complete_after.push(seconds);
        } else if chance.one_in(3) {
            // While it finds what its predecessor left, it is killed too.
            let delay = Duration::from_millis(chance.within(0..400));
            tokio::time::sleep(delay).await;
            world.replica(0).kill();
            world.replica(0).start().await?;
        }
    }
    world.control(Method::DELETE, "/control/faults", &Value::Null).await?;
    let mut tally = books::compare(&world).await?;
    tally.kills = kills;
    tally.complete_after = complete_after;
    if !tally.broken().is_empty() {
        eprintln!(
            "{kind}, seed {seed}, {kills} kills: {:#?}\n{}",
            tally.broken(),
            world.last_words()
        );
    }
    Ok(tally)
}

/// Sends a request as often as it is to be delivered.
pub async fn deliver(
    world: &World,
    place: usize,
    request: &Request,
    often: Deliveries,
    wait: Duration,
) {
    tokio::time::sleep(wait).await;
    match often {
        Deliveries::Once => {
            world.deliver(place, request).await;
        }
        Deliveries::TwiceInTurn => {
            world.deliver(place, request).await;
            world.deliver(place, request).await;
        }
        Deliveries::TwiceAtOnce => {
            tokio::join!(world.deliver(place, request), world.deliver(place, request));
        }
    }
}

fn any_trap(chance: &mut Chance) -> Set {
    let method = chance.pick(&CALLS);
    let moment = match chance.within(0..8) {
        0 | 1 => Moment::Acknowledged,
        2 => Moment::Calls(method),
        3 | 4 => Moment::Done(method),
        5 | 6 => Moment::Told(method),
        _ => Moment::Done("*"),
    };
    let micros = if chance.one_in(2) { 0 } else { chance.within(0..4_000) };
    let skip = chance.place(3);
    Set { moment, skip, delay: Duration::from_micros(micros), deed: Deed::Kill }
}

/// Something that goes wrong in Slack a few times.
pub fn any_fault(chance: &mut Chance) -> Value {
    let method = if chance.one_in(3) { "*" } else { chance.pick(&CALLS) };
    let mut fault = match chance.within(0..8) {
        0 | 1 => json!({ "fault": "lost_answer", "hang_ms": 0 }),
        2 => json!({ "fault": "status", "status": chance.pick(&[500, 502, 503]) }),
        3 => json!({ "fault": "rate_limited", "retry_after": chance.within(1..3) }),
        4 => json!({ "fault": "error_after", "code": "fatal_error" }),
        5 => json!({ "fault": "malformed_json" }),
        6 => json!({ "fault": "refuse" }),
        _ => json!({ "fault": "timeout_before", "hang_ms": chance.within(10..300) }),
    };
    fault["method"] = method.into();
    fault["times"] = chance.within(1..3).into();
    fault["after"] = chance.within(0..4).into();
    fault
}

/// How long after the restart the declaration that was last accepted is complete in Slack; nothing
/// if it was complete before, or was never saved.
async fn completion(world: &World, restarted: Instant) -> Result<Option<f64>> {
    let known = books::known(world).await?;
    let Some(number) = known.values().map(|known| known.number).max() else { return Ok(None) };
    let since = Instant::now();
    loop {
        if let Some(at) = world.wire.read(|calls| complete_at(calls, number)) {
            let after = at.checked_duration_since(restarted);
            return Ok(after.map(|after| after.as_secs_f64()).filter(|_| at > restarted));
        }
        if since.elapsed() > crate::world::PATIENCE {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// When the channel of an incident had its pinned welcome message, and the announcement led to it.
fn complete_at(calls: &[Call], number: i64) -> Option<Instant> {
    let prefix = format!("inc-{number}-");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let created = calls.iter().find(|call| {
        call.method == "conversations.create"
            && text(&call.arguments["name"]).starts_with(&prefix)
            && call.answer["ok"] == true
    })?;
    let channel = text(&created.answer["channel"]["id"]);
    let pinned = calls.iter().find(|call| {
        call.method == "pins.add"
            && call.arguments["channel"] == channel.as_str()
            && (call.answer["ok"] == true || call.answer["error"] == "already_pinned")
    })?;
    if created.arguments["is_private"] == true {
        return pinned.answered;
    }
    let announced = calls.iter().find(|call| {
        matches!(call.method, "chat.postMessage" | "chat.update")
            && text(&call.arguments["text"]).starts_with(&format!("INC-{number} "))
            && call.arguments["blocks"].to_string().contains(&channel)
            && call.arguments["channel"] == "C0INCIDENTS"
            && call.answer["ok"] == true
    })?;
    pinned.answered.max(announced.answered)
}
