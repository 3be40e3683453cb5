//! What was written down around an incident, as people read it.

use crate::ids::{IncidentId, ItemId, UserId};
use crate::incident::catalogue::Catalogue;
use crate::incident::event::{Entry, Event};
use crate::incident::papers::Filed;
use crate::incident::papers::document::{Document, DocumentKind};
use crate::incident::papers::item::{Item, ItemEdit, ItemKind, ItemStatus};
use crate::incident::state::Incident;
use crate::incident::text::shorten;
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::{post, words};

/// How much of a text is shown in a sentence.
const EXCERPT: usize = 280;
/// Items that are shown with their buttons.
const WITH_BUTTONS: usize = 12;
/// Items that are shown without any.
const DONE: usize = 10;
/// How much of a document is shown.
const PAGE: usize = 2_800;

/// A button beside something that is to be done; its value says which incident and which item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemButton {
    /// It was done.
    Done,
    /// It will not be done.
    NotDoing,
    /// Opens the form that gives it to somebody.
    Assign,
}

impl ItemButton {
    /// All of them.
    pub const ALL: [ItemButton; 3] = [ItemButton::Done, ItemButton::NotDoing, ItemButton::Assign];

    /// The word that Slack sends when it is pressed.
    pub fn action_id(self) -> &'static str {
        match self {
            ItemButton::Done => "item_done",
            ItemButton::NotDoing => "item_not_doing",
            ItemButton::Assign => "item_assign",
        }
    }

    /// The button of this word.
    pub fn parse(action_id: &str) -> Option<Self> {
        ItemButton::ALL.into_iter().find(|button| button.action_id() == action_id)
    }

    /// What stands on it.
    pub fn label(self) -> &'static str {
        match self {
            ItemButton::Done => "Done",
            ItemButton::NotDoing => "Won't do",
            ItemButton::Assign => "Assign…",
        }
    }

    fn about(self, incident: &IncidentId, item: &Item) -> element::Button {
        let value = format!("{incident}/{}/{}", item.kind.as_str(), item.id);
        element::Button::new(self.action_id(), self.label(), &value)
    }

    /// Which incident and which item the value of a button means.
    pub fn read(value: &str) -> Option<(IncidentId, ItemKind, ItemId)> {
        let (incident, rest) = value.split_once('/')?;
        let (kind, item) = rest.split_once('/')?;
        let kinds = [ItemKind::Action, ItemKind::FollowUp];
        let kind = kinds.into_iter().find(|it| it.as_str() == kind)?;
        Some((IncidentId::from(incident), kind, ItemId::from(item)))
    }
}

/// What an entry says was written down, in a sentence that begins with who did it.
pub fn sentence(who: Line, filed: &Filed) -> Line {
    match filed {
        Filed::ItemAdded { item } => {
            let line = who.text(&format!(" added the {}: ", noun(item.kind)));
            let line = line.text(&words::one_line(&item.title, EXCERPT));
            match &item.assignee {
                Some(person) => line.text(", for ").user(person),
                None => line,
            }
        }
        Filed::ItemChanged { edit, .. } => changed(who, edit),
        Filed::MomentAdded { title, at, .. } => {
            who.text(" wrote down for ").date(*at).text(": ").text(&words::one_line(title, EXCERPT))
        }
        Filed::MomentChanged { .. } => who.text(" gave an entry of the timeline other words"),
        Filed::Attached { attachment } => {
            who.text(" attached ").text(&words::one_line(&attachment.title, EXCERPT))
        }
        Filed::Detached { attachment } => {
            who.text(" detached ").text(&words::one_line(&attachment.title, EXCERPT))
        }
        Filed::IssueConnected { issue, .. } => {
            let line = who.text(" connected it to ").text(&words::one_line(&issue.provider, 50));
            line.text(" ").bold(&words::one_line(&issue.name, EXCERPT))
        }
        Filed::DocumentAdded { document } => {
            let line = match document.kind {
                DocumentKind::InApp => who.text(" began the document “"),
                DocumentKind::External => who.text(" attached the document “"),
            };
            line.text(&words::one_line(&document.title, EXCERPT)).text("”")
        }
        Filed::DocumentChanged { edit, .. } => match edit.status {
            Some(step) => who.text(&format!(" set a document to {}", step.to.words())),
            None => who.text(" changed a document"),
        },
        Filed::NoteEdited { text, .. } if text.is_empty() => {
            who.text(" corrected a note that was deleted since")
        }
        Filed::NoteEdited { text, .. } => {
            who.text(" corrected a note: ").text(&shorten(text, EXCERPT))
        }
        Filed::NoteDeleted { .. } => who.text(" deleted a note"),
        Filed::Unknown => {
            who.text(" wrote down something that this version of Stentor does not know")
        }
    }
}

fn changed(who: Line, edit: &ItemEdit) -> Line {
    let mut parts = Vec::new();
    if let Some(step) = edit.status {
        parts.push(Line::of(match step.to {
            ItemStatus::Outstanding => "to be done again",
            ItemStatus::Completed => "done",
            ItemStatus::NotDoing => "not to be done",
            ItemStatus::Deleted => "deleted",
        }));
    }
    if let Some(handover) = &edit.assignee {
        parts.push(match &handover.to {
            Some(person) => Line::of("given to ").user(person),
            None => Line::of("given to nobody"),
        });
    }
    if let Some(rewording) = &edit.title {
        parts.push(Line::of("now: ").text(&words::one_line(&rewording.to, EXCERPT)));
    }
    match parts.is_empty() {
        true => who.text(" changed what is to be done"),
        false => {
            who.text(" changed what is to be done (").then(Line::joined(parts, ", ")).text(")")
        }
    }
}

fn noun(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Action => "action",
        ItemKind::FollowUp => "follow-up",
    }
}

/// Word to who asked that something was written down, where nothing shows it.
pub fn filed(entry: &Entry, incident: &Incident) -> Option<Line> {
    let reference = || Line::new().bold(&incident.reference());
    Some(match &entry.event {
        Event::Paperwork(Filed::ItemAdded { item }) => {
            let line = Line::of(&format!("Added the {} to ", noun(item.kind))).then(reference());
            line.text(": ").text(&words::one_line(&item.title, EXCERPT))
        }
        Event::Paperwork(Filed::ItemChanged { item, edit }) => {
            let title = incident.papers.items.get(item).map_or("", |item| item.title.as_str());
            let title = words::one_line(title, EXCERPT);
            match (edit.status.map(|step| step.to), &edit.assignee) {
                (Some(ItemStatus::Completed), _) => Line::of("Done: ").text(&title),
                (Some(ItemStatus::NotDoing), _) => Line::of("Will not be done: ").text(&title),
                (None, Some(handover)) => match &handover.to {
                    Some(person) => Line::of("Given to ").user(person).text(": ").text(&title),
                    None => Line::of("Nobody's any more: ").text(&title),
                },
                _ => Line::of("Changed: ").text(&title),
            }
        }
        Event::Paperwork(Filed::Attached { attachment }) => Line::of("Attached to ")
            .then(reference())
            .text(": ")
            .text(&words::one_line(&attachment.title, EXCERPT)),
        Event::Paperwork(Filed::DocumentAdded { document }) => {
            return Some(about_document(incident, document));
        }
        Event::Paperwork(Filed::DocumentChanged { document, .. }) => {
            let document = incident.papers.documents.get(document)?;
            return Some(about_document(incident, document));
        }
        Event::MemberRemoved { person } => {
            Line::of("Took ").user(person).text(" out of ").then(reference()).text(".")
        }
        Event::Subscribed { people } if entry.actor.person() == people.first() => {
            Line::of("You hear of the updates of ").then(reference()).text(" from now on.")
        }
        Event::Unsubscribed { person } if entry.actor.person() == Some(person) => {
            Line::of("You hear nothing more of the updates of ").then(reference()).text(".")
        }
        Event::Related { number, .. } => reference()
            .text(" is related to ")
            .bold(&crate::incident::state::reference(*number))
            .text("."),
        Event::Unrelated { number, .. } => reference()
            .text(" is not related to ")
            .bold(&crate::incident::state::reference(*number))
            .text(" any more."),
        _ => return None,
    })
}

/// What is to be done, with buttons beside what is not done yet.
pub fn items(incident: &Incident, kind: ItemKind) -> Message {
    let there = incident.papers.items.values();
    let there = there.filter(|item| item.kind == kind && item.status != ItemStatus::Deleted);
    let (open, over): (Vec<&Item>, Vec<&Item>) =
        there.partition(|item| item.status == ItemStatus::Outstanding);
    let (plural, word) = match kind {
        ItemKind::Action => ("actions", "action Restart the queue"),
        ItemKind::FollowUp => ("follow-ups", "followup Write a test for it"),
    };
    let reference = incident.reference();
    if open.is_empty() && over.is_empty() {
        let line = Line::of(&format!("{reference} has no {plural} yet. "));
        return Message::line(&line.code(&format!("/incident {word}")).text(" adds one."));
    }
    let heading = Line::new().bold(&format!("{} {plural} of {reference}", open.len() + over.len()));
    let mut blocks = vec![Block::text(&heading)];
    for item in open.iter().take(WITH_BUTTONS) {
        blocks.push(Block::text(&line(item, "⬜")));
        let buttons = ItemButton::ALL.map(|button| button.about(&incident.id, item));
        blocks.extend(Block::actions(buttons.into()));
    }
    for item in over.iter().rev().take(DONE) {
        let cue = if item.status == ItemStatus::Completed { "✅" } else { "🚫" };
        blocks.push(Block::text(&line(item, cue)));
    }
    let hidden = open.len().saturating_sub(WITH_BUTTONS) + over.len().saturating_sub(DONE);
    if hidden > 0 {
        blocks.push(Block::context(&Line::of(&format!("and {hidden} more"))));
    }
    Message::new(&heading, blocks)
}

fn line(item: &Item, cue: &str) -> Line {
    let line = Line::of(cue).text(" ").text(&words::one_line(&item.title, EXCERPT));
    match &item.assignee {
        Some(person) => line.text("  ").user(person),
        None => line,
    }
}

fn about_document(incident: &Incident, document: &Document) -> Line {
    let line = Line::of("The post-mortem of ").bold(&incident.reference()).text(": ");
    let title = words::one_line(&document.title, EXCERPT);
    let line = match &document.url {
        Some(url) => line.link(url, &title),
        None => line.bold(&title),
    };
    line.text(&format!(" ({})", document.status.words()))
}

/// The document that people mean, and what it says if that is written here.
pub fn document(incident: &Incident, document: &Document, markdown: Option<&str>) -> Message {
    let heading = about_document(incident, document);
    let mut blocks = vec![Block::text(&heading)];
    if let Some(markdown) = markdown {
        blocks.push(Block::preformatted(&shorten(markdown, PAGE)));
        let whole = format!("The whole of it: GET /api/v1/documents/{}/content", document.id);
        blocks.push(Block::context(&Line::of(&whole)));
    }
    Message::new(&heading, blocks)
}

/// To somebody, alone: this is theirs to do. Nothing if the entry says of no such thing, or if it is
/// somebody else's by now.
pub fn assignment(entry: &Entry, person: &UserId, incident: &Incident) -> Option<Message> {
    let id = match &entry.event {
        Event::Paperwork(Filed::ItemAdded { item }) => &item.id,
        Event::Paperwork(Filed::ItemChanged { item, .. }) => item,
        _ => return None,
    };
    let item = incident.papers.items.get(id)?;
    let is_theirs = item.assignee.as_ref() == Some(person);
    if !is_theirs || item.status != ItemStatus::Outstanding {
        return None;
    }
    let line = Line::new().actor(&entry.actor).text(" gave you the ").text(noun(item.kind));
    let line = line.text(" ").bold(&words::one_line(&item.title, EXCERPT)).text(" of ");
    let line = line.bold(&words::title(incident));
    let line = match &incident.channel {
        Some(channel) => line.text(" in ").channel(channel),
        None => line,
    };
    let buttons = [ItemButton::Done, ItemButton::NotDoing];
    let buttons = buttons.map(|button| button.about(&incident.id, item));
    let blocks = [Some(Block::text(&line)), Block::actions(buttons.into())];
    Some(Message::new(&line, blocks.into_iter().flatten().collect()))
}

/// To somebody who wants to hear of the incident, alone: what the entry says.
pub fn tidings(entry: &Entry, incident: &Incident, catalogue: &Catalogue) -> Option<Message> {
    let message = post::post(entry, incident, catalogue)?;
    let about = Line::new().bold(&words::title(incident));
    let about = match &incident.channel {
        Some(channel) => about.text(" ").channel(channel),
        None => about,
    };
    let end = about.text(" · ").code(&format!("/incident {} unsubscribe", incident.reference()));
    Some(message.followed_by(Block::context(&end.text(" ends these messages"))))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::incident::catalogue::StatusCategory;
    use crate::incident::command::Command;
    use crate::incident::event::{Actor, StatusChange, Via};
    use crate::incident::papers::Paperwork;
    use crate::incident::papers::document::DocumentStatus;
    use crate::incident::papers::item::{Handover, Rewording, StatusStep};
    use crate::incident::papers::link::{Attachment, ExternalIssue};
    use crate::slack::view::limits::check_message;
    use crate::slack::view::promises::nasty_text;
    use crate::slack::view::samples::{Story, minute};
    use crate::slack::view::{drawing, timeline};

    fn action(text: &str, assignee: Option<&str>) -> Command {
        let assignee = assignee.map(UserId::from);
        Command::Paperwork(Paperwork::AddAction { description: text.to_owned(), assignee })
    }

    #[test]
    fn every_button_is_recognised_when_it_is_pressed() {
        for button in ItemButton::ALL {
            assert_eq!(ItemButton::parse(button.action_id()), Some(button));
            assert_eq!(crate::slack::view::button::Button::parse(button.action_id()), None);
        }
        let read = ItemButton::read("I/follow_up/X");
        assert_eq!(read, Some(("I".into(), ItemKind::FollowUp, "X".into())));
        assert_eq!(ItemButton::read("I/X"), None);
        assert_eq!(ItemButton::read("I/deed/X"), None);
    }

    #[test]
    fn what_is_to_be_done_stands_before_what_was_done() {
        let mut story = Story::new();
        let none = items(&story.incident, ItemKind::Action);
        assert_snapshot!(drawing::message(&none), @"INC-1 has no actions yet. `/incident action Restart the queue` adds one.");
        story.says(&action("Restart the queue", None));
        let first = story.incident.papers.items.keys().next().unwrap().clone();
        story.says(&action("Tell support <!channel>", Some("U0BEA")));
        story.says(&Command::Paperwork(Paperwork::EditAction {
            action: first,
            description: None,
            status: Some(ItemStatus::Completed),
            assignee: None,
            unassign: false,
        }));
        assert_snapshot!(drawing::message(&items(&story.incident, ItemKind::Action)), @"
        *2 actions of INC-1*
        ⬜ Tell support <!channel>  @U0BEA
        [Done] [Won't do] [Assign…]
        ✅ Restart the queue
        ");
    }

    #[test]
    fn who_is_given_something_is_told_what_and_where() {
        let mut story = Story::new();
        let entry = story.says(&action("Restart the queue", Some("U0BEA"))).clone();
        let bea = UserId::from("U0BEA");
        let message = assignment(&entry, &bea, &story.incident).unwrap();
        assert_snapshot!(drawing::message(&message), @"
        @U0ALICE gave you the action *Restart the queue* of *INC-1 Checkout is slow* in #C0INC1
        [Done] [Won't do]
        ");
        assert_eq!(assignment(&entry, &UserId::from("U0CARL"), &story.incident), None);
    }

    fn item(text: &str, kind: ItemKind, status: ItemStatus) -> Item {
        Item {
            id: ItemId::new(text),
            kind,
            title: text.to_owned(),
            description: text.to_owned(),
            status,
            assignee: Some(UserId::new(text)),
            labels: vec![text.to_owned()],
            priority: Some(text.to_owned()),
            category: None,
            issue: Some(issue(text)),
            source: None,
            creator: Actor::ApiToken { name: text.to_owned() },
            created_at: minute(1),
            updated_at: minute(1),
            completed_at: None,
        }
    }

    fn issue(text: &str) -> ExternalIssue {
        let (provider, name) = (text.to_owned(), text.to_owned());
        ExternalIssue { provider, name, url: "https://a.example".to_owned() }
    }

    fn every_event(text: &str) -> Vec<Event> {
        let id = || ItemId::from("01X");
        let edit = ItemEdit {
            status: Some(StatusStep { from: ItemStatus::Outstanding, to: ItemStatus::Deleted }),
            assignee: Some(Handover { from: None, to: Some(UserId::new(text)) }),
            title: Some(Rewording { from: text.to_owned(), to: text.to_owned() }),
            ..ItemEdit::default()
        };
        let attachment = Attachment {
            id: "01X".into(),
            resource_type: text.to_owned(),
            external_id: text.to_owned(),
            title: text.to_owned(),
            url: text.to_owned(),
            creator: Actor::Stentor,
            created_at: minute(1),
        };
        let added = item(text, ItemKind::Action, ItemStatus::Outstanding);
        let filed = vec![
            Filed::ItemAdded { item: Box::new(added) },
            Filed::ItemChanged { item: id(), edit: Box::new(edit) },
            Filed::ItemChanged { item: id(), edit: Box::new(ItemEdit::default()) },
            Filed::MomentAdded {
                title: text.to_owned(),
                description: text.to_owned(),
                at: minute(1),
            },
            Filed::MomentChanged { entry: 1, title: None, description: None, at: None },
            Filed::Attached { attachment: attachment.clone() },
            Filed::Detached { attachment },
            Filed::IssueConnected { issue: issue(text), previous: None },
            Filed::DocumentAdded { document: Box::new(written(text)) },
            Filed::DocumentChanged { document: "01X".into(), edit: Default::default() },
            Filed::NoteEdited { note: 1, text: text.to_owned() },
            Filed::NoteDeleted { note: 1 },
            Filed::Unknown,
        ];
        let around = [
            Event::MemberRemoved { person: UserId::new(text) },
            Event::Subscribed { people: vec![UserId::new(text); 100] },
            Event::Unsubscribed { person: UserId::new(text) },
            Event::Related { incident: "01X".into(), number: 7 },
            Event::Unrelated { incident: "01X".into(), number: 7 },
            Event::StatusChanged {
                change: StatusChange {
                    from: text.into(),
                    from_category: StatusCategory::Live,
                    to: text.into(),
                    to_category: StatusCategory::Live,
                    stamps: Vec::new(),
                },
                message: Some(text.to_owned()),
            },
        ];
        filed.into_iter().map(Event::Paperwork).chain(around).collect()
    }

    fn written(text: &str) -> Document {
        Document {
            id: "01X".into(),
            title: text.to_owned(),
            kind: DocumentKind::External,
            status: DocumentStatus::InReview,
            url: Some("https://a.example".to_owned()),
            main: true,
            editors: Default::default(),
            created_at: minute(1),
            updated_at: minute(1),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn whatever_is_written_down_slack_accepts_it_and_nothing_in_it_is_live(text in nasty_text()) {
            let mut story = Story::new();
            story.incident.name = text.clone();
            for (nth, kind) in [ItemKind::Action, ItemKind::FollowUp].into_iter().enumerate() {
                for status in [ItemStatus::Outstanding, ItemStatus::Completed, ItemStatus::NotDoing] {
                    for number in 0..20 {
                        let id = ItemId::new(format!("{nth}/{}/{number}", status.as_str()));
                        let item = Item { id: id.clone(), ..item(&text, kind, status) };
                        story.incident.papers.items.insert(id, item);
                    }
                }
                check_message(&items(&story.incident, kind))?;
            }
            let id = ItemId::from("01X");
            let mine = item(&text, ItemKind::Action, ItemStatus::Outstanding);
            story.incident.papers.items.insert(id, Item { assignee: Some("U0BEA".into()), ..mine });
            story.incident.papers.documents.insert("01X".into(), written(&text));
            for markdown in [None, Some(text.as_str())] {
                check_message(&document(&story.incident, &written(&text), markdown))?;
            }
            for event in every_event(&text) {
                let (actor, via) = (Actor::ApiToken { name: text.clone() }, Via::Api);
                let (telling, through) = (None, None);
                let entry = Entry { version: 3, at: minute(2), actor, via, telling, event, through };
                let said = timeline::sentence(&entry, &story.catalogue);
                check_message(&Message::line(&said))?;
                let messages = [
                    filed(&entry, &story.incident).map(|line| Message::line(&line)),
                    assignment(&entry, &"U0BEA".into(), &story.incident),
                    tidings(&entry, &story.incident, &story.catalogue),
                ];
                messages.iter().flatten().try_for_each(check_message)?;
            }
        }
    }
}
