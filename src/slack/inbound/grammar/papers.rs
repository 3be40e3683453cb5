//! What people type and press about what is written down around an incident.

use serde_json::Value;

use crate::ids::{ItemId, MessageTs, UserId};
use crate::incident::command::Command;
use crate::incident::papers::Paperwork;
use crate::incident::papers::item::{ItemKind, ItemStatus};
use crate::incident::papers::link::FREE_LINK;
use crate::incident::refusal::Refusal;
use crate::incident::text::{clean_line, shorten};
use crate::slack::inbound::grammar::words::{mentions, people, readable, split_word, task};
use crate::slack::inbound::grammar::{Intent, Show, said};
use crate::slack::view::form::Form;
use crate::slack::view::papers::ItemButton;

/// The longest title of a follow-up that is made of a message.
const TITLE: usize = 200;
/// How much of a message stands in the follow-up that is made of it.
const DESCRIPTION: usize = 2_000;

fn file(paperwork: Paperwork) -> Intent {
    Intent::Run(Command::Paperwork(paperwork))
}

/// `action [text] [<@person>]`
pub(super) fn action(words: &str, _: &UserId) -> Intent {
    let (description, assignee) = task(words);
    if description.is_empty() {
        return Intent::OpenForm(Form::Action);
    }
    file(Paperwork::AddAction { description, assignee })
}

/// `actions`
pub(super) fn actions(_: &str, _: &UserId) -> Intent {
    Intent::Show(Show::Items(ItemKind::Action))
}

/// `followup [text] [<@person>]`
pub(super) fn follow_up(words: &str, _: &UserId) -> Intent {
    let (title, assignee) = task(words);
    if title.is_empty() {
        return Intent::OpenForm(Form::FollowUp);
    }
    file(new_follow_up(title, None, assignee, None))
}

/// `followups`
pub(super) fn follow_ups(_: &str, _: &UserId) -> Intent {
    Intent::Show(Show::Items(ItemKind::FollowUp))
}

fn new_follow_up(
    title: String,
    description: Option<String>,
    assignee: Option<UserId>,
    source: Option<MessageTs>,
) -> Paperwork {
    let (labels, priority, category, issue) = (Vec::new(), None, None, None);
    Paperwork::AddFollowUp {
        title,
        description,
        assignee,
        labels,
        priority,
        category,
        issue,
        source,
    }
}

/// What the entry of a message's menu means.
pub fn of_message(message: &Value) -> Intent {
    let text = readable(message["text"].as_str().unwrap_or_default());
    let first = text.lines().map(clean_line).find(|line| !line.is_empty());
    let title = first.map_or_else(|| "A message".to_owned(), |line| shorten(&line, TITLE));
    let source = message["ts"].as_str().map(MessageTs::from);
    let author = message["user"].as_str().map(|user| format!("{user}: "));
    let said = format!("{}{text}", author.unwrap_or_default());
    file(new_follow_up(title, Some(shorten(said.trim(), DESCRIPTION)), None, source))
}

/// What pressing a button beside an item means.
pub fn pressed(button: ItemButton, kind: ItemKind, item: ItemId) -> Intent {
    match button {
        ItemButton::Done => file(Paperwork::status_of(kind, item, ItemStatus::Completed)),
        ItemButton::NotDoing => file(Paperwork::status_of(kind, item, ItemStatus::NotDoing)),
        ItemButton::Assign => Intent::OpenForm(Form::Assign { kind, item }),
    }
}

/// `link [url] [title]`
pub(super) fn link_to(words: &str, _: &UserId) -> Intent {
    let words = readable(words);
    match split_word(&words) {
        ("", _) => Intent::OpenForm(Form::Link),
        (url, title) => file(link(url, title)),
    }
}

/// The command that attaches a free link.
pub fn link(url: &str, title: &str) -> Paperwork {
    Paperwork::Attach {
        resource_type: FREE_LINK.to_owned(),
        external_id: None,
        title: Some(title.to_owned()).filter(|title| !title.is_empty()),
        url: Some(url.to_owned()),
    }
}

/// `relate [to] [INC-42]`
pub(super) fn relate(words: &str, _: &UserId) -> Intent {
    let words = readable(words);
    let reference = match split_word(&words) {
        (word, rest) if ["to", "with"].contains(&word.to_lowercase().as_str()) => rest,
        _ => words.trim(),
    };
    said(reference, Form::Relate, |to| Command::Relate { to })
}

/// `postmortem [url]`
pub(super) fn postmortem(words: &str, _: &UserId) -> Intent {
    let words = readable(words);
    match split_word(&words) {
        ("", _) => Intent::Show(Show::Document),
        (url, title) => file(Paperwork::AttachDocument {
            url: url.to_owned(),
            title: Some(title.to_owned()).filter(|title| !title.is_empty()),
        }),
    }
}

/// `remove [<@person>]`
pub(super) fn remove(words: &str, actor: &UserId) -> Intent {
    match people(words, actor) {
        Err(given) => Intent::Refused(Refusal::UnknownPerson { given }),
        Ok(people) => match &people[..] {
            [] => Intent::OpenForm(Form::Remove),
            [person] => Intent::Run(Command::Remove { person: person.clone() }),
            _ => Intent::Refused(Refusal::TooManyPeople { count: people.len(), limit: 1 }),
        },
    }
}

/// `subscribe`
pub(super) fn subscribe(_: &str, _: &UserId) -> Intent {
    Intent::Run(Command::Subscribe { person: None })
}

/// `unsubscribe`
pub(super) fn unsubscribe(_: &str, _: &UserId) -> Intent {
    Intent::Run(Command::Unsubscribe { person: None })
}

/// `note [text]`: whom it mentions hears of the incident from then on.
pub(super) fn note(text: &str, _: &UserId) -> Intent {
    let mentions = mentions(text);
    said(text, Form::Note, |text| match mentions.is_empty() {
        true => Command::Note { text },
        false => Command::Paperwork(Paperwork::Comment { text, mentions: mentions.clone() }),
    })
}
