//! The files the page is made of besides its document, built into the program: nothing is fetched
//! from elsewhere, and nothing has to lie beside the program.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The style sheets, in the order in which the later overrule the earlier.
pub const STYLES: [&str; 8] = [
    "base.css",
    "controls.css",
    "frame.css",
    "messages.css",
    "blocks.css",
    "composer.css",
    "drawer.css",
    "narrow.css",
];

/// The script that imports the others.
pub const SCRIPT: &str = "script.js";

/// The picture of the browser's tab.
pub const ICON: &str = "icon.svg";

/// Answers with a file.
pub async fn serve(Path(name): Path<String>) -> Response {
    let Some(content) = content(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    ([(header::CONTENT_TYPE, kind)], content).into_response()
}

fn content(name: &str) -> Option<&'static str> {
    Some(match name {
        "base.css" => include_str!("assets/base.css"),
        "controls.css" => include_str!("assets/controls.css"),
        "frame.css" => include_str!("assets/frame.css"),
        "messages.css" => include_str!("assets/messages.css"),
        "blocks.css" => include_str!("assets/blocks.css"),
        "composer.css" => include_str!("assets/composer.css"),
        "drawer.css" => include_str!("assets/drawer.css"),
        "narrow.css" => include_str!("assets/narrow.css"),
        "script.js" => include_str!("assets/script.js"),
        "address.js" => include_str!("assets/address.js"),
        "composer.js" => include_str!("assets/composer.js"),
        "fields.js" => include_str!("assets/fields.js"),
        "menus.js" => include_str!("assets/menus.js"),
        "modals.js" => include_str!("assets/modals.js"),
        "parts.js" => include_str!("assets/parts.js"),
        "wire.js" => include_str!("assets/wire.js"),
        "icon.svg" => include_str!("assets/icon.svg"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_is_asked_for_is_there() {
        let mut asked: Vec<&str> = STYLES.into_iter().chain([SCRIPT, ICON]).collect();
        while let Some(name) = asked.pop() {
            let content = content(name).unwrap_or_else(|| panic!("{name} is missing"));
            let imports = content.lines().filter(|line| line.starts_with("import "));
            for import in imports.filter(|_| name == SCRIPT) {
                asked.push(import.split("\"./").nth(1).unwrap().trim_end_matches("\";"));
            }
        }
        assert_eq!(content("../mod.rs"), None);
    }
}
