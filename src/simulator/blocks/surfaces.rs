//! Blocks, and which of them may be where: in messages, modals and home tabs.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    Issue,
    check::Check,
    elements::{ACCESSORIES, ACTIONS, INPUTS},
    interactive_elements, rich_text,
    shape::{Field, Kind, Shape, list, may, must, plain, text, text_object},
};

const BLOCK_ID: Field = may("block_id", text(255));

const CONTEXT_PART: Shape = Shape::Tagged(&[
    Kind { name: "image", fields: PICTURE },
    Kind { name: "plain_text", fields: &[must("text", text(3000)), may("emoji", Shape::Bool)] },
    Kind { name: "mrkdwn", fields: &[must("text", text(3000)), may("verbatim", Shape::Bool)] },
]);
const PICTURE: &[Field] = &[
    must("alt_text", text(2000)),
    may("image_url", Shape::Url { max: 3000 }),
    may("slack_file", Shape::Any),
];
const ACTION: Shape = Shape::Element(ACTIONS);
const SECTION_FIELD: Shape = text_object(2000);
const TABLE_CELL: Shape = Shape::Tagged(&[
    Kind { name: "raw_text", fields: &[must("text", Shape::Text { min: 0, max: 10_000 })] },
    Kind { name: "raw_number", fields: &[must("value", Shape::Any)] },
    Kind {
        name: "rich_text",
        fields: &[BLOCK_ID, must("elements", list(&rich_text::PARTS, 1, 1000))],
    },
]);
const TABLE_ROW: Shape = list(&TABLE_CELL, 1, 20);

const EVERYWHERE: &[Kind] = &[
    Kind { name: "actions", fields: &[BLOCK_ID, must("elements", list(&ACTION, 1, 25))] },
    Kind { name: "context", fields: &[BLOCK_ID, must("elements", list(&CONTEXT_PART, 1, 10))] },
    Kind { name: "divider", fields: &[BLOCK_ID] },
    Kind { name: "header", fields: &[BLOCK_ID, must("text", plain(150)), LEVEL] },
    Kind {
        name: "image",
        fields: &[
            BLOCK_ID,
            must("alt_text", text(2000)),
            may("image_url", Shape::Url { max: 3000 }),
            may("slack_file", Shape::Any),
            may("title", plain(2000)),
        ],
    },
    Kind {
        name: "input",
        fields: &[
            BLOCK_ID,
            must("label", plain(2000)),
            must("element", Shape::Element(INPUTS)),
            may("dispatch_action", Shape::Bool),
            may("hint", plain(2000)),
            may("optional", Shape::Bool),
        ],
    },
    Kind {
        name: "rich_text",
        fields: &[BLOCK_ID, must("elements", list(&rich_text::PARTS, 1, 1000))],
    },
    Kind {
        name: "section",
        fields: &[
            BLOCK_ID,
            may("text", text_object(3000)),
            may("fields", list(&SECTION_FIELD, 1, 10)),
            may("accessory", Shape::Element(ACCESSORIES)),
            may("expand", Shape::Bool),
        ],
    },
    Kind {
        name: "video",
        fields: &[
            BLOCK_ID,
            must("alt_text", text(2000)),
            must("title", plain(200)),
            must("thumbnail_url", Shape::Url { max: 3000 }),
            must("video_url", Shape::Url { max: 3000 }),
            may("author_name", text(50)),
            may("description", plain(200)),
            may("provider_icon_url", Shape::Url { max: 3000 }),
            may("provider_name", text(50)),
            may("title_url", Shape::Url { max: 3000 }),
        ],
    },
];

const LEVEL: Field = may("level", Shape::Number { min: 1, max: 4 });

const MESSAGES_ONLY: &[Kind] = &[
    Kind { name: "markdown", fields: &[BLOCK_ID, must("text", text(12_000))] },
    Kind {
        name: "table",
        fields: &[
            BLOCK_ID,
            must("rows", list(&TABLE_ROW, 1, 100)),
            may("column_settings", list(&Shape::Any, 0, 20)),
        ],
    },
    Kind {
        name: "context_actions",
        fields: &[BLOCK_ID, must("elements", list(&Shape::Any, 1, 5))],
    },
];

const MODALS_ONLY: &[Kind] = &[Kind {
    name: "alert",
    fields: &[
        BLOCK_ID,
        must("text", text_object(3000)),
        may("level", Shape::Word(&["default", "info", "warning", "error", "success"])),
    ],
}];

/// Whether that is the name of a block.
pub fn is_block(name: &str) -> bool {
    let all = EVERYWHERE.iter().chain(MESSAGES_ONLY).chain(MODALS_ONLY);
    name != "image" && all.into_iter().any(|kind| kind.name == name)
}

/// What is wrong with the blocks of a message; `at` points to them.
pub fn check_message_blocks(blocks: &Value, at: &str) -> Vec<Issue> {
    let mut check = Check::default();
    check_list(&mut check, blocks, &[EVERYWHERE, MESSAGES_ONLY], 50, at);
    let kinds = |name: &str| {
        let blocks = blocks.as_array().into_iter().flatten();
        blocks.filter(|block| block["type"] == name).count()
    };
    if kinds("table") > 1 {
        check.fail(at, "only one table allowed", json!({ "type": "max_tables", "expected": 1 }));
    }
    check.issues
}

/// What is wrong with blocks that may go anywhere.
pub fn check_blocks(blocks: &Value, at: &str) -> Vec<Issue> {
    let mut check = Check::default();
    check_list(&mut check, blocks, &[EVERYWHERE, MESSAGES_ONLY, MODALS_ONLY], 100, at);
    check.issues
}

/// What is wrong with a modal or home tab; `at` points to it.
pub fn check_view(view: &Value, at: &str) -> Vec<Issue> {
    let mut check = Check::default();
    let Some(object) = check.object(view, at) else { return check.issues };
    let is_modal = match object.get("type").and_then(Value::as_str) {
        Some("modal") => true,
        Some("home") => false,
        other => {
            let message = match other {
                Some(name) => format!("unsupported type: {name}"),
                None => "missing required field: type".to_owned(),
            };
            let constraint = json!({ "type": "enum", "expected": ["modal", "home"] });
            check.fail(&format!("{at}/type"), message, constraint);
            return check.issues;
        }
    };
    let fields = if is_modal { MODAL } else { HOME };
    check.fields(object, fields, true, at);
    let blocks = &view["blocks"];
    let pointer = format!("{at}/blocks");
    let only_here: &[Kind] = if is_modal { MODALS_ONLY } else { &[] };
    check_list(&mut check, blocks, &[EVERYWHERE, only_here], 100, &pointer);
    let list = blocks.as_array().map_or(&[][..], Vec::as_slice);
    let has_input = list.iter().any(|block| block["type"] == "input");
    if is_modal && has_input && !object.contains_key("submit") {
        let constraint = json!({ "type": "required", "expected": "submit" });
        check.fail(at, "missing required field: submit", constraint);
    }
    let focused = interactive_elements(list).into_iter();
    if focused.filter(|(_, element)| element["focus_on_load"] == true).count() > 1 {
        let message = "only one element can have `focus_on_load`";
        check.fail(at, message, json!({ "type": "max_focused", "expected": 1 }));
    }
    check.issues
}

const MODAL: &[Field] = &[
    must("title", plain(24)),
    must("blocks", Shape::Any),
    may("close", plain(24)),
    may("submit", plain(24)),
    may("private_metadata", Shape::Text { min: 0, max: 3000 }),
    may("callback_id", Shape::Text { min: 0, max: 255 }),
    may("clear_on_close", Shape::Bool),
    may("notify_on_close", Shape::Bool),
    may("external_id", Shape::Text { min: 0, max: 255 }),
    may("submit_disabled", Shape::Bool),
];

const HOME: &[Field] = &[
    must("blocks", Shape::Any),
    may("private_metadata", Shape::Text { min: 0, max: 3000 }),
    may("callback_id", Shape::Text { min: 0, max: 255 }),
    may("external_id", Shape::Text { min: 0, max: 255 }),
];

fn check_list(check: &mut Check, blocks: &Value, kinds: &[&[Kind]], max: usize, at: &str) {
    let Value::Array(list) = blocks else {
        if !blocks.is_null() {
            check.fail(at, "must be an array", json!({ "type": "type", "expected": "array" }));
        }
        return;
    };
    if list.len() > max {
        let constraint = json!({ "type": "max_items", "expected": max });
        check.fail(at, format!("no more than {max} items allowed"), constraint);
    }
    for (index, block) in list.iter().enumerate() {
        let at = format!("{at}/{index}");
        let name = block["type"].as_str();
        let home = kinds.iter().find(|kinds| kinds.iter().any(|kind| Some(kind.name) == name));
        // If nobody knows it, the first table words the complaint.
        check.tagged(block, home.unwrap_or(&kinds[0]), &at);
        let nothing_said = block.get("text").is_none() && block.get("fields").is_none();
        if name == Some("section") && nothing_said {
            let constraint = json!({ "type": "required", "expected": "text" });
            check.fail(&at, "missing required field: text or fields", constraint);
        }
        let no_picture = block.get("image_url").is_none() && block.get("slack_file").is_none();
        if name == Some("image") && no_picture {
            let constraint = json!({ "type": "required", "expected": "image_url" });
            check.fail(&at, "missing required field: image_url or slack_file", constraint);
        }
    }
    check_unique_ids(check, list, at);
}

fn check_unique_ids(check: &mut Check, list: &[Value], at: &str) {
    let mut blocks = HashSet::new();
    for (index, block) in list.iter().enumerate() {
        let Some(id) = block["block_id"].as_str() else { continue };
        if !blocks.insert(id) {
            let message = format!("`block_id` must be unique: {id}");
            check.fail(&format!("{at}/{index}/block_id"), message, json!({ "type": "unique" }));
        }
    }
    let mut actions = HashSet::new();
    for (index, block) in list.iter().enumerate() {
        for (_, element) in interactive_elements(std::slice::from_ref(block)) {
            let Some(id) = element["action_id"].as_str() else { continue };
            if !actions.insert((index, id)) {
                let message = format!("`action_id` must be unique: {id}");
                check.fail(&format!("{at}/{index}"), message, json!({ "type": "unique" }));
            }
        }
    }
}
