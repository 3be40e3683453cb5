//! The OpenAPI document, made from the handlers and the types they take and give.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

use crate::api::problem::Problem;
use crate::api::v1::settings::Settings;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stentor",
        description = "Read and write incidents, alerts, and what becomes of alerts.\n\nEvery instant is RFC 3339 in UTC, to the microsecond. An answer that is no success is a problem document (RFC 9457): compare its `type`, show its `detail`.\n\nA change is durable when it is answered. If no answer came, send the request again with the same `Idempotency-Key`: it is done once.",
    ),
    paths(
        super::incidents::list,
        super::incidents::show,
        super::write::declare,
        super::write::command,
        super::write::merge,
        super::timeline::show,
        super::alert_rules::list,
        super::alert_rules::create,
        super::alert_rules::show,
        super::alert_rules::replace,
        super::alert_rules::delete,
        super::alert_rules::snooze,
        super::alert_rules::unsnooze,
        super::catalogue::show,
        super::alerts::list,
        super::alerts::of_incident,
        super::alerts::show,
        super::alerts::history,
        super::alerts::groups,
        super::alerts::act::acknowledge,
        super::alerts::act::unacknowledge,
        super::alerts::act::resolve,
        super::alerts::act::unlink,
        super::alerts::act::link,
        super::alerts::act::acknowledge_all,
        super::alerts::act::resolve_all,
        super::alerts::act::split,
        super::changes::list,
        super::sources::list,
        super::sources::create,
        super::sources::show,
        super::sources::change,
        super::sources::rotate,
        super::sources::remove,
        super::webhooks::list,
        super::webhooks::create,
        super::webhooks::show,
        super::webhooks::change,
        super::webhooks::remove,
        super::webhooks::rotate,
        super::webhooks::attempts,
        super::webhooks::redeliver,
        show,
    ),
    components(schemas(Problem)),
    modifiers(&Token, &Settings),
    tags(
        (name = "incidents", description = "Incidents and their timelines"),
        (name = "alerts", description = "What monitoring says, and where it belongs"),
        (name = "sources", description = "Who may send alerts"),
        (name = "alert settings", description = "What becomes of alerts"),
        (name = "alert-rules", description = "What Stentor itself watches, and when it calls that bad"),
        (name = "catalogue", description = "What things are called"),
        (name = "webhooks", description = "Who is told of incidents and alerts over HTTP"),
        (name = "about", description = "About this API"),
    ),
)]
struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("stn_…")
            .description(Some("A token made by `stentor token create --name …`"))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// Show this document
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    operation_id = "showDocument",
    tag = "about",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object)),
)]
pub async fn show() -> Response {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    let document = DOCUMENT
        .get_or_init(|| Document::openapi().to_json().expect("a document made of types is JSON"));
    ([(header::CONTENT_TYPE, "application/json")], document.as_str()).into_response()
}

type Responses = BTreeMap<String, RefOr<utoipa::openapi::Response>>;

/// Answers of every operation that needs a token.
pub struct Authorized;

impl IntoResponses for Authorized {
    fn responses() -> Responses {
        problems(&[
            ("401", "There is no token (`no-token`), or it is not valid (`invalid-token`)"),
            (
                "429",
                "Many tokens came from your address that are not valid (`too-many-attempts`); ask again after `Retry-After` seconds",
            ),
            ("500", "A failure of Stentor's own (`internal`); its log says which"),
            ("503", "The store is away (`unavailable`); ask again after `Retry-After` seconds"),
        ])
    }
}

/// Answers of operations on one incident.
pub struct OneIncident;

impl IntoResponses for OneIncident {
    fn responses() -> Responses {
        problems(&[(
            "404",
            "There is no such incident, or this token may not know of it (`no-such-incident`)",
        )])
    }
}

/// Answers of operations on one alert.
pub struct OneAlert;

impl IntoResponses for OneAlert {
    fn responses() -> Responses {
        problems(&[(
            "404",
            "There is no such alert, or this token may not know of it (`no-such-alert`)",
        )])
    }
}

/// Answers of operations on one source.
pub struct OneSource;

impl IntoResponses for OneSource {
    fn responses() -> Responses {
        problems(&[("404", "There is no such source (`no-such-source`)")])
    }
}

/// Answers of operations on one webhook.
pub struct OneWebhook;

impl IntoResponses for OneWebhook {
    fn responses() -> Responses {
        problems(&[("404", "There is no such webhook (`no-such-webhook`)")])
    }
}

/// Answers of operations without a body that take a key.
pub struct Keyed;

impl IntoResponses for Keyed {
    fn responses() -> Responses {
        problems(&[("400", "A header is not understood (`bad-parameter`)")])
    }
}

/// Answers of operations on one alert rule.
pub struct OneRule;

impl IntoResponses for OneRule {
    fn responses() -> Responses {
        problems(&[("404", "There is no such alert rule (`no-such-alert-rule`)")])
    }
}

/// Answers of operations with query parameters.
pub struct Queried;

impl IntoResponses for Queried {
    fn responses() -> Responses {
        problems(&[(
            "400",
            "A parameter is unknown or not understood (`bad-parameter`); `field` names it",
        )])
    }
}

/// Answers of operations with a body.
pub struct Written;

impl IntoResponses for Written {
    fn responses() -> Responses {
        problems(&[
            (
                "400",
                "The body is not JSON (`malformed-json`) or did not arrive whole (`unreadable-body`), or a header is not understood (`bad-parameter`)",
            ),
            ("413", "The body is larger than 1 MiB (`body-too-large`)"),
            ("415", "The body is not `application/json` (`unsupported-media-type`)"),
            (
                "422",
                "A field is missing, unknown or of the wrong type (`invalid-body`), or says what can't be (`unknown-severity`, `unknown-status`, `unknown-role`, `unknown-type`, `unknown-person`, `unknown-team`, `too-many-people`, `missing-text`, `text-too-long`, `reporter-is-fixed`, `bad-reminder`, `bad-snooze`, `bad-merge`); `field` names it",
            ),
        ])
    }
}

pub(super) fn problems(answers: &[(&str, &str)]) -> Responses {
    let answer = |(status, description): &(&str, &str)| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", content)
            .build();
        ((*status).to_owned(), RefOr::T(response))
    };
    answers.iter().map(answer).collect()
}
