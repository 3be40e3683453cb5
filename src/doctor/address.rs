//! Whether Slack's requests can reach Stentor, and are believed when they do.

use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use http_body_util::Full;
use serde_json::json;

use crate::clock::Clock;
use crate::config::Secret;
use crate::doctor::http::Client;
use crate::doctor::{Plan, Report};
use crate::slack::inbound::verify::sign;

const REACHED: &str = "public address";
const SIGNED: &str = "signed request";
/// What is sent, and has to come back.
const CHALLENGE: &str = "stentor-doctor";

/// Goes the way of Slack's requests: through the public address, signed.
pub async fn examine(plan: &Plan, client: &Client, clock: &Clock, report: &mut Report) {
    let Some(url) = &plan.public_url else {
        return report.unknown(
            REACHED,
            "no --public-url is set, so it can't be tried whether Slack gets through",
            "Set STENTOR_PUBLIC_URL to the address in your app's manifest, such as https://stentor.example.com.",
        );
    };
    match client.get(&format!("{url}/healthz"), clock).await {
        Ok(answer) if answer.status == 200 && answer.body.starts_with(b"ok") => {
            report.ok(REACHED, format!("{url} leads to a running Stentor"));
        }
        Ok(answer) => {
            return report.failed(
                REACHED,
                format!("{url}/healthz is answered with status {}, not by Stentor", answer.status),
                "Start `stentor serve`, and let the proxy at that address hand everything on to it.",
            );
        }
        Err(error) => {
            return report.failed(
                REACHED,
                format!("{url} could not be reached: {error}"),
                "Let the address lead to this machine, with a certificate that is valid, and the port be open.",
            );
        }
    }
    if !url.starts_with("https:") {
        report.warning(
            REACHED,
            "it is not encrypted",
            "Put a proxy with a certificate in front of Stentor: Slack should get https.",
        );
    }
    if let Some(secret) = plan.signing_secrets.as_ref().and_then(|secrets| secrets.0.first()) {
        signed(url, secret, client, clock, report).await;
    }
}

async fn signed(url: &str, secret: &Secret, client: &Client, clock: &Clock, report: &mut Report) {
    let body = json!({"type": "url_verification", "challenge": CHALLENGE}).to_string();
    let timestamp = clock.now().as_seconds().to_string();
    let request = Request::post(format!("{url}/slack/events"))
        .header(CONTENT_TYPE, "application/json")
        .header("x-slack-request-timestamp", &timestamp)
        .header("x-slack-signature", sign(secret, &timestamp, body.as_bytes()))
        .body(Full::new(Bytes::from(body)));
    match client.send(request, clock).await {
        Ok(answer) if answer.status == 200 && answer.body == CHALLENGE.as_bytes() => {
            report.ok(SIGNED, "what is signed with this secret is believed there");
        }
        Ok(answer) if matches!(answer.status, 401 | 429) => report.failed(
            SIGNED,
            format!("it was turned away (status {})", answer.status),
            "Give the running Stentor this SLACK_SIGNING_SECRET and a right clock, and let the proxy change neither body nor headers.",
        ),
        Ok(answer) => report.failed(
            SIGNED,
            format!("{url}/slack/events is answered with status {}", answer.status),
            "Let the proxy hand on POST requests to /slack/ as they are.",
        ),
        Err(error) => report.failed(
            SIGNED,
            format!("it was not answered: {error}"),
            "Let the proxy hand on POST requests to /slack/ as they are.",
        ),
    }
}
