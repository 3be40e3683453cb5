//! One incident goes on in another.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ChannelId, IncidentId};
use crate::incident::access;
use crate::incident::catalogue::StatusCategory;
use crate::incident::decide::{Context, refuse_if_over, status_change};
use crate::incident::event::{Absorbed, Event};
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Visibility, reference};
use crate::incident::text::shorten;

/// Where an incident that was merged goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Destination {
    /// The other incident's id.
    pub incident: IncidentId,
    /// The number people know it by.
    pub number: i64,
    /// Its channel, if it had one then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
}

impl Destination {
    /// What people call it: `INC-42`.
    pub fn reference(&self) -> String {
        reference(self.number)
    }
}

/// Why an incident can't go on in another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMerge {
    /// Nothing goes by that reference, or the person must not know of it.
    #[error("There is no incident \u{201c}{given}\u{201d} here that this one could go on in.")]
    NoSuchDestination {
        /// What was asked for.
        given: String,
    },
    /// It is the same one.
    #[error("An incident can't be merged into itself.")]
    Itself,
    /// The other one goes on in this one.
    #[error("{destination} was merged into this incident; both can't go on in each other.")]
    Circle {
        /// The other one.
        destination: String,
    },
    /// The other one goes on elsewhere.
    #[error(
        "{destination} was merged into {goes_on_in} itself. Merge this incident into {goes_on_in}."
    )]
    DestinationMerged {
        /// The other one.
        destination: String,
        /// Where it goes on.
        goes_on_in: String,
    },
    /// What everybody knows would lead to what most may not know of.
    #[error(
        "{destination} is private and this incident is not, so most people could not follow. Merge {destination} into this one instead."
    )]
    PublicIntoPrivate {
        /// The other one.
        destination: String,
    },
}

/// Merges an incident into the one that goes by the word `into`, if there is one.
///
/// What is asked of the other one here must still be so when this is written: whoever carries
/// merges out sees to it that they follow one another.
pub fn merge(
    incident: &Incident,
    into: &str,
    destination: Option<&Incident>,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    access::check_visible(incident, context.actor)?;
    if let Some(known) = &incident.merged_into {
        let what = format!("The incident is merged into {} already", known.reference());
        return Err(Refusal::AlreadySo { what });
    }
    refuse_if_over(incident)?;
    let destination = destination.filter(|other| access::may_see(other, context.actor));
    let Some(destination) = destination else {
        return Err(BadMerge::NoSuchDestination { given: shorten(into.trim(), 80) }.into());
    };
    check(incident, destination)?;
    let to = context.catalogue.first_status(StatusCategory::Merged);
    let to =
        to.ok_or(Refusal::WrongStep { from: incident.category, to: StatusCategory::Merged })?;
    let change = status_change(incident, to, context.catalogue);
    let into = Destination {
        incident: destination.id.clone(),
        number: destination.number,
        channel: destination.channel.clone(),
    };
    Ok(vec![Event::MergedInto { into, change }])
}

fn check(incident: &Incident, destination: &Incident) -> Result<(), BadMerge> {
    let name = || destination.reference();
    if destination.id == incident.id {
        return Err(BadMerge::Itself);
    }
    match &destination.merged_into {
        Some(further) if further.incident == incident.id => {
            return Err(BadMerge::Circle { destination: name() });
        }
        Some(further) => {
            let goes_on_in = further.reference();
            return Err(BadMerge::DestinationMerged { destination: name(), goes_on_in });
        }
        None => {}
    }
    if (incident.visibility, destination.visibility) == (Visibility::Public, Visibility::Private) {
        return Err(BadMerge::PublicIntoPrivate { destination: name() });
    }
    Ok(())
}

impl Incident {
    /// What the other incident's record may say of this one, which was merged into it: nothing but
    /// that it was there, if this one is private.
    pub(super) fn as_absorbed(&self) -> Absorbed {
        match self.visibility {
            Visibility::Private => Absorbed::default(),
            Visibility::Public => Absorbed {
                incident: Some(self.id.clone()),
                number: Some(self.number),
                channel: self.channel.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::UserId;
    use crate::incident::catalogue::Catalogue;
    use crate::incident::command::Declare;
    use crate::incident::decide::declare;
    use crate::incident::event::{Actor, Entry, Via};
    use crate::incident::reactions::{Effect, reactions};

    fn alice() -> Actor {
        Actor::Person { user: UserId::from("U0ALICE") }
    }

    fn incident(number: i64, by: &Actor, private: bool) -> Incident {
        let catalogue = Catalogue::default();
        let now = Timestamp::from_micros(0);
        let context = Context { now, actor: by, via: Via::Modal, catalogue: &catalogue };
        let request = Declare { name: "x".to_owned(), private, ..Declare::default() };
        let declared = declare(&request, number, &context).unwrap();
        Incident::declared(IncidentId::new(format!("I{number}")), now, by, &declared)
    }

    /// Alice merges one into the other; what follows.
    fn merges(from: &mut Incident, to: &Incident) -> Result<Vec<Effect>, Refusal> {
        let (catalogue, alice, now) = (Catalogue::default(), alice(), Timestamp::from_micros(1));
        let context = Context { now, actor: &alice, via: Via::Command, catalogue: &catalogue };
        let event = merge(from, &to.reference(), Some(to), &context)?.remove(0);
        let version = from.version + 1;
        let entry = Entry {
            version,
            at: now,
            actor: alice.clone(),
            via: Via::Command,
            telling: None,
            event,
            through: None,
        };
        from.apply(&entry);
        Ok(reactions(&entry, from))
    }

    fn absorbed(effects: &[Effect]) -> Option<&Absorbed> {
        effects.iter().find_map(|effect| match effect {
            Effect::RecordMerge { absorbed, .. } => Some(absorbed),
            _ => None,
        })
    }

    #[test]
    fn the_other_one_is_told_but_not_the_name_of_what_is_private() {
        for private in [false, true] {
            let mut from = incident(1, &alice(), private);
            let effects = merges(&mut from, &incident(2, &alice(), false)).unwrap();
            assert_eq!(from.category, StatusCategory::Merged);
            assert_eq!(from.merged_into.as_ref().unwrap().number, 2);
            let told = absorbed(&effects).unwrap();
            assert_eq!(told.number, (!private).then_some(1));
            assert_eq!(*told == Absorbed::default(), private);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let bob = Actor::Person { user: UserId::from("U0BOB") };
        let (mut one, mut two) = (incident(1, &alice(), false), incident(2, &alice(), false));
        let mut three = incident(3, &alice(), false);
        let refused =
            |from: &Incident, to: &Incident| merges(&mut from.clone(), to).unwrap_err().to_string();
        assert_eq!(refused(&one, &one), BadMerge::Itself.to_string());
        let hidden = incident(4, &bob, true);
        assert!(refused(&one, &hidden).starts_with("There is no incident"));
        let private = incident(5, &alice(), true);
        assert!(refused(&one, &private).starts_with("INC-5 is private"));
        merges(&mut one, &two).unwrap();
        assert!(refused(&two, &one).starts_with("INC-1 was merged into this incident"));
        assert!(refused(&three, &one).contains("Merge this incident into INC-2."));
        assert!(refused(&one, &three).contains("merged into INC-2 already"));
        merges(&mut two, &three).unwrap();
        three.category = StatusCategory::Closed;
        assert!(refused(&three, &incident(6, &alice(), false)).contains("is over (closed)"));
    }
}
