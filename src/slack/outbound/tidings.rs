//! What single people are told because something is theirs to do, or because they want to hear of an
//! incident.

use crate::ids::UserId;
use crate::incident::access::may_see;
use crate::incident::command::Command;
use crate::incident::event::Actor;
use crate::slack::outbound::Job;
use crate::slack::outbound::calls::Failed;
use crate::slack::view::papers;

impl Job<'_> {
    /// Tells somebody what is theirs to do, if it still is.
    pub(super) async fn tell_assignee(&self, version: i64, user: &UserId) -> Result<(), Failed> {
        let entry = self.entry(version).await?;
        match papers::assignment(&entry, user, &self.incident) {
            Some(message) if self.may_hear(user) => self.send_directly(user, &message).await,
            _ => Ok(()),
        }
    }

    /// Tells somebody who wants to hear of the incident what an entry says. Who may not know of it any
    /// more is not told, and asks no more.
    pub(super) async fn tell_subscriber(&self, version: i64, user: &UserId) -> Result<(), Failed> {
        if !self.incident.papers.subscribers.contains(user) {
            return Ok(());
        }
        if !self.may_hear(user) {
            let receipt = format!("unsubscribe/{}/{}", self.work.id, self.work.generation);
            let person = Some(user.clone());
            self.report(receipt, Command::Unsubscribe { person }).await?;
            return Ok(());
        }
        let entry = self.entry(version).await?;
        match papers::tidings(&entry, &self.incident, &self.catalogue) {
            Some(message) => self.send_directly(user, &message).await,
            None => Ok(()),
        }
    }

    fn may_hear(&self, user: &UserId) -> bool {
        may_see(&self.incident, &Actor::Person { user: user.clone() })
    }
}
