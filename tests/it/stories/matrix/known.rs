//! The table knows every method that is called, and no other.

use std::collections::BTreeSet;
use std::path::Path;

use super::table::METHODS;

/// The names of methods in the source: `"chat.postMessage"`.
fn methods_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("src/simulator") {
                methods_in(&path, found);
            }
            continue;
        }
        // What lies beside the program, such as a document of others, calls nothing.
        if path.extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // Every second piece stands between quotes; what is escaped is no name of a method.
        found.extend(text.split('"').filter(|word| is_method(word)).map(str::to_owned));
    }
}

/// A family of the Web API, and a name in it.
fn is_method(word: &str) -> bool {
    const FAMILIES: [&str; 20] = [
        "admin",
        "api",
        "apps",
        "auth",
        "blocks",
        "bookmarks",
        "bots",
        "calls",
        "canvases",
        "chat",
        "conversations",
        "dnd",
        "emoji",
        "files",
        "oauth",
        "pins",
        "reactions",
        "team",
        "users",
        "views",
    ];
    let mut parts = word.split('.');
    let is_family = parts.next().is_some_and(|family| FAMILIES.contains(&family));
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    is_family && parts.clone().count() > 0 && parts.all(is_name)
}

#[test]
fn every_method_that_is_called_has_its_row() {
    let mut called = BTreeSet::new();
    methods_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut called);
    // Called without the bot's token, and not for any incident: `installs` and `sockets` tell how
    // they can fail.
    for method in ["oauth.v2.access", "apps.connections.open"] {
        assert!(called.remove(method), "{method}");
    }
    let known: BTreeSet<String> = METHODS.iter().map(|method| method.name.to_owned()).collect();
    assert_eq!(called, known, "tests/it/stories/matrix/table.rs says how each can fail");
}
