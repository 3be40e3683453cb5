//! The names of things: one type each, so that a channel can't be passed for a person.
//!
//! Ids of ours are ULIDs: they sort by age, and a wire format can show them as they are. This is
//! also the one home of randomness.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                $name(text.into())
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_owned())
            }
        }
    )*};
}

text_ids! {
    /// A Slack workspace or organisation that Stentor serves; ours, a ULID.
    WorkspaceId;
    /// An incident; ours, a ULID. People say its number instead.
    IncidentId;
    /// A severity of a workspace's catalogue.
    SeverityId;
    /// A status of a workspace's catalogue.
    StatusId;
    /// A role of a workspace's catalogue.
    RoleId;
    /// A type of incident of a workspace's catalogue.
    IncidentTypeId;
    /// A kind of timestamp of a workspace's catalogue, such as "Resolved at".
    TimestampId;
    /// A piece of work in the outbox; ours, a ULID.
    WorkId;
    /// A person in Slack (`U…` or `W…`).
    UserId;
    /// A conversation in Slack (`C…`, `G…` or `D…`).
    ChannelId;
    /// A message in Slack, by its time: unique within its channel.
    MessageTs;
    /// A Slack workspace (`T…`) or organisation (`E…`).
    TeamId;
    /// A system that sends alerts; ours, a ULID.
    SourceId;
    /// An alert; ours, a ULID.
    AlertId;
    /// Alerts that belong together; ours, a ULID.
    GroupId;
    /// What a label of alerts means; ours, a ULID.
    AttributeId;
    /// A correlation pattern, route, silence, inhibition or maintenance window; ours.
    SettingId;
    /// An alert rule: what Stentor itself watches; ours, a ULID.
    RuleId;
    /// A tag that incidents can have; ours, a ULID.
    TagId;
    /// Incidents that are looked at together; ours, a ULID, but for `all`.
    EnvironmentId;
    /// A field of a workspace's catalogue; ours, a ULID.
    CustomFieldId;
    /// Something that can be chosen in such a field; ours, a ULID.
    FieldOptionId;
    /// A duration of a workspace's catalogue, such as "Time to resolve".
    DurationId;
    /// A schedule: who is on call when; ours, a ULID.
    ScheduleId;
    /// A rotation of a schedule: people who take turns. Unique within its schedule.
    RotationId;
    /// One of several people on call at once in a rotation. Unique within its rotation.
    LayerId;
    /// Somebody who stands in for another; ours, a ULID.
    OverrideId;
    /// An escalation path: whom to page, and whom then; ours, a ULID.
    PathId;
    /// A step of an escalation path. Unique within it.
    NodeId;
    /// Working hours that an escalation path asks for. Unique within it.
    HoursId;
    /// Somebody being paged, until somebody answers; ours, a ULID.
    EscalationId;
    /// An action or follow-up of an incident; ours, a ULID.
    ItemId;
    /// Something elsewhere that belongs to an incident; ours, a ULID.
    AttachmentId;
    /// A document about an incident; ours, a ULID.
    DocumentId;
    /// A webhook that is told of incidents and alerts; ours, a ULID.
    WebhookId;
}

impl WorkId {
    /// When it was made, which a ULID tells.
    pub fn made_at(&self) -> Option<Timestamp> {
        let millis = self.0.parse::<ulid::Ulid>().ok()?.timestamp_ms();
        Some(Timestamp::from_micros(i64::try_from(millis).ok()?.saturating_mul(1_000)))
    }
}

impl MessageTs {
    /// When the message was written, which its id tells.
    pub fn said_at(&self) -> Option<Timestamp> {
        let (seconds, micros) = self.0.split_once('.')?;
        let seconds: i64 = seconds.parse().ok()?;
        let micros: i64 = format!("{micros:0<6}").get(..6)?.parse().ok()?;
        Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?.checked_add(micros)?))
    }
}

impl UserId {
    /// Whether the text has the shape of a Slack user's id, and so can stand in a mention.
    pub fn is_well_formed(&self) -> bool {
        is_slack_id(&self.0, &['U', 'W'])
    }
}

impl ChannelId {
    /// Whether the text has the shape of a Slack conversation's id.
    pub fn is_well_formed(&self) -> bool {
        is_slack_id(&self.0, &['C', 'G', 'D'])
    }
}

impl TeamId {
    /// Whether it is one workspace, in which there can be channels.
    pub fn is_workspace(&self) -> bool {
        is_slack_id(&self.0, &['T'])
    }

    /// Whether it is an organisation of several workspaces.
    pub fn is_organisation(&self) -> bool {
        is_slack_id(&self.0, &['E'])
    }
}

fn is_slack_id(text: &str, kinds: &[char]) -> bool {
    text.starts_with(kinds)
        && (3..=30).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// Makes ids: time from the caller, randomness from here.
#[derive(Clone)]
pub struct IdSource(Source);

/// The milliseconds and the "random" bits of the last id.
type Last = Option<(u64, u128)>;

#[derive(Clone)]
enum Source {
    /// The last one: those of the same millisecond count upwards from it, so that ids of one process
    /// always sort by age. (ULID calls these monotonic.)
    System(Arc<Mutex<Last>>),
    Counting(Arc<Mutex<u128>>),
    Seeded(Arc<Mutex<(u64, Last)>>),
}

impl IdSource {
    /// Ids with random bits from the operating system.
    pub fn system() -> Self {
        IdSource(Source::System(Arc::default()))
    }

    /// Ids whose "random" bits count upwards, for tests.
    pub fn counting() -> Self {
        IdSource(Source::Counting(Arc::default()))
    }

    /// Ids whose "random" bits follow from a seed, for simulations that are run again.
    pub fn seeded(seed: u64) -> Self {
        IdSource(Source::Seeded(Arc::new(Mutex::new((seed, Last::default())))))
    }

    /// The text of a new ULID.
    pub fn ulid(&self, now: Timestamp) -> String {
        let random = match &self.0 {
            Source::System(last) => {
                let mut last = last.lock().expect("nothing panics while it counts");
                following(&mut last, now, || u128::from_le_bytes(random_bytes()))
            }
            Source::Seeded(state) => {
                let (seed, last) = &mut *state.lock().expect("nothing panics while it counts");
                following(last, now, || {
                    u128::from(split_mix(seed)) << 64 | u128::from(split_mix(seed))
                })
            }
            Source::Counting(last) => {
                let mut last = last.lock().expect("nothing panics while it counts");
                *last += 1;
                *last
            }
        };
        ulid::Ulid::from_parts(now.as_millis(), random).to_string()
    }
}

/// New "random" bits; in the same millisecond those that follow the last.
fn following(last: &mut Last, now: Timestamp, random: impl FnOnce() -> u128) -> u128 {
    let bits = match *last {
        Some((millis, bits)) if millis == now.as_millis() => bits.wrapping_add(1),
        // The highest bit is left free, so that counting upwards does not wrap.
        _ => random() >> 49,
    };
    *last = Some((now.as_millis(), bits));
    bits
}

/// The generator SplitMix64: good enough to be unlike itself, and short.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Random bytes from the operating system.
#[expect(clippy::disallowed_methods, reason = "this is the one home of randomness")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_slacks_shape_can_stand_in_a_mention() {
        assert!(UserId::from("U0ALICE").is_well_formed());
        assert!(!UserId::from("U1|x>").is_well_formed());
        assert!(!UserId::from("channel").is_well_formed());
        assert!(ChannelId::from("C0GENERAL").is_well_formed());
        assert!(!ChannelId::from("").is_well_formed());
    }

    #[test]
    fn an_organisation_is_no_workspace() {
        assert!(TeamId::from("T0ACME").is_workspace() && !TeamId::from("T0ACME").is_organisation());
        assert!(TeamId::from("E0GRID").is_organisation() && !TeamId::from("E0GRID").is_workspace());
        assert!(!TeamId::from("").is_workspace() && !TeamId::from("T1&x=y").is_workspace());
    }

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let now = Timestamp::from_micros(1_000_000);
        let (one, other) = (IdSource::seeded(7), IdSource::seeded(7));
        let first = one.ulid(now);
        assert_eq!(first, other.ulid(now));
        assert_ne!(first, one.ulid(now));
    }

    #[test]
    fn ids_sort_by_age() {
        let ids = IdSource::counting();
        let earlier = ids.ulid(Timestamp::from_micros(1_000_000));
        let later = ids.ulid(Timestamp::from_micros(2_000_000));
        assert!(earlier < later);
        assert_eq!(WorkId::new(later).made_at(), Some(Timestamp::from_micros(2_000_000)));
        assert_eq!(WorkId::from("no ULID").made_at(), None);
        assert_eq!(earlier.len(), 26);
        let ids = IdSource::system();
        let same: Vec<String> =
            (0..100).map(|_| ids.ulid(Timestamp::from_micros(1_000_000))).collect();
        assert!(same.is_sorted_by(|a, b| a < b), "those of one millisecond, too");
        let first = || IdSource::system().ulid(Timestamp::default());
        assert_ne!(first(), first(), "even those of the first millisecond");
    }
}
