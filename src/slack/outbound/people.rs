//! The people of a workspace, read from Slack: all of them each day, and one where Slack says that
//! something about them has changed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::Timestamp;
use crate::ids::{TeamId, UserId, WorkId, WorkspaceId};
use crate::incident::text::{clean_line, shorten};
use crate::oncall::person::Person;
use crate::outbox::hold::{Held, LEASE};
use crate::outbox::page_work::PeopleStretch;
use crate::outbox::work::{NewWork, Work, for_pages};
use crate::slack::outbound::Performer;
use crate::slack::outbound::calls::{Calls, Failed, TEAM, Trouble};
use crate::store::{outbox, people, teams, workspaces};

/// How many are read at once: what Slack recommends.
const AT_ONCE: &str = "200";
/// How often to look for workspaces that are new.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often all are read.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// The longest name, in characters.
const NAME_LIMIT: usize = 200;
/// The longest address, in bytes.
const EMAIL_LIMIT: usize = 320;

/// What one answer comes to.
struct Found {
    people: Vec<Person>,
    next: Option<String>,
}

impl Performer {
    /// Reads a stretch of the people, and asks for the next. Whoever was not among all of them is not
    /// there any more.
    pub async fn read_people(&self, held: &Held, stretch: &PeopleStretch) -> Result<(), Trouble> {
        let began_at = stretch.began_at.unwrap_or_else(|| self.clock.now());
        let workspace = &held.work.workspace;
        let (team, other_teams) = match stretch.is_first() {
            true => {
                let mut teams = self.teams_with_people(workspace).await?.into_iter();
                (teams.next(), teams.collect())
            }
            false => (stretch.team.clone(), stretch.other_teams.clone()),
        };
        let found = match self.list_people(held, stretch.from.as_deref(), team.as_ref()).await {
            Ok(found) => Some(found),
            // Without the scope everything goes on by Slack's ids; `doctor` says so. A place in the
            // list that Slack does not know any more is looked for again tomorrow.
            Err(Failed::Refused(error))
                if ["missing_scope", "invalid_cursor"].iter().any(|it| error.is(it)) =>
            {
                tracing::info!(error = %error, "Could not read who is in this Slack");
                None
            }
            Err(failed) => return Err(failed.into()),
        };
        let (now, since) = (self.clock.now(), Instant::now());
        let mut work: Vec<NewWork> = Vec::new();
        if stretch.is_first() {
            work.push(self.reading(PeopleStretch::default(), now.plus(EVERY)));
        }
        let mut tx = self.db.begin().await?;
        if !outbox::renew(&mut tx, &held.work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        if let Some(Found { people: read, next }) = found {
            people::save(&mut tx, workspace, &read, now).await?;
            let goes_on = PeopleStretch {
                from: next,
                began_at: Some(began_at),
                place: stretch.place.saturating_add(1),
                team,
                other_teams,
            };
            match goes_on.following() {
                Some(following) => work.push(self.reading(following, now)),
                None => {
                    people::leave_unseen(&mut tx, workspace, began_at).await?;
                }
            }
        }
        outbox::change(&mut tx, workspace, &[], &work, now).await?;
        tx.commit().await?;
        held.renewed(now, since);
        Ok(())
    }

    /// Reads what Slack knows of one person.
    pub async fn read_person(&self, held: &Held, user: &UserId) -> Result<(), Trouble> {
        let calls = Calls { performer: self, workspace: &held.work.workspace, held: Some(held) };
        let answer = match calls.get("users.info", &[("user", user.as_str())]).await {
            Ok(answer) => answer,
            Err(Failed::Refused(error))
                if ["missing_scope", "user_not_found", "user_not_visible"]
                    .iter()
                    .any(|it| error.is(it)) =>
            {
                tracing::info!(user = %user, error = %error, "Could not read who somebody is");
                return Ok(());
            }
            Err(failed) => return Err(failed.into()),
        };
        let Some(person) = person(&answer["user"]) else { return Ok(()) };
        let (now, since) = (self.clock.now(), Instant::now());
        let mut tx = self.db.begin().await?;
        if !outbox::renew(&mut tx, &held.work, now.plus(LEASE)).await? {
            return Err(Trouble::NotOurs);
        }
        people::save(&mut tx, &held.work.workspace, &[person], now).await?;
        tx.commit().await?;
        held.renewed(now, since);
        Ok(())
    }

    /// The work of reading all people, which begins then.
    pub fn reading(&self, stretch: PeopleStretch, due_at: Timestamp) -> NewWork {
        let id = WorkId::new(self.ids.ulid(self.clock.now()));
        for_pages(Work::ReadPeople(stretch), None, id, 0, due_at)
    }

    /// In an organisation, each of its workspaces has people of its own.
    async fn teams_with_people(&self, workspace: &WorkspaceId) -> Result<Vec<TeamId>, Trouble> {
        let mut tx = self.db.read().await?;
        let installed_for = workspaces::by_id(&mut tx, workspace).await?.slack_team;
        match installed_for.is_some_and(|team| team.is_organisation()) {
            true => Ok(teams::all(&mut tx, workspace).await?),
            false => Ok(Vec::new()),
        }
    }

    async fn list_people(
        &self,
        held: &Held,
        from: Option<&str>,
        team: Option<&TeamId>,
    ) -> Result<Found, Failed> {
        let calls = Calls { performer: self, workspace: &held.work.workspace, held: Some(held) };
        let mut arguments = vec![("limit", AT_ONCE)];
        arguments.extend(from.map(|from| ("cursor", from)));
        arguments.extend(team.map(|team| (TEAM, team.as_str())));
        let answer = calls.get("users.list", &arguments).await?;
        let members = answer["members"].as_array().map(Vec::as_slice).unwrap_or_default();
        let next = answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default();
        let next = Some(next.to_owned()).filter(|next| !next.is_empty());
        Ok(Found { people: members.iter().filter_map(person).collect(), next })
    }
}

/// A person, as Slack shows them; nothing if it is a bot.
pub fn person(shown: &Value) -> Option<Person> {
    let text = |value: &Value| {
        let text = value.as_str().map(|text| shorten(&clean_line(text), NAME_LIMIT));
        text.filter(|text| !text.is_empty())
    };
    let id = UserId::new(shown["id"].as_str()?);
    let is_bot = shown["is_bot"].as_bool().unwrap_or_default();
    // Slackbot says that it is none.
    if is_bot || id.as_str() == "USLACKBOT" || !id.is_well_formed() {
        return None;
    }
    let profile = &shown["profile"];
    let named =
        [&shown["real_name"], &profile["real_name"], &profile["display_name"], &shown["name"]];
    let name = named.into_iter().find_map(text).unwrap_or_else(|| id.to_string());
    let email = profile["email"].as_str().map(str::trim);
    let email = email.filter(|email| email.contains('@') && email.len() <= EMAIL_LIMIT);
    Some(Person {
        name,
        email: email.map(clean_line),
        time_zone: text(&shown["tz"]),
        is_active: !shown["deleted"].as_bool().unwrap_or_default(),
        id,
    })
}

/// Has the people of each workspace read that lets Stentor in, until `enough` is told. Once it is
/// asked for, the work asks for itself each day.
pub async fn keep(performer: Performer, work_waits: Arc<Notify>, enough: Arc<Notify>) {
    let stop = enough.notified();
    tokio::pin!(stop);
    loop {
        match begin(&performer).await {
            Ok(true) => work_waits.notify_one(),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(error = %error, "Could not ask who is in this Slack");
            }
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Asks for the people of workspaces whose people nobody has asked for, and says whether there were
/// any.
pub async fn begin(performer: &Performer) -> Result<bool, sqlx::Error> {
    let mut tx = performer.db.read().await?;
    let all = workspaces::ids(&mut tx).await?;
    drop(tx);
    let mut asked = false;
    for workspace in &all {
        let mut tx = performer.db.read().await?;
        let first = PeopleStretch::default();
        if outbox::has_work(&mut tx, workspace, &first.lane()).await? {
            continue;
        }
        drop(tx);
        if performer.slacks.of(workspace).await.is_err() {
            continue;
        }
        let now = performer.clock.now();
        let mut tx = performer.db.begin().await?;
        outbox::change(&mut tx, workspace, &[], &[performer.reading(first, now)], now).await?;
        tx.commit().await?;
        asked = true;
    }
    Ok(asked)
}
