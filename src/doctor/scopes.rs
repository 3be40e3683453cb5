//! What the app asks for, and what does not work without it.

/// The manifest that people paste into Slack.
const MANIFEST: &str = include_str!("../../manifest.yml");

/// The bot's scopes in the manifest.
pub fn wanted() -> Vec<&'static str> {
    let lines = MANIFEST.lines().map(str::trim);
    let after =
        lines.skip_while(|line| *line != "scopes:").skip_while(|line| *line != "bot:").skip(1);
    after
        .take_while(|line| line.is_empty() || line.starts_with(['#', '-']))
        .filter_map(|line| line.strip_prefix("- "))
        .map(str::trim)
        .collect()
}

/// What does not work without a scope.
pub fn without(scope: &str) -> &'static str {
    match scope {
        "commands" => "/incident and the shortcut are not there",
        "chat:write" => "nothing can be said in Slack",
        "chat:write.public" => "nothing can be said in channels that Stentor is not in",
        "channels:manage" => "an incident gets no channel",
        "groups:write" => "a private incident gets no channel",
        "channels:read" => "the announcement channel is not found by its name",
        "groups:read" => "a private channel is not found again after a failed call",
        "channels:join" => "Stentor can't enter the announcement channel by itself",
        "channels:history" | "groups:history" | "im:history" | "metadata.message:read" => {
            "a message can't be found again after a failed call, and might be sent twice or not at all"
        }
        "pins:write" => "the facts are not pinned in an incident's channel",
        "im:write" => "nobody can be told something alone",
        "reactions:read" => "a reaction puts nothing into the timeline",
        "reactions:write" => "nobody sees what went into the timeline",
        "pins:read" => "a pin puts nothing into the timeline",
        "users:read" => {
            "nobody is known by name, address or time zone: people are known by their Slack ids alone"
        }
        "users:read.email" => "nobody is found by their address",
        _ => "something that manifest.yml asks it for",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_of_the_manifest_is_known() {
        let wanted = wanted();
        assert!(wanted.contains(&"commands") && wanted.contains(&"im:write"), "{wanted:?}");
        for scope in wanted {
            assert!(
                scope.chars().all(|c| c.is_ascii_lowercase() || ".:_".contains(c)),
                "{scope} is no scope"
            );
            assert!(!without(scope).contains("manifest"), "say what fails without {scope}");
        }
    }
}
