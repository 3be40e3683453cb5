//! The line drawings on buttons, as SVG within the page: no font and no picture to fetch.

use maud::{Markup, PreEscaped, html};

/// A drawing by name; it is decoration, so what it stands on needs a label of its own.
pub fn icon(name: &str) -> Markup {
    let drawing = match name {
        "back" => r#"<path d="M15 5l-7 7 7 7"/>"#,
        "bolt" => r#"<path d="M13 3L5 14h6l-1 7 8-11h-6z"/>"#,
        "bookmark" => r#"<path d="M7 4h10v16l-5-4-5 4z"/>"#,
        "close" => r#"<path d="M6 6l12 12M18 6L6 18"/>"#,
        "code" => r#"<path d="M9 7l-5 5 5 5M15 7l5 5-5 5"/>"#,
        "dots" => r#"<path d="M12 5.5v.01M12 12v.01M12 18.5v.01" stroke-width="2.6"/>"#,
        "down" => r#"<path d="M7 10l5 5 5-5"/>"#,
        "gear" => {
            r#"<path d="M4 7h10M18 7h2M4 12h3M11 12h9M4 17h8M16 17h4"/><circle cx="16" cy="7" r="2"/><circle cx="9" cy="12" r="2"/><circle cx="14" cy="17" r="2"/>"#
        }
        "hash" => r#"<path d="M9.5 4L7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16"/>"#,
        "home" => r#"<path d="M4 11l8-7 8 7v9h-5.5v-6h-5v6H4z"/>"#,
        "link" => {
            r#"<path d="M10 14a4 4 0 005.7 0l3-3a4 4 0 00-5.7-5.7l-1 1M14 10a4 4 0 00-5.7 0l-3 3a4 4 0 005.7 5.7l1-1"/>"#
        }
        "lock" => {
            r#"<rect x="5.5" y="11" width="13" height="9" rx="1.5"/><path d="M8.5 11V8a3.5 3.5 0 017 0v3"/>"#
        }
        "menu" => r#"<path d="M4 7h16M4 12h16M4 17h16"/>"#,
        "out" => r#"<path d="M13 5h6v6M19 5l-9 9M16 14v5H5V8h5"/>"#,
        "people" => {
            r#"<circle cx="9" cy="8.5" r="3.5"/><path d="M3 19.5c.4-4 2.6-6 6-6s5.600 2 6 6M15.500 5.300a3.500 3.500 0 010 6.400M17.500 14c2.200.7 3.300 2.500 3.500 5.500"/>"#
        }
        "pin" => r#"<path d="M9 4h6l-1 6 3.500 3.500h-11L10 10zM12 13.500V20"/>"#,
        "plus" => r#"<path d="M12 5v14M5 12h14"/>"#,
        "send" => r#"<path d="M4.500 4.500l16 7.500-16 7.500L7 12zM7 12h6"/>"#,
        "smile" => {
            r#"<circle cx="12" cy="12" r="8.500"/><path d="M8.500 14c1 1.700 2.100 2.500 3.500 2.500s2.500-.8 3.500-2.500M9.200 9.500v.01M14.800 9.500v.01"/>"#
        }
        "thread" => r#"<path d="M4.500 5h15v11h-9l-4 3.500V16h-2zM8.500 9h7M8.500 12h4.500"/>"#,
        _ => "",
    };
    html! {
        svg.icon viewBox="0 0 24 24" aria-hidden="true" focusable="false" {
            (PreEscaped(drawing))
        }
    }
}
