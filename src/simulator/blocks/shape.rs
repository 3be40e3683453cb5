//! The language in which the tables describe Block Kit.

/// A property of an object.
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
}

/// What a value must look like.
pub enum Shape {
    /// Anything.
    Any,
    Bool,
    /// Text of so many characters.
    Text {
        min: usize,
        max: usize,
    },
    /// A number within bounds.
    Number {
        min: i64,
        max: i64,
    },
    /// An address beginning with http:// or https://.
    Url {
        max: usize,
    },
    /// "2026-11-21".
    Date,
    /// "23:59".
    Time,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text object.
    TextObject {
        plain_only: bool,
        max: usize,
    },
    /// A list of so many.
    List {
        of: &'static Shape,
        min: usize,
        max: usize,
    },
    /// An object without `type`.
    Object(&'static [Field]),
    /// An object whose `type` decides what else is in it.
    Tagged(&'static [Kind]),
    /// An object whose `type` must be among these, as the table of elements has it.
    Element(&'static [&'static str]),
}

/// What an object of some `type` looks like.
pub struct Kind {
    pub name: &'static str,
    pub fields: &'static [Field],
}

/// A property that must be there.
pub const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

/// A property that may be there.
pub const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

/// Plain text only.
pub const fn plain(max: usize) -> Shape {
    Shape::TextObject { plain_only: true, max }
}

/// Plain text or mrkdwn.
pub const fn text_object(max: usize) -> Shape {
    Shape::TextObject { plain_only: false, max }
}

/// A string of at least one character.
pub const fn text(max: usize) -> Shape {
    Shape::Text { min: 1, max }
}

/// A list.
pub const fn list(of: &'static Shape, min: usize, max: usize) -> Shape {
    Shape::List { of, min, max }
}
