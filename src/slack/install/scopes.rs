//! What Stentor asks to be allowed: the scopes of the app's manifest, which is the one list of them.

use std::sync::LazyLock;

const MANIFEST: &str = include_str!("../../../manifest.yml");

/// The scopes, with commas between.
pub static SCOPES: LazyLock<String> = LazyLock::new(|| scopes_in(MANIFEST).join(","));

/// The list under `bot:`. Lines of a list begin with a dash; comments may stand between.
fn scopes_in(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines().map(str::trim).skip_while(|line| *line != "bot:").skip(1);
    let list = lines.take_while(|line| line.starts_with("- ") || line.starts_with('#'));
    list.filter_map(|line| line.strip_prefix("- ").map(str::trim)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_found_among_its_comments() {
        let manifest = "oauth_config:\n  scopes:\n    bot:\n      # Why\n      - commands\n      - chat:write\n\nsettings:\n  - no\n";
        assert_eq!(scopes_in(manifest), ["commands", "chat:write"]);
    }
}
