//! The page on which people try an app without Slack: a Slack client in the browser.
//!
//! It is drawn here from the simulator's state and sent again, part by part, as that changes. The
//! script only carries what people do to the simulator and puts what comes back into place. That
//! strangers' web pages can't drive it is seen to by the server, for this router as for others.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State as Shared},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::Simulator;
use super::act::{Act, Seen};
use super::panel::Panel;
use super::state::ts::Ts;

mod assets;
mod avatar;
mod blocks;
mod choices;
mod composer;
mod directory;
mod drawer;
mod elements;
mod emoji;
mod frame;
mod heading;
mod icons;
mod json;
mod live;
mod local;
mod look;
mod markdown;
mod message;
mod messages;
mod modal;
mod mrkdwn;
mod panel;
mod rich_text;
mod sentences;
mod sidebar;
mod surface;
#[cfg(test)]
mod tests;
mod thread;

use composer::Said;
use drawer::Trouble;
use frame::Part;
use local::{Line, Local};
use look::{Address, Look};
use sentences::sentence;

/// Nothing runs or is styled but what this server sends; only pictures may come from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data: http: https:; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// The routes of the page.
pub fn router(simulator: Simulator) -> Router {
    let local = Local::since(simulator.clock().now());
    let page =
        Page { simulator, local: Arc::new(Mutex::new(local)), nudges: broadcast::channel(16).0 };
    Router::new()
        .route("/", get(whole))
        .route("/archives/{channel}/{message}", get(permalink))
        .route("/page/fragment/{name}", get(fragment))
        .route("/page/events", get(events))
        .route("/page/act", post(act))
        .route("/page/say", post(say))
        .route("/page/trouble", post(trouble))
        .route("/page/panel", post(press))
        .route("/page/assets/{name}", get(assets::serve))
        .layer(middleware::from_fn(guard))
        .with_state(page)
}

/// What all handlers share.
#[derive(Clone)]
struct Page {
    simulator: Simulator,
    local: Arc<Mutex<Local>>,
    /// Fires when `local` changes, as the simulator's own channel does when the state changes.
    nudges: broadcast::Sender<()>,
}

impl Page {
    /// Lets `draw` see the workspace as the address says, and counts what it shows as read.
    /// `None` if nobody is there to look.
    fn look<T>(&self, address: &Address, draw: impl FnOnce(&Look<'_>) -> T) -> Option<T> {
        let now = self.simulator.clock().now();
        self.simulator.read(|state| {
            let mut local = self.local();
            local.panel = self.simulator.settings().panel.as_ref().map(Panel::shown);
            let (person, channel, newest) = {
                let look = Look::at(address, state, &local, now)?;
                let open = look.channel();
                let newest = open.and_then(|channel| channel.messages.keys().next_back().copied());
                (look.viewer.id.clone(), open.map(|channel| channel.id.clone()), newest)
            };
            if let (Some(channel), Some(newest)) = (channel, newest)
                && local.mark_read(&person, &channel, newest)
            {
                // Nobody may be watching.
                let _ = self.nudges.send(());
            }
            Look::at(address, state, &local, now).map(|look| draw(&look))
        })
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a line that only this person sees.
    fn tell(&self, person: &str, channel: &str, text: String) {
        let newest = self.simulator.read(|state| {
            state.channels.get(channel).and_then(|it| it.messages.keys().next_back().copied())
        });
        let now = Ts(self.simulator.clock().now());
        let ts = newest.map_or(now, |newest| now.max(Ts(newest.0 + 1)));
        self.local().write_line(person, Line { ts, channel: channel.to_owned(), text });
        let _ = self.nudges.send(());
    }
}

async fn whole(Shared(page): Shared<Page>, Query(address): Query<Address>) -> Response {
    match page.look(&address, frame::page) {
        Some(drawn) => Html(drawn.into_string()).into_response(),
        None => (StatusCode::NOT_FOUND, "There is nobody in this workspace").into_response(),
    }
}

async fn fragment(
    Shared(page): Shared<Page>,
    Path(name): Path<String>,
    Query(address): Query<Address>,
) -> Response {
    let Some(part) = Part::named(&name) else { return StatusCode::NOT_FOUND.into_response() };
    match page.look(&address, |look| part.draw(look)) {
        Some(drawn) => Html(drawn.into_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn events(Shared(page): Shared<Page>, Query(address): Query<Address>) -> Response {
    live::events(page, address).into_response()
}

/// Leads from a message's permalink to the message.
async fn permalink(
    Path((channel, message)): Path<(String, String)>,
    Query(address): Query<Address>,
) -> Response {
    let digits = message.strip_prefix('p').unwrap_or(&message);
    let is_known = digits.len() > 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_id = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_known || !is_id(&channel) || !is_id(&address.viewer) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (seconds, micros) = digits.split_at(digits.len() - 6);
    let viewer = &address.viewer;
    Redirect::to(&format!("/?as={viewer}&channel={channel}#m-{seconds}.{micros}")).into_response()
}

/// What came of something a person did.
#[derive(Serialize)]
struct Done {
    seen: Option<Seen>,
    /// What went wrong, in words for the person.
    sentence: Option<String>,
}

async fn act(Shared(page): Shared<Page>, Json(act): Json<Act>) -> Response {
    let app = page.simulator.read(|state| state.app.name.clone());
    let done = match page.simulator.act(act).await {
        Ok(seen) => {
            let sentence =
                seen.error.as_ref().map(|error| format!("{app} didn’t answer ({error})"));
            Done { seen: Some(seen), sentence }
        }
        Err(oops) => Done { seen: None, sentence: Some(sentence(&oops)) },
    };
    Json(done).into_response()
}

/// Something typed into a message box.
#[derive(Deserialize)]
struct Typed {
    user: String,
    channel: String,
    thread: Option<Ts>,
    text: String,
}

async fn say(Shared(page): Shared<Page>, Json(typed): Json<Typed>) -> Response {
    let Typed { user, channel, thread, text } = typed;
    let said = page.simulator.read(|state| composer::read(&text, &user, &channel, thread, state));
    let act = match said {
        Said::Act(act) => act,
        Said::Reply(reply) => {
            page.tell(&user, &channel, reply);
            return Json(Done { seen: None, sentence: None }).into_response();
        }
    };
    let command = match &act {
        Act::SlashCommand { command, .. } => Some(command.clone()),
        _ => None,
    };
    let seen = match page.simulator.act(act).await {
        Ok(seen) => {
            if let (Some(command), Some(error)) = (command, &seen.error) {
                page.tell(&user, &channel, format!("{command} failed with the error \"{error}\""));
            }
            Some(seen)
        }
        Err(oops) => {
            page.tell(&user, &channel, sentence(&oops));
            None
        }
    };
    Json(Done { seen, sentence: None }).into_response()
}

/// Which trouble Slack shall be in, or which button of the panel is pressed.
#[derive(Deserialize)]
struct Wish {
    name: String,
}

async fn trouble(Shared(page): Shared<Page>, Json(wish): Json<Wish>) -> Response {
    let Some(trouble) = Trouble::named(&wish.name) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    page.simulator.write(|state| state.faults.list = trouble.faults());
    Json(Done { seen: None, sentence: None }).into_response()
}

async fn press(Shared(page): Shared<Page>, Json(wish): Json<Wish>) -> Response {
    let panel = page.simulator.settings().panel.as_ref();
    if !panel.is_some_and(|panel| panel.press(&wish.name)) {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    Json(Done { seen: None, sentence: None }).into_response()
}

/// The headers that keep the page to itself.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
