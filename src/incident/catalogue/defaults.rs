//! What every workspace begins with.

use crate::clock::Timestamp;
use crate::ids::{DurationId, IncidentTypeId, RoleId, SeverityId, StatusId, TimestampId};
use crate::incident::catalogue::duration::DurationMetric;
use crate::incident::catalogue::{
    Catalogue, IncidentType, Removed, Role, RoleKind, Severity, StampedWhen, Status,
    StatusCategory, TimestampKind,
};

/// When it was made: nobody knows. A workspace that is made now has the time.
const THEN: Timestamp = Timestamp::from_micros(0);

impl Default for Catalogue {
    fn default() -> Self {
        let severity = |rank: i64, name: &str, description: &str| Severity {
            id: SeverityId::new(default_id("SEV", rank)),
            name: name.to_owned(),
            description: description.to_owned(),
            rank,
            created_at: THEN,
            updated_at: THEN,
        };
        let status = |rank: i64, category: StatusCategory, name: &str, description: &str| Status {
            id: status_id(rank),
            name: name.to_owned(),
            description: description.to_owned(),
            category,
            rank,
            created_at: THEN,
            updated_at: THEN,
        };
        let role =
            |rank: i64, kind: RoleKind, name: &str, shortform: &str, instructions: &str| Role {
                id: RoleId::new(default_id("R0E", rank)),
                name: name.to_owned(),
                shortform: shortform.to_owned(),
                instructions: instructions.to_owned(),
                kind,
                rank,
                description: job(kind, name),
                required: false,
                created_at: THEN,
                updated_at: THEN,
            };
        let timestamp = |rank: i64, name: &str, stamped_when: StampedWhen| TimestampKind {
            id: TimestampId::new(default_id("TSP", rank)),
            name: name.to_owned(),
            stamped_when,
            rank,
            created_at: THEN,
            updated_at: THEN,
        };
        use StatusCategory::{Canceled, Closed, Declined, Learning, Live, Merged, Paused, Triage};
        Catalogue {
            severities: vec![
                severity(1, "Minor", "A few people are affected, or there is a way around it."),
                severity(
                    2,
                    "Major",
                    "Many people are affected, or an important part does not work.",
                ),
                severity(3, "Critical", "Most people are affected, or data or money is at risk."),
            ],
            statuses: vec![
                status(1, Triage, "Triage", "Finding out whether it is an incident."),
                status(INVESTIGATING, Live, "Investigating", "Finding out what is wrong."),
                status(FIXING, Live, "Fixing", "The cause is known; a fix is on its way."),
                status(MONITORING, Live, "Monitoring", "Fixed, and being watched."),
                status(5, Paused, "Paused", "Work rests for now."),
                status(6, Learning, "Documenting", "Over; what happened is being written down."),
                status(7, Learning, "Reviewing", "What was written is being reviewed."),
                status(8, Closed, "Closed", "Nothing is left to do."),
                status(9, Declined, "Declined", "It was not an incident."),
                status(10, Merged, "Merged", "It goes on in another incident."),
                status(11, Canceled, "Canceled", "It was declared by mistake."),
            ],
            roles: vec![
                role(
                    1,
                    RoleKind::Lead,
                    "Incident Lead",
                    "lead",
                    "You run the incident: keep everybody on the next step, hand out work, and see that updates go out. You need not fix it yourself.",
                ),
                role(
                    2,
                    RoleKind::Reporter,
                    "Reporter",
                    "reporter",
                    "You declared the incident: say what you saw, and since when.",
                ),
                role(
                    3,
                    RoleKind::Custom,
                    "Communications",
                    "comms",
                    "You tell those outside the channel what they need to know, and keep questions away from those who are fixing.",
                ),
                role(
                    4,
                    RoleKind::Custom,
                    "Scribe",
                    "scribe",
                    "You write down what is found and decided while it happens: `/incident note` keeps it in the timeline.",
                ),
            ],
            timestamps: vec![
                timestamp(1, "Reported", StampedWhen::Declared),
                timestamp(2, "Accepted", StampedWhen::Reaches(Live)),
                timestamp(3, "Identified", StampedWhen::HasStatus(status_id(FIXING))),
                timestamp(4, "Fixed", StampedWhen::HasStatus(status_id(MONITORING))),
                timestamp(5, "Resolved", StampedWhen::Reaches(Learning)),
                timestamp(6, "Closed", StampedWhen::Reaches(Closed)),
            ],
            types: default_types(),
            fields: Vec::new(),
            durations: default_durations(),
            removed: Removed::default(),
            tags: Vec::new(),
            environments: Vec::new(),
        }
    }
}

fn job(kind: RoleKind, name: &str) -> String {
    match (kind, name) {
        (RoleKind::Lead, _) => "Runs the incident.",
        (RoleKind::Reporter, _) => "Declared the incident.",
        (RoleKind::Custom, "Scribe") => "Writes down what is found and decided.",
        (RoleKind::Custom, _) => "Tells those outside the channel what they need to know.",
    }
    .to_owned()
}

pub(super) fn default_types() -> Vec<IncidentType> {
    let id = IncidentTypeId::new(default_id("TYP", 1));
    let description = "Anything that hurts people who rely on us.".to_owned();
    vec![IncidentType { is_default: true, description, ..IncidentType::plain(id, "Default") }]
}

pub(super) fn default_durations() -> Vec<DurationMetric> {
    let from_report = |rank: i64, name: &str, to: i64| DurationMetric {
        id: DurationId::new(default_id("DRN", rank)),
        name: name.to_owned(),
        from: TimestampId::new(default_id("TSP", 1)),
        to: TimestampId::new(default_id("TSP", to)),
        rank,
        created_at: THEN,
        updated_at: THEN,
    };
    vec![
        from_report(1, "Time to identify", 3),
        from_report(2, "Time to fix", 4),
        from_report(3, "Time to resolve", 5),
    ]
}

impl Catalogue {
    /// The same, all of it made at this time.
    pub(super) fn made_at(mut self, now: Timestamp) -> Catalogue {
        let times = (self.severities.iter_mut().map(|it| (&mut it.created_at, &mut it.updated_at)))
            .chain(self.statuses.iter_mut().map(|it| (&mut it.created_at, &mut it.updated_at)))
            .chain(self.roles.iter_mut().map(|it| (&mut it.created_at, &mut it.updated_at)))
            .chain(self.timestamps.iter_mut().map(|it| (&mut it.created_at, &mut it.updated_at)))
            .chain(self.types.iter_mut().map(|it| (&mut it.created_at, &mut it.updated_at)))
            .chain(self.durations.iter_mut().map(|it| (&mut it.created_at, &mut it.updated_at)));
        for (created_at, updated_at) in times {
            (*created_at, *updated_at) = (now, now);
        }
        self
    }
}

const INVESTIGATING: i64 = 2;
const FIXING: i64 = 3;
const MONITORING: i64 = 4;

fn status_id(rank: i64) -> StatusId {
    StatusId::new(default_id("STA", rank))
}

/// Ids of the defaults are the same in every workspace: a well-formed ULID that says what it is.
fn default_id(kind: &str, rank: i64) -> String {
    format!("01STENT0R{kind}{rank:014}")
}
