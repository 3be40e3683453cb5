//! Where Stentor may send something because a request said so.
//!
//! A `response_url` is text from outside. If any were followed, whoever can make Stentor read one
//! could have it call what only Stentor can reach. So an address must be one of Slack's own, letter
//! by letter: there is no reading of an address by two parsers that could disagree.

use axum::http::Uri;

/// Where Slack takes answers to what people do: the usual Slack, and the one for governments.
const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// Where Slack's own Web API is. Any other place is a simulator or a proxy that somebody set up,
/// which takes the answers itself.
const API_HOSTS: [&str; 2] = ["slack.com", "slack-gov.com"];
/// Slack's have some hundred characters.
const LONGEST: usize = 2_048;

/// The addresses that answers may go to.
#[derive(Clone, Debug)]
pub struct Answerable {
    /// What an address begins with where a Web API of somebody's own is set: scheme and authority.
    own: Option<String>,
}

/// Why nothing is sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswerable {
    /// It can't be read, or is longer than any of Slack's.
    #[error("it is no address")]
    NoAddress,
    /// It is somebody else's.
    #[error("it is not an address of Slack's")]
    NotSlacks,
}

impl Answerable {
    /// Those that belong to the Web API at this address.
    pub fn beside(api_url: &str) -> Answerable {
        let own = api_url.parse::<Uri>().ok().and_then(|uri| {
            let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
            let is_slacks =
                API_HOSTS.iter().any(|host| authority.host().eq_ignore_ascii_case(host));
            (!is_slacks).then(|| format!("{scheme}://{authority}"))
        });
        Answerable { own }
    }

    /// The address, if answers may go there.
    pub fn read(&self, text: &str) -> Result<Uri, NotAnswerable> {
        if text.len() > LONGEST {
            return Err(NotAnswerable::NoAddress);
        }
        let uri: Uri = text.parse().map_err(|_| NotAnswerable::NoAddress)?;
        let origin = |beginning: &str| {
            text.strip_prefix(beginning).is_some_and(|rest| rest.starts_with('/'))
        };
        let is_slacks = HOSTS.iter().any(|host| origin(&format!("https://{host}")));
        if is_slacks || self.own.as_deref().is_some_and(origin) {
            Ok(uri)
        } else {
            Err(NotAnswerable::NotSlacks)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slacks_own_addresses_are_answered() {
        let slack = Answerable::beside("https://slack.com/api");
        for good in [
            "https://hooks.slack.com/commands/T1DC2JH3J/397700885554/96rGlfmibIGlgcZRskXaIFfN",
            "https://hooks.slack.com/actions/T1/1/x?y=%20z",
            "https://hooks.slack-gov.com/commands/T1/1/x",
            "https://hooks.slack.com/",
        ] {
            assert!(slack.read(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/commands/T1",
            "hooks.slack.com/commands",
            "http://hooks.slack.com/commands/T1",
            "HTTPS://hooks.slack.com/commands/T1",
            "https://HOOKS.slack.com/commands/T1",
            "https://hooks.slack.com./commands/T1",
            "https://hooks.slack.com:443/commands/T1",
            "https://hooks.slack.com:8443/commands/T1",
            "https://hooks.slack.com@evil.example/commands/T1",
            "https://evil.example@hooks.slack.com/commands/T1",
            "https://hooks.slack.com:x@evil.example/",
            "https://hooks.slack.com.evil.example/",
            "https://evil.example/https://hooks.slack.com/",
            "https://evil.example/?hooks.slack.com",
            "https://evil.example#hooks.slack.com",
            "https://hooks.slack.com\\@evil.example/",
            "https://hooks.slack.com",
            "https://hooks.slack.com?x",
            "https://xhooks.slack.com/",
            "https://slack.com/api/chat.postMessage",
            "https://xn--hooks-slack.com/",
            "https://hооks.slack.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://2130706433/",
            "https:hooks.slack.com/",
            "https:///hooks.slack.com/",
            "//hooks.slack.com/",
            " https://hooks.slack.com/",
            "https://hooks.slack.com/\r\nHost: evil.example",
            "https://hooks.slack.com/ x",
            "file:///etc/passwd",
            "gopher://hooks.slack.com/",
        ] {
            assert!(slack.read(bad).is_err(), "{bad}");
        }
        let long = format!("https://hooks.slack.com/{}", "x".repeat(LONGEST));
        assert_eq!(slack.read(&long), Err(NotAnswerable::NoAddress));
    }

    #[test]
    fn a_simulator_takes_answers_where_it_is_set_and_nowhere_else() {
        let simulator = Answerable::beside("http://127.0.0.1:4040/api");
        assert!(simulator.read("http://127.0.0.1:4040/respond/1").is_ok());
        for bad in [
            "http://127.0.0.1:4041/respond/1",
            "http://127.0.0.1:40400/respond/1",
            "https://127.0.0.1:4040/respond/1",
            "http://localhost:4040/respond/1",
            "http://127.0.0.1:4040@evil.example/",
        ] {
            assert_eq!(simulator.read(bad), Err(NotAnswerable::NotSlacks), "{bad}");
        }
        // Slack's own API is no place for answers.
        let slack = Answerable::beside("https://SLACK.com/api");
        assert!(slack.read("https://SLACK.com/api/x").is_err());
        assert!(Answerable::beside("no address").read("no address/").is_err());
    }
}
