//! Paging from Slack: a command, a form, what is answered to a page, and who is on call.

use std::time::Duration;

use crate::engine::order::Target;
use crate::ids::{EscalationId, PathId, UserId, WorkspaceId};
use crate::incident::access::{may_be_named, may_see};
use crate::incident::event::Actor;
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::oncall::escalation::state::{Escalation, Request};
use crate::oncall::path::PATHS_LIMIT;
use crate::oncall::refusal::{Refused, Unfit};
use crate::oncall::schedule::SCHEDULES_LIMIT;
use crate::paging::NotDone;
use crate::slack::inbound::act::{Asking, Failure};
use crate::slack::inbound::answer::Answer;
use crate::slack::inbound::door::Door;
use crate::slack::inbound::payload::View;
use crate::slack::inbound::submission::FilledIn;
use crate::slack::view::form::{self, Origin, PAGE};
use crate::slack::view::kit::message::Message;
use crate::slack::view::oncall::{self, OnCall};
use crate::slack::view::page::{self, PageButton};
use crate::slack::view::verb::Verb;
use crate::store::escalations::Asked;
use crate::store::{escalation_paths, incidents, schedules};

/// What the button that snoozes means.
const SNOOZE: Duration = Duration::from_secs(600);

/// Whom somebody wants to page, as they typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// People they mentioned, and what it is about.
    People {
        /// Who.
        people: Vec<UserId>,
        /// What it is about; empty if they did not say.
        text: String,
    },
    /// What begins with the name of a path or a schedule, and goes on with what it is about.
    Named(String),
}

impl Asking<'_> {
    /// Does what a button under a page says.
    pub(super) async fn press_page(
        &self,
        button: PageButton,
        id: &EscalationId,
    ) -> Result<Option<Message>, Failure> {
        let (paging, by) = (&self.door.app.paging, self.actor());
        let done = match button {
            PageButton::Acknowledge => paging.acknowledge(&self.workspace, id, &by).await,
            PageButton::Decline => paging.decline(&self.workspace, id, &by).await,
            PageButton::Snooze => {
                let until = self.door.app.clock.now().plus(SNOOZE);
                paging.snooze(&self.workspace, id, &by, until, None).await
            }
        };
        // The message itself says what came of it.
        done.map(|_| None).map_err(failure)
    }

    /// Pages whom somebody has named.
    pub(super) async fn page(&self, whom: Whom) -> Result<Option<Message>, Failure> {
        let incident = self.about().await?;
        let (path, people, text) = match whom {
            Whom::People { people, text } => (None, people, text),
            Whom::Named(words) => match self.named(&words).await? {
                (Called::Path(id), text) => (Some(id), Vec::new(), text),
                (Called::People(people), text) => (None, people, text),
            },
        };
        let (title, description) = words(&text, incident.as_ref());
        let request = Request {
            title,
            description,
            priority: None,
            path,
            people,
            incident: incident.map(|incident| incident.id),
            alerts: Vec::new(),
            ends_with_alerts: false,
        };
        let asked = Asked { request: self.receipt(), key: None };
        let by = self.actor();
        let begun = self.door.app.paging.begin(&self.workspace, request, &by, &asked);
        Ok(Some(page::begun(&begun.await.map_err(failure)?)))
    }

    /// Opens the form that pages.
    pub(super) async fn ask_whom_to_page(&self) -> Result<Option<Message>, Failure> {
        let incident = self.about().await?;
        let mut tx = self.door.app.db.read().await?;
        let paths = escalation_paths::page(&mut tx, &self.workspace, None, PATHS_LIMIT).await?;
        drop(tx);
        let paths: Vec<(PathId, String)> =
            paths.into_iter().map(|path| (path.id, path.definition.name)).collect();
        let origin = Origin { incident: incident.map(|it| it.id), ..Origin::default() };
        Ok(self.open(form::page(&paths, &origin), Verb::Page).await)
    }

    /// Says who is on call now, and who is next.
    pub(super) async fn on_call(&self, name: &str) -> Result<Message, Failure> {
        let now = self.door.app.clock.now();
        let mut tx = self.door.app.db.read().await?;
        let mut all = schedules::page(&mut tx, &self.workspace, None, SCHEDULES_LIMIT).await?;
        let folded = name.to_lowercase();
        all.retain(|kept| kept.definition.name.to_lowercase().contains(&folded));
        all.sort_by_key(|kept| kept.definition.name.to_lowercase());
        let mut shown = Vec::new();
        for kept in all.iter().take(oncall::SHOWN) {
            let overrides = schedules::overrides(&mut tx, &self.workspace, &kept.id, now).await?;
            shown.push(OnCall {
                name: kept.definition.name.clone(),
                now: kept.definition.on_call(&overrides, now),
                next: kept.definition.next(&overrides, now),
            });
        }
        Ok(oncall::on_call(&shown, all.len(), name))
    }

    /// The incident that it is about, if somebody names one or the channel is one's.
    async fn about(&self) -> Result<Option<Incident>, Failure> {
        let mut tx = self.door.app.db.read().await?;
        match self.find(&mut tx).await {
            Ok(incident) => Ok(Some(incident)),
            // Somebody can be paged wherever one is.
            Err(Failure::Refused(_)) if self.target.is_none() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The path or schedule whose name the words begin with, and what follows it.
    async fn named(&self, words: &str) -> Result<(Called, String), Failure> {
        let now = self.door.app.clock.now();
        let mut tx = self.door.app.db.read().await?;
        let paths = escalation_paths::page(&mut tx, &self.workspace, None, PATHS_LIMIT).await?;
        let path = longest(words, paths.iter().map(|it| (it, it.definition.name.as_str())));
        let all = schedules::page(&mut tx, &self.workspace, None, SCHEDULES_LIMIT).await?;
        let schedule = longest(words, all.iter().map(|it| (it, it.definition.name.as_str())));
        let path_is_longer =
            |rest: &str| path.as_ref().is_some_and(|(_, it)| it.len() <= rest.len());
        match (&path, &schedule) {
            (_, Some((kept, rest))) if !path_is_longer(rest) => {
                let overrides =
                    schedules::overrides(&mut tx, &self.workspace, &kept.id, now).await?;
                let people = kept.definition.on_call(&overrides, now);
                if people.is_empty() {
                    let schedule = kept.definition.name.clone();
                    return Err(refused(Refused::NobodyOnCall { schedule }));
                }
                Ok((Called::People(people), (*rest).to_owned()))
            }
            (Some((kept, rest)), _) => Ok((Called::Path(kept.id.clone()), (*rest).to_owned())),
            _ => {
                let names = paths.iter().map(|it| it.definition.name.as_str());
                let names = names.chain(all.iter().map(|it| it.definition.name.as_str()));
                let why = oncall::unknown(words, names);
                Err(refused(Unfit { field: "path".to_owned(), why }.into()))
            }
        }
    }
}

enum Called {
    Path(PathId),
    People(Vec<UserId>),
}

/// The thing with the longest name that these words begin with, and what follows it.
fn longest<T>(words: &str, all: impl Iterator<Item = (T, impl AsRef<str>)>) -> Option<(T, &str)> {
    let found = all.filter_map(|(thing, name)| {
        let rest = after_name(words, name.as_ref())?;
        Some((thing, rest))
    });
    found.min_by_key(|(_, rest)| rest.len())
}

/// What follows a name that the words begin with, whatever its case.
fn after_name<'w>(words: &'w str, name: &str) -> Option<&'w str> {
    let words = words.trim();
    let mut rest = words.char_indices();
    for wanted in name.chars() {
        let (_, given) = rest.next()?;
        if !given.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    let rest = rest.as_str();
    let ends_here = rest.is_empty() || rest.starts_with([' ', '\n', '\t', ':', ',']);
    ends_here.then(|| rest.trim_start_matches([' ', '\n', '\t', ':', ',']))
}

/// What it is about, in a line, and what does not fit there.
fn words(text: &str, incident: Option<&Incident>) -> (String, String) {
    use crate::incident::text::{clean_line, shorten};
    use crate::oncall::escalation::state::TITLE_LIMIT;
    let text = text.trim();
    let line = clean_line(text);
    match incident {
        _ if !line.is_empty() => {
            let is_whole = line.chars().count() <= TITLE_LIMIT && !text.contains('\n');
            let rest = if is_whole { String::new() } else { text.to_owned() };
            (shorten(&line, TITLE_LIMIT), rest)
        }
        // Whoever is paged may have no part in it yet.
        Some(incident) if !may_be_named(incident) => {
            (format!("{}, which is private", incident.reference()), String::new())
        }
        Some(incident) => (
            shorten(&format!("{} {}", incident.reference(), incident.name), TITLE_LIMIT),
            String::new(),
        ),
        None => ("Help is needed".to_owned(), String::new()),
    }
}

fn refused(refused: Refused) -> Failure {
    Failure::Refused(Refusal::OnCall(refused))
}

fn failure(not_done: NotDone) -> Failure {
    match not_done {
        NotDone::Refused(refused) => Failure::Refused(Refusal::OnCall(refused)),
        NotDone::NotSaved(error) => Failure::Store(error),
    }
}

/// Takes the form that pages.
pub(super) async fn submit(
    door: &Door,
    workspace: WorkspaceId,
    user: &UserId,
    view: &View,
) -> Answer {
    match try_submit(door, &workspace, user, view).await {
        Ok(_) => Answer::silence(),
        Err(Failure::Refused(refusal)) => Answer::value(&form::refused(PAGE, &refusal)),
        Err(Failure::NotSaved) => Answer::value(&form::failed(PAGE)),
        Err(Failure::Store(error)) => {
            tracing::warn!(error = %error, "Could not page somebody");
            Answer::value(&form::failed(PAGE))
        }
    }
}

async fn try_submit(
    door: &Door,
    workspace: &WorkspaceId,
    user: &UserId,
    view: &View,
) -> Result<Escalation, Failure> {
    let by = Actor::Person { user: user.clone() };
    let origin = Origin::parse(&view.private_metadata);
    let incident = match &origin.incident {
        Some(id) => {
            let mut tx = door.app.db.read().await?;
            let found = incidents::by_id(&mut tx, workspace, id).await?;
            let found = found.filter(|incident| may_see(incident, &by));
            Some(found.ok_or_else(|| Target::Id(id.clone()).missing())?)
        }
        None => None,
    };
    let filled_in = FilledIn(view.values());
    let path = filled_in.choice("path").map(PathId::new);
    let people: Vec<UserId> = filled_in.person("person").into_iter().collect();
    if path.is_none() && people.is_empty() {
        let why = "Choose a path or a person.".to_owned();
        return Err(refused(Unfit { field: "person".to_owned(), why }.into()));
    }
    if path.is_some() && !people.is_empty() {
        let why = "Choose a path or a person, not both.".to_owned();
        return Err(refused(Unfit { field: "person".to_owned(), why }.into()));
    }
    let (title, description) =
        words(&filled_in.text("text").unwrap_or_default(), incident.as_ref());
    let request = Request {
        title,
        description,
        priority: None,
        path,
        people,
        incident: incident.map(|incident| incident.id),
        alerts: Vec::new(),
        ends_with_alerts: false,
    };
    let asked =
        Asked { request: (!view.id.is_empty()).then(|| format!("view/{}", view.id)), key: None };
    door.app.paging.begin(workspace, request, &by, &asked).await.map_err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_at_the_beginning_of_the_words() {
        assert_eq!(after_name("Primary database is down", "primary"), Some("database is down"));
        assert_eq!(after_name("primary: database", "Primary"), Some("database"));
        assert_eq!(after_name("primary", "Primary"), Some(""));
        assert_eq!(after_name("primarystuff", "Primary"), None);
        assert_eq!(after_name("prim", "Primary"), None);
        let names = ["Web", "Web Payments"].map(|name| (name, name));
        assert_eq!(
            longest("web payments broken", names.into_iter()),
            Some(("Web Payments", "broken"))
        );
        assert_eq!(longest("web is broken", names.into_iter()), Some(("Web", "is broken")));
        assert_eq!(longest("mobile", names.into_iter()), None);
    }
}
