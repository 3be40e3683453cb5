//! What is to be done: actions while an incident lasts, follow-ups afterwards.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::{ItemId, MessageTs, UserId};
use crate::incident::decide::Context;
use crate::incident::event::Actor;
use crate::incident::papers::bad::{BadPaper, Text, member};
use crate::incident::papers::link::{ExternalIssue, check_issue};
use crate::incident::papers::{Filed, Paperwork, next_id};
use crate::incident::pins::{Author, Quote};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::incident::text::{clean_line, clean_text, shorten};

/// Actions in one incident, and follow-ups: deleted ones count.
pub const MOST: usize = 200;
/// Labels of one follow-up.
const LABELS: usize = 20;

const ACTION: Text =
    Text { what: "an action", missing: "what is to be done", field: "description", limit: 1_000 };
const TITLE: Text =
    Text { what: "a title", missing: "what is to be done", field: "title", limit: 200 };
const DESCRIPTION: Text =
    Text { what: "a description", missing: "more about it", field: "description", limit: 2_000 };
const LABEL: Text = Text { what: "a label", missing: "the label", field: "labels", limit: 50 };
const PRIORITY: Text =
    Text { what: "a priority", missing: "the priority", field: "priority", limit: 50 };
const CATEGORY: Text =
    Text { what: "a category", missing: "the category", field: "category", limit: 50 };

/// When it is to be done.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// While the incident lasts.
    Action,
    /// Afterwards.
    FollowUp,
}

impl ItemKind {
    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            ItemKind::Action => "action",
            ItemKind::FollowUp => "follow_up",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            ItemKind::Action => "action",
            ItemKind::FollowUp => "follow-up",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            ItemKind::Action => "actions",
            ItemKind::FollowUp => "follow-ups",
        }
    }
}

/// How something that is to be done stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// It is to be done.
    Outstanding,
    /// It was done.
    Completed,
    /// It will not be done.
    NotDoing,
    /// It was a mistake.
    Deleted,
}

impl ItemStatus {
    /// The word for it in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            ItemStatus::Outstanding => "outstanding",
            ItemStatus::Completed => "completed",
            ItemStatus::NotDoing => "not_doing",
            ItemStatus::Deleted => "deleted",
        }
    }

    /// The status of this word.
    pub fn parse(word: &str) -> Option<Self> {
        use ItemStatus::{Completed, Deleted, NotDoing, Outstanding};
        [Outstanding, Completed, NotDoing, Deleted].into_iter().find(|it| it.as_str() == word)
    }
}

/// Something that is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Its id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: ItemId,
    /// When it is to be done.
    pub kind: ItemKind,
    /// What is to be done.
    pub title: String,
    /// More about it; never of an action.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How it stands.
    pub status: ItemStatus,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<UserId>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// How much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// What kind of work it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where it is tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<ExternalIssue>,
    /// The message of the incident's channel that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source: Option<MessageTs>,
    /// Who wrote it down.
    pub creator: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// What changed of something that is to be done. What did not is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ItemEdit {
    /// How it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusStep>,
    /// Who does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Handover>,
    /// What is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Rewording>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// How much it matters; empty for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// What kind of work it is; empty for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where it is tracked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<ExternalIssue>,
}

/// From one status to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusStep {
    /// Before.
    pub from: ItemStatus,
    /// Now.
    pub to: ItemStatus,
}

/// From one person to another, or to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ItemHandover)]
pub struct Handover {
    /// Before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// Now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UserId>,
}

/// From one wording to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rewording {
    /// Before.
    pub from: String,
    /// Now.
    pub to: String,
}

impl Item {
    /// Folds a change in.
    pub(super) fn apply(&mut self, edit: &ItemEdit, at: Timestamp) {
        self.updated_at = at;
        if let Some(step) = edit.status {
            self.status = step.to;
            self.completed_at = (step.to == ItemStatus::Completed).then_some(at);
        }
        if let Some(handover) = &edit.assignee {
            self.assignee.clone_from(&handover.to);
        }
        if let Some(rewording) = &edit.title {
            self.title.clone_from(&rewording.to);
        }
        if let Some(description) = &edit.description {
            self.description.clone_from(description);
        }
        if let Some(labels) = &edit.labels {
            self.labels.clone_from(labels);
        }
        let said = |word: &String| Some(word.clone()).filter(|word| !word.is_empty());
        if let Some(priority) = &edit.priority {
            self.priority = said(priority);
        }
        if let Some(category) = &edit.category {
            self.category = said(category);
        }
        if let Some(issue) = &edit.issue {
            self.issue = Some(issue.clone());
        }
    }
}

/// What somebody wants of an item, whichever kind it is.
#[derive(Default)]
struct Wanted<'a> {
    title: Option<&'a str>,
    description: Option<&'a str>,
    status: Option<ItemStatus>,
    assignee: Option<&'a UserId>,
    unassign: bool,
    labels: Option<&'a [String]>,
    priority: Option<&'a str>,
    category: Option<&'a str>,
    issue: Option<&'a ExternalIssue>,
    source: Option<&'a MessageTs>,
}

pub(super) fn decide(
    incident: &Incident,
    paperwork: &Paperwork,
    context: &Context,
) -> Result<Filed, Refusal> {
    match paperwork {
        Paperwork::AddAction { description, assignee } => {
            let title = Some(description.as_str());
            let wanted = Wanted { title, assignee: assignee.as_ref(), ..Wanted::default() };
            add(incident, ItemKind::Action, &wanted, context)
        }
        Paperwork::AddFollowUp {
            title,
            description,
            assignee,
            labels,
            priority,
            category,
            issue,
            source,
        } => {
            let wanted = Wanted {
                title: Some(title),
                description: description.as_deref(),
                assignee: assignee.as_ref(),
                labels: Some(labels),
                priority: priority.as_deref(),
                category: category.as_deref(),
                issue: issue.as_ref(),
                source: source.as_ref(),
                ..Wanted::default()
            };
            add(incident, ItemKind::FollowUp, &wanted, context)
        }
        Paperwork::RecordFollowUp { quote, by } => mark(incident, quote, by.as_ref(), context),
        Paperwork::EditAction { action, description, status, assignee, unassign } => {
            let wanted = Wanted {
                title: description.as_deref(),
                status: *status,
                assignee: assignee.as_ref(),
                unassign: *unassign,
                ..Wanted::default()
            };
            edit(incident, ItemKind::Action, action, &wanted)
        }
        Paperwork::EditFollowUp {
            follow_up,
            title,
            description,
            status,
            assignee,
            unassign,
            labels,
            priority,
            category,
            issue,
        } => {
            let wanted = Wanted {
                title: title.as_deref(),
                description: description.as_deref(),
                status: *status,
                assignee: assignee.as_ref(),
                unassign: *unassign,
                labels: labels.as_deref(),
                priority: priority.as_deref(),
                category: category.as_deref(),
                issue: issue.as_ref(),
                source: None,
            };
            edit(incident, ItemKind::FollowUp, follow_up, &wanted)
        }
        _ => unreachable!("only what is about items comes here"),
    }
}

fn add(
    incident: &Incident,
    kind: ItemKind,
    wanted: &Wanted,
    context: &Context,
) -> Result<Filed, Refusal> {
    refuse_if_made(incident, wanted.source)?;
    let assignee = wanted.assignee.map(|person| member(incident, person)).transpose()?;
    let said = |word: String| Some(word).filter(|word| !word.is_empty());
    let item = Item {
        title: check_title(kind, wanted.title.unwrap_or_default())?,
        description: DESCRIPTION.optional_lines(wanted.description.unwrap_or_default())?,
        assignee: assignee.cloned(),
        labels: check_labels(wanted.labels.unwrap_or_default())?,
        priority: said(PRIORITY.optional_line(wanted.priority.unwrap_or_default())?),
        category: said(CATEGORY.optional_line(wanted.category.unwrap_or_default())?),
        issue: wanted.issue.map(check_issue).transpose()?,
        source: wanted.source.cloned(),
        ..blank(incident, kind, context)
    };
    refuse_if_full(incident, kind)?;
    Ok(Filed::ItemAdded { item: Box::new(item) })
}

/// A follow-up of a message that somebody has marked.
fn mark(
    incident: &Incident,
    quote: &Quote,
    by: Option<&UserId>,
    context: &Context,
) -> Result<Filed, Refusal> {
    refuse_if_made(incident, Some(&quote.ts))?;
    refuse_if_full(incident, ItemKind::FollowUp)?;
    let author = match &quote.author {
        Author::Person { user } => format!("<@{user}>"),
        Author::Program { name } => clean_line(name),
    };
    let text = clean_text(&quote.text);
    let title = shorten(&clean_line(text.lines().next().unwrap_or_default()), TITLE.limit);
    let said = format!("{author}: {text}\n{}", clean_line(&quote.permalink));
    let creator = by.map_or_else(|| context.actor.clone(), |by| Actor::Person { user: by.clone() });
    let item = Item {
        title: if title.is_empty() { "A message".to_owned() } else { title },
        description: shorten(said.trim(), DESCRIPTION.limit),
        source: Some(quote.ts.clone()),
        creator,
        ..blank(incident, ItemKind::FollowUp, context)
    };
    Ok(Filed::ItemAdded { item: Box::new(item) })
}

fn blank(incident: &Incident, kind: ItemKind, context: &Context) -> Item {
    Item {
        id: ItemId::new(next_id(incident, context.now)),
        kind,
        title: String::new(),
        description: String::new(),
        status: ItemStatus::Outstanding,
        assignee: None,
        labels: Vec::new(),
        priority: None,
        category: None,
        issue: None,
        source: None,
        creator: context.actor.clone(),
        created_at: context.now,
        updated_at: context.now,
        completed_at: None,
    }
}

/// One message is one follow-up, however often and by whom it is marked.
fn refuse_if_made(incident: &Incident, source: Option<&MessageTs>) -> Result<(), Refusal> {
    let mut known = incident.papers.items.values();
    if source.is_some() && known.any(|item| item.source.as_ref() == source) {
        return Err(Refusal::AlreadySo { what: "That message is a follow-up already".to_owned() });
    }
    Ok(())
}

fn refuse_if_full(incident: &Incident, kind: ItemKind) -> Result<(), BadPaper> {
    let known = incident.papers.items.values().filter(|item| item.kind == kind).count();
    if known >= MOST {
        return Err(BadPaper::TooMany { what: kind.plural(), limit: MOST });
    }
    Ok(())
}

fn edit(
    incident: &Incident,
    kind: ItemKind,
    id: &ItemId,
    wanted: &Wanted,
) -> Result<Filed, Refusal> {
    let known = incident.papers.items.get(id).filter(|item| item.kind == kind);
    // What was deleted is not there any more.
    let known = known.filter(|item| item.status != ItemStatus::Deleted);
    let known = known.ok_or(BadPaper::NoSuch { what: kind.noun() })?;
    if let (Some(_), Some(issue)) = (wanted.issue, &known.issue) {
        return Err(BadPaper::HasIssue { name: issue.name.clone() }.into());
    }
    let assignee = match wanted.assignee {
        Some(person) => Some(Some(member(incident, person)?)),
        None => wanted.unassign.then_some(None),
    };
    let title = wanted.title.map(|title| check_title(kind, title)).transpose()?;
    let description = wanted.description.map(|it| DESCRIPTION.optional_lines(it)).transpose()?;
    let labels = wanted.labels.map(check_labels).transpose()?;
    let priority = wanted.priority.map(|it| PRIORITY.optional_line(it)).transpose()?;
    let category = wanted.category.map(|it| CATEGORY.optional_line(it)).transpose()?;
    let word = |known: &Option<String>| known.clone().unwrap_or_default();
    let edit = ItemEdit {
        status: wanted
            .status
            .filter(|to| *to != known.status)
            .map(|to| StatusStep { from: known.status, to }),
        assignee: assignee
            .filter(|to| *to != known.assignee.as_ref())
            .map(|to| Handover { from: known.assignee.clone(), to: to.cloned() }),
        title: title
            .filter(|to| *to != known.title)
            .map(|to| Rewording { from: known.title.clone(), to }),
        description: description.filter(|to| *to != known.description),
        labels: labels.filter(|to| *to != known.labels),
        priority: priority.filter(|to| *to != word(&known.priority)),
        category: category.filter(|to| *to != word(&known.category)),
        issue: wanted.issue.map(check_issue).transpose()?,
    };
    if edit == ItemEdit::default() {
        let what = format!("The {} is as it is to be already", kind.noun());
        return Err(Refusal::AlreadySo { what });
    }
    Ok(Filed::ItemChanged { item: id.clone(), edit: Box::new(edit) })
}

fn check_title(kind: ItemKind, title: &str) -> Result<String, BadPaper> {
    match kind {
        ItemKind::Action => ACTION.lines(title),
        ItemKind::FollowUp => TITLE.line(title),
    }
}

fn check_labels(labels: &[String]) -> Result<Vec<String>, BadPaper> {
    let mut seen = BTreeSet::new();
    let mut checked = Vec::new();
    for label in labels {
        let label = LABEL.line(label)?;
        if seen.insert(label.clone()) {
            checked.push(label);
        }
    }
    if checked.len() > LABELS {
        return Err(BadPaper::TooLong {
            what: "labels, by their number",
            field: "labels",
            length: checked.len(),
            limit: LABELS,
        });
    }
    Ok(checked)
}
