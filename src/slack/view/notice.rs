//! What single people are told without having asked just now.

use crate::ids::{ChannelId, RoleId, UserId};
use crate::incident::catalogue::{Catalogue, RoleKind};
use crate::incident::channel::ChannelChange;
use crate::incident::event::{Entry, Event};
use crate::incident::state::Incident;
use crate::outbox::work::{NotAnnounced, Warning};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::words;

/// To the person who declared, where they declared: the channel is there.
pub fn channel_opened(incident: &Incident) -> Message {
    let opened = Line::new().bold(&incident.reference()).text(" is open");
    let line = match &incident.channel {
        Some(channel) => opened.text(": ").channel(channel),
        None => opened.text("; its channel is on its way."),
    };
    Message::line(&line)
}

/// To who looks after an incident, alone: what happened to its channel, and what they can do.
/// Nothing if the entry says of no such thing.
pub fn channel_changed(entry: &Entry, incident: &Incident) -> Option<Message> {
    let title = words::title(incident);
    let (happened, remedy) = match &entry.event {
        Event::ChannelOpened { channel, .. } => (
            Line::of("The channel of ")
                .bold(&title)
                .text(" was deleted. The incident goes on in ")
                .channel(channel)
                .text("."),
            "Those who have a part in it are invited there. The timeline is as it was.".to_owned(),
        ),
        Event::ChannelChanged { channel, change, .. } => {
            let channel = Line::new().channel(channel);
            match change {
                ChannelChange::Archived => (
                    channel.text(" was archived, and ").bold(&title).text(" is not closed."),
                    format!(
                        "Unarchive the channel to go on there; an app can't. Until then, news are told {}, and `/incident {} …` works in any channel.",
                        if words::is_private(incident) { "to those who have a part in it" } else { "under the announcement" },
                        incident.reference(),
                    ),
                ),
                ChannelChange::Left { shut_out: true } => (
                    Line::of("Stentor was removed from ")
                        .then(channel)
                        .text(", the channel of ")
                        .bold(&title)
                        .text("."),
                    "`/invite @Stentor` there brings it back, and with it what it has to say there. Until then that waits.".to_owned(),
                ),
                ChannelChange::MadePrivate => (
                    channel.text(" is private now. ").bold(&title).text(" is not: it stays announced."),
                    "Who wants to help has to be invited into the channel.".to_owned(),
                ),
                _ => return None,
            }
        }
        _ => return None,
    };
    let blocks = vec![Block::text(&happened), Block::context(&Line::prose(&remedy))];
    Some(Message::new(&happened, blocks))
}

/// To somebody who can do something, or find somebody who can: a trouble of the workspace's.
pub fn warning(warning: &Warning) -> Message {
    let (trouble, remedy) = match warning {
        Warning::Announcements { channel, because } => not_announced(channel, *because),
        Warning::Channels => (
            Line::of("Incidents get no channel: Stentor may not make channels here."),
            "An admin can let apps make channels, in the workspace's settings under channel management. Until then, `/incident INC-42 …` works in any channel.".to_owned(),
        ),
        Warning::Scope { method, needed } => {
            let scope = needed.as_deref().map(|needed| words::one_line(needed, 200));
            let remedy = match scope {
                Some(scope) => format!(
                    "An admin can add the scope `{scope}` to the app and install it again. What was missed comes with the next news."
                ),
                None => "An admin can compare the app's scopes with its manifest and install it again. What was missed comes with the next news.".to_owned(),
            };
            (
                Line::of("Slack does not let Stentor use ")
                    .code(method)
                    .text(": the app lacks a scope."),
                remedy,
            )
        }
    };
    Message::new(&trouble, vec![Block::text(&trouble), Block::context(&Line::prose(&remedy))])
}

fn not_announced(channel: &str, because: NotAnnounced) -> (Line, String) {
    let id = ChannelId::from(channel);
    let name = match id.is_well_formed() {
        true => Line::new().channel(&id),
        false => Line::new().bold(&format!("#{}", words::one_line(channel, 80))),
    };
    let (trouble, remedy) = match because {
        NotAnnounced::Archived => {
            (" is archived", "Unarchive it, or have another channel set with `--announce-channel`.")
        }
        NotAnnounced::NotInvited => {
            (" is private and Stentor is not in it", "`/invite @Stentor` there.")
        }
        NotAnnounced::NotThere => (
            " is not there, or is private and Stentor is not in it",
            "`/invite @Stentor` there, or have another channel set with `--announce-channel`.",
        ),
        NotAnnounced::Restricted => (
            " lets only some people post",
            "Allow apps to post there, in the channel's settings under posting permissions.",
        ),
        NotAnnounced::NotMade => (
            " is not there, and Stentor may not make channels",
            "Make it, and `/invite @Stentor` there.",
        ),
    };
    let trouble = Line::of("Incidents are not announced: ").then(name).text(trouble).text(".");
    let remedy = format!("{remedy} Open incidents are announced with their next news.");
    (trouble, remedy)
}

/// To the new holder of a role, alone: what the role asks of them. Nothing if the entry gave them
/// no role.
pub fn role_instructions(
    entry: &Entry,
    holder: &UserId,
    incident: &Incident,
    catalogue: &Catalogue,
) -> Option<Message> {
    let given: Vec<&RoleId> = match &entry.event {
        Event::RoleAssigned { role, person, .. } if person.as_ref() == Some(holder) => vec![role],
        Event::Declared(declared) => {
            let theirs = declared.roles.iter().filter(|(_, user)| user == holder);
            theirs.map(|(role, _)| role).collect()
        }
        _ => return None,
    };
    let roles = given.into_iter().filter_map(|id| catalogue.role(id));
    let roles: Vec<_> = roles.filter(|role| role.kind != RoleKind::Reporter).collect();
    let names: Vec<String> = roles.iter().map(|role| words::one_line(&role.name, 75)).collect();
    if names.is_empty() {
        return None;
    }
    let asked = Line::of("You are now ")
        .bold(&names.join(" and "))
        .text(" of ")
        .bold(&words::title(incident))
        .text(", asked by ")
        .actor(&entry.actor)
        .text(".");
    let mut blocks = vec![Block::text(&asked)];
    let instructions = roles.iter().filter(|role| !role.instructions.trim().is_empty());
    blocks.extend(instructions.map(|role| Block::text(&Line::prose(&role.instructions))));
    let place =
        incident.channel.as_ref().map(|channel| Line::of("It happens in ").channel(channel));
    blocks.extend(place.map(|line| Block::text(&line)));
    Some(Message::new(&asked, blocks))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::incident::command::{Command, Declare};
    use crate::incident::event::Actor;
    use crate::slack::view::drawing;
    use crate::slack::view::samples::Story;

    #[test]
    fn the_declarer_is_led_to_the_channel() {
        let story = Story::new();
        assert_snapshot!(drawing::message(&channel_opened(&story.incident)), @"*INC-1* is open: #C0INC1");
    }

    #[test]
    fn the_keeper_learns_what_happened_to_the_channel_and_what_to_do() {
        let told = |change: ChannelChange| {
            let mut story = Story::new();
            let channel = ChannelId::from("C0INC1");
            let entry = story
                .happens(Actor::Stentor, &Command::RecordChannelChange { channel, change })
                .clone();
            channel_changed(&entry, &story.incident).map(|told| drawing::message(&told))
        };
        assert_snapshot!(told(ChannelChange::Archived).unwrap(), @"
        #C0INC1 was archived, and *INC-1 Checkout is slow* is not closed.
        ~ Unarchive the channel to go on there; an app can't. Until then, news are told under the announcement, and `/incident INC-1 …` works in any channel.
        ");
        assert_snapshot!(told(ChannelChange::Left { shut_out: true }).unwrap(), @"
        Stentor was removed from #C0INC1, the channel of *INC-1 Checkout is slow*.
        ~ `/invite @Stentor` there brings it back, and with it what it has to say there. Until then that waits.
        ");
        assert_snapshot!(told(ChannelChange::MadePrivate).unwrap(), @"
        #C0INC1 is private now. *INC-1 Checkout is slow* is not: it stays announced.
        ~ Who wants to help has to be invited into the channel.
        ");
        assert_eq!(told(ChannelChange::Left { shut_out: false }), None);
        assert_eq!(told(ChannelChange::Deleted), None);
    }

    #[test]
    fn a_deleted_channel_is_told_with_the_next_one() {
        let mut story = Story::new();
        let (channel, change) = (ChannelId::from("C0INC1"), ChannelChange::Deleted);
        story.happens(Actor::Stentor, &Command::RecordChannelChange { channel, change });
        let channel = ChannelId::from("C0INC2");
        let entry = story.happens(Actor::Stentor, &Command::RecordChannel { channel }).clone();
        let told = channel_changed(&entry, &story.incident).unwrap();
        assert_snapshot!(drawing::message(&told), @"
        The channel of *INC-1 Checkout is slow* was deleted. The incident goes on in #C0INC2.
        ~ Those who have a part in it are invited there. The timeline is as it was.
        ");
    }

    #[test]
    fn a_trouble_of_the_workspace_comes_with_its_remedy() {
        let drawn = |told: Warning| drawing::message(&warning(&told));
        let (method, needed) = ("pins.add".to_owned(), Some("pins:write".to_owned()));
        assert_snapshot!(drawn(Warning::Scope { method, needed }), @"
        Slack does not let Stentor use `pins.add`: the app lacks a scope.
        ~ An admin can add the scope `pins:write` to the app and install it again. What was missed comes with the next news.
        ");
        let because = NotAnnounced::NotInvited;
        let channel = "incidents".to_owned();
        assert_snapshot!(drawn(Warning::Announcements { channel, because }), @"
        Incidents are not announced: *#incidents* is private and Stentor is not in it.
        ~ `/invite @Stentor` there. Open incidents are announced with their next news.
        ");
        let (channel, because) = ("C0NOWHERE".to_owned(), NotAnnounced::NotThere);
        assert_snapshot!(drawn(Warning::Announcements { channel, because }), @"
        Incidents are not announced: #C0NOWHERE is not there, or is private and Stentor is not in it.
        ~ `/invite @Stentor` there, or have another channel set with `--announce-channel`. Open incidents are announced with their next news.
        ");
    }

    #[test]
    fn a_new_holder_learns_what_the_role_asks() {
        let mut story = Story::new();
        let scribe = Command::Role { role: "scribe".to_owned(), person: Some("U0BEA".into()) };
        let entry = story.says(&scribe).clone();
        let told = |holder: &str| {
            let holder = UserId::from(holder);
            role_instructions(&entry, &holder, &story.incident, &story.catalogue)
        };
        assert_snapshot!(drawing::message(&told("U0BEA").unwrap()), @"
        You are now *Scribe* of *INC-1 Checkout is slow*, asked by @U0ALICE.
        You write down what is found and decided while it happens: `/incident note` keeps it in the timeline.
        It happens in #C0INC1
        ");
        assert_eq!(told("U0CARL"), None);
    }

    #[test]
    fn the_lead_of_a_declaration_is_told_and_the_reporter_is_not() {
        let lead = Some(UserId::from("U0BEA"));
        let story = Story::of(Declare { name: "x".to_owned(), lead, ..Declare::default() });
        let told = |holder: &str| {
            let holder = UserId::from(holder);
            role_instructions(&story.record[0], &holder, &story.incident, &story.catalogue)
        };
        assert!(told("U0BEA").is_some());
        assert_eq!(told("U0ALICE"), None);
    }
}
