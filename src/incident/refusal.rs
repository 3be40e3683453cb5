//! Why something was not done, in a sentence for the person who asked.
//!
//! A refusal is a normal answer: it changes nothing, leaves no receipt, and says what to do
//! instead.

use crate::ids::CustomFieldId;
use crate::incident::catalogue::StatusCategory;
use crate::incident::catalogue::find::Unknown;
use crate::incident::environment::BadEnvironment;
use crate::incident::merge::BadMerge;
use crate::incident::papers::bad::BadPaper;
use crate::incident::tags::definition::BadTag;
use crate::oncall::refusal::Refused;

/// A command that can't be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing here goes by that reference, or the person must not know of it.
    #[error("There is no incident {reference} here. `/incident list` shows those that are open.")]
    NoSuchIncident {
        /// What was asked for.
        reference: String,
    },
    /// The command needs an incident, and the channel has none.
    #[error(
        "This channel belongs to no incident. Say which one, as in `/incident INC-42 …`, or declare one with `/incident`."
    )]
    NotAnIncidentChannel,
    /// No severity goes by this word.
    #[error("There is no severity \u{201c}{}\u{201d}. {}", .0.given, choices(.0))]
    UnknownSeverity(Unknown),
    /// No status goes by this word.
    #[error("There is no status \u{201c}{}\u{201d}. {}", .0.given, choices(.0))]
    UnknownStatus(Unknown),
    /// No role goes by this word.
    #[error("There is no role \u{201c}{}\u{201d}. {}", .0.given, choices(.0))]
    UnknownRole(Unknown),
    /// No type of incident goes by this word.
    #[error("There is no incident type \u{201c}{}\u{201d}. {}", .0.given, choices(.0))]
    UnknownType(Unknown),
    /// The text does not name a person.
    #[error("I don't know who \u{201c}{given}\u{201d} is. Mention them, as in `@bea`.")]
    UnknownPerson {
        /// What was typed.
        given: String,
    },
    /// The text does not name a workspace of Slack.
    #[error(
        "\u{201c}{given}\u{201d} is no workspace of Slack. Its id begins with T, as in T012AB3CD."
    )]
    UnknownTeam {
        /// What was given.
        given: String,
    },
    /// More people than can be invited at once.
    #[error("Those are {count} people; {limit} is the most at once.")]
    TooManyPeople {
        /// How many they are.
        count: usize,
        /// How many they may be.
        limit: usize,
    },
    /// A text is needed and there is none.
    #[error("{}", missing(*.field))]
    Missing {
        /// Which text.
        field: Field,
    },
    /// A text is longer than can be shown.
    #[error("That is {length} characters; {limit} is the most for {}.", .field.noun())]
    TooLong {
        /// Which text.
        field: Field,
        /// How long it is, in characters.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The incident is that way already.
    #[error("{what}; nothing was changed.")]
    AlreadySo {
        /// The state that was asked for, as a sentence without its full stop.
        what: String,
    },
    /// The incident's life has no such step.
    #[error("{}", wrong_step(*.from, *.to))]
    WrongStep {
        /// Where the incident is.
        from: StatusCategory,
        /// Where it was to go.
        to: StatusCategory,
    },
    /// The incident has ended.
    #[error("This incident is over ({}). `/incident reopen` opens it again.", .category.as_str())]
    Over {
        /// How it ended.
        category: StatusCategory,
    },
    /// The reporter is who declared, for good.
    #[error("The reporter is whoever declared the incident, and stays so.")]
    ReporterIsFixed,
    /// A time that makes no sense.
    #[error("The next update can be due in 1 minute to 7 days.")]
    BadReminder,
    /// The alerts are part of another incident, or of none.
    #[error("These alerts are no part of this incident any more.")]
    AlertsElsewhere,
    /// It is not said to which incident alerts are to belong.
    #[error("Say which incident: choose one, or write its number, as in INC-42.")]
    NoDestination,
    /// A snooze of a length that makes no sense.
    #[error("A snooze lasts from 1 minute to 30 days.")]
    BadSnooze,
    /// The text says not how long.
    #[error("I don't know how long \u{201c}{given}\u{201d} is. Say it as in `2h`, `90m` or `1d`.")]
    BadDuration {
        /// What was typed.
        given: String,
    },
    /// The incident can't go on in that one.
    #[error(transparent)]
    BadMerge(#[from] BadMerge),
    /// Nobody can be paged so, or answer so.
    #[error(transparent)]
    OnCall(#[from] Refused),
    /// It can't be written down.
    #[error(transparent)]
    BadPaper(#[from] BadPaper),
    /// Only Stentor itself may do this.
    #[error("Only Stentor itself can do that.")]
    NotForPeople,
    /// The caller worked from an older state.
    #[error("The incident has changed since: it is at version {current}, not {given}.")]
    Stale {
        /// The version the caller knew.
        given: i64,
        /// The version now.
        current: i64,
    },
    /// There is no such tag, or no such value.
    #[error(transparent)]
    BadTag(#[from] BadTag),
    /// There is no such environment, or there can't be.
    #[error(transparent)]
    BadEnvironment(#[from] BadEnvironment),
    /// Together they would have more alerts than one incident may have.
    #[error("Together they would have {count} alerts; {limit} is the most of one incident.")]
    TooManyAlerts {
        /// How many they would have.
        count: usize,
        /// How many they may.
        limit: usize,
    },
    /// No timestamp goes by this word.
    #[error("There is no timestamp \u{201c}{}\u{201d}. {}", .0.given, choices(.0))]
    UnknownTimestamp(Unknown),
    /// No field goes by this word.
    #[error("There is no field \u{201c}{}\u{201d}. {}", .0.given, choices(.0))]
    UnknownField(Unknown),
    /// More changes than can be made in one step.
    #[error("Those are {count} changes; {limit} is the most in one step.")]
    TooManyChanges {
        /// How many they are.
        count: usize,
        /// How many they may be.
        limit: usize,
    },
    /// There is no field that could be filled in.
    #[error("This workspace has no custom fields yet.")]
    NoFields,
    /// A field does not take that.
    #[error("\u{201c}{name}\u{201d} {}", ended(.why))]
    BadField {
        /// The field.
        field: CustomFieldId,
        /// What people call it.
        name: String,
        /// Why not, as the rest of a sentence that begins with the name.
        why: String,
    },
    /// A timestamp that can't be.
    #[error("That lies ahead; a timestamp says when something happened.")]
    TimestampAhead,
    /// The address is no page that people could go to.
    #[error(
        "A call has the address of a page, such as https://meet.example.com/abc, of at most 2,000 characters."
    )]
    BadCall,
    /// A channel can't be called so.
    #[error(
        "A channel's name has 1 to 80 letters, digits, dashes and underscores, and does not begin like inc-7: incidents know their channels by that."
    )]
    BadChannelName,
    /// An incident can't begin there.
    #[error("An incident can't begin as {}.", .category.as_str())]
    BadStart {
        /// The part of life.
        category: StatusCategory,
    },
    /// What was written for few is not shown to all.
    #[error(
        "A private incident stays private: what is in it was written for those who may see it."
    )]
    StaysPrivate,
}

/// A text that people fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The incident's name.
    Name,
    /// The incident's summary.
    Summary,
    /// The message of an update, a resolution or a closing.
    Message,
    /// A note for the timeline.
    Note,
    /// People to invite.
    People,
}

impl Field {
    /// The field's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Name => "name",
            Field::Summary => "summary",
            Field::Message => "message",
            Field::Note => "text",
            Field::People => "people",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Field::Name => "a name",
            Field::Summary => "a summary",
            Field::Message => "a message",
            Field::Note => "a note",
            Field::People => "an invitation",
        }
    }
}

impl Refusal {
    /// The field of a form or request that has to be corrected, where it is one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Refusal::UnknownSeverity(_) => Some("severity"),
            Refusal::UnknownStatus(_) | Refusal::WrongStep { .. } => Some("status"),
            Refusal::UnknownRole(_) | Refusal::ReporterIsFixed => Some("role"),
            Refusal::UnknownType(_) => Some("incident_type"),
            Refusal::UnknownPerson { .. } => Some("person"),
            Refusal::UnknownTeam { .. } => Some("slack_team"),
            Refusal::TooManyPeople { .. } => Some("people"),
            Refusal::BadSnooze | Refusal::BadDuration { .. } => Some("minutes"),
            Refusal::BadMerge(_) => Some("into"),
            Refusal::BadPaper(bad) => bad.field(),
            Refusal::Missing { field } | Refusal::TooLong { field, .. } => Some(field.as_str()),
            Refusal::BadReminder => Some("next_update_in_minutes"),
            Refusal::NoDestination => Some("reference"),
            Refusal::BadTag(bad) => Some(bad.field()),
            Refusal::BadEnvironment(bad) => bad.field(),
            Refusal::UnknownTimestamp(_) | Refusal::TimestampAhead => Some("timestamps"),
            Refusal::UnknownField(_) | Refusal::NoFields | Refusal::BadField { .. } => {
                Some("fields")
            }
            Refusal::BadCall => Some("call_url"),
            Refusal::BadChannelName => Some("channel_name"),
            Refusal::BadStart { .. } => Some("status"),
            Refusal::StaysPrivate => Some("private"),
            Refusal::TooManyChanges { .. } => None,
            Refusal::OnCall(refused) => match refused.field()? {
                "title" | "description" => Some("text"),
                "path" => Some("path"),
                "person" => Some("person"),
                field if field.starts_with("people") => Some("person"),
                _ => None,
            },
            Refusal::NoSuchIncident { .. }
            | Refusal::NotAnIncidentChannel
            | Refusal::AlertsElsewhere
            | Refusal::AlreadySo { .. }
            | Refusal::Over { .. }
            | Refusal::NotForPeople
            | Refusal::TooManyAlerts { .. }
            | Refusal::Stale { .. } => None,
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::NoSuchIncident { .. } => "no-such-incident",
            Refusal::NotAnIncidentChannel => "not-an-incident-channel",
            Refusal::UnknownSeverity(_) => "unknown-severity",
            Refusal::UnknownStatus(_) => "unknown-status",
            Refusal::UnknownRole(_) => "unknown-role",
            Refusal::UnknownType(_) => "unknown-type",
            Refusal::UnknownPerson { .. } => "unknown-person",
            Refusal::UnknownTeam { .. } => "unknown-team",
            Refusal::TooManyPeople { .. } => "too-many-people",
            Refusal::Missing { .. } => "missing-text",
            Refusal::TooLong { .. } => "text-too-long",
            Refusal::AlreadySo { .. } => "already-so",
            Refusal::WrongStep { .. } => "wrong-step",
            Refusal::Over { .. } => "incident-over",
            Refusal::ReporterIsFixed => "reporter-is-fixed",
            Refusal::BadReminder => "bad-reminder",
            Refusal::AlertsElsewhere => "alerts-elsewhere",
            Refusal::NoDestination => "no-destination",
            Refusal::BadSnooze => "bad-snooze",
            Refusal::BadDuration { .. } => "bad-duration",
            Refusal::BadMerge(_) => "bad-merge",
            Refusal::OnCall(refused) => refused.code(),
            Refusal::BadPaper(bad) => bad.code(),
            Refusal::NotForPeople => "not-for-people",
            Refusal::Stale { .. } => "stale-version",
            Refusal::BadTag(BadTag::NoSuchTag { .. }) => "unknown-tag",
            Refusal::BadTag(_) => "bad-tag",
            Refusal::BadEnvironment(BadEnvironment::NoSuch) => "no-such-environment",
            Refusal::BadEnvironment(_) => "bad-environment",
            Refusal::TooManyAlerts { .. } => "too-many-alerts",
            Refusal::UnknownTimestamp(_) => "unknown-timestamp",
            Refusal::UnknownField(_) | Refusal::NoFields => "unknown-field",
            Refusal::BadField { .. } => "bad-field",
            Refusal::TimestampAhead => "timestamp-ahead",
            Refusal::BadCall => "bad-call",
            Refusal::BadChannelName => "bad-channel-name",
            Refusal::BadStart { .. } => "bad-start",
            Refusal::StaysPrivate => "stays-private",
            Refusal::TooManyChanges { .. } => "too-many-changes",
        }
    }
}

/// How many names are listed in an answer.
const CHOICES: usize = 20;

fn choices(unknown: &Unknown) -> String {
    let known = match unknown.known.split_at_checked(CHOICES) {
        Some((some, [_, ..])) => format!("{}, …", some.join(", ")),
        _ if unknown.known.is_empty() => return "There are none yet.".to_owned(),
        _ => unknown.known.join(", "),
    };
    match &unknown.nearest {
        Some(nearest) => format!("Did you mean {nearest}? There are: {known}."),
        None => format!("There are: {known}."),
    }
}

/// The rest of a sentence, with its full stop if it has no other end.
fn ended(why: &str) -> String {
    if why.ends_with('?') { why.to_owned() } else { format!("{}.", why.trim_end_matches('.')) }
}

fn missing(field: Field) -> String {
    match field {
        Field::Name => "Give the incident a name: what do people see go wrong?".to_owned(),
        Field::Summary => "Say in a sentence or two what is known.".to_owned(),
        Field::Message => "Say what is new, or change the status or severity.".to_owned(),
        Field::Note => {
            "Say what to write down, as in `/incident note rolled back to 1.4`.".to_owned()
        }
        Field::People => "Say whom to invite.".to_owned(),
    }
}

fn wrong_step(from: StatusCategory, to: StatusCategory) -> String {
    use StatusCategory::{Learning, Live, Paused, Triage};
    match (from, to) {
        (Learning, Live | Paused | Triage) => {
            "This incident is resolved. `/incident reopen` goes back to working on it.".to_owned()
        }
        (_, StatusCategory::Declined) => {
            "An incident that was accepted can't be declined any more; it can be closed.".to_owned()
        }
        (_, Triage) => "An incident that was accepted can't go back to triage.".to_owned(),
        _ => format!(
            "An incident can't go from {} to {} this way. `/incident status` shows where it can go.",
            from.as_str(),
            to.as_str()
        ),
    }
}
