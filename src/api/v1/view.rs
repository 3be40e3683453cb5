//! An incident as programs see it: the state, with the names of what it points to beside the ids.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::alert::signal::Signal;
use crate::clock::Timestamp;
use crate::ids::{
    ChannelId, CustomFieldId, DurationId, IncidentId, IncidentTypeId, RoleId, SeverityId, StatusId,
    TagId, TeamId, TimestampId, UserId,
};
use crate::incident::catalogue::field::{FieldType, FieldValue};
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::channel::ChannelState;
use crate::incident::event::Actor;
use crate::incident::merge::Destination;
use crate::incident::origin::Origin;
use crate::incident::snooze::Snooze;
use crate::incident::state::{Incident, LastUpdate, Mode, Visibility};
use crate::incident::tags::definition::TagKind;
use crate::incident::tags::tagged;

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentView {
    /// Its id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: IncidentId,
    /// The number people know it by.
    #[schema(minimum = 1, example = 42)]
    pub number: i64,
    /// The number as people say it.
    #[schema(example = "INC-42")]
    pub reference: String,
    /// How many entries its timeline has: one more with every change. `If-Match` compares it.
    #[schema(minimum = 1, example = 7)]
    pub version: i64,
    /// What people see go wrong, in a line.
    #[schema(example = "Checkout answers 500")]
    pub name: String,
    /// What is known; empty if nobody has said.
    pub summary: String,
    /// Who may know of it.
    pub visibility: Visibility,
    /// How bad it is, if somebody knows.
    pub severity: Option<SeverityView>,
    /// Where it stands.
    pub status: StatusView,
    /// Who holds which role; roles that nobody holds are left out.
    pub roles: Vec<RoleView>,
    /// When it reached which point; a point that is left and reached again keeps the last time.
    pub timestamps: Vec<TimestampView>,
    /// Its channel in Slack, once that is open.
    #[schema(value_type = Option<String>, example = "C012AB3CD")]
    pub channel: Option<ChannelId>,
    /// Whether Stentor can speak in that channel; nothing while there is none.
    pub channel_state: Option<ChannelState>,
    /// The channel it was declared in, if it was in one.
    #[schema(value_type = Option<String>, example = "C012AB3CD")]
    pub declared_in: Option<ChannelId>,
    /// The workspace of the organisation that was named for its channel; nothing if none was, or
    /// where Stentor is installed in one workspace.
    #[schema(value_type = Option<String>, example = "T012AB3CD")]
    pub slack_team: Option<TeamId>,
    /// Who declared it.
    pub creator: Actor,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Since when it is over; nothing while people still work to end it.
    pub ended_at: Option<Timestamp>,
    /// The last update people were given.
    pub last_update: Option<LastUpdate>,
    /// When the next update was promised for.
    pub next_update_due: Option<Timestamp>,
    /// What its alerts say together, if it has any.
    pub signal: Option<Signal>,
    /// What kind of incident it is; nothing in those that older versions declared.
    pub incident_type: Option<TypeView>,
    /// Who is invited, whatever roles they hold: ids of users in Slack.
    #[schema(value_type = Vec<String>, example = json!(["U012AB3CD"]))]
    pub invited: Vec<UserId>,
    /// The snooze that keeps its alerts quiet.
    pub snooze: Option<Snooze>,
    /// The incident in which it goes on, if it was merged.
    pub merged_into: Option<DestinationView>,
    /// Where the alerts come from that opened it; nothing where people did.
    pub origin: Option<Origin>,
    /// Whether it is a real one that happens now.
    pub mode: Mode,
    /// What its custom fields say, in the catalogue's order; those that say nothing are left out.
    pub fields: Vec<FieldView>,
    /// How long it took from one point to another, as the catalogue asks.
    pub durations: Vec<DurationView>,
    /// Where people talk: the address of a page.
    #[schema(example = "https://meet.example.com/abc")]
    pub call_url: Option<String>,
    /// What somebody wants its channel to be called; nothing if it is called after the incident.
    #[schema(example = "war-room")]
    pub channel_name: Option<String>,
    /// Its tags, in the order of the catalogue.
    pub tags: Vec<TagView>,
}

/// A tag of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TagOfIncident)]
pub struct TagView {
    /// The tag's id in the catalogue.
    #[schema(value_type = String)]
    pub id: TagId,
    /// What people call it.
    #[schema(example = "priority")]
    pub name: String,
    /// What its values can be.
    pub kind: TagKind,
    /// Its values: one, but for tags that have several.
    #[schema(example = json!(["P1"]))]
    pub values: Vec<String>,
    /// Who gave it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// Draws the tags of an incident.
pub fn tag_views(incident: &Incident, catalogue: &Catalogue) -> Vec<TagView> {
    let views = tagged(incident, catalogue).map(|(tag, tagged)| TagView {
        id: tag.id.clone(),
        name: tag.name.clone(),
        kind: tag.kind,
        values: tagged.values.clone(),
        by: tagged.by.clone(),
        at: tagged.at,
    });
    views.collect()
}

/// What kind of incident it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TypeOfIncident)]
pub struct TypeView {
    /// Its id in the catalogue.
    #[schema(value_type = String, example = "01STENT0RTYP00000000000001")]
    pub id: IncidentTypeId,
    /// What people call it.
    #[schema(example = "Default")]
    pub name: String,
}

/// Where an incident goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentDestination)]
pub struct DestinationView {
    /// The other incident's id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub incident: IncidentId,
    /// The number people know it by, as they say it.
    #[schema(example = "INC-7")]
    pub reference: String,
}

impl From<Destination> for DestinationView {
    fn from(into: Destination) -> DestinationView {
        DestinationView { reference: into.reference(), incident: into.incident }
    }
}

/// How bad an incident is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentSeverity)]
pub struct SeverityView {
    /// Its id in the catalogue.
    #[schema(value_type = String, example = "01STENT0RSEV00000000000003")]
    pub id: SeverityId,
    /// What people call it.
    #[schema(example = "Critical")]
    pub name: String,
}

/// Where an incident stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentStatus)]
pub struct StatusView {
    /// Its id in the catalogue.
    #[schema(value_type = String, example = "01STENT0RSTA00000000000003")]
    pub id: StatusId,
    /// What people call it.
    #[schema(example = "Fixing")]
    pub name: String,
    /// The part of life it belongs to.
    pub category: StatusCategory,
}

/// A role in an incident, and who holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentRole)]
pub struct RoleView {
    /// Its id in the catalogue.
    #[schema(value_type = String, example = "01STENT0RR0E00000000000001")]
    pub id: RoleId,
    /// What people call it.
    #[schema(example = "Incident Lead")]
    pub name: String,
    /// Who holds it: a user's id in Slack.
    #[schema(value_type = String, example = "U012AB3CD")]
    pub person: UserId,
}

/// A point in an incident's life, and when it was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentTimestamp)]
pub struct TimestampView {
    /// Its id in the catalogue.
    #[schema(value_type = String, example = "01STENT0RTSP00000000000001")]
    pub id: TimestampId,
    /// What people call it.
    #[schema(example = "Reported")]
    pub name: String,
    /// When it was reached.
    pub at: Timestamp,
}

/// A custom field, and what the incident says there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentField)]
pub struct FieldView {
    /// Its id in the catalogue.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: CustomFieldId,
    /// What people call it.
    #[schema(example = "Affected team")]
    pub name: String,
    /// What kind of values it has; nothing of a field that nobody knows any more.
    pub field_type: Option<FieldType>,
    /// The values as people read them: one, or several options.
    #[schema(example = json!(["Payments"]))]
    pub values: Vec<String>,
    /// The value as it is kept.
    pub value: FieldValue,
}

/// How long the incident took from one point to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentDuration)]
pub struct DurationView {
    /// Its id in the catalogue.
    #[schema(value_type = String, example = "01STENT0RDRN00000000000003")]
    pub id: DurationId,
    /// What people call it.
    #[schema(example = "Time to resolve")]
    pub name: String,
    /// `success`, `timestamps_missing` where a point was not reached, or `invalid_timestamps` where
    /// the end lies before the beginning.
    #[schema(example = "success")]
    pub status: &'static str,
    /// The whole seconds, where there are any.
    #[schema(example = 5400)]
    pub seconds: Option<i64>,
}

impl IncidentView {
    /// Draws an incident. What the catalogue no longer has goes by its id.
    pub fn new(incident: Incident, catalogue: &Catalogue) -> IncidentView {
        let severity = incident.severity.clone().map(|id| SeverityView {
            name: catalogue
                .severity(&id)
                .map_or_else(|| id.to_string(), |severity| severity.name.clone()),
            id,
        });
        let status = StatusView {
            name: catalogue
                .status(&incident.status)
                .map_or_else(|| incident.status.to_string(), |status| status.name.clone()),
            id: incident.status.clone(),
            category: incident.category,
        };
        let incident_type = incident.incident_type.clone().map(|id| TypeView {
            name: catalogue
                .incident_type(&id)
                .map_or_else(|| id.to_string(), |kind| kind.name.clone()),
            id,
        });
        IncidentView {
            tags: tag_views(&incident, catalogue),
            mode: incident.mode,
            fields: fields(&incident, catalogue),
            durations: durations(&incident, catalogue),
            call_url: incident.call_url.clone(),
            channel_name: incident.channel_name.clone(),
            incident_type,
            reference: incident.reference(),
            severity,
            status,
            roles: roles(&incident, catalogue),
            timestamps: timestamps(&incident, catalogue),
            id: incident.id,
            number: incident.number,
            version: incident.version,
            name: incident.name,
            summary: incident.summary,
            visibility: incident.visibility,
            channel_state: incident.channel.as_ref().map(|_| incident.standing.state),
            channel: incident.channel,
            declared_in: incident.declared_in,
            slack_team: incident.slack_team,
            creator: incident.creator,
            declared_at: incident.declared_at,
            updated_at: incident.updated_at,
            ended_at: incident.ended_at,
            last_update: incident.last_update,
            next_update_due: incident.next_update_due,
            signal: incident.signal,
            invited: incident.invited.into_iter().collect(),
            snooze: incident.snooze,
            merged_into: incident.merged_into.map(DestinationView::from),
            origin: incident.origin,
        }
    }

    /// The answer that shows this incident, with its version as the `ETag`.
    pub fn answer(self, status: StatusCode) -> Response {
        let tag = format!("\"{}\"", self.version);
        let tag = HeaderValue::try_from(tag).expect("a quoted number is a header value");
        let mut response = (status, Json(self)).into_response();
        response.headers_mut().insert(header::ETAG, tag);
        response
    }
}

fn fields(incident: &Incident, catalogue: &Catalogue) -> Vec<FieldView> {
    let known = catalogue.fields.iter().chain(&catalogue.removed.fields);
    let said = known.filter_map(|field| Some((field, incident.fields.get(&field.id)?)));
    let known = said.map(|(field, value)| FieldView {
        id: field.id.clone(),
        name: field.name.clone(),
        field_type: Some(field.field_type),
        values: field.readable(value),
        value: value.clone(),
    });
    let unknown = incident.fields.iter().filter(|(id, _)| catalogue.field(id).is_none());
    let unknown = unknown.map(|(id, value)| FieldView {
        id: id.clone(),
        name: id.to_string(),
        field_type: None,
        values: Vec::new(),
        value: value.clone(),
    });
    known.chain(unknown).collect()
}

fn durations(incident: &Incident, catalogue: &Catalogue) -> Vec<DurationView> {
    let measured = catalogue.durations.iter().map(|duration| {
        let measured = duration.measure(&incident.timestamps);
        DurationView {
            id: duration.id.clone(),
            name: duration.name.clone(),
            status: measured.as_str(),
            seconds: measured.seconds(),
        }
    });
    measured.collect()
}

fn roles(incident: &Incident, catalogue: &Catalogue) -> Vec<RoleView> {
    let mut held: Vec<(i64, RoleView)> = incident
        .roles
        .iter()
        .map(|(id, person)| {
            let role = catalogue.role(id);
            let name = role.map_or_else(|| id.to_string(), |role| role.name.clone());
            let rank = role.map_or(i64::MAX, |role| role.rank);
            (rank, RoleView { id: id.clone(), name, person: person.clone() })
        })
        .collect();
    held.sort_by_key(|(rank, _)| *rank);
    held.into_iter().map(|(_, role)| role).collect()
}

fn timestamps(incident: &Incident, catalogue: &Catalogue) -> Vec<TimestampView> {
    let mut reached: Vec<(i64, TimestampView)> = incident
        .timestamps
        .iter()
        .map(|(id, at)| {
            let kind = catalogue.timestamp(id);
            let name = kind.map_or_else(|| id.to_string(), |kind| kind.name.clone());
            let rank = kind.map_or(i64::MAX, |kind| kind.rank);
            (rank, TimestampView { id: id.clone(), name, at: *at })
        })
        .collect();
    reached.sort_by_key(|(rank, _)| *rank);
    reached.into_iter().map(|(_, timestamp)| timestamp).collect()
}
