//! What kind of world a seed makes: not everything goes wrong in every world, or rare troubles
//! would always hide behind common ones.

use std::time::Duration;

use crate::chance::Chance;

/// How often what goes wrong, in weights beside one another.
#[derive(Debug)]
pub struct Temper {
    pub replicas: usize,
    pub incidents: usize,
    pub orders: usize,
    pub steps: usize,
    pub crashes: usize,
    pub pauses: usize,
    pub stops: usize,
    pub faults: usize,
    pub losses: usize,
    pub redeliveries: usize,
    pub time: usize,
    /// Slack takes its time for one call in so many.
    pub slow_calls: usize,
    /// One task in so many is left waiting for long.
    pub lazy: usize,
    pub rate_limits: bool,
    pub one_machine: bool,
    /// How long somebody waits for a connection to the database.
    pub patience: Duration,
}

impl Temper {
    pub fn of(chance: &mut Chance) -> Temper {
        let mut at_times = |weight: usize| if chance.one_in(2) { weight } else { 0 };
        let (crashes, pauses, stops) = (at_times(3), at_times(3), at_times(1));
        let (faults, losses, redeliveries) = (at_times(5), at_times(6), at_times(4));
        Temper {
            replicas: chance.pick(&[1, 2, 2, 3]),
            incidents: chance.pick(&[1, 1, 2, 3]),
            orders: chance.pick(&[2, 4, 8]),
            steps: chance.pick(&[150, 250, 400]),
            crashes,
            pauses,
            stops,
            faults,
            losses,
            redeliveries,
            time: chance.pick(&[2, 10, 30]),
            slow_calls: chance.pick(&[0, 2, 6]),
            lazy: chance.pick(&[0, 0, 4, 15]),
            rate_limits: chance.one_in(3),
            one_machine: chance.one_in(2),
            patience: chance.pick(&[2, 60].map(Duration::from_secs)),
        }
    }
}
