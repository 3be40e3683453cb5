//! Whom a node of an escalation path means, as a body says it.

use serde::Deserialize;

use crate::api::incident_io::failure::Failure;
use crate::api::incident_io::given::{refuse_if, word};
use crate::ids::{ChannelId, RotationId, ScheduleId, UserId};
use crate::oncall::path::definition::{Recipient, Target, Urgency, Which};

/// A target.
#[derive(Debug, Deserialize)]
pub struct TargetSays {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    urgency: String,
    schedule_mode: Option<String>,
    selected_rota_id: Option<String>,
}

const URGENCIES: [(&str, Urgency); 2] = [("high", Urgency::High), ("low", Urgency::Low)];

/// Which people of a schedule, and whether only those of one rotation.
const MODES: [(&str, (Which, bool)); 7] = [
    ("currently_on_call", (Which::OnCall, false)),
    ("currently_on_call_for_rota", (Which::OnCall, true)),
    ("next_on_call", (Which::NextOnCall, false)),
    ("next_on_call_for_rota", (Which::NextOnCall, true)),
    ("all_users", (Which::Everybody, false)),
    ("all_users_for_rota", (Which::Everybody, true)),
    ("", (Which::OnCall, false)),
];

/// The targets of a level.
pub fn targets(field: &str, given: Vec<TargetSays>) -> Result<Vec<Target>, Failure> {
    let numbered = given.into_iter().enumerate();
    numbered.map(|(nth, says)| target(&format!("{field}.{nth}"), says)).collect()
}

/// The channels that are told, and how urgent it is: the same for all of them.
pub fn channels(field: &str, given: Vec<TargetSays>) -> Result<(Vec<ChannelId>, Urgency), Failure> {
    let mut channels = Vec::with_capacity(given.len());
    let mut of_all = None;
    for (nth, target) in targets(field, given)?.into_iter().enumerate() {
        let Recipient::SlackChannel { id } = target.to else {
            let message = "Only channels are told: page people in a level.";
            return Err(Failure::invalid(&format!("{field}.{nth}.type"), message));
        };
        if *of_all.get_or_insert(target.urgency) != target.urgency {
            let message = "Channels that are told together are told with one urgency.";
            return Err(Failure::invalid(&format!("{field}.{nth}.urgency"), message));
        }
        channels.push(id);
    }
    Ok((channels, of_all.unwrap_or_default()))
}

fn target(field: &str, says: TargetSays) -> Result<Target, Failure> {
    let part = |name: &str| format!("{field}.{name}");
    let urgency = word(&part("urgency"), &says.urgency, &URGENCIES)?;
    let mode = says.schedule_mode.unwrap_or_default();
    let rotation = says.selected_rota_id.filter(|id| !id.is_empty());
    if says.kind != "schedule" {
        let why = "Only a schedule has people to choose from.";
        refuse_if(!mode.is_empty(), &part("schedule_mode"), why)?;
        refuse_if(rotation.is_some(), &part("selected_rota_id"), why)?;
    }
    let to = match says.kind.as_str() {
        "user" => Recipient::User { id: UserId::new(says.id) },
        "slack_channel" => Recipient::SlackChannel { id: ChannelId::new(says.id) },
        "schedule" => {
            let (who, of_one) = word(&part("schedule_mode"), &mode, &MODES)?;
            if of_one && rotation.is_none() {
                return Err(Failure::missing(&part("selected_rota_id")));
            }
            let why = "This schedule_mode is not about one rotation.";
            refuse_if(!of_one && rotation.is_some(), &part("selected_rota_id"), why)?;
            let rotation = rotation.map(RotationId::new);
            Recipient::Schedule { id: ScheduleId::new(says.id), who, rotation }
        }
        "msteams_channel" => {
            let message = "Stentor is not in Microsoft Teams.";
            return Err(Failure::invalid(&part("type"), message));
        }
        _ => {
            let message = "A target is one of schedule, user, slack_channel.";
            return Err(Failure::invalid(&part("type"), message));
        }
    };
    Ok(Target { to, urgency })
}
