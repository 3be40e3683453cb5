//! Modals and home tabs.

use serde_json::{Value, json};

use super::{
    args::missing,
    desk::{Answer, Desk},
    methods::{Budget, Method, Scopes},
    refusal::Refusal,
};
use crate::simulator::{
    blocks::{self, MAX_VIEW_BYTES},
    rules::lifetimes::Trigger,
    state::view::OpenView,
};

/// The methods of this file.
pub const METHODS: &[Method] = &[
    Method {
        name: "views.open",
        budget: Budget::Tier4,
        scopes: Scopes::None,
        takes_json: true,
        required: &["view"],
        optional: &["trigger_id", "interactivity_pointer"],
        run: open,
    },
    Method {
        name: "views.publish",
        budget: Budget::Tier4,
        scopes: Scopes::None,
        takes_json: true,
        required: &["user_id", "view"],
        optional: &["hash", "interactivity_pointer"],
        run: publish,
    },
    Method {
        name: "views.push",
        budget: Budget::Tier4,
        scopes: Scopes::None,
        takes_json: true,
        required: &["view"],
        optional: &["trigger_id", "interactivity_pointer"],
        run: push,
    },
    Method {
        name: "views.update",
        budget: Budget::Tier4,
        scopes: Scopes::None,
        takes_json: true,
        required: &["view"],
        optional: &["view_id", "external_id", "hash"],
        run: update,
    },
];

pub fn open(desk: &mut Desk<'_>) -> Answer {
    let view = checked_view(desk, "modal")?;
    let trigger = take_trigger(desk)?;
    let id = desk.state.open_view(desk.now, &trigger.user, view)?;
    show(desk, &id)
}

pub fn push(desk: &mut Desk<'_>) -> Answer {
    let view = checked_view(desk, "modal")?;
    let trigger = take_trigger(desk)?;
    let below = trigger.view.ok_or("not_found")?;
    let id = desk.state.push_view(desk.now, &below, view)?;
    show(desk, &id)
}

pub fn update(desk: &mut Desk<'_>) -> Answer {
    let view = desk.args.json("view").map_err(|_| not_json())?.ok_or_else(|| missing("view"))?;
    let id = match (desk.args.text("view_id"), desk.args.text("external_id")) {
        (Some(id), _) => id,
        (None, Some(external)) => {
            let is_it = |open: &&OpenView| open.text("external_id") == external;
            desk.state.views.values().find(is_it).ok_or("not_found")?.id.clone()
        }
        (None, None) => {
            let message = "[ERROR] missing required field: view_id or external_id".to_owned();
            return Err(Refusal::arguments(&[message]));
        }
    };
    let current = desk.state.view_or_home(&id).ok_or("not_found")?;
    let kind = current.text("type").to_owned();
    let user = current.user.clone();
    check(&view, &kind)?;
    let hash = desk.args.text("hash");
    if kind == "home" {
        desk.state.publish_home(desk.now, &user, view, hash.as_deref())?;
    } else {
        desk.state.update_view(desk.now, &id, view, hash.as_deref())?;
    }
    show(desk, &id)
}

pub fn publish(desk: &mut Desk<'_>) -> Answer {
    let view = checked_view(desk, "home")?;
    let user = desk.args.required("user_id")?;
    let hash = desk.args.text("hash");
    desk.state.publish_home(desk.now, &user, view, hash.as_deref())?;
    let id = desk.state.homes.get(&user).map(|home| home.id.clone()).unwrap_or_default();
    show(desk, &id)
}

fn show(desk: &Desk<'_>, id: &str) -> Answer {
    let open = desk.state.view_or_home(id).ok_or("not_found")?;
    Ok(json!({ "view": desk.state.view_to_api(open, &json!({})) }))
}

fn take_trigger(desk: &mut Desk<'_>) -> Result<Trigger, Refusal> {
    let id = desk.args.text("trigger_id").ok_or_else(|| missing("trigger_id"))?;
    Ok(desk.state.triggers.take(desk.now, &id)?)
}

fn checked_view(desk: &Desk<'_>, kind: &str) -> Result<Value, Refusal> {
    let view = desk.args.json("view").map_err(|_| not_json())?.ok_or_else(|| missing("view"))?;
    check(&view, kind)?;
    Ok(view)
}

fn check(view: &Value, kind: &str) -> Result<(), Refusal> {
    if view.to_string().len() > MAX_VIEW_BYTES {
        return Err("view_too_large".into());
    }
    if view["type"] != kind {
        let message = format!("[ERROR] must be a view of type {kind} [json-pointer:/view/type]");
        return Err(Refusal::arguments(&[message]));
    }
    let issues = blocks::check_view(view, "/view");
    match issues.is_empty() {
        true => Ok(()),
        false => Err(Refusal::blocks("invalid_arguments", &issues)),
    }
}

fn not_json() -> Refusal {
    Refusal::arguments(&["[ERROR] must be valid JSON [json-pointer:/view]".to_owned()])
}
