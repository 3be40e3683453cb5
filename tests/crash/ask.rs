//! One thing to ask of Stentor, and what is known of the incidents to ask it of.

use crate::ledger::Trace;
use crate::requests::Request;

/// Something to ask, and how it will be known in the record.
#[derive(Clone, Debug)]
pub struct Ask {
    pub case: String,
    pub trace: Trace,
    pub what: String,
    pub request: Request,
    /// How often Slack, or an impatient person, delivers it.
    pub deliveries: Deliveries,
}

/// How often a request is delivered, if nothing goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deliveries {
    Once,
    TwiceInTurn,
    TwiceAtOnce,
}

/// An incident as far as the plan needs to know it.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: String,
    pub number: i64,
}
