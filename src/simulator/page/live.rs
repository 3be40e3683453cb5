//! Live updates: one stream of server-sent events per open page.
//!
//! Each carries a part of the page as this person now sees it. A part is sent when its drawing
//! differs from the one sent before, so a page hears nothing of what it doesn't show.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde_json::json;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;

use super::Page;
use super::frame::PARTS;
use super::look::Address;
use crate::simulator::panel::Shown;

/// How long changes are gathered before they are drawn; a burst of calls is drawn once.
const GATHER: Duration = Duration::from_millis(30);

/// The stream of an open page.
pub fn events(page: Page, address: Address) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = Watch {
        changes: page.simulator.changes(),
        nudges: page.nudges.subscribe(),
        panel: page.simulator.settings().panel.as_ref().map(|panel| panel.changes()),
        sent: [None; PARTS.len()],
        is_new: true,
        page,
        address,
    };
    Sse::new(stream::unfold(watch, Watch::next)).keep_alive(KeepAlive::default())
}

struct Watch {
    page: Page,
    address: Address,
    changes: Receiver<()>,
    nudges: Receiver<()>,
    panel: Option<watch::Receiver<Shown>>,
    sent: [Option<u64>; PARTS.len()],
    is_new: bool,
}

impl Watch {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Watch)> {
        loop {
            if !self.is_new {
                self.wait().await?;
            }
            self.is_new = false;
            let news = self.draw_news();
            if !news.is_empty() {
                let event = Event::default().event("parts").data(json!(news).to_string());
                return Some((Ok(event), self));
            }
        }
    }

    /// Waits for a change, and a little longer for those that come with it.
    async fn wait(&mut self) -> Option<()> {
        let changed = tokio::select! {
            changed = self.changes.recv() => changed,
            changed = self.nudges.recv() => changed,
            () = changed(&mut self.panel) => Ok(()),
        };
        if changed == Err(RecvError::Closed) {
            return None;
        }
        tokio::time::sleep(GATHER).await;
        for receiver in [&mut self.changes, &mut self.nudges] {
            // Lagging is no loss: the drawing shows the state, not the changes.
            *receiver = receiver.resubscribe();
        }
        Some(())
    }

    fn draw_news(&mut self) -> Vec<serde_json::Value> {
        let drawn = self.page.look(&self.address, |look| {
            PARTS.map(|part| (part.name, part.draw(look).into_string()))
        });
        let mut news = Vec::new();
        for ((name, html), sent) in drawn.into_iter().flatten().zip(&mut self.sent) {
            let mut hasher = DefaultHasher::new();
            html.hash(&mut hasher);
            let hash = Some(hasher.finish());
            if *sent != hash {
                *sent = hash;
                news.push(json!({ "name": name, "html": html }));
            }
        }
        news
    }
}

/// Comes when something else is shown beside Slack; never, if nothing is, or its owner is gone.
async fn changed(panel: &mut Option<watch::Receiver<Shown>>) {
    let is_news = match panel {
        Some(panel) => panel.changed().await.is_ok(),
        None => false,
    };
    if !is_news {
        *panel = None;
        std::future::pending().await
    }
}
