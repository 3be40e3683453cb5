//! What the load asks of Stentor: all that is known here about its commands, its modal and its
//! answers. A change to those is followed here and nowhere else in this benchmark.

use serde_json::json;

use crate::signed::KEY_HERE;

/// The modal that declares an incident.
const DECLARE_CALLBACK: &str = "declare";
const NAME_BLOCK: &str = "name";
const NAME_ACTION: &str = "value";

/// Stands in the answer to a note that was kept, and in no refusal.
pub const NOTE_ANSWER: &str = "Noted in the timeline";
/// Stands in the answer to `help`.
pub const HELP_ANSWER: &str = "Commands of /incident";

/// The note that one of the incidents is given.
pub fn note(incident_number: u64) -> String {
    format!("INC-{incident_number} note The cache is warm again, error rate back to normal")
}

/// The form that Slack sends for `/incident text`.
pub fn slash_command(text: &str, slack_url: &str) -> String {
    form(&[
        ("token", "verification-token-deprecated"),
        ("team_id", "T0INC0001"),
        ("team_domain", "acme"),
        ("channel_id", "C0GENERAL"),
        ("channel_name", "general"),
        ("user_id", "U0ALICE01"),
        ("user_name", "alice"),
        ("command", "/incident"),
        ("text", text),
        ("api_app_id", "A0INCBOT1"),
        ("is_enterprise_install", "false"),
        ("response_url", &format!("{slack_url}/response/T0INC0001/111/aaa")),
        ("trigger_id", &format!("7654321098765.1234567890123.{KEY_HERE}")),
    ])
}

/// The form that Slack sends when somebody submits the modal.
pub fn declare(name: &str) -> String {
    let payload = json!({
        "type": "view_submission",
        "team": { "id": "T0INC0001", "domain": "acme" },
        "user": {
            "id": "U0ALICE01", "username": "alice", "name": "alice", "team_id": "T0INC0001",
        },
        "api_app_id": "A0INCBOT1",
        "token": "verification-token-deprecated",
        "trigger_id": "7654321098765.1234567890123.0123456789abcdef0123456789abcdef",
        "view": {
            "id": format!("V{KEY_HERE}"),
            "team_id": "T0INC0001",
            "type": "modal",
            "blocks": [],
            "private_metadata": "",
            "callback_id": DECLARE_CALLBACK,
            "state": { "values": {
                NAME_BLOCK: { NAME_ACTION: { "type": "plain_text_input", "value": name } },
            } },
            "hash": "1790000000.AbCdEfGh",
            "title": { "type": "plain_text", "text": "Declare an incident", "emoji": true },
            "clear_on_close": false,
            "notify_on_close": false,
            "close": { "type": "plain_text", "text": "Cancel", "emoji": true },
            "submit": { "type": "plain_text", "text": "Declare", "emoji": true },
            "previous_view_id": null,
            "root_view_id": "V0VIEW001",
            "app_id": "A0INCBOT1",
            "external_id": "",
            "app_installed_team_id": "T0INC0001",
            "bot_id": "B0INCBOT1",
        },
        "response_urls": [],
        "is_enterprise_install": false,
        "enterprise": null,
    });
    form(&[("payload", &payload.to_string())])
}

fn form(fields: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(fields).expect("pairs of strings can be a form")
}
