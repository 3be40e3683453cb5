use serde_json::{Value, json};

use super::*;

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

fn button(action_id: &str) -> Value {
    json!({ "type": "button", "action_id": action_id, "text": plain("Go") })
}

fn option(value: &str) -> Value {
    json!({ "text": plain(value), "value": value })
}

fn input(element: Value) -> Value {
    json!({ "type": "input", "label": plain("Label"), "element": element })
}

fn modal(blocks: Value) -> Value {
    json!({ "type": "modal", "title": plain("T"), "submit": plain("S"), "blocks": blocks })
}

/// The lines about one block of a message.
fn lines(block: Value) -> Vec<String> {
    check_message_blocks(&json!([block]), "/blocks").iter().map(Issue::to_line).collect()
}

fn view_lines(view: &Value) -> Vec<String> {
    check_view(view, "/view").iter().map(Issue::to_line).collect()
}

#[test]
fn what_slack_accepts_is_accepted() {
    let section = |more: Value| {
        let mut section = json!({ "type": "section", "text": mrkdwn("*hi*") });
        more.as_object().expect("an object").iter().for_each(|(name, value)| {
            section[name] = value.clone();
        });
        section
    };
    let fine = json!([
        { "type": "header", "text": plain(&"x".repeat(150)) },
        section(json!({ "accessory": button("a"), "block_id": "b" })),
        section(json!({ "fields": [plain("a"), mrkdwn("b")], "expand": true })),
        { "type": "section", "text": { "type": "mrkdwn", "text": "x", "verbatim": true } },
        { "type": "context", "elements": [
            mrkdwn("a"), plain("b"),
            { "type": "image", "image_url": "https://example.com/a.png", "alt_text": "a" },
        ] },
        { "type": "divider" },
        { "type": "actions", "elements": [
            button("x"),
            { "type": "static_select", "action_id": "y", "placeholder": plain("Pick"),
              "options": [option("one")], "initial_option": option("one") },
            { "type": "overflow", "action_id": "z", "options": [option("one")] },
            { "type": "datepicker", "action_id": "d", "initial_date": "2026-11-21" },
        ] },
        { "type": "rich_text", "elements": [
            { "type": "rich_text_section", "elements": [
                { "type": "text", "text": "hi", "style": { "bold": true } },
                { "type": "user", "user_id": "U1" },
                { "type": "channel", "channel_id": "C1" },
                { "type": "emoji", "name": "fire" },
                { "type": "link", "url": "https://example.com", "text": "x" },
                { "type": "date", "timestamp": 1_790_000_000, "format": "{date}" },
            ] },
            { "type": "rich_text_list", "style": "bullet", "elements": [
                { "type": "rich_text_section", "elements": [{ "type": "text", "text": "a" }] },
            ] },
            { "type": "rich_text_quote", "elements": [{ "type": "text", "text": "a" }] },
            { "type": "rich_text_preformatted", "elements": [{ "type": "text", "text": "a" }] },
        ] },
        { "type": "markdown", "text": "# hi" },
        { "type": "image", "image_url": "https://example.com/a.png", "alt_text": "a" },
        input(json!({ "type": "plain_text_input", "multiline": true, "max_length": 3000 })),
    ]);
    assert_eq!(check_message_blocks(&fine, "/blocks"), []);
}

#[test]
fn each_mistake_is_named_and_located() {
    let table = [
        (json!({ "type": "nope" }), "[ERROR] unsupported type: nope [json-pointer:/blocks/0/type]"),
        (json!({}), "[ERROR] missing required field: type [json-pointer:/blocks/0]"),
        (json!("text"), "[ERROR] must be an object [json-pointer:/blocks/0]"),
        (
            json!({ "type": "header", "text": plain(&"x".repeat(151)) }),
            "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            json!({ "type": "header", "text": mrkdwn("x") }),
            "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            json!({ "type": "section", "text": mrkdwn("") }),
            "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            json!({ "type": "section" }),
            "[ERROR] missing required field: text or fields [json-pointer:/blocks/0]",
        ),
        (
            json!({ "type": "section", "text": { "type": "mrkdwn", "text": "x", "emoji": true } }),
            "[ERROR] invalid additional property: emoji [json-pointer:/blocks/0/text/emoji]",
        ),
        (
            json!({ "type": "section", "text": mrkdwn("x"), "color": "red" }),
            "[ERROR] invalid additional property: color [json-pointer:/blocks/0]",
        ),
        (
            json!({ "type": "section", "fields": vec![plain("x"); 11] }),
            "[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            json!({ "type": "section", "fields": [plain(&"x".repeat(2001))] }),
            "[ERROR] must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
        ),
        (
            json!({ "type": "actions", "elements": [] }),
            "[ERROR] no less than 1 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            json!({ "type": "actions", "elements": [{ "type": "plain_text_input" }] }),
            "[ERROR] unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            json!({ "type": "actions", "elements": [
                { "type": "button", "text": plain("x"), "url": "javascript:alert(1)" },
            ] }),
            "[ERROR] must be a valid http or https URL [json-pointer:/blocks/0/elements/0/url]",
        ),
        (
            json!({ "type": "actions", "elements": [
                { "type": "button", "text": plain("x"), "style": "loud" },
            ] }),
            "[ERROR] must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            json!({ "type": "actions", "elements": [button("same"), button("same")] }),
            "[ERROR] `action_id` must be unique: same [json-pointer:/blocks/0]",
        ),
        (
            json!({ "type": "actions", "elements": [{ "type": "static_select" }] }),
            "[ERROR] must provide exactly one of `options` or `option_groups` \
             [json-pointer:/blocks/0/elements/0]",
        ),
        (
            json!({ "type": "actions", "elements": [
                { "type": "static_select", "options": [option("a")], "initial_option": option("b") },
            ] }),
            "[ERROR] initial option must match one of the options \
             [json-pointer:/blocks/0/elements/0]",
        ),
        (
            json!({ "type": "context", "elements": [button("x")] }),
            "[ERROR] unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            json!({ "type": "alert", "text": plain("x") }),
            "[ERROR] unsupported type: alert [json-pointer:/blocks/0/type]",
        ),
        (
            json!({ "type": "rich_text", "elements": [{ "type": "text", "text": "x" }] }),
            "[ERROR] unsupported type: text [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            json!({ "type": "rich_text", "elements": [
                { "type": "rich_text_section", "elements": [{ "type": "text", "text": 1 }] },
            ] }),
            "[ERROR] must be a string [json-pointer:/blocks/0/elements/0/elements/0/text]",
        ),
        (
            json!({ "type": "image", "alt_text": "x" }),
            "[ERROR] missing required field: image_url or slack_file [json-pointer:/blocks/0]",
        ),
        (
            input(json!({ "type": "button", "text": plain("x") })),
            "[ERROR] unsupported type: button [json-pointer:/blocks/0/element/type]",
        ),
        (
            input(json!({ "type": "datepicker", "initial_date": "tomorrow" })),
            "[ERROR] must be a date as YYYY-MM-DD [json-pointer:/blocks/0/element/initial_date]",
        ),
        (
            input(json!({ "type": "plain_text_input", "max_length": 3001 })),
            "[ERROR] must be no more than 3000 [json-pointer:/blocks/0/element/max_length]",
        ),
    ];
    for (block, line) in table {
        assert_eq!(lines(block), [line]);
    }
}

#[test]
fn numbers_of_options_and_blocks_are_limited() {
    let options: Vec<_> = (0..101).map(|number| option(&number.to_string())).collect();
    let select = json!({ "type": "static_select", "options": options });
    let line = "[ERROR] no more than 100 items allowed [json-pointer:/blocks/0/element/options]";
    assert_eq!(lines(input(select)), [line]);
    let boxes = json!({ "type": "checkboxes", "options": options[..11] });
    let line = "[ERROR] no more than 10 items allowed [json-pointer:/blocks/0/element/options]";
    assert_eq!(lines(input(boxes)), [line]);
    let many = vec![json!({ "type": "divider" }); 51];
    let issues = check_message_blocks(&json!(many), "/blocks");
    assert_eq!(issues[0].to_line(), "[ERROR] no more than 50 items allowed [json-pointer:/blocks]");
    assert_eq!(check_view(&modal(json!(many)), "/view"), []);
}

#[test]
fn block_ids_are_unique() {
    let blocks = json!([
        { "type": "divider", "block_id": "a" },
        { "type": "divider", "block_id": "a" },
    ]);
    let issues = check_message_blocks(&blocks, "/blocks");
    let line = "[ERROR] `block_id` must be unique: a [json-pointer:/blocks/1/block_id]";
    assert_eq!(issues[0].to_line(), line);
}

#[test]
fn a_modal_with_inputs_needs_a_submit_button() {
    let mut view = modal(json!([input(json!({ "type": "plain_text_input" }))]));
    assert_eq!(view_lines(&view), Vec::<String>::new());
    view.as_object_mut().expect("an object").remove("submit");
    let line = "[ERROR] missing required field: submit [json-pointer:/view]";
    assert_eq!(view_lines(&view), [line]);
}

#[test]
fn views_have_limits_of_their_own() {
    let mut view = modal(json!([]));
    view["title"] = plain(&"x".repeat(25));
    view["private_metadata"] = "x".repeat(3001).into();
    view["nonsense"] = true.into();
    assert_eq!(
        view_lines(&view),
        [
            "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",
            "[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]",
            "[ERROR] invalid additional property: nonsense [json-pointer:/view]",
        ]
    );
    let home = json!({ "type": "home", "blocks": [{ "type": "divider" }] });
    assert_eq!(view_lines(&home), Vec::<String>::new());
    let home = json!({ "type": "home", "title": plain("x"), "blocks": [] });
    let line = "[ERROR] invalid additional property: title [json-pointer:/view]";
    assert_eq!(view_lines(&home), [line]);
    let line = "[ERROR] unsupported type: dialog [json-pointer:/view/type]";
    assert_eq!(view_lines(&json!({ "type": "dialog" })), [line]);
}

#[test]
fn the_complaint_tells_what_was_expected() {
    let issues = check_blocks(&json!([{ "type": "section", "text": { "type": "html" } }]), "");
    assert_eq!(
        issues[0].to_api(),
        json!({
            "code": "failed_constraint",
            "message": "unsupported type: html",
            "pointer": "/0/text/type",
            "constraint": { "type": "enum", "expected": ["plain_text", "mrkdwn"] },
        })
    );
}

#[test]
fn blocks_are_completed_as_slack_keeps_them() {
    let mut blocks = json!([
        { "type": "section", "text": mrkdwn("x"), "accessory": { "type": "button", "text": plain("y") } },
        { "type": "rich_text", "elements": [
            { "type": "rich_text_section", "elements": [{ "type": "text", "text": "x" }] },
        ] },
    ]);
    let mut count = 0;
    finish(&mut blocks, &mut || {
        count += 1;
        format!("id{count}")
    });
    assert_eq!(
        blocks,
        json!([
            {
                "type": "section",
                "block_id": "id1",
                "text": { "type": "mrkdwn", "text": "x", "verbatim": false },
                "accessory": {
                    "type": "button",
                    "action_id": "id2",
                    "text": { "type": "plain_text", "text": "y", "emoji": true },
                },
            },
            { "type": "rich_text", "block_id": "id3", "elements": [
                { "type": "rich_text_section", "elements": [{ "type": "text", "text": "x" }] },
            ] },
        ])
    );
    assert_eq!(count_text(&blocks), 3);
}
