//! The structure of rich text.

use super::shape::{Field, Kind, Shape, list, may, must, text};

/// What can stand in a rich_text block.
pub const PARTS: Shape = Shape::Tagged(&[
    Kind { name: "rich_text_section", fields: &[must("elements", RUNS)] },
    Kind {
        name: "rich_text_list",
        fields: &[
            must("style", Shape::Word(&["bullet", "ordered"])),
            must("elements", list(&ITEM, 1, 1000)),
            may("indent", Shape::Number { min: 0, max: 8 }),
            may("offset", Shape::Number { min: 0, max: 10_000 }),
            BORDER,
        ],
    },
    Kind {
        name: "rich_text_preformatted",
        fields: &[must("elements", RUNS), BORDER, may("language", text(100))],
    },
    Kind { name: "rich_text_quote", fields: &[must("elements", RUNS), BORDER] },
]);

const ITEM: Shape =
    Shape::Tagged(&[Kind { name: "rich_text_section", fields: &[must("elements", RUNS)] }]);

const BORDER: Field = may("border", Shape::Number { min: 0, max: 1 });

const RUNS: Shape = list(&RUN, 0, 10_000);

const RUN: Shape = Shape::Tagged(&[
    Kind { name: "text", fields: &[must("text", text(40_000)), STYLE] },
    Kind {
        name: "link",
        fields: &[
            must("url", text(3000)),
            may("text", Shape::Text { min: 0, max: 40_000 }),
            may("unsafe", Shape::Bool),
            STYLE,
        ],
    },
    Kind {
        name: "emoji",
        fields: &[
            must("name", text(100)),
            may("unicode", text(100)),
            may("skin_tone", Shape::Number { min: 1, max: 6 }),
            STYLE,
        ],
    },
    Kind { name: "user", fields: &[must("user_id", text(255)), STYLE] },
    Kind { name: "usergroup", fields: &[must("usergroup_id", text(255)), STYLE] },
    Kind { name: "channel", fields: &[must("channel_id", text(255)), STYLE] },
    Kind { name: "team", fields: &[must("team_id", text(255)), STYLE] },
    Kind {
        name: "broadcast",
        fields: &[must("range", Shape::Word(&["here", "channel", "everyone"])), STYLE],
    },
    Kind { name: "color", fields: &[must("value", text(7)), STYLE] },
    Kind {
        name: "date",
        fields: &[
            must("timestamp", Shape::Number { min: 0, max: 99_999_999_999 }),
            must("format", text(255)),
            may("url", Shape::Url { max: 3000 }),
            may("fallback", text(3000)),
            STYLE,
        ],
    },
]);

const STYLE: Field = may(
    "style",
    Shape::Object(&[
        may("bold", Shape::Bool),
        may("italic", Shape::Bool),
        may("strike", Shape::Bool),
        may("code", Shape::Bool),
        may("underline", Shape::Bool),
        may("highlight", Shape::Bool),
        may("client_highlight", Shape::Bool),
        may("unlink", Shape::Bool),
    ]),
);
