//! The OpenAPI document, made from the handlers and the types they take and give.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

use crate::api::needed;
use crate::api::problem::Problem;
use crate::api::v1::catalogue::Parts;
use crate::api::v1::settings::Settings;
use crate::scope::Scope;

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
        super::write::edit,
        super::write::merge,
        super::timeline::show,
        super::alert_attributes::list,
        super::alert_attributes::create,
        super::alert_attributes::show,
        super::alert_attributes::replace,
        super::alert_attributes::remove,
        super::alert_rules::list,
        super::alert_rules::create,
        super::alert_rules::show,
        super::alert_rules::replace,
        super::alert_rules::delete,
        super::alert_rules::snooze,
        super::alert_rules::unsnooze,
        super::catalogue::show,
        super::catalogue::changes,
        super::catalogue::options::list,
        super::catalogue::options::create,
        super::catalogue::options::show,
        super::catalogue::options::change,
        super::catalogue::options::remove,
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
        super::papers::around::attachments,
        super::papers::around::attachments_of,
        super::papers::around::members,
        super::papers::around::notes,
        super::papers::around::related,
        super::papers::around::see,
        super::papers::around::seen,
        super::papers::around::subscribers,
        super::papers::around::timeline,
        super::papers::documents::content,
        super::papers::documents::list,
        super::papers::documents::show,
        super::papers::items::action,
        super::papers::items::actions,
        super::papers::items::follow_up,
        super::papers::items::follow_ups,
        super::papers::updates::entry,
        super::papers::updates::list,
        super::papers::write::add_action,
        super::papers::write::add_follow_up,
        super::papers::write::change_action,
        super::papers::write::change_follow_up,
        super::papers::write::delete_action,
        super::papers::write::delete_follow_up,
        super::webhooks::attempts,
        super::webhooks::change,
        super::webhooks::create,
        super::webhooks::list,
        super::webhooks::redeliver,
        super::webhooks::remove,
        super::webhooks::rotate,
        super::webhooks::show,
        super::tokens::list,
        super::tokens::create,
        super::tokens::show,
        super::tokens::revoke,
        show,
        super::incident_tags::list,
        super::incident_tags::create,
        super::incident_tags::show,
        super::incident_tags::change,
        super::incident_tags::of_incident,
        super::incident_tags::set,
        super::incident_tags::remove,
        super::environments::list,
        super::environments::create,
        super::environments::show,
        super::environments::replace,
        super::environments::remove,
        super::environments::incidents,
        super::oncall::people::list,
        super::oncall::people::show,
        super::oncall::schedules::list,
        super::oncall::schedules::create,
        super::oncall::schedules::show,
        super::oncall::schedules::replace,
        super::oncall::schedules::archive,
        super::oncall::schedules::entries,
        super::oncall::schedules::changes,
        super::oncall::overrides::list,
        super::oncall::overrides::create,
        super::oncall::overrides::show,
        super::oncall::overrides::replace,
        super::oncall::overrides::remove,
        super::oncall::paths::list,
        super::oncall::paths::create,
        super::oncall::paths::show,
        super::oncall::paths::replace,
        super::oncall::paths::archive,
        super::oncall::paths::changes,
        super::oncall::escalation_list::list,
        super::oncall::escalations::create,
        super::oncall::escalations::show,
        super::oncall::escalations::cancel,
        super::oncall::escalations::respond,
        super::oncall::escalations::reassign,
    ),
    components(schemas(Problem)),
    modifiers(&Token, &Settings, &Parts, &Needed),
    tags(
        (name = "incidents", description = "Incidents and their timelines"),
        (name = "alerts", description = "What monitoring says, and where it belongs"),
        (name = "sources", description = "Who may send alerts"),
        (name = "alert settings", description = "What becomes of alerts"),
        (name = "alert-rules", description = "What Stentor itself watches, and when it calls that bad"),
        (name = "papers", description = "What is written down around incidents, and who is around them"),
        (name = "catalogue", description = "What things are called"),
        (name = "tokens", description = "Who may call, and what they may do"),
        (name = "webhooks", description = "Who is told of incidents and alerts over HTTP"),
        (name = "about", description = "About this API"),
        (name = "on-call", description = "People, who is on call when, and who is paged"),
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

/// Says of each operation which scope it needs, and that a header may name a person.
struct Needed;

impl Modify for Needed {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let operations = [
                (Method::GET, &mut item.get),
                (Method::POST, &mut item.post),
                (Method::PUT, &mut item.put),
                (Method::PATCH, &mut item.patch),
                (Method::DELETE, &mut item.delete),
            ];
            for (method, operation) in operations {
                if let (Some(operation), Some(scope)) = (operation, needed::scope(&method, path)) {
                    say_needed(operation, scope, method != Method::GET);
                }
            }
        }
    }
}

fn say_needed(operation: &mut Operation, scope: Scope, writes: bool) {
    operation.security = Some(vec![SecurityRequirement::new("token", [scope.as_str()])]);
    let needs = format!("Needs the scope `{scope}`.");
    operation.description = Some(match operation.description.take() {
        Some(known) => format!("{known}\n\n{needs}"),
        None => needs,
    });
    if writes {
        let user = ParameterBuilder::new()
            .name("X-Incident-User")
            .parameter_in(ParameterIn::Header)
            .description(Some(
                "In whose name this is done: the id of somebody in Slack, or their address. The record says so, and names the token beside it. Needs the scope `act_as_user`",
            ))
            .required(Required::False)
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        operation.parameters.get_or_insert_default().push(RefOr::T(user.build()));
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
            ("403", "The token lacks the scope that this needs (`missing-scope`)"),
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

/// Answers of operations on one attribute of alerts.
pub struct OneAttribute;

impl IntoResponses for OneAttribute {
    fn responses() -> Responses {
        problems(&[("404", "There is no such attribute (`no-such-alert-attribute`)")])
    }
}

/// Answers of operations on one token.
pub struct OneToken;

impl IntoResponses for OneToken {
    fn responses() -> Responses {
        problems(&[("404", "There is no such token (`no-such-token`)")])
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

/// Answers of operations on one tag of the catalogue.
pub struct OneTag;

impl IntoResponses for OneTag {
    fn responses() -> Responses {
        problems(&[("404", "There is no such tag (`no-such-tag`)")])
    }
}

/// Answers of operations on one environment.
pub struct OneEnvironment;

impl IntoResponses for OneEnvironment {
    fn responses() -> Responses {
        problems(&[("404", "There is no such environment (`no-such-environment`)")])
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
                "A field is missing, unknown or of the wrong type (`invalid-body`), or says what can't be (`unknown-severity`, `unknown-status`, `unknown-role`, `unknown-type`, `unknown-person`, `unknown-team`, `too-many-people`, `missing-text`, `text-too-long`, `reporter-is-fixed`, `bad-reminder`, `bad-snooze`, `bad-merge`, `bad-url`, `bad-word`, `bad-relation`, `time-is-fixed`, `unknown-field`, `bad-field`, `unknown-timestamp`, `timestamp-ahead`, `bad-call`, `bad-start`, `too-many-changes`, `unfit`, `unknown-tag`, `bad-tag`, `bad-environment`); `field` names it",
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
