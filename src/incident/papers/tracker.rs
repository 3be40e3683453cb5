//! Where issues are tracked elsewhere, and what the address of one tells: whose it is, and what
//! people call it. Nobody is asked; what an address does not say is not known.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::incident::papers::link::ExternalIssue;
use crate::incident::text::shorten;

/// The longest name of an issue, in characters.
const NAME_LIMIT: usize = 200;

/// A system that tracks issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the name of a product")]
pub enum Tracker {
    Asana,
    AzureDevops,
    ClickUp,
    Freshservice,
    Github,
    Gitlab,
    Jira,
    JiraServer,
    Linear,
    Notion,
    Salesforce,
    ServiceNow,
    Shortcut,
}

impl Tracker {
    /// All of them.
    pub const ALL: [Tracker; 13] = [
        Tracker::Asana,
        Tracker::AzureDevops,
        Tracker::ClickUp,
        Tracker::Freshservice,
        Tracker::Github,
        Tracker::Gitlab,
        Tracker::Jira,
        Tracker::JiraServer,
        Tracker::Linear,
        Tracker::Notion,
        Tracker::Salesforce,
        Tracker::ServiceNow,
        Tracker::Shortcut,
    ];

    /// The word for it in an issue's `provider`.
    pub fn as_str(self) -> &'static str {
        match self {
            Tracker::Asana => "asana",
            Tracker::AzureDevops => "azure_devops",
            Tracker::ClickUp => "click_up",
            Tracker::Freshservice => "freshservice",
            Tracker::Github => "github",
            Tracker::Gitlab => "gitlab",
            Tracker::Jira => "jira",
            Tracker::JiraServer => "jira_server",
            Tracker::Linear => "linear",
            Tracker::Notion => "notion",
            Tracker::Salesforce => "salesforce",
            Tracker::ServiceNow => "service_now",
            Tracker::Shortcut => "shortcut",
        }
    }

    /// The tracker of this word.
    pub fn parse(word: &str) -> Option<Tracker> {
        Tracker::ALL.into_iter().find(|tracker| tracker.as_str() == word)
    }

    /// The tracker that serves this host, where its name says so.
    fn of_host(host: &str) -> Option<Tracker> {
        let host = host.strip_prefix("www.").unwrap_or(host);
        let exact = match host {
            "app.asana.com" => Some(Tracker::Asana),
            "dev.azure.com" => Some(Tracker::AzureDevops),
            "app.clickup.com" => Some(Tracker::ClickUp),
            "linear.app" => Some(Tracker::Linear),
            "notion.so" | "notion.com" => Some(Tracker::Notion),
            "app.shortcut.com" => Some(Tracker::Shortcut),
            _ => None,
        };
        let endings = [
            (".atlassian.net", Tracker::Jira),
            (".freshservice.com", Tracker::Freshservice),
            (".notion.site", Tracker::Notion),
            (".force.com", Tracker::Salesforce),
            (".salesforce.com", Tracker::Salesforce),
            (".service-now.com", Tracker::ServiceNow),
            (".visualstudio.com", Tracker::AzureDevops),
        ];
        // Who runs one of these at home says so in the name.
        let beginnings = [
            ("github.", Tracker::Github),
            ("gitlab.", Tracker::Gitlab),
            ("jira.", Tracker::JiraServer),
        ];
        let by_ending = || endings.iter().find(|(ending, _)| host.ends_with(ending));
        let by_beginning = || beginnings.iter().find(|(beginning, _)| host.starts_with(beginning));
        exact.or_else(|| by_ending().or_else(by_beginning).map(|(_, tracker)| *tracker))
    }

    /// What people call the issue at this address, if it is the address of one.
    fn name(self, url: &Url) -> Option<String> {
        let path: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        match self {
            Tracker::Asana => {
                let task = after(&path, "task").filter(|task| is_number(task));
                let task = task.or_else(|| path.iter().copied().rfind(|part| is_number(part)))?;
                Some(format!("Asana task {task}"))
            }
            Tracker::AzureDevops => {
                let place = path.iter().position(|part| *part == "_workitems")?;
                let number = after(&path, "edit").filter(|number| is_number(number))?;
                Some(format!("{}#{number}", decoded(path.get(place.checked_sub(1)?)?)))
            }
            Tracker::ClickUp => match path.as_slice() {
                ["t", id] | ["t", _, id] => Some(decoded(id).into_owned()),
                _ => None,
            },
            Tracker::Freshservice => {
                let number = after(&path, "tickets").filter(|number| is_number(number))?;
                Some(format!("Freshservice ticket {number}"))
            }
            Tracker::Github => match path.as_slice() {
                [owner, repository, "issues" | "pull", number, ..] if is_number(number) => {
                    Some(format!("{owner}/{repository}#{number}"))
                }
                _ => None,
            },
            Tracker::Gitlab => name_at_gitlab(&path),
            Tracker::Jira | Tracker::JiraServer => {
                let chosen = parameter(url, "selectedIssue");
                let known = [after(&path, "browse"), after(&path, "issues")].into_iter().flatten();
                let known = known.map(Cow::Borrowed).chain(chosen).find(|key| is_key(key))?;
                Some(known.into_owned())
            }
            Tracker::Linear => after(&path, "issue").filter(|key| is_key(key)).map(str::to_owned),
            Tracker::Notion => name_at_notion(path.last()?),
            Tracker::Salesforce => {
                let is_record = |part: &&&str| {
                    matches!(part.len(), 15 | 18)
                        && part.starts_with(|c: char| c.is_ascii_digit())
                        && part.chars().all(|c| c.is_ascii_alphanumeric())
                };
                let record = path.iter().find(is_record)?;
                Some(format!("Salesforce record {record}"))
            }
            Tracker::ServiceNow => {
                // The record's address stands within another one, written with percent signs.
                let whole = decoded(url.as_str()).into_owned();
                let (_, rest) = whole.split_once("sys_id=")?;
                let id: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                (!id.is_empty()).then(|| format!("ServiceNow record {id}"))
            }
            Tracker::Shortcut => {
                let number = after(&path, "story").filter(|number| is_number(number))?;
                Some(format!("sc-{number}"))
            }
        }
    }
}

/// The issue at this address, if the address tells whose it is and which one.
pub fn issue_at(address: &str) -> Option<ExternalIssue> {
    let url = Url::parse(address).ok()?;
    let tracker = Tracker::of_host(url.host_str()?)?;
    Some(issue(tracker, tracker.name(&url)?, address))
}

/// The issue at this address, which somebody says is one of this tracker. Nothing, if it is plainly
/// somebody else's. An issue that the address has no name for goes by the address.
pub fn issue_of(tracker: Tracker, address: &str) -> Option<ExternalIssue> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let jira = [Tracker::Jira, Tracker::JiraServer];
    match Tracker::of_host(host) {
        Some(other) if other != tracker && !(jira.contains(&other) && jira.contains(&tracker)) => {
            None
        }
        _ => {
            let name = tracker.name(&url).unwrap_or_else(|| format!("{host}{}", url.path()));
            Some(issue(tracker, name, address))
        }
    }
}

fn issue(tracker: Tracker, name: String, address: &str) -> ExternalIssue {
    ExternalIssue {
        provider: tracker.as_str().to_owned(),
        name: shorten(&name, NAME_LIMIT),
        url: address.to_owned(),
    }
}

/// `group/project/-/issues/17`, with as many groups as there are. Before 2019 there was no dash.
fn name_at_gitlab(path: &[&str]) -> Option<String> {
    let kinds = [("issues", '#'), ("work_items", '#'), ("merge_requests", '!')];
    let sign_of = |part: &str| kinds.iter().find(|(kind, _)| *kind == part).map(|(_, sign)| *sign);
    let (place, sign) =
        path.iter().enumerate().skip(2).find_map(|(place, part)| Some((place, sign_of(part)?)))?;
    let number = path.get(place + 1).filter(|number| is_number(number))?;
    let project = &path[..place];
    let project = project.strip_suffix(&["-"]).unwrap_or(project);
    (project.len() > 1).then(|| format!("{}{sign}{number}", project.join("/")))
}

/// A page's address ends with its id, before which its title stands as it was once.
fn name_at_notion(last: &str) -> Option<String> {
    let (title, id) = last.rsplit_once('-').unwrap_or(("", last));
    if id.len() != 32 || !id.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let title = decoded(title).replace('-', " ");
    Some(if title.trim().is_empty() { format!("Notion page {id}") } else { title })
}

fn after<'p>(path: &[&'p str], word: &str) -> Option<&'p str> {
    let place = path.iter().position(|part| *part == word)?;
    path.get(place + 1).copied()
}

fn parameter<'u>(url: &'u Url, name: &str) -> Option<Cow<'u, str>> {
    url.query_pairs().find(|(given, _)| given == name).map(|(_, value)| value)
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// `OPS-42`.
fn is_key(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(project, number)| {
        is_number(number)
            && project.starts_with(|c: char| c.is_ascii_alphabetic())
            && project.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Addresses that are made of what trackers' addresses are made of.
    fn any_address() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("issues"),
            Just("-"),
            Just("issue"),
            Just("browse"),
            Just("_workitems"),
            Just("edit"),
            Just("7"),
            Just("OPS-7"),
            Just("%00%ff"),
            Just("sys_id=a"),
            Just("0-0123456789abcdef0123456789abcdef"),
            Just(""),
        ];
        let hosts = prop_oneof![
            Just("github.com"),
            Just("gitlab.com"),
            Just("dev.azure.com"),
            Just("www.notion.so"),
            Just("a.service-now.com"),
            Just("jira.a"),
        ];
        let part = prop_oneof![part.prop_map(str::to_owned), any::<String>()];
        (hosts, proptest::collection::vec(part, 0..8))
            .prop_map(|(host, parts)| format!("https://{host}/{}", parts.join("/")))
    }

    proptest! {
        #[test]
        fn whatever_an_address_says_a_name_is_short(address in any_address()) {
            let named = Tracker::ALL.into_iter().filter_map(|it| issue_of(it, &address));
            for issue in named.chain(issue_at(&address)) {
                prop_assert!((1..=NAME_LIMIT).contains(&issue.name.chars().count()), "{issue:?}");
            }
        }
    }

    #[test]
    fn an_address_tells_whose_issue_it_is_and_which() {
        const PAGE: &str = "0123456789abcdef0123456789abcdef";
        for (address, provider, name) in [
            ("https://github.com/acme/shop/issues/17", "github", "acme/shop#17"),
            ("https://github.com/acme/shop/pull/17/files?w=1", "github", "acme/shop#17"),
            ("https://github.acme.example/ops/shop/issues/1", "github", "ops/shop#1"),
            ("https://gitlab.com/a/b/shop/-/issues/3", "gitlab", "a/b/shop#3"),
            ("https://gitlab.acme.example/a/shop/merge_requests/3", "gitlab", "a/shop!3"),
            ("https://gitlab.com/a/shop/-/work_items/9", "gitlab", "a/shop#9"),
            ("https://linear.app/acme/issue/INC-123/find-it", "linear", "INC-123"),
            ("https://acme.atlassian.net/browse/OPS-42", "jira", "OPS-42"),
            ("https://acme.atlassian.net/jira/boards/1?selectedIssue=OPS-42", "jira", "OPS-42"),
            ("https://jira.acme.example/browse/OPS-42", "jira_server", "OPS-42"),
            ("https://app.asana.com/0/111/222/f", "asana", "Asana task 222"),
            ("https://app.asana.com/1/9/project/111/task/222", "asana", "Asana task 222"),
            ("https://dev.azure.com/acme/Shop/_workitems/edit/5/", "azure_devops", "Shop#5"),
            ("https://app.clickup.com/t/86abc", "click_up", "86abc"),
            ("https://app.clickup.com/t/9/OPS-3", "click_up", "OPS-3"),
            (
                "https://acme.freshservice.com/a/tickets/12",
                "freshservice",
                "Freshservice ticket 12",
            ),
            ("https://app.shortcut.com/acme/story/55/title", "shortcut", "sc-55"),
            (
                "https://acme.service-now.com/now/nav/ui/classic/params/target/incident.do%3Fsys_id%3Dab12",
                "service_now",
                "ServiceNow record ab12",
            ),
            (
                "https://acme.lightning.force.com/lightning/r/Case/5003000000D8cuI/view",
                "salesforce",
                "Salesforce record 5003000000D8cuI",
            ),
            (
                &format!("https://www.notion.so/acme/Fix-the-cache-{PAGE}"),
                "notion",
                "Fix the cache",
            ),
        ] {
            let issue = issue_at(address).unwrap_or_else(|| panic!("{address}"));
            let found = (issue.provider.as_str(), issue.name.as_str(), issue.url.as_str());
            assert_eq!(found, (provider, name, address));
        }
    }

    #[test]
    fn what_is_no_issue_is_none() {
        for address in [
            "https://github.com/acme/shop",
            "https://github.com/acme/shop/issues/new",
            "https://github.com",
            "https://gitlab.com/issues/1",
            "https://evil.example/github.com/acme/shop/issues/1",
            "https://evilatlassian.net/browse/OPS-1",
            "https://acme.atlassian.net/browse/",
            "https://acme.atlassian.net/browse/<b>-1",
            "https://linear.app/acme/project/x",
            "https://www.notion.so/acme/Fix",
            "https://tickets.acme.example/7",
            "mailto:a@acme.example",
            "nonsense",
            "",
        ] {
            assert_eq!(issue_at(address), None, "{address}");
        }
    }

    #[test]
    fn an_issue_is_where_somebody_says_unless_that_is_plainly_wrong() {
        let own = "https://tickets.acme.example/browse/OPS-7";
        assert_eq!(issue_of(Tracker::JiraServer, own).unwrap().name, "OPS-7");
        let unnamed = issue_of(Tracker::Github, "https://code.acme.example/x?y=1").unwrap();
        assert_eq!(unnamed.name, "code.acme.example/x");
        assert_eq!(issue_of(Tracker::Jira, "https://github.com/acme/shop/issues/1"), None);
        assert!(issue_of(Tracker::JiraServer, "https://a.atlassian.net/browse/A-1").is_some());
        let long = format!("https://code.acme.example/{}", "x".repeat(900));
        assert_eq!(issue_of(Tracker::Gitlab, &long).unwrap().name.chars().count(), NAME_LIMIT);
        for tracker in Tracker::ALL {
            assert_eq!(Tracker::parse(tracker.as_str()), Some(tracker));
        }
    }
}
