//! How a world runs: a troubled time, in which anything may happen next, and then a quiet one, in
//! which all that was promised must come true.

use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};

use crate::database::options;
use crate::slack;
use crate::world::World;

/// Turns after which work that does not end is a mistake.
const LONGEST: usize = 60_000;
/// By how much time passes in one go.
const SPANS: [u64; 8] = [1, 20, 200, 1_000, 1_000, 3_000, 11_000, 130_000];

#[derive(Clone, Copy)]
enum Move {
    GoOn,
    Ask,
    Redeliver,
    Pass,
    Crash,
    Pause,
    Stop,
    Mend,
    Break,
    Lose,
}

impl World {
    /// The troubled time.
    pub fn trouble(&mut self) {
        for _ in 0..self.temper.steps {
            self.bury();
            let ready = self.ready();
            let orders = self.ledger.all().len();
            let if_any = |some: bool, weight: usize| if some { weight } else { 0 };
            let up = self.up();
            let moves = [
                (if_any(!ready.is_empty(), 100), Move::GoOn),
                (if_any(!up.is_empty() && orders < self.temper.orders, 12), Move::Ask),
                (if_any(!up.is_empty() && orders > 0, self.temper.redeliveries), Move::Redeliver),
                (if ready.is_empty() { 50 } else { self.temper.time }, Move::Pass),
                (self.temper.crashes, Move::Crash),
                (self.temper.pauses, Move::Pause),
                (self.temper.stops, Move::Stop),
                (12, Move::Mend),
                (self.temper.faults, Move::Break),
                (self.temper.losses, Move::Lose),
            ];
            match self.chance.weigh(&moves) {
                Some(Move::GoOn) => {
                    let ready = self.draw(&ready);
                    self.go_on(ready);
                }
                Some(Move::Ask) => self.ask(&up),
                Some(Move::Redeliver) => {
                    let number = self.chance.below(orders);
                    self.deliver(number, &up);
                }
                Some(Move::Pass) => {
                    let span = self.chance.pick(&SPANS);
                    self.pass(Duration::from_millis(span));
                }
                Some(Move::Crash) => {
                    let place = self.chance.below(self.places.len());
                    self.crash(place);
                }
                Some(Move::Pause) => self.pause(),
                Some(Move::Stop) => self.stop(),
                Some(Move::Mend) => self.mend(),
                Some(Move::Break) => {
                    let fault = slack::fault(&mut self.chance);
                    self.note(&format!("Slack will fail: {fault:?}"));
                    self.slack.slack.inject(fault);
                }
                Some(Move::Lose) => {
                    let calls = self.network.len();
                    if calls > 0 {
                        let call = self.chance.below(calls);
                        self.lose(call);
                    }
                }
                None => unreachable!("time can always pass"),
            }
        }
    }

    /// The quiet time: everybody is there, nothing fails, and unheard orders come again.
    pub fn rest(&mut self) {
        self.note("Quiet");
        self.slack.slack.clear_faults();
        self.all_up();
        for number in 0..self.ledger.all().len() {
            let unheard = self.ledger.all()[number].heard.is_empty();
            if unheard && self.chance.one_in(2) {
                while self.up().is_empty() {
                    self.go_on_or_pass();
                }
                let up = self.up();
                self.deliver(number, &up);
            }
        }
        for _ in 0..LONGEST {
            self.bury();
            self.all_up();
            let ready = self.ready();
            if !ready.is_empty() {
                let ready = self.draw(&ready);
                self.go_on(ready);
                continue;
            }
            let Some(wait) = self.until_next_work() else { return };
            self.pass(wait);
        }
        panic!("the work does not end: {:?}", self.left());
    }

    fn go_on_or_pass(&mut self) {
        let ready = self.ready();
        if ready.is_empty() {
            return self.pass(Duration::from_secs(1));
        }
        let ready = self.draw(&ready);
        self.go_on(ready);
    }

    fn up(&self) -> Vec<usize> {
        let is_up = |place: &usize| self.places[*place].replica.as_ref().is_some_and(|r| r.is_up());
        (0..self.places.len()).filter(is_up).collect()
    }

    fn ask(&mut self, up: &[usize]) {
        let declared = self.ledger.all().iter().filter(|asked| asked.is_declaration()).count();
        let may_declare = declared < self.temper.incidents;
        if let Some((number, said)) = self.ledger.think_of(&mut self.chance, may_declare) {
            self.note(&format!("Order {number}: {said}"));
            self.deliver(number, up);
        }
    }

    fn deliver(&mut self, number: usize, up: &[usize]) {
        let place = self.chance.pick(up);
        let replica = self.places[place].replica.as_ref().unwrap();
        self.trace.note(self.clock.now(), &format!("{} gets order {number}", replica.name));
        replica.ask(&self.ledger, number);
    }

    fn pause(&mut self) {
        let place = self.chance.below(self.places.len());
        let Some(replica) = &mut self.places[place].replica else { return };
        if !replica.is_paused {
            replica.is_paused = true;
            let name = replica.name.clone();
            self.note(&format!("{name} stands still"));
        }
    }

    fn stop(&mut self) {
        let up = self.up();
        if !up.is_empty() {
            let replica = self.places[self.chance.pick(&up)].replica.as_ref().unwrap();
            self.trace.note(self.clock.now(), &format!("{} is told to end", replica.name));
            replica.stop();
        }
    }

    /// Something that was wrong is right again.
    fn mend(&mut self) {
        let place = self.chance.below(self.places.len());
        match &mut self.places[place].replica {
            None => self.start(place),
            Some(replica) if replica.is_paused => {
                replica.is_paused = false;
                let name = replica.name.clone();
                self.note(&format!("{name} moves again"));
                self.places[place].replica.as_mut().unwrap().pass(Duration::ZERO);
            }
            Some(_) if self.chance.one_in(2) => {
                self.note("Slack fails no more");
                self.slack.slack.clear_faults();
            }
            Some(_) => {}
        }
    }

    fn all_up(&mut self) {
        for place in 0..self.places.len() {
            match &mut self.places[place].replica {
                None => self.start(place),
                Some(replica) if replica.is_paused => {
                    replica.is_paused = false;
                    replica.pass(Duration::ZERO);
                }
                Some(_) => {}
            }
        }
    }

    /// How long it is until something is due; nothing if nothing is left to do.
    fn until_next_work(&self) -> Option<Duration> {
        let file = self.file.path();
        let due: Option<i64> = self.outside.block_on(async {
            let mut connection = SqliteConnection::connect_with(&options(file)).await.unwrap();
            let due: (Option<i64>, i64) = sqlx::query_as(
                "SELECT (SELECT MIN(due_at) FROM lane), (SELECT COUNT(*) FROM outbox WHERE state = 0)",
            )
            .fetch_one(&mut connection)
            .await
            .unwrap();
            connection.close().await.unwrap();
            due.0.filter(|_| due.1 > 0)
        });
        let wait = due?.saturating_sub(self.now().as_micros());
        // What is due is found by the next poll.
        let wait = Duration::from_micros(u64::try_from(wait).unwrap_or(0));
        let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap() + 1);
        Some(wait.max(Duration::from_millis(500)))
    }
}
