//! Answers that are no success: RFC 9457 problem documents.
//!
//! A refusal of the domain becomes a 4xx with its sentence. A failure of ours becomes a bare 5xx,
//! and its cause goes to the log alone.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::alert::rule::validate::BadRule;
use crate::engine::catalogue::NotEdited;
use crate::engine::order::NotDone;
use crate::incident::catalogue::edit::BadEdit;
use crate::incident::environment::BadEnvironment;
use crate::incident::merge::BadMerge;
use crate::incident::papers::bad::BadPaper;
use crate::incident::refusal::{Field, Refusal};
use crate::incident::tags::definition::BadTag;
use crate::incident::text::shorten;
use crate::intake::order::NotTaken;
use crate::oncall::refusal::Refused;
use crate::paging;
use crate::rules::NotMade;
use crate::scope::Scope;
use crate::store::db;

/// Seconds after which it is worth asking again: a failover of the database takes a few.
const RETRY_AFTER: u64 = 1;

/// Why a request was not done (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// What kind of problem it is, as a relative reference that stays the same. Programs compare
    /// this.
    #[serde(rename = "type")]
    #[schema(example = "/problems/unknown-severity")]
    kind: String,
    /// The kind of problem in a few words.
    #[schema(example = "Unknown severity")]
    title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, example = 422)]
    status: StatusCode,
    /// What is wrong with this request, in a sentence for people.
    #[schema(
        example = "There is no severity \u{201c}bad\u{201d}. There are: Minor, Major, Critical."
    )]
    detail: String,
    /// The field, parameter or header that has to be corrected, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "severity")]
    field: Option<String>,
    /// Seconds after which it is worth asking again.
    #[serde(skip)]
    #[schema(ignore)]
    retry_after: u64,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        let kind = format!("/problems/{code}");
        Problem {
            kind,
            title,
            status,
            detail: detail.into(),
            field: None,
            retry_after: RETRY_AFTER,
        }
    }

    fn about(self, field: impl Into<String>) -> Problem {
        Problem { field: Some(field.into()), ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable word for programs: the last part of its type.
    pub fn code(&self) -> &str {
        self.kind.rsplit('/').next().unwrap_or_default()
    }

    /// What is wrong with this request, in a sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The field, parameter or header that has to be corrected, where it is one.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Seconds after which it is worth asking again.
    pub fn retry_after(&self) -> u64 {
        self.retry_after
    }

    /// The body is not JSON; the sentence says where.
    pub fn malformed(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json", "Malformed JSON", detail)
    }

    /// A query parameter or a header that can't be understood.
    pub fn bad_parameter(name: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad-parameter", "Bad parameter", detail).about(name)
    }

    /// A body that did not arrive whole.
    pub fn unreadable() -> Problem {
        let detail = "The body did not arrive whole.";
        Problem::new(StatusCode::BAD_REQUEST, "unreadable-body", "Unreadable body", detail)
    }

    /// No token came with the request.
    pub fn no_token() -> Problem {
        let detail = "Send an API token: `Authorization: Bearer stn_…`.";
        Problem::new(StatusCode::UNAUTHORIZED, "no-token", "No token", detail)
    }

    /// A token came that opens nothing.
    pub fn invalid_token() -> Problem {
        let detail = "This token is not valid here.";
        Problem::new(StatusCode::UNAUTHORIZED, INVALID_TOKEN, "Invalid token", detail)
    }

    /// The token may not do this.
    pub fn missing_scope(scope: Scope) -> Problem {
        let detail = format!("This needs the scope `{scope}`, which the token does not have.");
        Problem::new(StatusCode::FORBIDDEN, "missing-scope", "Missing scope", detail)
    }

    /// There is nobody in whose name this could be done.
    pub fn unknown_user(given: &str) -> Problem {
        let detail = format!(
            "\u{201c}{}\u{201d} is neither the id of somebody in Slack, such as `U012AB3CD`, nor an address that is known.",
            shorten(given, 100)
        );
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Problem::new(status, "unknown-user", "Unknown user", detail).about("X-Incident-User")
    }

    /// Too many tokens came from there that open nothing.
    pub fn too_many(wait: Duration) -> Problem {
        let detail = "Too many tokens came from your address that are not valid here.";
        let status = StatusCode::TOO_MANY_REQUESTS;
        let problem = Problem::new(status, "too-many-attempts", "Too many attempts", detail);
        Problem { retry_after: wait.as_secs().max(1), ..problem }
    }

    /// Nothing goes by that reference, or the caller must not know of it. Both are told in the
    /// same words, which hold nothing that the caller did not say.
    pub fn no_such_incident() -> Problem {
        let detail = "There is no such incident here.";
        Problem::new(StatusCode::NOT_FOUND, "no-such-incident", "No such incident", detail)
    }

    /// There is no such thing, or the caller must not know of it.
    pub fn no_such(what: &str) -> Problem {
        let code = format!("no-such-{}", what.replace(' ', "-"));
        let detail = format!("There is no such {what} here.");
        Problem::new(StatusCode::NOT_FOUND, &code, "Not there", detail)
    }

    /// It is that way already.
    pub fn already_so(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "already-so", "Already so", detail)
    }

    /// There are as many as there can be.
    pub fn enough(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "too-many", "Too many", detail)
    }

    /// Something of that name is there.
    pub fn name_taken(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "name-taken", "Name taken", detail).about("name")
    }

    /// The incident goes on in another one.
    pub fn merged(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "merged", "Merged", detail).about("incident")
    }

    /// What this was done to is not there any more.
    pub fn gone(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::GONE, "gone", "Gone", detail)
    }

    /// There is no alert rule of that id.
    pub fn no_such_alert_rule() -> Problem {
        let detail = "There is no such alert rule here.";
        Problem::new(StatusCode::NOT_FOUND, "no-such-alert-rule", "No such alert rule", detail)
    }

    /// There are so many alert rules that there can be no other one.
    pub fn too_many_alert_rules(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "too-many-alert-rules", "Too many alert rules", detail)
    }

    /// Nothing is served at this path.
    pub fn no_such_route() -> Problem {
        let detail = "Nothing is served here. `/api/v1/openapi.json` lists what is.";
        Problem::new(StatusCode::NOT_FOUND, "no-such-route", "No such route", detail)
    }

    /// Something is served at this path, but not by this method.
    pub fn method_not_allowed() -> Problem {
        let detail = "The header `Allow` lists the methods that this path takes.";
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            detail,
        )
    }

    /// The body is larger than anything that can be meant.
    pub fn too_large() -> Problem {
        let detail = "The body is larger than 1 MiB.";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large", detail)
    }

    /// The body does not say that it is JSON.
    pub fn not_json() -> Problem {
        let detail = "Send JSON, and say so: `Content-Type: application/json`.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Problem::new(status, "unsupported-media-type", "Unsupported media type", detail)
    }

    /// The body is JSON, but not what belongs here.
    pub fn does_not_fit(detail: impl Into<String>, field: Option<String>) -> Problem {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let problem = Problem::new(status, "invalid-body", "Invalid body", detail);
        Problem { field, ..problem }
    }

    /// The store can't be used at present.
    pub fn unavailable() -> Problem {
        let detail = "Stentor can't reach its store at present. Nothing is lost by asking again; an `Idempotency-Key` makes it safe.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable", detail)
    }

    /// A failure of ours. What it was is in the log.
    pub fn internal() -> Problem {
        let detail = "Something went wrong in Stentor. Its log says what.";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }

    fn failure(error: &sqlx::Error) -> Problem {
        if db::is_away(error) || db::is_conflict(error) {
            tracing::warn!(error = %error, "The store is away");
            return Problem::unavailable();
        }
        tracing::error!(error = %error, "A request failed");
        Problem::internal()
    }
}

const INVALID_TOKEN: &str = "invalid-token";

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Problem {
        Problem::failure(&error)
    }
}

impl From<NotDone> for Problem {
    fn from(not_done: NotDone) -> Problem {
        match not_done {
            NotDone::Refused(refusal) => refusal.into(),
            NotDone::Unavailable(error) => Problem::failure(&error),
        }
    }
}

impl From<NotTaken> for Problem {
    fn from(not_taken: NotTaken) -> Problem {
        match not_taken {
            NotTaken::Busy { retry_after } => {
                Problem { retry_after: retry_after.as_secs().max(1), ..Problem::unavailable() }
            }
            NotTaken::Unavailable(error) => Problem::failure(&error),
        }
    }
}

impl From<NotMade> for Problem {
    fn from(not_made: NotMade) -> Problem {
        match not_made {
            NotMade::Bad(BadRule { field, why }) => Problem::does_not_fit(why, Some(field)),
            NotMade::TooMany => Problem::too_many_alert_rules(not_made.to_string()),
            NotMade::NotSaved(error) => Problem::failure(&error),
        }
    }
}

impl From<NotEdited> for Problem {
    fn from(not_edited: NotEdited) -> Problem {
        const UNFIT: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        let bad = match not_edited {
            NotEdited::Refused(bad) => bad,
            NotEdited::Unavailable(error) => return Problem::failure(&error),
        };
        let (status, title) = match &bad {
            BadEdit::NoSuch { what } => return Problem::no_such(what.noun()),
            BadEdit::Missing { .. } => (UNFIT, "Text is missing"),
            BadEdit::TooLong { .. } => (UNFIT, "Text is too long"),
            BadEdit::Unfit { .. } => (UNFIT, "It can't be so"),
            BadEdit::NameTaken { .. } => (StatusCode::CONFLICT, "Name taken"),
            BadEdit::RankTaken { .. } => (StatusCode::CONFLICT, "Rank taken"),
            BadEdit::TooMany { .. } => (StatusCode::CONFLICT, "Too many"),
            BadEdit::Needed { .. } => (StatusCode::CONFLICT, "Still needed"),
        };
        let problem = Problem::new(status, bad.code(), title, bad.to_string());
        Problem { field: bad.field().map(str::to_owned), ..problem }
    }
}
impl From<paging::NotDone> for Problem {
    fn from(not_done: paging::NotDone) -> Problem {
        match not_done {
            paging::NotDone::Refused(refused) => refused.into(),
            paging::NotDone::NotSaved(error) => Problem::failure(&error),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let (status, title) = match &refused {
            Refused::Unfit(unfit) => {
                return Problem::does_not_fit(unfit.why.clone(), Some(unfit.field.clone()));
            }
            Refused::NoSuch { what } => return Problem::no_such(what),
            Refused::TooMany { .. } => return Problem::enough(refused.to_string()),
            Refused::AlreadySo { .. } => return Problem::already_so(refused.to_string()),
            Refused::Stale { .. } => (StatusCode::PRECONDITION_FAILED, "Stale version"),
            Refused::InUse { .. } => (StatusCode::CONFLICT, "In use"),
            Refused::NobodyOnCall { .. } => (StatusCode::CONFLICT, "Nobody is on call"),
            Refused::Over { .. } => (StatusCode::CONFLICT, "The escalation is over"),
            Refused::NotForPrograms => (StatusCode::FORBIDDEN, "Not for programs"),
        };
        Problem::new(status, refused.code(), title, refused.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        const UNFIT: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        let (status, title) = match &refusal {
            Refusal::NoSuchIncident { .. } | Refusal::NotAnIncidentChannel => {
                return Problem::no_such_incident();
            }
            Refusal::OnCall(refused) => return refused.clone().into(),
            Refusal::UnknownSeverity(_) => (UNFIT, "Unknown severity"),
            Refusal::UnknownStatus(_) => (UNFIT, "Unknown status"),
            Refusal::UnknownRole(_) => (UNFIT, "Unknown role"),
            Refusal::UnknownType(_) => (UNFIT, "Unknown incident type"),
            Refusal::UnknownPerson { .. } => (UNFIT, "Unknown person"),
            Refusal::UnknownTeam { .. } => (UNFIT, "Unknown Slack workspace"),
            Refusal::TooManyPeople { .. } => (UNFIT, "Too many people"),
            Refusal::BadSnooze => (UNFIT, "Bad snooze"),
            Refusal::BadDuration { .. } => (UNFIT, "Bad duration"),
            Refusal::BadMerge(BadMerge::NoSuchDestination { .. }) => (UNFIT, "Bad merge"),
            Refusal::BadMerge(_) => (StatusCode::CONFLICT, "Bad merge"),
            Refusal::BadPaper(bad) => (paper_status(bad), bad.title()),
            Refusal::Missing { .. } => (UNFIT, "Text is missing"),
            Refusal::TooLong { .. } => (UNFIT, "Text is too long"),
            Refusal::ReporterIsFixed => (UNFIT, "The reporter is fixed"),
            Refusal::BadReminder => (UNFIT, "Bad reminder"),
            Refusal::AlreadySo { .. } => (StatusCode::CONFLICT, "Already so"),
            Refusal::WrongStep { .. } => (StatusCode::CONFLICT, "Wrong step"),
            Refusal::Over { .. } => (StatusCode::CONFLICT, "The incident is over"),
            Refusal::AlertsElsewhere => (StatusCode::CONFLICT, "The alerts are elsewhere"),
            Refusal::NoDestination => (UNFIT, "An incident is missing"),
            Refusal::NotForPeople => (StatusCode::FORBIDDEN, "Not for callers"),
            Refusal::Stale { .. } => (StatusCode::PRECONDITION_FAILED, "Stale version"),
            Refusal::BadTag(BadTag::NoSuchTag { .. }) => (UNFIT, "Unknown tag"),
            Refusal::BadTag(BadTag::NameTaken { .. } | BadTag::NotUsed { .. } | BadTag::Enough) => {
                (StatusCode::CONFLICT, "Bad tag")
            }
            Refusal::BadTag(_) => (UNFIT, "Bad tag"),
            Refusal::BadEnvironment(BadEnvironment::NoSuch) => {
                return Problem::no_such("environment");
            }
            Refusal::BadEnvironment(
                BadEnvironment::NameTaken { .. } | BadEnvironment::BuiltIn | BadEnvironment::Enough,
            ) => (StatusCode::CONFLICT, "Bad environment"),
            Refusal::BadEnvironment(_) => (UNFIT, "Bad environment"),
            Refusal::TooManyAlerts { .. } => (StatusCode::CONFLICT, "Too many alerts"),
            Refusal::UnknownTimestamp(_) => (UNFIT, "Unknown timestamp"),
            Refusal::UnknownField(_) | Refusal::NoFields => (UNFIT, "Unknown field"),
            Refusal::BadField { .. } => (UNFIT, "Bad field"),
            Refusal::TimestampAhead => (UNFIT, "Timestamp ahead"),
            Refusal::BadCall => (UNFIT, "Bad call"),
            Refusal::BadChannelName => (UNFIT, "Bad channel name"),
            Refusal::BadStart { .. } => (UNFIT, "Bad start"),
            Refusal::StaysPrivate => (StatusCode::CONFLICT, "Stays private"),
            Refusal::TooManyChanges { .. } => (UNFIT, "Too many changes"),
        };
        let problem = Problem::new(status, refusal.code(), title, sentence(&refusal));
        Problem { field: refusal.field().map(str::to_owned), ..problem }
    }
}

fn paper_status(bad: &BadPaper) -> StatusCode {
    match bad {
        BadPaper::NoSuch { .. } => StatusCode::NOT_FOUND,
        BadPaper::NotTheAuthor => StatusCode::FORBIDDEN,
        BadPaper::TooMany { .. }
        | BadPaper::NotAMember
        | BadPaper::NotPrivate
        | BadPaper::HasAPart { .. }
        | BadPaper::IsCreator
        | BadPaper::HasIssue { .. }
        | BadPaper::HasDocument { .. }
        | BadPaper::WrittenElsewhere
        | BadPaper::PrivateRelative { .. } => StatusCode::CONFLICT,
        BadPaper::Missing { .. }
        | BadPaper::TooLong { .. }
        | BadPaper::BadUrl { .. }
        | BadPaper::BadWord { .. }
        | BadPaper::TimeIsFixed
        | BadPaper::Itself
        | BadPaper::NoSuchRelative { .. }
        | BadPaper::NobodySaid => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The refusal's sentence, where it does not advise what can only be typed in Slack.
fn sentence(refusal: &Refusal) -> String {
    use crate::incident::catalogue::StatusCategory::{Learning, Live, Paused, Triage};
    match refusal {
        Refusal::UnknownPerson { given } => {
            format!(
                "\u{201c}{given}\u{201d} is not the id of somebody in Slack, such as `U012AB3CD`."
            )
        }
        Refusal::Missing { field: Field::Note } => "Say what to write down.".to_owned(),
        Refusal::Over { category } => format!(
            "This incident is over ({}). The command `reopen` opens it again.",
            category.as_str()
        ),
        Refusal::WrongStep { from: Learning, to: Live | Paused | Triage } => {
            "This incident is resolved. The command `reopen` goes back to working on it.".to_owned()
        }
        _ => refusal.to_string(),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self).expect("a problem is plain text and a number");
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after));
            }
            StatusCode::UNAUTHORIZED => {
                let challenge = if self.kind.ends_with(INVALID_TOKEN) {
                    r#"Bearer realm="stentor", error="invalid_token""#
                } else {
                    r#"Bearer realm="stentor""#
                };
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::catalogue::StatusCategory;

    #[test]
    fn no_advice_can_only_be_followed_in_slack() {
        let all = [
            Refusal::NoSuchIncident { reference: "INC-7".to_owned() },
            Refusal::NotAnIncidentChannel,
            Refusal::UnknownPerson { given: "bea".to_owned() },
            Refusal::UnknownTeam { given: "acme".to_owned() },
            Refusal::Missing { field: Field::Name },
            Refusal::Missing { field: Field::Summary },
            Refusal::Missing { field: Field::Message },
            Refusal::Missing { field: Field::Note },
            Refusal::Over { category: StatusCategory::Closed },
            Refusal::WrongStep { from: StatusCategory::Learning, to: StatusCategory::Live },
            Refusal::WrongStep { from: StatusCategory::Live, to: StatusCategory::Triage },
            Refusal::WrongStep { from: StatusCategory::Live, to: StatusCategory::Declined },
            Refusal::Missing { field: Field::People },
            Refusal::TooManyPeople { count: 101, limit: 100 },
            Refusal::BadSnooze,
            Refusal::BadMerge(BadMerge::Itself),
            Refusal::BadMerge(BadMerge::NoSuchDestination { given: "INC-7".to_owned() }),
            Refusal::ReporterIsFixed,
            Refusal::BadReminder,
        ];
        for refusal in all {
            let problem = Problem::from(refusal);
            assert!(!problem.detail.contains("/incident"), "{}", problem.detail);
            assert!(!problem.detail.contains('@'), "{}", problem.detail);
        }
    }

    #[test]
    fn a_failure_tells_the_caller_nothing_of_its_cause() {
        let problem = Problem::from(sqlx::Error::Protocol("secret cause".to_owned()));
        assert_eq!(problem.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.detail.contains("secret"));
    }
}
