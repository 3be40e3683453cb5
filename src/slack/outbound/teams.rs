//! Which workspace of an organisation is meant.
//!
//! The token of an organisation serves all its workspaces, and channels are made, listed and looked
//! for in one of them. Which, comes with the request that declares an incident. Where none has, as
//! for what a program declares, it is the workspace in which Stentor was used first: somebody works
//! with it there, and that does not change by itself, whoever is faster next time; an operator can
//! choose another one (`stentor workspace home`). `auth.test` names any of them or none, and
//! `auth.teams.list` all of them in no order: neither is a reason. If Stentor was used nowhere yet,
//! and is let into one workspace alone, it is that one; else nobody can know, and that is said.

use serde_json::Value;

use crate::ids::TeamId;
use crate::incident::reactions::Surface;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::{Failed, SHUT_OUT, TEAM};
use crate::store::surfaces::Shown;
use crate::store::teams;

/// Slack's words for a workspace of the organisation in which nothing can be done.
const SHUT: [&str; 2] = [SHUT_OUT, "team_not_found"];
/// What to do when it is set right.
const RETRY: &str = "then have this tried again (`stentor outbox retry`)";

/// Where channels are made and looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Team {
    /// In the one workspace that Stentor is installed in: there is nothing to say about that.
    Only,
    /// In this one of an organisation, for good.
    Settled(TeamId),
    /// In this one of an organisation, until it turns out that Stentor is not let in there.
    Assumed(TeamId),
}

impl Team {
    /// What Slack has to be told.
    pub(super) fn id(&self) -> Option<&TeamId> {
        match self {
            Team::Only => None,
            Team::Settled(team) | Team::Assumed(team) => Some(team),
        }
    }

    /// The same, or nothing, as a word.
    pub(super) fn word(&self) -> &str {
        self.id().map_or("", TeamId::as_str)
    }

    /// The argument that says so, where one is needed.
    pub(super) fn argument(&self) -> Option<(&'static str, &str)> {
        self.id().map(|team| (TEAM, team.as_str()))
    }

    /// These arguments with that one.
    pub(super) fn named_in(&self, mut arguments: Value) -> Value {
        if let Some(team) = self.id() {
            arguments[TEAM] = team.as_str().into();
        }
        arguments
    }
}

impl Job<'_> {
    /// Where the incident belongs.
    pub(super) async fn team(&self) -> Result<Team, Failed> {
        match self.named_team().await? {
            Some(team) => Ok(team),
            None => match self.shown(Surface::Channel).await?.detail.team {
                Some(team) if self.incident.channel.is_some() => Ok(Team::Settled(team)),
                Some(team) => Ok(Team::Assumed(team)),
                None => Ok(Team::Assumed(self.first_team().await?)),
            },
        }
    }

    /// Where to open the incident's channel. What is assumed is written down before anything is
    /// made there: whoever goes on after a crash must look in the same place.
    pub(super) async fn team_to_open_in(&self, shown: &mut Shown) -> Result<Team, Failed> {
        if let Some(team) = self.named_team().await? {
            return Ok(team);
        }
        if let Some(team) = &shown.detail.team {
            return Ok(Team::Assumed(team.clone()));
        }
        let team = self.first_team().await?;
        shown.detail.team = Some(team.clone());
        self.save(Surface::Channel, shown).await?;
        Ok(Team::Assumed(team))
    }

    /// What it means that the channel could not be opened there.
    pub(super) async fn not_opened_in(
        &self,
        team: &Team,
        shown: Shown,
        failed: Failed,
    ) -> Result<Failed, Failed> {
        if is_shut(team, &failed) && shown.detail.team.is_some() {
            let mut shown = shown;
            shown.detail.team = None;
            self.save(Surface::Channel, &shown).await?;
        }
        self.refused_in(team, failed).await
    }

    /// What a failed call means that has named a team. One that Stentor is not let into is nothing to
    /// assume a second time.
    pub(super) async fn refused_in(&self, team: &Team, failed: Failed) -> Result<Failed, Failed> {
        let Some(id) = team.id().filter(|_| is_shut(team, &failed)) else { return Ok(failed) };
        let mut tx = self.performer.db.begin().await?;
        teams::forget(&mut tx, &self.work.workspace, id).await?;
        tx.commit().await?;
        let error =
            format!("Slack does not let Stentor into the workspace {id} of the organisation");
        Ok(match team {
            Team::Assumed(_) => Failed::again(error),
            Team::Only | Team::Settled(_) => Failed::give_up(format!(
                "{error}: an admin of the organisation can add it there; {RETRY}"
            )),
        })
    }

    /// What the request has said, or that there is nothing to say.
    async fn named_team(&self) -> Result<Option<Team>, Failed> {
        let known = self.performer.workspace(&self.work.workspace).await?.slack_team;
        let installed_for = match known {
            Some(team) => team,
            None => self.performer.identify(&self.work.workspace).await?.team,
        };
        if !installed_for.is_organisation() {
            return Ok(Some(Team::Only));
        }
        Ok(self.incident.slack_team.clone().map(Team::Settled))
    }

    /// The workspace of the organisation for what nobody has named one for.
    async fn first_team(&self) -> Result<TeamId, Failed> {
        let workspace = &self.work.workspace;
        let mut tx = self.performer.db.read().await?;
        let known = teams::all(&mut tx, workspace).await?;
        drop(tx);
        if let Some(first) = known.into_iter().next() {
            return Ok(first);
        }
        let granted = self.calls.get("auth.teams.list", &[("limit", "100")]).await?;
        let is_all = granted["response_metadata"]["next_cursor"].as_str().unwrap_or("").is_empty();
        let granted: Vec<TeamId> = granted["teams"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|team| team["id"].as_str().map(TeamId::from))
            .collect();
        match granted.as_slice() {
            [team] if is_all => {
                let mut tx = self.performer.db.begin().await?;
                teams::remember(&mut tx, workspace, team, self.performer.clock.now()).await?;
                tx.commit().await?;
                Ok(team.clone())
            }
            [] if is_all => Err(Failed::give_up(format!(
                "Stentor is installed for an organisation, but let into none of its Slack workspaces: \
                 an admin of the organisation has to add it to one; {RETRY}"
            ))),
            _ => Err(Failed::give_up(format!(
                "nobody has said in which Slack workspace of the organisation this belongs: type /incident \
                 in the one where Stentor is to open channels for programs, or let them name it as \
                 `slack_team`; {RETRY}"
            ))),
        }
    }
}

fn is_shut(team: &Team, failed: &Failed) -> bool {
    *team != Team::Only && SHUT.iter().any(|reason| failed.is(reason))
}
