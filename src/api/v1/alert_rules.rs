//! Alert rules: listed, made, changed, removed and snoozed.

use axum::Json;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alert::rule::definition::Definition;
use crate::alert::rule::standing::{Level, Standing};
use crate::api::caller::Caller;
use crate::api::problem::Problem;
use crate::api::request::{Body, IdempotencyKey, Params};
use crate::api::v1::openapi::{Authorized, OneRule, Queried, Written};
use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::{RuleId, UserId};
use crate::incident::event::Actor;
use crate::store::alert_rules::{self, Rule, Snooze};
use crate::store::db::Tx;

/// The most that one page holds.
const PAGE_LIMIT: i64 = 100;
/// What a page holds if nobody says.
const PAGE: i64 = 25;

/// An alert rule as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRule)]
pub struct RuleView {
    /// Its id.
    id: RuleId,
    /// What it watches, when it fires, and whom it tells.
    definition: Definition,
    /// How it stands in each project in which there is something to say.
    standings: Vec<StandingView>,
    /// Who wants to hear nothing of it for a while.
    snoozes: Vec<SnoozeView>,
    /// Why its latest evaluation had no number; null if it had one.
    last_error: Option<String>,
    /// The token that made it.
    made_by: String,
    /// Since when it is there.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

/// How an alert rule stands in a project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRuleStanding)]
pub struct StandingView {
    /// The project; empty for what belongs to none.
    project: String,
    /// How bad it is.
    level: Level,
    /// The latest number.
    value: Option<f64>,
    /// Since when it is bad; null if it is not.
    began_at: Option<Timestamp>,
    /// The end of the latest minute that was evaluated.
    evaluated_at: Option<Timestamp>,
}

/// Somebody, or everyone, wants to hear nothing of an alert rule for a while.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AlertRuleSnooze)]
pub struct SnoozeView {
    /// Who; null for everyone.
    user: Option<UserId>,
    /// Until when; null until it is taken back.
    until: Option<Timestamp>,
    /// Since when.
    since: Timestamp,
}

/// A page of alert rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertRulePage {
    /// Newest first.
    alert_rules: Vec<RuleView>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<RuleId>,
}

/// Who wants to hear nothing of an alert rule, and for how long.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAlertRuleSnooze)]
pub struct Wish {
    /// Somebody in Slack, who is told nothing then; everyone, if left out: then nobody is told, and no
    /// webhook called.
    #[serde(default)]
    user: Option<UserId>,
    /// Until when; until it is taken back, if left out.
    #[serde(default)]
    until: Option<Timestamp>,
}

/// List alert rules
///
/// Newest first, page after page: ask again with `next_cursor` until it is null.
#[utoipa::path(
    get,
    path = "/api/v1/alert-rules",
    operation_id = "listAlertRules",
    tag = "alert-rules",
    security(("token" = [])),
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "How many on a page at most; 25 if left out"),
        ("cursor" = Option<String>, Query,
            description = "Where to go on: the `next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of alert rules", body = AlertRulePage),
        Authorized,
        Queried,
    ),
)]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<AlertRulePage>, Problem> {
    let params = Params::read(query.as_deref(), &["limit", "cursor"])?;
    let limit = params.number("limit", 1..=PAGE_LIMIT, PAGE)?;
    let before = params.one("cursor")?.map(rule_id).transpose().map_err(|_| {
        Problem::bad_parameter("cursor", "Send the `next_cursor` of a page of this very list.")
    })?;
    let mut tx = app.db.read().await?;
    let mut rules =
        alert_rules::page(&mut tx, &caller.workspace, before.as_ref(), limit + 1).await?;
    let has_more = rules.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if has_more {
        rules.pop();
    }
    let next_cursor = rules.last().filter(|_| has_more).map(|rule| rule.id.clone());
    let alert_rules = view(&mut tx, &app, &caller, rules).await?;
    Ok(Json(AlertRulePage { alert_rules, next_cursor }))
}

/// Make an alert rule
///
/// It is evaluated each minute from now on. What it finds is an alert like any other, which opens
/// an incident by the same routes; and it tells those whom it names.
#[utoipa::path(
    post,
    path = "/api/v1/alert-rules",
    operation_id = "createAlertRule",
    tag = "alert-rules",
    security(("token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, max_length = 255,
        description = "Your name for this request: a second one with the same key and token makes no second rule, and gets the first one as it is now")),
    request_body(content = Definition, description = "What it watches, when it fires, and whom it tells",
        example = json!({"name": "Too many errors", "measure": {"dataset": "events"}, "window_minutes": 10,
            "fires": "above", "critical": {"threshold": 100}})),
    responses(
        (status = 201, description = "The rule", body = RuleView,
            headers(("Location" = String, description = "Where the rule is"))),
        (status = 409, description = "There are 1000 rules already (`too-many-alert-rules`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Written,
    ),
)]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    IdempotencyKey(key): IdempotencyKey,
    Body(definition): Body<Definition>,
) -> Result<Response, Problem> {
    let made_by = match &caller.actor {
        Actor::ApiToken { name } => name.as_str(),
        Actor::Person { user } => user.as_str(),
        Actor::Stentor => "",
    };
    let request = key.map(|key| caller.receipt(&key));
    let rule = app.rules.create(&caller.workspace, definition, made_by, request.as_deref()).await?;
    let location = format!("/api/v1/alert-rules/{}", rule.id);
    let location = HeaderValue::try_from(location).expect("an id is a header value");
    let view = view_one(&app, &caller, rule).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], view).into_response())
}

/// Show an alert rule
#[utoipa::path(
    get,
    path = "/api/v1/alert-rules/{ref}",
    operation_id = "showAlertRule",
    tag = "alert-rules",
    security(("token" = [])),
    params(("ref" = String, Path, description = "The rule's id")),
    responses((status = 200, description = "The rule", body = RuleView), Authorized, OneRule),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Reference(id): Reference,
) -> Result<Json<RuleView>, Problem> {
    let mut tx = app.db.read().await?;
    let rule = alert_rules::by_id(&mut tx, &caller.workspace, &id).await?;
    drop(tx);
    view_one(&app, &caller, rule.ok_or_else(Problem::no_such_alert_rule)?).await
}

/// Replace an alert rule
///
/// If it asks another question then (what is measured, thresholds, periods), what fires is over, and
/// those who heard of it hear of that.
#[utoipa::path(
    put,
    path = "/api/v1/alert-rules/{ref}",
    operation_id = "replaceAlertRule",
    tag = "alert-rules",
    security(("token" = [])),
    params(("ref" = String, Path, description = "The rule's id")),
    request_body(content = Definition, description = "What it watches, when it fires, and whom it tells"),
    responses((status = 200, description = "The rule", body = RuleView), Authorized, OneRule, Written),
)]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Reference(id): Reference,
    Body(definition): Body<Definition>,
) -> Result<Json<RuleView>, Problem> {
    let rule = app.rules.replace(&caller.workspace, &id, definition).await?;
    view_one(&app, &caller, rule.ok_or_else(Problem::no_such_alert_rule)?).await
}

/// Delete an alert rule
///
/// What fires is over then.
#[utoipa::path(
    delete,
    path = "/api/v1/alert-rules/{ref}",
    operation_id = "deleteAlertRule",
    tag = "alert-rules",
    security(("token" = [])),
    params(("ref" = String, Path, description = "The rule's id")),
    responses((status = 204, description = "It is gone"), Authorized, OneRule),
)]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Reference(id): Reference,
) -> Result<StatusCode, Problem> {
    let was_there = app.rules.delete(&caller.workspace, &id).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::no_such_alert_rule()) }
}

/// Snooze an alert rule
///
/// It is evaluated as before, and incidents open and end by it; but somebody, or everyone, hears
/// nothing of it. A later snooze of the same replaces an earlier one.
#[utoipa::path(
    post,
    path = "/api/v1/alert-rules/{ref}/snooze",
    operation_id = "snoozeAlertRule",
    tag = "alert-rules",
    security(("token" = [])),
    params(("ref" = String, Path, description = "The rule's id")),
    request_body(content = Wish, description = "Who, and for how long",
        example = json!({"until": "2026-11-21T03:00:00Z"})),
    responses((status = 201, description = "The snooze", body = SnoozeView), Authorized, OneRule, Written),
)]
pub async fn snooze(
    State(app): State<App>,
    caller: Caller,
    Reference(id): Reference,
    Body(wish): Body<Wish>,
) -> Result<Response, Problem> {
    let unfit = |field: &str, why: &str| Problem::does_not_fit(why, Some(field.to_owned()));
    if wish.user.as_ref().is_some_and(|user| !user.is_well_formed()) {
        return Err(unfit("user", "Somebody in Slack is an id such as `U012AB3CD`."));
    }
    if wish.until.is_some_and(|until| until <= app.clock.now()) {
        return Err(unfit("until", "This instant has passed."));
    }
    let snooze = app.rules.snooze(&caller.workspace, &id, wish.user, wish.until).await?;
    let snooze = snooze.ok_or_else(Problem::no_such_alert_rule)?;
    Ok((StatusCode::CREATED, Json(SnoozeView::from(snooze))).into_response())
}

/// Take a snooze back
#[utoipa::path(
    delete,
    path = "/api/v1/alert-rules/{ref}/snooze",
    operation_id = "unsnoozeAlertRule",
    tag = "alert-rules",
    security(("token" = [])),
    params(
        ("ref" = String, Path, description = "The rule's id"),
        ("user" = Option<String>, Query, description = "Whose snooze; everyone's, if left out"),
    ),
    responses(
        (status = 204, description = "It is taken back"),
        (status = 404, description = "There is no such alert rule, or it is not snoozed (`no-such-alert-rule`)",
            body = Problem, content_type = "application/problem+json"),
        Authorized,
        Queried,
    ),
)]
pub async fn unsnooze(
    State(app): State<App>,
    caller: Caller,
    Reference(id): Reference,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    let params = Params::read(query.as_deref(), &["user"])?;
    let user = params.one("user")?.map(UserId::from);
    let was_there = app.rules.unsnooze(&caller.workspace, &id, user.as_ref()).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::no_such_alert_rule()) }
}

async fn view_one(app: &App, caller: &Caller, rule: Rule) -> Result<Json<RuleView>, Problem> {
    let mut tx = app.db.read().await?;
    let mut views = view(&mut tx, app, caller, vec![rule]).await?;
    views.pop().map(Json).ok_or_else(Problem::no_such_alert_rule)
}

async fn view(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    rules: Vec<Rule>,
) -> Result<Vec<RuleView>, Problem> {
    let ids: Vec<RuleId> = rules.iter().map(|rule| rule.id.clone()).collect();
    let mut snoozes = alert_rules::snoozes(tx, &caller.workspace, &ids).await?;
    let mut standings = alert_rules::standings(tx, &caller.workspace, &ids).await?;
    let now = app.clock.now();
    let views = rules.into_iter().map(|rule| {
        let standings = standings.remove(&rule.id).unwrap_or_default();
        let snoozes = snoozes.remove(&rule.id).unwrap_or_default();
        RuleView {
            standings: standings.into_iter().map(StandingView::from).collect(),
            snoozes: snoozes.into_iter().filter(|it| it.holds(now)).map(SnoozeView::from).collect(),
            id: rule.id,
            definition: rule.definition,
            last_error: rule.last_error,
            made_by: rule.made_by,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        }
    });
    Ok(views.collect())
}

impl From<(String, Standing)> for StandingView {
    fn from((project, standing): (String, Standing)) -> Self {
        StandingView {
            project,
            level: standing.level(),
            value: standing.value,
            began_at: standing.began_at,
            evaluated_at: standing.evaluated_at,
        }
    }
}

impl From<Snooze> for SnoozeView {
    fn from(snooze: Snooze) -> Self {
        SnoozeView { user: snooze.person, until: snooze.until, since: snooze.since }
    }
}

fn rule_id(text: &str) -> Result<RuleId, Problem> {
    let id = ulid::Ulid::from_string(text).map_err(|_| Problem::no_such_alert_rule())?;
    Ok(RuleId::new(id.to_string()))
}

/// Which rule the path means.
pub struct Reference(RuleId);

impl<S: Send + Sync> FromRequestParts<S> for Reference {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text): Path<String> = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::no_such_alert_rule())?;
        rule_id(&text).map(Reference)
    }
}
