//! The forms: what is asked for, and where an answer that can't be accepted is corrected.
//!
//! A form's `callback_id` is its word. The id of each input block is the name of the field on the
//! wire, which is what [`Refusal::field`] says, so that a refusal can stand under the input that
//! it is about.

mod asking;
mod attach;
mod declare;
mod fields;
mod page;
mod papers;
mod people;
mod steering;
mod tags;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ids::{ChannelId, GroupId, IncidentId, ItemId, TeamId, UserId};
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::decide::refuse_unless_next;
use crate::incident::papers::item::ItemKind;
use crate::incident::refusal::Refusal;
use crate::incident::snooze::refuse_unless_snoozable;
use crate::incident::state::{Incident, Mode};
use crate::incident::triage::refuse_unless_declinable;
use crate::slack::view::kit::modal::Modal;
use crate::slack::view::reply;

pub use attach::attach;
pub use declare::declare;
pub use page::page;

/// The `callback_id` of the form that declares.
pub const DECLARE: &str = "declare";
/// The `callback_id` of the form that moves alerts to another incident.
pub const ATTACH: &str = "attach_alerts";
/// The `callback_id` of the form that asks for fields.
pub const FIELD: &str = "field";
/// What the id of an input for a field begins with; the field's id follows.
pub const FIELD_BLOCK: &str = "field/";
/// The `callback_id` of the form that asks when it reached which point.
pub const TIMESTAMPS: &str = "timestamp";
/// What the id of an input for a timestamp begins with; the timestamp's id follows.
pub const TIMESTAMP_BLOCK: &str = "timestamp/";
/// The `callback_id` of the form that pages somebody.
pub const PAGE: &str = "page";

/// The `callback_id` of the form that gives an action to somebody.
pub const ASSIGN_ACTION: &str = "assign_action";
/// The `callback_id` of the form that gives a follow-up to somebody.
pub const ASSIGN_FOLLOW_UP: &str = "assign_follow_up";

/// A form about an incident that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// What is new, and with it status and severity.
    Update,
    /// What ended it.
    Resolve,
    /// A closing note.
    Close,
    /// Who does what.
    Role {
        /// The role to begin with: an id, a name or a short form.
        role: Option<String>,
        /// The person to begin with.
        person: Option<UserId>,
    },
    /// How bad it is.
    Severity,
    /// Where it stands.
    Status,
    /// What is known.
    Summary,
    /// What it is called.
    Rename,
    /// Something to write down.
    Note,
    /// Why it is no incident.
    Decline,
    /// What kind it is.
    Type,
    /// Whom to let in.
    Invite,
    /// For how long to have peace.
    Snooze,
    /// Where it goes on.
    Merge,
    /// Which tag it has, and what that is.
    Tag {
        /// The tag to begin with: an id or a name.
        tag: Option<String>,
    },
    /// Which tag to take from it.
    Untag,
    /// What its fields say.
    Field {
        /// The only one to ask for: an id or a name.
        field: Option<String>,
    },
    /// When it reached which point.
    Timestamps,
    /// Where people talk.
    Call,
    /// Why it rests.
    Pause,
    /// Why it was a mistake.
    Cancel,
    /// What is to be done now.
    Action,
    /// What is to be done afterwards.
    FollowUp,
    /// Who is to do it.
    Assign {
        /// What kind it is.
        kind: ItemKind,
        /// Which.
        item: ItemId,
    },
    /// What belongs to it.
    Link,
    /// What it has to do with.
    Relate,
    /// Whom to take out.
    Remove,
}

impl Form {
    /// The form's `callback_id`.
    pub fn word(&self) -> &'static str {
        match self {
            Form::Update => "update",
            Form::Resolve => "resolve",
            Form::Close => "close",
            Form::Role { .. } => "role",
            Form::Severity => "severity",
            Form::Status => "status",
            Form::Summary => "summary",
            Form::Rename => "rename",
            Form::Note => "note",
            Form::Decline => "decline",
            Form::Type => "type",
            Form::Invite => "invite",
            Form::Snooze => "snooze",
            Form::Merge => "merge",
            Form::Tag { .. } => "tag",
            Form::Untag => "untag",
            Form::Field { .. } => FIELD,
            Form::Timestamps => TIMESTAMPS,
            Form::Call => "call",
            Form::Pause => "pause",
            Form::Cancel => "cancel",
            Form::Action => "action",
            Form::FollowUp => "follow_up",
            Form::Assign { kind: ItemKind::Action, .. } => ASSIGN_ACTION,
            Form::Assign { kind: ItemKind::FollowUp, .. } => ASSIGN_FOLLOW_UP,
            Form::Link => "link",
            Form::Relate => "relate",
            Form::Remove => "remove",
        }
    }

    /// Refuses a form that nobody could submit, before anybody fills it in.
    pub fn check(&self, incident: &Incident) -> Result<(), Refusal> {
        let category = incident.category;
        match self {
            Form::Update | Form::Resolve | Form::Close | Form::Status if category.is_ended() => {
                Err(Refusal::Over { category })
            }
            Form::Resolve if category == StatusCategory::Learning => {
                Err(Refusal::AlreadySo { what: "The incident is resolved already".to_owned() })
            }
            Form::Decline => refuse_unless_declinable(incident),
            Form::Snooze => refuse_unless_snoozable(incident),
            Form::Merge if category.is_ended() => Err(Refusal::Over { category }),
            Form::Untag if incident.tags.is_empty() => {
                Err(Refusal::AlreadySo { what: "The incident has no tags".to_owned() })
            }
            Form::Pause => refuse_unless_next(incident, StatusCategory::Paused),
            Form::Cancel => refuse_unless_next(incident, StatusCategory::Canceled),
            _ => Ok(()),
        }
    }

    /// The form, filled in with how things are.
    pub fn open(&self, incident: &Incident, catalogue: &Catalogue, origin: &Origin) -> Modal {
        let origin = match self {
            Form::Assign { item, .. } => Origin { item: Some(item.clone()), ..origin.clone() },
            _ => origin.clone(),
        };
        let origin = origin.to_metadata();
        match self {
            Form::Update => asking::update(incident, catalogue, &origin),
            Form::Resolve => asking::resolve(incident, &origin),
            Form::Close => asking::close(incident, &origin),
            Form::Role { role, person } => {
                people::role(incident, catalogue, role.as_deref(), person.as_ref(), &origin)
            }
            Form::Severity => asking::severity(incident, catalogue, &origin),
            Form::Status => asking::status(incident, catalogue, &origin),
            Form::Summary => asking::summary(incident, &origin),
            Form::Rename => asking::rename(incident, &origin),
            Form::Note => asking::note(incident, &origin),
            Form::Decline => asking::decline(incident, &origin),
            Form::Type => steering::incident_type(incident, catalogue, &origin),
            Form::Invite => people::invite(&origin),
            Form::Snooze => steering::snooze(&origin),
            Form::Merge => steering::merge(incident, &origin),
            Form::Tag { tag } => tags::tag(incident, catalogue, tag.as_deref(), &origin),
            Form::Untag => tags::untag(incident, catalogue, &origin),
            Form::Field { field } => fields::fields(incident, catalogue, field.as_deref(), &origin),
            Form::Timestamps => fields::timestamps(incident, catalogue, &origin),
            Form::Call => fields::call(incident, &origin),
            Form::Pause => fields::pause(incident, &origin),
            Form::Cancel => fields::cancel(incident, &origin),
            Form::Action => papers::action(&origin),
            Form::FollowUp => papers::follow_up(&origin),
            Form::Assign { item, .. } => {
                let item = incident.papers.items.get(item);
                papers::assign(self.word(), item.and_then(|it| it.assignee.as_ref()), &origin)
            }
            Form::Link => papers::link(incident, &origin),
            Form::Relate => papers::relate(incident, &origin),
            Form::Remove => papers::remove(&origin),
        }
    }
}

/// What a form remembers until it is submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The incident it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// Where it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_in: Option<ChannelId>,
    /// The group of the incident's alerts that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// The workspace of the organisation in which it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack_team: Option<TeamId>,
    /// What the form declares, if that is no real incident.
    #[serde(default, skip_serializing_if = "Mode::is_standard")]
    pub mode: Mode,
    /// The action or follow-up that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
}

impl Origin {
    /// Reads what came back; a form of another time has none.
    pub fn parse(private_metadata: &str) -> Self {
        serde_json::from_str(private_metadata).unwrap_or_default()
    }

    /// What a form carries.
    pub fn to_metadata(&self) -> String {
        serde_json::to_string(self).expect("ids are strings")
    }
}

/// The answer to a submission that can't be accepted: the form stays open, with the sentence under
/// the input that it is about.
pub fn refused(callback_id: &str, refusal: &Refusal) -> Value {
    let fields = fields(callback_id);
    // Only a lead can be named with a declaration.
    let own_name = |field| if (callback_id, field) == (DECLARE, "person") { "lead" } else { field };
    let field = refusal.field().map(own_name).filter(|field| fields.contains(field));
    errors(field.unwrap_or_else(|| first_field(fields)), &refusal.to_string())
}

/// The answer to a submission that failed through no fault of the person's.
pub fn failed(callback_id: &str) -> Value {
    errors(first_field(fields(callback_id)), reply::NOT_SAVED)
}

/// The answer to a submission from a workspace that Stentor does not serve.
pub fn not_installed(callback_id: &str) -> Value {
    errors(first_field(fields(callback_id)), reply::NOT_INSTALLED)
}

/// The same answer for a form that has an input for each field or timestamp: under the one that the
/// refusal is about, or the first.
pub fn under_its_field(answer: &Value, refusal: Option<&Refusal>, values: &Value) -> Value {
    let inputs = values.as_object();
    let about = match refusal {
        Some(Refusal::BadField { field, .. }) => Some(format!("{FIELD_BLOCK}{field}")),
        _ => None,
    };
    let about = about.filter(|block| inputs.is_some_and(|inputs| inputs.contains_key(block)));
    let first = || inputs.and_then(|inputs| inputs.keys().next().cloned());
    let sentence = answer["errors"].as_object().and_then(|errors| errors.values().next());
    let sentence = sentence.and_then(Value::as_str).unwrap_or_default();
    errors(&about.or_else(first).unwrap_or_else(|| FIELD.to_owned()), sentence)
}

fn errors(field: &str, sentence: &str) -> Value {
    // Slack shows these as plain text.
    json!({"response_action": "errors", "errors": {field: sentence.replace('`', "")}})
}

/// The inputs of each form that are always there, in their order.
fn fields(callback_id: &str) -> &'static [&'static str] {
    match callback_id {
        DECLARE => &["name", "severity", "lead", "summary", "private"],
        ATTACH => &["reference"],
        PAGE => &["person", "text"],
        "update" => &["message", "status", "severity", "next_update_in_minutes"],
        "role" => &["role", "person"],
        "severity" => &["severity"],
        "status" => &["status"],
        "summary" => &["summary"],
        "rename" => &["name"],
        "note" => &["text"],
        "type" => &["incident_type"],
        "invite" => &["person"],
        "snooze" => &["minutes", "cancel_on_news"],
        "merge" => &["into"],
        "tag" => &["tag", "value"],
        "untag" => &["tag"],
        FIELD => &["fields"],
        TIMESTAMPS => &["timestamps"],
        "call" => &["call_url"],
        "action" => &["description", "person"],
        "follow_up" => &["title", "description", "person"],
        ASSIGN_ACTION | ASSIGN_FOLLOW_UP | "remove" => &["person"],
        "link" => &["url", "title"],
        "relate" => &["to"],
        _ => &["message"],
    }
}

fn first_field(fields: &'static [&'static str]) -> &'static str {
    fields.first().expect("every form asks for something")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::slack::view::drawing;
    use crate::slack::view::samples::Story;

    fn opened(form: &Form, story: &Story) -> String {
        drawing::modal(&form.open(&story.incident, &story.catalogue, &Origin::default()))
    }

    #[test]
    fn declaring_needs_a_name_alone() {
        let modal = declare("Checkout is slow", &Catalogue::default(), &Origin::default());
        assert_snapshot!(drawing::modal(&modal), @"
        == Declare an incident ==
        What is going wrong? <name>: Checkout is slow
        Severity (optional) <severity>: (Not known yet)
          ( ) Critical: Most people are affected, or data or money is at risk.
          ( ) Major: Many people are affected, or an important part does not work.
          ( ) Minor: A few people are affected, or there is a way around it.
        Who leads? (optional) <lead>: (Nobody yet)
        Summary (optional) <summary>: (What do people see, and since when?)
        Who may know? (optional) <private>
          ( ) Private: only people invited can see it
        [Cancel] [Declare]
        ");
    }

    #[test]
    fn an_update_can_change_everything_in_one_step() {
        assert_snapshot!(opened(&Form::Update, &Story::new()), @"
        == Post an update ==
        What is new? (optional) <message>: (What changed, and what happens next?)
        Status (optional) <status>
          (x) Investigating: Finding out what is wrong.
          ( ) Fixing: The cause is known; a fix is on its way.
          ( ) Monitoring: Fixed, and being watched.
          ( ) Paused: Work rests for now.
          ( ) Documenting: Over; what happened is being written down.
          ( ) Reviewing: What was written is being reviewed.
          ( ) Closed: Nothing is left to do.
          ( ) Canceled: It was declared by mistake.
        Severity (optional) <severity>
          ( ) Critical: Most people are affected, or data or money is at risk.
          (x) Major: Many people are affected, or an important part does not work.
          ( ) Minor: A few people are affected, or there is a way around it.
        Next update (optional) <next_update_in_minutes>: (No reminder)
          ( ) In 15 minutes
          ( ) In 30 minutes
          ( ) In 1 hour
          ( ) In 2 hours
          ( ) In 4 hours
          ( ) In 1 day
          If none has come by then, the channel is reminded.
        [Cancel] [Post]
        ");
    }

    #[test]
    fn a_role_form_begins_with_its_holder() {
        let mut story = Story::new();
        let lead = story.catalogue.lead().id.clone();
        story.incident.roles.insert(lead, "U0BEA".into());
        let role = Form::Role { role: Some("lead".to_owned()), person: None };
        assert_snapshot!(opened(&role, &story), @"
        == Assign a role ==
        Role <role>
          (x) Incident Lead: You run the incident: keep everybody on the next step, hand out work, and…
          ( ) Communications: You tell those outside the channel what they need to know, and keep questi…
          ( ) Scribe: You write down what is found and decided while it happens: /incident note…
        Who? (optional) <person>: U0BEA
          Leave it empty to take the role back.
        [Cancel] [Assign]
        ");
    }

    #[test]
    fn the_other_forms_ask_for_one_thing() {
        let story = Story::new();
        let forms = [
            Form::Resolve,
            Form::Close,
            Form::Severity,
            Form::Status,
            Form::Summary,
            Form::Rename,
            Form::Note,
            Form::Decline,
            Form::Type,
            Form::Invite,
            Form::Snooze,
            Form::Merge,
            Form::Call,
            Form::Pause,
            Form::Cancel,
        ];
        let drawn: Vec<String> = forms.iter().map(|form| opened(form, &story)).collect();
        assert_snapshot!(drawn.join("\n\n"), @"
        == Resolve ==
        What ended INC-1? (optional) <message>: (Rolled back to 1.4)
          It is over for those it hurt; what is left can be written down in peace.
        [Cancel] [Resolve]

        == Close ==
        A last word on INC-1? (optional) <message>
          Nothing is left to do. It can be reopened.
        [Cancel] [Close]

        == Severity ==
        How bad is it? <severity>
          ( ) Critical: Most people are affected, or data or money is at risk.
          (x) Major: Many people are affected, or an important part does not work.
          ( ) Minor: A few people are affected, or there is a way around it.
        [Cancel] [Change]

        == Status ==
        Where does it stand? <status>
          (x) Investigating: Finding out what is wrong.
          ( ) Fixing: The cause is known; a fix is on its way.
          ( ) Monitoring: Fixed, and being watched.
          ( ) Paused: Work rests for now.
          ( ) Documenting: Over; what happened is being written down.
          ( ) Reviewing: What was written is being reviewed.
          ( ) Closed: Nothing is left to do.
          ( ) Canceled: It was declared by mistake.
        [Cancel] [Change]

        == Summary ==
        What is known? (optional) <summary>: Payments time out for some people.
        [Cancel] [Save]

        == Rename ==
        Name <name>: Checkout is slow
        [Cancel] [Rename]

        == Add a note ==
        What should be in the timeline of INC-1? <text>: (The queue is empty again)
        [Cancel] [Add]

        == Decline ==
        Why is INC-1 no incident? (optional) <message>: (It was the load test)
          It is over, and can be reopened.
        [Cancel] [Decline]

        == Type ==
        What kind of incident is it? <incident_type>
          (x) Default
        [Cancel] [Change]

        == Invite ==
        Whom? <person>: (Somebody)
          They are let into the channel, and may know of the incident.
        [Cancel] [Invite]

        == Snooze ==
        For how long? <minutes>
          ( ) 30 minutes
          (x) 1 hour
          ( ) 2 hours
          ( ) 4 hours
          ( ) 8 hours
          ( ) 1 day
          ( ) 7 days
          Until then, its alerts are not told in the channel.
        And if something new happens? (optional) <cancel_on_news>
          ( ) End the snooze with the first news
        [Cancel] [Snooze]

        == Merge ==
        Where does INC-1 go on? <into>: (INC-42)
          INC-1 is over then; its timeline stays, and both channels are told.
        [Cancel] [Merge]

        == Call ==
        Where do people talk? (optional) <call_url>: (https://meet.example.com/abc)
          The address of a page. Leave it empty if nobody talks any more.
        [Cancel] [Save]

        == Pause ==
        Why does INC-1 rest? (optional) <message>
          Work goes on when the status is changed.
        [Cancel] [Pause]

        == Declared by mistake ==
        Why was INC-1 a mistake? (optional) <message>
          It is over, and can be reopened.
        [Cancel] [End it]
        ");
    }

    #[test]
    fn a_form_that_nobody_could_submit_is_refused() {
        let mut story = Story::new();
        assert_eq!(Form::Update.check(&story.incident), Ok(()));
        story.incident.category = StatusCategory::Learning;
        assert!(Form::Resolve.check(&story.incident).is_err());
        assert_eq!(Form::Close.check(&story.incident), Ok(()));
        story.incident.category = StatusCategory::Closed;
        assert!(Form::Update.check(&story.incident).is_err());
        assert_eq!(Form::Note.check(&story.incident), Ok(()));
    }

    #[test]
    fn a_refusal_stands_under_its_field() {
        let refusal = Catalogue::default().find_severity("huge").unwrap_err();
        assert_snapshot!(refused("severity", &refusal), @r#"
        {"errors":{"severity":"There is no severity “huge”. There are: Minor, Major, Critical."},"response_action":"errors"}
        "#);
        assert_snapshot!(refused("resolve", &Refusal::NotAnIncidentChannel), @r#"
        {"errors":{"message":"This channel belongs to no incident. Say which one, as in /incident INC-42 …, or declare one with /incident."},"response_action":"errors"}
        "#);
        assert_snapshot!(failed("declare"), @r#"
        {"errors":{"name":"Stentor could not save that; nothing was changed. Please try again."},"response_action":"errors"}
        "#);
    }
}
