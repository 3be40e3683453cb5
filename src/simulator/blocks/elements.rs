//! Interactive elements and pictures, and the objects within them.

use super::shape::{Field, Kind, Shape, list, may, must, plain, text, text_object};

const ACTION_ID: Field = may("action_id", text(255));
const PLACEHOLDER: Field = may("placeholder", plain(150));
const FOCUS: Field = may("focus_on_load", Shape::Bool);
const CONFIRM: Field = may("confirm", CONFIRMATION);
const DISPATCH: Field = may(
    "dispatch_action_config",
    Shape::Object(&[may("trigger_actions_on", list(&DISPATCH_ON, 1, 2))]),
);
const DISPATCH_ON: Shape = Shape::Word(&["on_enter_pressed", "on_character_entered"]);

const CONFIRMATION: Shape = Shape::Object(&[
    must("title", plain(100)),
    must("text", text_object(300)),
    must("confirm", plain(30)),
    must("deny", plain(30)),
    may("style", Shape::Word(&["primary", "danger"])),
]);

/// Sources disagree on the value's length (75 or 150); the larger one is accepted.
const OPTION: Shape = Shape::Object(&[
    must("text", plain(75)),
    must("value", text(150)),
    may("description", plain(75)),
]);
const OPTION_WITH_MARKUP: Shape = Shape::Object(&[
    must("text", text_object(75)),
    must("value", text(150)),
    may("description", text_object(75)),
]);
const OPTION_WITH_URL: Shape = Shape::Object(&[
    must("text", plain(75)),
    must("value", text(150)),
    may("description", plain(75)),
    may("url", Shape::Url { max: 3000 }),
]);
const OPTION_GROUP: Shape =
    Shape::Object(&[must("label", plain(75)), must("options", list(&OPTION, 1, 100))]);

/// An option as a `block_suggestion` answers it, for the check of such an answer.
pub const SUGGESTED_OPTION: Shape = OPTION;
/// A group of them.
pub const SUGGESTED_GROUP: Shape = OPTION_GROUP;

const FILTER: Field = may(
    "filter",
    Shape::Object(&[
        may("include", list(&Shape::Word(&["im", "mpim", "private", "public"]), 1, 4)),
        may("exclude_external_shared_channels", Shape::Bool),
        may("exclude_bot_users", Shape::Bool),
    ]),
);
const ID: Shape = text(255);
const SELECTED_MAX: Field = may("max_selected_items", Shape::Number { min: 1, max: 1000 });

/// All elements.
pub const ELEMENTS: &[Kind] = &[
    Kind {
        name: "button",
        fields: &[
            must("text", plain(75)),
            ACTION_ID,
            may("url", Shape::Url { max: 3000 }),
            may("value", text(2000)),
            may("style", Shape::Word(&["primary", "danger"])),
            CONFIRM,
            may("accessibility_label", text(75)),
        ],
    },
    Kind {
        name: "checkboxes",
        fields: &[
            ACTION_ID,
            must("options", list(&OPTION_WITH_MARKUP, 1, 10)),
            may("initial_options", list(&OPTION_WITH_MARKUP, 1, 10)),
            CONFIRM,
            FOCUS,
        ],
    },
    Kind {
        name: "radio_buttons",
        fields: &[
            ACTION_ID,
            must("options", list(&OPTION_WITH_MARKUP, 1, 10)),
            may("initial_option", OPTION_WITH_MARKUP),
            CONFIRM,
            FOCUS,
        ],
    },
    Kind {
        name: "overflow",
        fields: &[ACTION_ID, must("options", list(&OPTION_WITH_URL, 1, 5)), CONFIRM],
    },
    Kind {
        name: "datepicker",
        fields: &[ACTION_ID, may("initial_date", Shape::Date), CONFIRM, FOCUS, PLACEHOLDER],
    },
    Kind {
        name: "timepicker",
        fields: &[
            ACTION_ID,
            may("initial_time", Shape::Time),
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
            may("timezone", text(100)),
        ],
    },
    Kind {
        name: "datetimepicker",
        fields: &[
            ACTION_ID,
            may("initial_date_time", Shape::Number { min: 1_000_000_000, max: 9_999_999_999 }),
            CONFIRM,
            FOCUS,
        ],
    },
    Kind {
        name: "static_select",
        fields: &[
            ACTION_ID,
            may("options", list(&OPTION, 1, 100)),
            may("option_groups", list(&OPTION_GROUP, 1, 100)),
            may("initial_option", OPTION),
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "external_select",
        fields: &[
            ACTION_ID,
            may("initial_option", OPTION),
            may("min_query_length", Shape::Number { min: 0, max: 1000 }),
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "users_select",
        fields: &[ACTION_ID, may("initial_user", ID), CONFIRM, FOCUS, PLACEHOLDER],
    },
    Kind {
        name: "conversations_select",
        fields: &[
            ACTION_ID,
            may("initial_conversation", ID),
            may("default_to_current_conversation", Shape::Bool),
            may("response_url_enabled", Shape::Bool),
            FILTER,
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "channels_select",
        fields: &[
            ACTION_ID,
            may("initial_channel", ID),
            may("response_url_enabled", Shape::Bool),
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "multi_static_select",
        fields: &[
            ACTION_ID,
            may("options", list(&OPTION, 1, 100)),
            may("option_groups", list(&OPTION_GROUP, 1, 100)),
            may("initial_options", list(&OPTION, 1, 100)),
            SELECTED_MAX,
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "multi_external_select",
        fields: &[
            ACTION_ID,
            may("initial_options", list(&OPTION, 1, 100)),
            may("min_query_length", Shape::Number { min: 0, max: 1000 }),
            SELECTED_MAX,
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "multi_users_select",
        fields: &[
            ACTION_ID,
            may("initial_users", list(&ID, 0, 1000)),
            SELECTED_MAX,
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "multi_conversations_select",
        fields: &[
            ACTION_ID,
            may("initial_conversations", list(&ID, 0, 1000)),
            may("default_to_current_conversation", Shape::Bool),
            FILTER,
            SELECTED_MAX,
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "multi_channels_select",
        fields: &[
            ACTION_ID,
            may("initial_channels", list(&ID, 0, 1000)),
            SELECTED_MAX,
            CONFIRM,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "plain_text_input",
        fields: &[
            ACTION_ID,
            may("initial_value", Shape::Text { min: 0, max: 3000 }),
            may("multiline", Shape::Bool),
            may("min_length", Shape::Number { min: 0, max: 3000 }),
            may("max_length", Shape::Number { min: 1, max: 3000 }),
            DISPATCH,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "email_text_input",
        fields: &[ACTION_ID, may("initial_value", text(3000)), DISPATCH, FOCUS, PLACEHOLDER],
    },
    Kind {
        name: "url_text_input",
        fields: &[ACTION_ID, may("initial_value", text(3000)), DISPATCH, FOCUS, PLACEHOLDER],
    },
    Kind {
        name: "number_input",
        fields: &[
            must("is_decimal_allowed", Shape::Bool),
            ACTION_ID,
            may("initial_value", text(100)),
            may("min_value", text(100)),
            may("max_value", text(100)),
            DISPATCH,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "rich_text_input",
        fields: &[
            ACTION_ID,
            may("initial_value", Shape::Any),
            may("min_lines", Shape::Number { min: 1, max: 100 }),
            may("max_lines", Shape::Number { min: 1, max: 100 }),
            DISPATCH,
            FOCUS,
            PLACEHOLDER,
        ],
    },
    Kind {
        name: "file_input",
        fields: &[
            ACTION_ID,
            may("filetypes", list(&ID, 1, 100)),
            may("max_files", Shape::Number { min: 1, max: 10 }),
        ],
    },
    Kind { name: "image", fields: IMAGE_FIELDS },
];

const IMAGE_FIELDS: &[Field] = &[
    must("alt_text", text(2000)),
    may("image_url", Shape::Url { max: 3000 }),
    may("slack_file", Shape::Any),
];

/// What can stand at the right of a section.
pub const ACCESSORIES: &[&str] = &[
    "button",
    "checkboxes",
    "channels_select",
    "conversations_select",
    "datepicker",
    "external_select",
    "image",
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
    "overflow",
    "radio_buttons",
    "static_select",
    "timepicker",
    "users_select",
];

/// What can stand in a row of actions.
pub const ACTIONS: &[&str] = &[
    "button",
    "checkboxes",
    "channels_select",
    "conversations_select",
    "datepicker",
    "datetimepicker",
    "external_select",
    "overflow",
    "radio_buttons",
    "static_select",
    "timepicker",
    "users_select",
];

/// What can be filled in.
pub const INPUTS: &[&str] = &[
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "datetimepicker",
    "email_text_input",
    "external_select",
    "file_input",
    "multi_channels_select",
    "multi_conversations_select",
    "multi_external_select",
    "multi_static_select",
    "multi_users_select",
    "number_input",
    "plain_text_input",
    "radio_buttons",
    "rich_text_input",
    "static_select",
    "timepicker",
    "url_text_input",
    "users_select",
];

/// Whether people can do something with it.
pub fn is_interactive(element: &str) -> bool {
    element != "image" && ELEMENTS.iter().any(|kind| kind.name == element)
}
