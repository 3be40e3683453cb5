//! What belongs to an incident elsewhere: links, things of other systems, and the ticket that it is
//! tracked in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::ids::AttachmentId;
use crate::incident::decide::Context;
use crate::incident::event::Actor;
use crate::incident::papers::bad::{BadPaper, Text, address};
use crate::incident::papers::{Filed, Paperwork, next_id};
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;

/// Attachments of one incident.
const MOST: usize = 200;
/// What a free link is.
pub const FREE_LINK: &str = "arbitrary_url";

const TYPE: Text =
    Text { what: "a type of resource", missing: "what it is", field: "resource_type", limit: 50 };
const EXTERNAL_ID: Text = Text {
    what: "an id",
    missing: "its id there, or its address",
    field: "external_id",
    limit: 500,
};
const TITLE: Text = Text { what: "a title", missing: "the title", field: "title", limit: 200 };
const PROVIDER: Text =
    Text { what: "a provider", missing: "who tracks it", field: "provider", limit: 50 };
const NAME: Text =
    Text { what: "the name of an issue", missing: "what it is called", field: "name", limit: 200 };

/// Where something is tracked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalIssue {
    /// Who tracks it: `jira`, `linear`, `github`.
    pub provider: String,
    /// What it is called there.
    #[schema(example = "OPS-42")]
    pub name: String,
    /// Where it is.
    pub url: String,
}

/// Something elsewhere that belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// Its id, a ULID.
    #[schema(value_type = String, example = "01K5QGJH00000000000000000A")]
    pub id: AttachmentId,
    /// What it is.
    #[schema(example = "arbitrary_url")]
    pub resource_type: String,
    /// What it is called there; the address of a free link.
    pub external_id: String,
    /// What people call it.
    pub title: String,
    /// Where it is; empty if nobody has said.
    pub url: String,
    /// Who attached it.
    pub creator: Actor,
    /// When.
    pub created_at: Timestamp,
}

pub(super) fn decide(
    incident: &Incident,
    paperwork: &Paperwork,
    context: &Context,
) -> Result<Filed, Refusal> {
    match paperwork {
        Paperwork::Attach { resource_type, external_id, title, url } => {
            let attachment = Attachment {
                id: AttachmentId::new(next_id(incident, context.now)),
                creator: context.actor.clone(),
                created_at: context.now,
                ..attachment(resource_type, external_id, title, url)?
            };
            let is_it = |known: &&Attachment| {
                known.resource_type == attachment.resource_type
                    && known.external_id == attachment.external_id
            };
            if incident.papers.attachments.values().any(|known| is_it(&known)) {
                return Err(Refusal::AlreadySo { what: "It is attached already".to_owned() });
            }
            if incident.papers.attachments.len() >= MOST {
                return Err(BadPaper::TooMany { what: "attachments", limit: MOST }.into());
            }
            Ok(Filed::Attached { attachment })
        }
        Paperwork::Detach { attachment } => {
            let known = incident.papers.attachments.get(attachment);
            let attachment = known.ok_or(BadPaper::NoSuch { what: "attachment" })?.clone();
            Ok(Filed::Detached { attachment })
        }
        Paperwork::ConnectIssue { issue, replace } => {
            let issue = check_issue(issue)?;
            match &incident.papers.issue {
                Some(known) if *known == issue => {
                    Err(Refusal::AlreadySo { what: "It is tracked there already".to_owned() })
                }
                Some(known) if !replace => {
                    Err(BadPaper::HasIssue { name: known.name.clone() }.into())
                }
                known => Ok(Filed::IssueConnected { issue, previous: known.clone() }),
            }
        }
        _ => unreachable!("only what is about links comes here"),
    }
}

fn attachment(
    resource_type: &str,
    external_id: &Option<String>,
    title: &Option<String>,
    url: &Option<String>,
) -> Result<Attachment, BadPaper> {
    let resource_type = TYPE.word(resource_type)?;
    let url = url.as_deref().map(address).transpose()?;
    let external_id = match (external_id, &url) {
        // A link is known by where it leads.
        (None, Some(url)) => url.clone(),
        (Some(_), Some(url)) if resource_type == FREE_LINK => url.clone(),
        (given, _) => EXTERNAL_ID.line(given.as_deref().unwrap_or_default())?,
    };
    if resource_type == FREE_LINK && url.is_none() {
        return Err(BadPaper::Missing { what: "the address of the link", field: "url" });
    }
    let title = TITLE.optional_line(title.as_deref().unwrap_or_default())?;
    let url = url.unwrap_or_default();
    Ok(Attachment {
        id: AttachmentId::from(""),
        title: if title.is_empty() { external_id.clone() } else { title },
        resource_type,
        external_id,
        url,
        creator: Actor::Stentor,
        created_at: Timestamp::default(),
    })
}

/// The issue as it is kept.
pub(super) fn check_issue(issue: &ExternalIssue) -> Result<ExternalIssue, BadPaper> {
    let (provider, url) = (PROVIDER.word(&issue.provider)?, address(&issue.url)?);
    Ok(ExternalIssue { provider, name: NAME.line(&issue.name)?, url })
}
