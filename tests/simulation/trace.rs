//! What happened in a world, line by line: two runs of one seed have the same.

use stentor::clock::Timestamp;

use crate::database::BEGIN;

#[derive(Default)]
pub struct Trace(Vec<String>);

impl Trace {
    pub fn note(&mut self, now: Timestamp, what: &str) {
        let seconds = now.since(BEGIN).as_secs_f64();
        self.0.push(format!("{seconds:10.3} {what}"));
    }

    pub fn lines(&self) -> &[String] {
        &self.0
    }
}
