//! Does what somebody means, whether they typed it or pressed a button.

use crate::engine::order::{NotDone, Order, Target};
use crate::ids::{ChannelId, TeamId, UserId, WorkspaceId};
use crate::incident::access::may_see;
use crate::incident::channel::ChannelState;
use crate::incident::command::Command;
use crate::incident::event::{Actor, Via};
use crate::incident::refusal::Refusal;
use crate::incident::state::{Incident, Mode};
use crate::incident::wanted::Wanted;
use crate::slack::inbound::door::Door;
use crate::slack::inbound::grammar::{Filter, Intent, Show};
use crate::slack::view::form::{Form, Origin, declare};
use crate::slack::view::kit::message::Message;
use crate::slack::view::kit::modal::Modal;
use crate::slack::view::reply::{self, Standpoint};
use crate::slack::view::verb::Verb;
use crate::slack::view::{announcement, help, list, timeline};
use crate::store::db::Tx;
use crate::store::{incident_lists, incidents, timeline as record};

/// Incidents in one list: what fits on a screen.
const LISTED: usize = 20;
/// The highest number of incidents that is counted before it becomes "many".
const COUNTED: usize = 200;
/// Entries in one look at the timeline.
const ENTRIES: i64 = 200;

/// Somebody asking for something.
pub struct Asking<'a> {
    /// Whom they ask.
    pub door: &'a Door,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Where that is an organisation: which workspace of it they are in, if Slack says so.
    pub slack_team: Option<TeamId>,
    /// Who they are.
    pub user: UserId,
    /// Where they are, if it is a channel.
    pub channel: Option<ChannelId>,
    /// The incident they name; otherwise the channel's is meant.
    pub target: Option<Target>,
    /// Opens one form.
    pub trigger_id: String,
    /// How they ask.
    pub via: Via,
}

/// Why there is no answer but an apology.
pub enum Failure {
    /// It can't be done.
    Refused(Refusal),
    /// The store is away.
    Store(sqlx::Error),
    /// It could not be saved.
    NotSaved,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Refused(refusal)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Failure::Store(error)
    }
}

impl From<NotDone> for Failure {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Refused(refusal) => Failure::Refused(refusal),
            NotDone::Unavailable(_) => Failure::NotSaved,
        }
    }
}

impl Asking<'_> {
    /// Does what is meant, and says what only this person should read, if there is anything.
    pub async fn act(&self, intent: Intent) -> Option<Message> {
        match self.carry_out(intent).await {
            Ok(answer) => answer,
            Err(Failure::Refused(refusal)) => Some(reply::refusal(&refusal)),
            Err(Failure::NotSaved) => Some(reply::not_saved()),
            Err(Failure::Store(error)) => {
                tracing::warn!(error = %error, "Could not read what somebody asked for");
                Some(reply::not_saved())
            }
        }
    }

    async fn carry_out(&self, intent: Intent) -> Result<Option<Message>, Failure> {
        match intent {
            Intent::Bare => self.bare().await,
            Intent::Declare { name } => self.open_declaration(&name, Mode::Standard).await,
            Intent::DeclareTest { name } => self.open_declaration(&name, Mode::Test).await,
            Intent::SetField { words } => self.set_field(&words).await,
            Intent::OpenForm(form) => self.open_form(&form).await,
            Intent::Run(command) => self.run(command).await,
            Intent::Show(Show::Help(verb)) => Ok(Some(help::help(verb))),
            Intent::Show(Show::List(filter)) => self.list(&filter).await.map(Some),
            Intent::Show(Show::Timeline) => self.timeline().await.map(Some),
            Intent::Show(Show::Alerts) => self.alerts().await.map(Some),
            Intent::Show(Show::OnCall(name)) => self.on_call(&name).await.map(Some),
            Intent::Page(whom) => self.page(whom).await,
            Intent::AskWhomToPage => self.ask_whom_to_page().await,
            Intent::AnswerPage { button, escalation } => self.press_page(button, &escalation).await,
            Intent::Show(Show::Items(kind)) => self.items(kind).await.map(Some),
            Intent::Show(Show::Document) => self.document().await,
            Intent::Alerts { button, group } => self.press_card(button, &group).await,
            Intent::Misunderstood { given, nearest } => {
                Ok(Some(reply::misunderstood(&given, nearest)))
            }
            Intent::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// In an incident's channel, what can be done there; elsewhere, the form that declares.
    async fn bare(&self) -> Result<Option<Message>, Failure> {
        let mut tx = self.door.app.db.read().await?;
        let found = self.find(&mut tx).await;
        match found {
            Ok(incident) if self.target.is_some() => {
                let catalogue = self.door.app.catalogues.of(&mut tx, &self.workspace).await?;
                Ok(Some(announcement::announcement(&incident, &catalogue)))
            }
            Ok(_) => Ok(Some(help::help(None))),
            Err(Failure::Refused(_)) if self.target.is_none() => {
                drop(tx);
                self.open_declaration("", Mode::Standard).await
            }
            Err(failure) => Err(failure),
        }
    }

    /// Opens the form that declares, with this name filled in.
    pub async fn open_declaration(
        &self,
        name: &str,
        mode: Mode,
    ) -> Result<Option<Message>, Failure> {
        let mut tx = self.door.app.db.read().await?;
        let catalogue = self.door.app.catalogues.of(&mut tx, &self.workspace).await?;
        drop(tx);
        let origin = Origin {
            declared_in: self.channel.clone(),
            slack_team: self.slack_team.clone(),
            mode,
            ..Origin::default()
        };
        Ok(self.open(declare(name, &catalogue, &origin), Verb::Declare).await)
    }

    /// Makes a field say what follows its name; without that, a form asks for it.
    async fn set_field(&self, words: &str) -> Result<Option<Message>, Failure> {
        let mut tx = self.door.app.db.read().await?;
        let catalogue = self.door.app.catalogues.of(&mut tx, &self.workspace).await?;
        drop(tx);
        if catalogue.fields.is_empty() {
            return Err(Refusal::NoFields.into());
        }
        let (field, value) = catalogue.find_field_before(words)?;
        let field = field.id.to_string();
        match value.to_lowercase().as_str() {
            "" => self.open_form(&Form::Field { field: Some(field) }).await,
            "none" | "-" => self.run(Command::Field { field, values: Vec::new() }).await,
            _ => self.run(Command::Field { field, values: vec![value.to_owned()] }).await,
        }
    }

    pub(super) async fn open_form(&self, form: &Form) -> Result<Option<Message>, Failure> {
        let mut tx = self.door.app.db.read().await?;
        let incident = self.find(&mut tx).await?;
        form.check(&incident)?;
        let catalogue = self.door.app.catalogues.of(&mut tx, &self.workspace).await?;
        drop(tx);
        if matches!(form, Form::Field { .. }) && catalogue.fields.is_empty() {
            return Err(Refusal::NoFields.into());
        }
        let origin = Origin { incident: Some(incident.id.clone()), ..Origin::default() };
        let instead = Verb::parse(form.word()).unwrap_or(Verb::Help);
        Ok(self.open(form.open(&incident, &catalogue, &origin), instead).await)
    }

    pub(super) async fn open(&self, modal: Modal, instead: Verb) -> Option<Message> {
        match self.door.open(&self.workspace, &self.trigger_id, modal).await {
            Ok(()) => None,
            Err(error) => {
                tracing::warn!(error = %error, "A form did not open");
                Some(reply::form_did_not_open(instead))
            }
        }
    }

    pub(super) async fn run(&self, command: Command) -> Result<Option<Message>, Failure> {
        let target = self.target.clone().or_else(|| self.channel.clone().map(Target::Channel));
        let order = Order {
            workspace: self.workspace.clone(),
            receipt: self.receipt(),
            target: target.ok_or(Refusal::NotAnIncidentChannel)?,
            actor: self.actor(),
            through: None,
            via: self.via,
            command,
            expected_version: None,
        };
        let done = self.door.app.engine.submit(order).await?;
        let Some(entry) = done.entries.last() else { return Ok(None) };
        Ok(reply::done(entry, &done.incident, &done.catalogue, self.standpoint(&done.incident)))
    }

    async fn list(&self, filter: &Filter) -> Result<Message, Failure> {
        let mut tx = self.door.app.db.read().await?;
        let catalogue = self.door.app.catalogues.of(&mut tx, &self.workspace).await?;
        let criteria = filter.criteria(&catalogue);
        let wanted = Wanted::in_any(&criteria.categories, criteria.severity.as_ref());
        let (actor, text) = (self.actor(), criteria.text);
        let found =
            incident_lists::newest(&mut tx, &self.workspace, &actor, wanted, text, COUNTED).await?;
        let shown = found.len().min(LISTED);
        Ok(list::incidents(&found[..shown], found.len(), &criteria.described, &catalogue))
    }

    async fn timeline(&self) -> Result<Message, Failure> {
        let mut tx = self.door.app.db.read().await?;
        let incident = self.find(&mut tx).await?;
        let catalogue = self.door.app.catalogues.of(&mut tx, &self.workspace).await?;
        let entries = record::latest(&mut tx, &self.workspace, &incident.id, ENTRIES).await?;
        Ok(timeline::timeline(&incident, &entries, &catalogue))
    }

    /// The incident that is meant, if this person may know of it.
    pub(super) async fn find(&self, tx: &mut Tx) -> Result<Incident, Failure> {
        let target = self.target.clone().or_else(|| self.channel.clone().map(Target::Channel));
        let target = target.ok_or(Refusal::NotAnIncidentChannel)?;
        let found = match &target {
            Target::New => None,
            Target::Id(id) => incidents::by_id(tx, &self.workspace, id).await?,
            Target::Number(number) => incidents::by_number(tx, &self.workspace, *number).await?,
            Target::Channel(channel) => incidents::by_channel(tx, &self.workspace, channel).await?,
        };
        let visible = found.filter(|incident| may_see(incident, &self.actor()));
        visible.ok_or_else(|| Failure::Refused(target.missing()))
    }

    fn standpoint(&self, incident: &Incident) -> Standpoint {
        // A channel that Stentor can't speak in shows nobody what they have done.
        let shows = incident.standing.state == ChannelState::Open;
        if shows && self.channel.is_some() && self.channel == incident.channel {
            Standpoint::InItsChannel
        } else {
            Standpoint::Elsewhere
        }
    }

    /// What comes without an id can't be told from others: it is nobody's repetition.
    pub(super) fn receipt(&self) -> Option<String> {
        (!self.trigger_id.is_empty()).then(|| format!("trigger/{}", self.trigger_id))
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::Person { user: self.user.clone() }
    }
}
