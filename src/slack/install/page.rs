//! What a browser shows after the way to Slack: what happened, and what to do next.

use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::ids::random_bytes;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is installed.
    Installed {
        /// What the workspace is called in Slack.
        name: String,
        /// The word for it here.
        slug: String,
        /// Whether it was there before.
        again: bool,
    },
    /// The person said no.
    Cancelled,
    /// Nobody knows of this attempt: it is old, it was used, or another browser began it.
    Unknown,
    /// Slack did not like it, in its word.
    Refused(String),
    /// Slack takes our own credentials not, in its word.
    WrongSettings(String),
    /// Slack did not answer.
    SlackAway,
    /// Slack answered with something else than an installation.
    NoInstallation,
    /// It could not be written down.
    NotSaved,
    /// Too many at once.
    Busy,
}

const STYLE: &str = "body{font:1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1.5rem;\
    color:#1d1c1d;background:#fff}h1{font-size:1.6rem;line-height:1.25}a{color:#1264a3}\
    code{background:#f2f2f2;padding:.1em .3em;border-radius:.2em}\
    @media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#1a1d21}a{color:#6cb8ee}code{background:#2c2f33}}";

impl Ending {
    fn status(&self) -> StatusCode {
        match self {
            Ending::Installed { .. } | Ending::Cancelled => StatusCode::OK,
            Ending::Unknown | Ending::Refused(_) => StatusCode::BAD_REQUEST,
            Ending::WrongSettings(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Ending::SlackAway | Ending::NoInstallation => StatusCode::BAD_GATEWAY,
            Ending::NotSaved | Ending::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn title(&self) -> String {
        match self {
            Ending::Installed { name, again: false, .. } => format!("Stentor is in {name}"),
            Ending::Installed { name, again: true, .. } => {
                format!("Stentor is in {name}, with what you have just granted")
            }
            Ending::Cancelled => "Nothing was installed".to_owned(),
            Ending::Unknown => {
                "This page has done its work, or belongs to another browser".to_owned()
            }
            Ending::Refused(_) => "Slack did not let Stentor in".to_owned(),
            Ending::WrongSettings(_) => "Stentor is not set up to be installed".to_owned(),
            Ending::SlackAway => "Slack does not answer".to_owned(),
            Ending::NoInstallation => {
                "Slack has not said whom Stentor was installed for".to_owned()
            }
            Ending::NotSaved => "It could not be saved".to_owned(),
            Ending::Busy => "Too many people are installing at once".to_owned(),
        }
    }

    fn text(&self) -> Markup {
        match self {
            Ending::Installed { slug, .. } => html! {
                p { "In Slack, type " code { "/incident" } " in any channel to declare an incident, and "
                    code { "/incident help" } " to see what else there is." }
                p { "Whoever runs Stentor knows this workspace as " code { (slug) } "." }
            },
            Ending::Cancelled => {
                html! { p { "You have told Slack not to install Stentor, so nothing has changed." } }
            }
            Ending::Unknown => html! {
                p { "Nothing has changed. An installation must be finished within ten minutes, once, and in the \
                    browser in which it was begun, with cookies allowed." }
            },
            Ending::Refused(code) => html! {
                p { "Nothing has changed. Slack says: " code { (code) } ". Its permission is good for ten minutes \
                    and for one use." }
            },
            Ending::WrongSettings(code) => html! {
                p { "Nothing has changed. Slack says: " code { (code) } ". Whoever runs Stentor should compare its \
                    client id, client secret and public address with those of the app in Slack." }
            },
            Ending::SlackAway => html! {
                p { "It is not known whether Slack took note of your permission. Installing once more does no harm." }
            },
            Ending::NoInstallation => html! {
                p { "Nothing has changed here. Please install Stentor once more." }
            },
            Ending::NotSaved => html! {
                p { "Slack has let Stentor in, but Stentor could not write that down, and Slack says it only once. \
                    Please install it once more in a moment; that does no harm." }
            },
            Ending::Busy => html! { p { "Please try again in a few minutes." } },
        }
    }

    /// The page, which loads nothing and runs nothing.
    pub fn page(&self, public_url: &str) -> Response {
        let nonce = hex::encode(random_bytes::<16>());
        let title = self.title();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    style nonce=(nonce) { (maud::PreEscaped(STYLE)) }
                }
                body {
                    main {
                        h1 { (title) }
                        (self.text())
                        @if !matches!(self, Ending::Installed { .. } | Ending::WrongSettings(_)) {
                            p { a href=(format!("{public_url}/slack/install")) { "Install Stentor in Slack" } }
                        }
                    }
                }
            }
        };
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let headers = [
            (CONTENT_SECURITY_POLICY, policy.as_str()),
            (REFERRER_POLICY, "no-referrer"),
            (CACHE_CONTROL, "no-store"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (self.status(), headers, Html(page.into_string())).into_response()
    }
}
