//! What people type after `/incident`, and what they press, read as what they mean.
//!
//! Reading is forgiving: case, quotes, spare spaces and aliases don't matter, and a word that
//! means nothing brings the nearest one that does. Words for severities, statuses and roles stay
//! words: only the engine knows the workspace's catalogue.

mod durations;
pub mod papers;
mod saying;
pub mod words;

use crate::ids::{EscalationId, GroupId, SeverityId, UserId};
use crate::incident::catalogue::{Catalogue, StatusCategory};
use crate::incident::command::Command;
use crate::incident::papers::item::ItemKind;
use crate::incident::refusal::Refusal;
use crate::incident::state::parse_reference;
use crate::incident::text::{is_trick, nearest, shorten};
use crate::slack::inbound::grammar::durations::leading_minutes;
use crate::slack::inbound::grammar::words::{Person, readable, split_word, unquoted};
use crate::slack::inbound::oncall::Whom;
use crate::slack::view::alerts::button::CardButton;
use crate::slack::view::button::Button;
use crate::slack::view::form::Form;
use crate::slack::view::page::PageButton;
use crate::slack::view::verb::Verb;

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The number of the incident that it names; without one, the channel's incident is meant.
    pub reference: Option<i64>,
    /// What is wanted.
    pub intent: Intent,
}

/// What somebody wants.
#[expect(clippy::large_enum_variant, reason = "there is one for each request")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Nothing was said: help in an incident's channel, the form that declares elsewhere, and an
    /// overview of the incident if one is named.
    Bare,
    /// The form that declares, with this name filled in. Needs no incident.
    Declare {
        /// What was typed as the name.
        name: String,
    },
    /// A form about the incident.
    OpenForm(Form),
    /// A command to the incident.
    Run(Command),
    /// Something to look at.
    Show(Show),
    /// Something about one group of the incident's alerts.
    Alerts {
        /// What was pressed.
        button: CardButton,
        /// Which group.
        group: GroupId,
    },
    /// The form that declares a test, with this name filled in. Needs no incident.
    DeclareTest {
        /// What was typed as the name.
        name: String,
    },
    /// A field and what it is to say: only the catalogue tells where the one ends.
    SetField {
        /// What was typed.
        words: String,
    },
    /// Somebody is to be paged. Needs no incident.
    Page(Whom),
    /// The form that pages somebody. Needs no incident.
    AskWhomToPage,
    /// Somebody who was paged answers.
    AnswerPage {
        /// What was pressed.
        button: PageButton,
        /// Which escalation.
        escalation: EscalationId,
    },
    /// No command goes by that word.
    Misunderstood {
        /// What was typed, all of it.
        given: String,
        /// What was probably meant.
        nearest: Option<Verb>,
    },
    /// The words can't be right, whatever the incident.
    Refused(Refusal),
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// What happened to the incident.
    Timeline,
    /// The alerts of the incident.
    Alerts,
    /// Who is on call in schedules with this in their name. Needs no incident.
    OnCall(String),
    /// Incidents. Needs none.
    List(Filter),
    /// How a command is typed, or all of them. Needs no incident.
    Help(Option<Verb>),
    /// What is to be done about the incident.
    Items(ItemKind),
    /// The post-mortem of the incident, or its first draft.
    Document,
}

/// Which incidents are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Those that people still work on.
    Open,
    /// Those that are over.
    Closed,
    /// All of them.
    All,
    /// Those of a severity, if there is one of that name, or else those with this in their name.
    Matching(String),
}

/// A filter in the terms of a workspace: each part narrows the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criteria {
    /// The parts of life to look in.
    pub categories: Vec<StatusCategory>,
    /// The severity.
    pub severity: Option<SeverityId>,
    /// Something in the name.
    pub text: Option<String>,
    /// How people call what was looked for: `open incidents`.
    pub described: String,
}

impl Filter {
    /// What to look for in a workspace with this catalogue.
    pub fn criteria(&self, catalogue: &Catalogue) -> Criteria {
        let among = |wanted: fn(StatusCategory) -> bool| {
            StatusCategory::ALL.into_iter().filter(|category| wanted(*category)).collect()
        };
        let plain = |categories: Vec<StatusCategory>, described: &str| Criteria {
            categories,
            severity: None,
            text: None,
            described: described.to_owned(),
        };
        match self {
            Filter::Open => plain(among(StatusCategory::is_active), "open incidents"),
            Filter::Closed => plain(among(|category| !category.is_active()), "ended incidents"),
            Filter::All => plain(StatusCategory::ALL.into(), "incidents"),
            Filter::Matching(word) => match catalogue.find_severity(word) {
                Ok(severity) => Criteria {
                    severity: Some(severity.id.clone()),
                    ..plain(
                        among(StatusCategory::is_active),
                        &format!("open incidents of severity {}", severity.name),
                    )
                },
                Err(_) => Criteria {
                    text: Some(word.clone()),
                    ..plain(
                        StatusCategory::ALL.into(),
                        &format!("incidents with “{}” in their name", shorten(word, 80)),
                    )
                },
            },
        }
    }
}

/// Reads what `actor` typed after the slash command.
pub fn parse(text: &str, actor: &UserId) -> Parsed {
    // Nobody typed what nobody sees; it comes with what is pasted.
    let text: String = text.chars().filter(|c| !is_trick(*c)).collect();
    let (reference, rest) = leading_reference(unquoted(&text));
    let (word, arguments) = split_word(rest);
    if word.is_empty() {
        return Parsed { reference, intent: Intent::Bare };
    }
    let Some(verb) = Verb::parse(without_colon(word)) else {
        return Parsed { reference, intent: unknown(rest, word) };
    };
    // `close INC-42` is said as often as `INC-42 close`.
    if reference.is_none()
        && verb.is_about_an_incident_alone()
        && let Some(number) = marked_reference(arguments)
    {
        return Parsed { reference: Some(number), intent: parser(verb)("", actor) };
    }
    Parsed { reference, intent: parser(verb)(unquoted(arguments), actor) }
}

/// What pressing a button means.
pub fn pressed(button: Button, actor: &UserId) -> Intent {
    match button {
        Button::Update => Intent::OpenForm(Form::Update),
        Button::TakeLead => lead("me", actor),
        Button::ChangeLead => lead("", actor),
        Button::Roles => role("", actor),
        Button::Severity => Intent::OpenForm(Form::Severity),
        Button::Status => Intent::OpenForm(Form::Status),
        Button::Resolve => Intent::OpenForm(Form::Resolve),
        Button::Close => Intent::OpenForm(Form::Close),
        Button::Reopen => Intent::Run(Command::Reopen { message: None }),
        Button::Timeline => Intent::Show(Show::Timeline),
        Button::Accept => Intent::Run(Command::Accept {}),
        Button::Decline => Intent::OpenForm(Form::Decline),
    }
}

type Parser = fn(&str, &UserId) -> Intent;

fn parser(verb: Verb) -> Parser {
    match verb {
        Verb::Declare => declare,
        Verb::List => list,
        Verb::Help => help,
        Verb::Update => update,
        Verb::Severity => severity,
        Verb::Status => status,
        Verb::Resolve => resolve,
        Verb::Close => close,
        Verb::Reopen => reopen,
        Verb::Accept => accept,
        Verb::Decline => decline,
        Verb::Type => incident_type,
        Verb::Snooze => snooze,
        Verb::Unsnooze => unsnooze,
        Verb::Merge => merge,
        Verb::Invite => invite,
        Verb::Lead => lead,
        Verb::Role => role,
        Verb::Summary => summary,
        Verb::Rename => rename,
        Verb::Note => papers::note,
        Verb::Timeline => timeline,
        Verb::Alerts => alerts,
        Verb::Tag => tag,
        Verb::Untag => untag,
        Verb::Field => saying::field,
        Verb::Call => saying::call,
        Verb::Private => saying::private,
        Verb::Test => saying::test,
        Verb::Pause => saying::pause,
        Verb::Cancel => saying::cancel,
        Verb::Timestamp => saying::timestamp,
        Verb::Page => page,
        Verb::OnCall => on_call,
        Verb::Action => papers::action,
        Verb::Actions => papers::actions,
        Verb::FollowUp => papers::follow_up,
        Verb::FollowUps => papers::follow_ups,
        Verb::Link => papers::link_to,
        Verb::Relate => papers::relate,
        Verb::Postmortem => papers::postmortem,
        Verb::Remove => papers::remove,
        Verb::Subscribe => papers::subscribe,
        Verb::Unsubscribe => papers::unsubscribe,
    }
}

impl Verb {
    /// Whether a reference after it can't be text that somebody wants to keep.
    fn is_about_an_incident_alone(self) -> bool {
        !matches!(
            self,
            Verb::Declare
                | Verb::List
                | Verb::Help
                | Verb::Merge
                | Verb::Summary
                | Verb::Rename
                | Verb::Note
                | Verb::Tag
                | Verb::Untag
                | Verb::Test
                | Verb::Page
                | Verb::OnCall
                | Verb::Action
                | Verb::FollowUp
                | Verb::Link
                | Verb::Relate
        )
    }
}

/// `declare [name]`
fn declare(name: &str, _: &UserId) -> Intent {
    Intent::Declare { name: readable(name) }
}

/// `list [open | closed | all | <severity> | <text>]`
fn list(filter: &str, _: &UserId) -> Intent {
    let filter = readable(filter);
    Intent::Show(Show::List(match filter.to_lowercase().as_str() {
        "" | "open" | "active" | "live" | "ongoing" => Filter::Open,
        "closed" | "over" | "done" | "resolved" => Filter::Closed,
        "all" | "everything" | "any" => Filter::All,
        _ => Filter::Matching(filter),
    }))
}

/// `help [command]`
fn help(command: &str, _: &UserId) -> Intent {
    let (word, _) = split_word(command);
    Intent::Show(Show::Help(Verb::parse(word).or_else(|| nearest_verb(word))))
}

/// `update [text]`
fn update(text: &str, _: &UserId) -> Intent {
    said(text, Form::Update, |message| Command::Update {
        message: Some(message),
        status: None,
        severity: None,
        next_update_in_minutes: None,
    })
}

/// `severity [<severity>]`
fn severity(word: &str, _: &UserId) -> Intent {
    said(word, Form::Severity, |severity| Command::Severity { severity })
}

/// `status [<status>]`
fn status(word: &str, _: &UserId) -> Intent {
    said(word, Form::Status, |status| Command::Status { status })
}

/// `resolve [text]`
fn resolve(text: &str, _: &UserId) -> Intent {
    said(text, Form::Resolve, |message| Command::Resolve { message: Some(message) })
}

/// `close [text]`
fn close(text: &str, _: &UserId) -> Intent {
    said(text, Form::Close, |message| Command::Close { message: Some(message) })
}

/// `reopen [text]`
fn reopen(text: &str, _: &UserId) -> Intent {
    let message = Some(readable(text)).filter(|message| !message.is_empty());
    Intent::Run(Command::Reopen { message })
}

/// `accept`
fn accept(_: &str, _: &UserId) -> Intent {
    Intent::Run(Command::Accept {})
}

/// `decline [text]`
fn decline(text: &str, _: &UserId) -> Intent {
    said(text, Form::Decline, |message| Command::Decline { message: Some(message) })
}

/// `type [<type>]`
fn incident_type(word: &str, _: &UserId) -> Intent {
    said(word, Form::Type, |incident_type| Command::Type { incident_type })
}

/// `snooze [for] [<duration>] [cancel]`
fn snooze(words: &str, _: &UserId) -> Intent {
    let words = readable(words);
    let words = match split_word(&words) {
        (word, rest) if word.eq_ignore_ascii_case("for") => rest,
        _ => words.trim(),
    };
    if words.is_empty() {
        return Intent::OpenForm(Form::Snooze);
    }
    let unclear = || Intent::Refused(Refusal::BadDuration { given: shorten(words, 80) });
    let Some((minutes, rest)) = leading_minutes(words) else { return unclear() };
    match rest.to_lowercase().as_str() {
        "" => Intent::Run(Command::Snooze { minutes, cancel_on_news: false }),
        "cancel" | "cancel on news" | "or news" | "until news" => {
            Intent::Run(Command::Snooze { minutes, cancel_on_news: true })
        }
        _ => unclear(),
    }
}

/// `unsnooze`
fn unsnooze(_: &str, _: &UserId) -> Intent {
    Intent::Run(Command::Unsnooze {})
}

/// `merge [into] [INC-42]`
fn merge(words: &str, _: &UserId) -> Intent {
    let words = readable(words);
    let reference = match split_word(&words) {
        (word, rest) if ["into", "with", "to"].contains(&word.to_lowercase().as_str()) => rest,
        _ => words.trim(),
    };
    said(reference, Form::Merge, |into| Command::Merge { into })
}

/// `invite [<@person>…]`
fn invite(words: &str, actor: &UserId) -> Intent {
    match words::people(words, actor) {
        Err(given) => Intent::Refused(Refusal::UnknownPerson { given }),
        Ok(people) if people.is_empty() => Intent::OpenForm(Form::Invite),
        Ok(people) => Intent::Run(Command::Invite { people }),
    }
}

/// `lead [me | <@person> | none]`
fn lead(who: &str, actor: &UserId) -> Intent {
    let role = "lead".to_owned();
    match words::person(who, actor) {
        Person::Unsaid => Intent::OpenForm(Form::Role { role: Some(role), person: None }),
        Person::Nobody => Intent::Run(Command::Role { role, person: None }),
        Person::Somebody(person) => Intent::Run(Command::Role { role, person: Some(person) }),
        Person::Unknown(given) => Intent::Refused(Refusal::UnknownPerson { given }),
    }
}

/// `role [<role>] [me | <@person> | none]`
fn role(arguments: &str, actor: &UserId) -> Intent {
    let (role, person) = words::role_and_person(arguments, actor);
    let named = Some(role.clone()).filter(|role| !role.is_empty());
    match (named, person) {
        (_, Person::Unknown(given)) => Intent::Refused(Refusal::UnknownPerson { given }),
        (None, Person::Somebody(person)) => {
            Intent::OpenForm(Form::Role { role: None, person: Some(person) })
        }
        (role, Person::Unsaid) => Intent::OpenForm(Form::Role { role, person: None }),
        (None, Person::Nobody) => Intent::OpenForm(Form::Role { role: None, person: None }),
        (Some(role), Person::Nobody) => Intent::Run(Command::Role { role, person: None }),
        (Some(role), Person::Somebody(person)) => {
            Intent::Run(Command::Role { role, person: Some(person) })
        }
    }
}

/// `summary [text]`
fn summary(text: &str, _: &UserId) -> Intent {
    said(text, Form::Summary, |summary| Command::Summary { summary })
}

/// `rename [name]`
fn rename(name: &str, _: &UserId) -> Intent {
    said(name, Form::Rename, |name| Command::Rename { name })
}

/// `timeline`
fn timeline(_: &str, _: &UserId) -> Intent {
    Intent::Show(Show::Timeline)
}

/// `alerts`
fn alerts(_: &str, _: &UserId) -> Intent {
    Intent::Show(Show::Alerts)
}

/// `tag [<tag>] [<value>]`
fn tag(words: &str, _: &UserId) -> Intent {
    let (tag, value) = split_word(words);
    let (tag, value) = (readable(without_colon(tag)), readable(unquoted(value)));
    if tag.is_empty() || value.is_empty() {
        let tag = Some(tag).filter(|tag| !tag.is_empty());
        return Intent::OpenForm(Form::Tag { tag });
    }
    Intent::Run(Command::Tag { tag, value })
}

/// `untag [<tag>]`
fn untag(tag: &str, _: &UserId) -> Intent {
    said(tag, Form::Untag, |tag| Command::Untag { tag })
}

/// `page [<@person>… | <path> | <schedule>] [text]`
fn page(words: &str, actor: &UserId) -> Intent {
    let (people, text) = words::leading_people(words, actor);
    let text = readable(text);
    match (people.is_empty(), text.is_empty()) {
        (false, _) => Intent::Page(Whom::People { people, text }),
        (true, true) => Intent::AskWhomToPage,
        (true, false) => Intent::Page(Whom::Named(text)),
    }
}

/// `oncall [<schedule>]`
fn on_call(name: &str, _: &UserId) -> Intent {
    Intent::Show(Show::OnCall(readable(name)))
}

/// Runs the command if there are words for it, and asks for them in a form if not.
fn said(text: &str, form: Form, command: impl Fn(String) -> Command) -> Intent {
    let text = readable(text);
    if text.is_empty() { Intent::OpenForm(form) } else { Intent::Run(command(text)) }
}

/// A word that is no command may still be a severity with its number, or nearly a command.
fn unknown(text: &str, word: &str) -> Intent {
    let numbered = word.get(..3).filter(|prefix| prefix.eq_ignore_ascii_case("sev"));
    let number = numbered.map(|_| word[3..].trim_start_matches('-'));
    if number.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
    {
        return Intent::Run(Command::Severity { severity: word.to_owned() });
    }
    // Whom somebody mentions is no command, however near the name comes to one.
    let nearest = nearest_verb(&readable(word)).filter(|_| !word.starts_with(['<', '@']));
    Intent::Misunderstood { given: shorten(&readable(text), 200), nearest }
}

fn nearest_verb(word: &str) -> Option<Verb> {
    let usages = Verb::ALL.into_iter().map(Verb::usage);
    let words =
        usages.flat_map(|usage| std::iter::once(usage.word).chain(usage.aliases.iter().copied()));
    // Two letters are near everything.
    let words: Vec<String> = words.filter(|word| word.len() > 2).map(str::to_owned).collect();
    nearest(word, &words).and_then(|word| Verb::parse(&word))
}

/// The reference that the text begins with, and what follows it.
fn leading_reference(text: &str) -> (Option<i64>, &str) {
    let (first, rest) = split_word(text);
    if let Some(number) = marked_reference(first) {
        return (Some(number), rest);
    }
    if first.eq_ignore_ascii_case("inc") {
        let (second, rest) = split_word(rest);
        if let Some(number) = parse_reference(second) {
            return (Some(number), rest);
        }
    }
    // A bare number is one only if nothing else can be meant: `500 errors` is not about INC-500.
    let (next, _) = split_word(rest);
    if (rest.is_empty() || Verb::parse(next).is_some())
        && let Some(number) = parse_reference(first)
    {
        return (Some(number), rest);
    }
    (None, text)
}

/// The number in a word that says that it is a reference: `INC-42`, `#42`, but not `42`.
fn marked_reference(word: &str) -> Option<i64> {
    let word = without_colon(word);
    let is_number = word.chars().all(|c| c.is_ascii_digit());
    parse_reference(word).filter(|_| !is_number)
}

/// `update: rolled back` is an update too.
fn without_colon(word: &str) -> &str {
    let bare = word.trim_end_matches([':', ',', '.', '!']);
    if bare.is_empty() { word } else { bare }
}

#[cfg(test)]
mod tests;
