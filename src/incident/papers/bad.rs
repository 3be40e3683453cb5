//! Why something can't be written down, in a sentence for the person who asked; and the measures
//! that lead to it.

use crate::ids::UserId;
use crate::incident::decide::check_person;
use crate::incident::refusal::Refusal;
use crate::incident::state::Incident;
use crate::incident::text::{clean_line, clean_text, shorten};
use crate::incident::{access, event::Actor};

/// The longest address, in characters.
const ADDRESS_LIMIT: usize = 2_000;

/// Something that can't be written down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPaper {
    /// Nothing here goes by that id.
    #[error("There is no such {what} in this incident.")]
    NoSuch {
        /// What was looked for.
        what: &'static str,
    },
    /// There are as many as there can be.
    #[error("This incident has {limit} {what} already; that is the most.")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there can be.
        limit: usize,
    },
    /// A text is needed and there is none.
    #[error("Say {what}.")]
    Missing {
        /// What to say.
        what: &'static str,
        /// Its name on the wire.
        field: &'static str,
    },
    /// A text is longer than it can be.
    #[error("That is {length} characters; {limit} is the most for {what}.")]
    TooLong {
        /// What the text is.
        what: &'static str,
        /// Its name on the wire.
        field: &'static str,
        /// How long it is, in characters.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The text is no address of a page.
    #[error("\u{201c}{given}\u{201d} is no address of a page. It begins with https:// or http://.")]
    BadUrl {
        /// What was given.
        given: String,
    },
    /// The text is no word for programs.
    #[error("\u{201c}{given}\u{201d} is no {what}: small letters, digits and `_` alone.")]
    BadWord {
        /// What the word is for.
        what: &'static str,
        /// Its name on the wire.
        field: &'static str,
        /// What was given.
        given: String,
    },
    /// Only who wrote it may change it.
    #[error("Only who wrote a note can change or delete it.")]
    NotTheAuthor,
    /// They would hear of what they may not know of.
    #[error("They may not see this private incident; invite them first.")]
    NotAMember,
    /// There is nothing to keep anybody out of.
    #[error("This incident is not private: everybody may see it, and nobody can be kept out.")]
    NotPrivate,
    /// They have a part in it that has to be taken from them first.
    #[error("They are {part} of this incident. Give that to somebody else first.")]
    HasAPart {
        /// Which part.
        part: String,
    },
    /// They opened it.
    #[error("They declared this incident, and stay part of it.")]
    IsCreator,
    /// It is tracked elsewhere already.
    #[error("It is tracked as {name} already; say that this is to be replaced.")]
    HasIssue {
        /// Where.
        name: String,
    },
    /// A document is written here already.
    #[error("A document is written here already: \u{201c}{title}\u{201d}.")]
    HasDocument {
        /// What it is called.
        title: String,
    },
    /// The text of such a document is not kept here.
    #[error("This document is written elsewhere; it can be changed there alone.")]
    WrittenElsewhere,
    /// It happened when it was recorded.
    #[error("Only what was written into the timeline by hand can be given another time.")]
    TimeIsFixed,
    /// It can't be related to that.
    #[error("An incident is not related to itself.")]
    Itself,
    /// Nothing goes by that reference, or the person must not know of it.
    #[error("There is no incident \u{201c}{given}\u{201d} here that this one could be related to.")]
    NoSuchRelative {
        /// What was asked for.
        given: String,
    },
    /// The other one must not be named here.
    #[error(
        "{other} is private, so it can't be named here. What is public can be named in a private incident."
    )]
    PrivateRelative {
        /// The other one.
        other: String,
    },
    /// Programs are nobody whom Slack could tell.
    #[error("Say who is meant: a program can't be told anything in Slack.")]
    NobodySaid,
}

impl BadPaper {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            BadPaper::NoSuch { .. } => "no-such-paper",
            BadPaper::TooMany { .. } => "too-many",
            BadPaper::Missing { .. } => "missing-text",
            BadPaper::TooLong { .. } => "text-too-long",
            BadPaper::BadUrl { .. } => "bad-url",
            BadPaper::BadWord { .. } => "bad-word",
            BadPaper::NotTheAuthor => "not-the-author",
            BadPaper::NotAMember => "not-a-member",
            BadPaper::NotPrivate => "not-private",
            BadPaper::HasAPart { .. } | BadPaper::IsCreator => "has-a-part",
            BadPaper::HasIssue { .. } => "has-issue",
            BadPaper::HasDocument { .. } => "has-document",
            BadPaper::WrittenElsewhere => "written-elsewhere",
            BadPaper::TimeIsFixed => "time-is-fixed",
            BadPaper::Itself
            | BadPaper::NoSuchRelative { .. }
            | BadPaper::PrivateRelative { .. } => "bad-relation",
            BadPaper::NobodySaid => "unknown-person",
        }
    }

    /// The field of a form or request that has to be corrected, where it is one.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            BadPaper::Missing { field, .. }
            | BadPaper::TooLong { field, .. }
            | BadPaper::BadWord { field, .. } => Some(field),
            BadPaper::BadUrl { .. } => Some("url"),
            BadPaper::NotAMember
            | BadPaper::HasAPart { .. }
            | BadPaper::IsCreator
            | BadPaper::NobodySaid => Some("person"),
            BadPaper::TimeIsFixed => Some("at"),
            BadPaper::Itself
            | BadPaper::NoSuchRelative { .. }
            | BadPaper::PrivateRelative { .. } => Some("to"),
            BadPaper::HasIssue { .. } => Some("issue"),
            BadPaper::WrittenElsewhere => Some("markdown"),
            BadPaper::NoSuch { .. }
            | BadPaper::TooMany { .. }
            | BadPaper::NotTheAuthor
            | BadPaper::NotPrivate
            | BadPaper::HasDocument { .. } => None,
        }
    }

    /// What it is about in a few words.
    pub fn title(&self) -> &'static str {
        match self {
            BadPaper::NoSuch { .. } => "No such thing",
            BadPaper::TooMany { .. } => "Too many",
            BadPaper::Missing { .. } => "Text is missing",
            BadPaper::TooLong { .. } => "Text is too long",
            BadPaper::BadUrl { .. } => "Bad address",
            BadPaper::BadWord { .. } => "Bad word",
            BadPaper::NotTheAuthor => "Not the author",
            BadPaper::NotAMember => "Not a member",
            BadPaper::NotPrivate => "Not private",
            BadPaper::HasAPart { .. } | BadPaper::IsCreator => "Has a part",
            BadPaper::HasIssue { .. } => "Has an issue",
            BadPaper::HasDocument { .. } => "Has a document",
            BadPaper::WrittenElsewhere => "Written elsewhere",
            BadPaper::TimeIsFixed => "The time is fixed",
            BadPaper::Itself
            | BadPaper::NoSuchRelative { .. }
            | BadPaper::PrivateRelative { .. } => "Bad relation",
            BadPaper::NobodySaid => "Unknown person",
        }
    }
}

/// What a text is, and how much of it there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// What it is: `a title`.
    pub what: &'static str,
    /// What to say if it is missing.
    pub missing: &'static str,
    /// Its name on the wire.
    pub field: &'static str,
    /// How long it may be, in characters.
    pub limit: usize,
}

impl Text {
    /// One line that must be there.
    pub fn line(self, text: &str) -> Result<String, BadPaper> {
        self.required(clean_line(text))
    }

    /// Several lines, of which there must be one.
    pub fn lines(self, text: &str) -> Result<String, BadPaper> {
        self.required(clean_text(text))
    }

    /// One line that may be empty.
    pub fn optional_line(self, text: &str) -> Result<String, BadPaper> {
        self.within(clean_line(text))
    }

    /// Several lines that may be empty.
    pub fn optional_lines(self, text: &str) -> Result<String, BadPaper> {
        self.within(clean_text(text))
    }

    /// A word for programs.
    pub fn word(self, text: &str) -> Result<String, BadPaper> {
        let word = self.line(text)?;
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if word.chars().all(is_plain) {
            return Ok(word);
        }
        Err(BadPaper::BadWord { what: self.what, field: self.field, given: shorten(&word, 80) })
    }

    fn required(self, text: String) -> Result<String, BadPaper> {
        if text.is_empty() {
            return Err(BadPaper::Missing { what: self.missing, field: self.field });
        }
        self.within(text)
    }

    fn within(self, text: String) -> Result<String, BadPaper> {
        let (Text { what, field, limit, .. }, length) = (self, text.chars().count());
        if length > limit {
            Err(BadPaper::TooLong { what, field, length, limit })
        } else {
            Ok(text)
        }
    }
}

/// The address of a page of the web, as it was given.
pub(in crate::incident) fn address(text: &str) -> Result<String, BadPaper> {
    let given = clean_line(text);
    let bad = || BadPaper::BadUrl { given: shorten(&given, 80) };
    // What would end a link early, or a quotation around it, can be written with percent signs.
    let is_plain = !given.contains([' ', '<', '>', '"', '`', '|', '\\']);
    let parsed = url::Url::parse(&given).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|it| !it.is_empty())
    });
    match parsed {
        Some(_) if is_plain && given.chars().count() <= ADDRESS_LIMIT => Ok(given),
        _ => Err(bad()),
    }
}

/// Somebody of whom the incident may speak to: of a private one, who has a part in it.
pub(in crate::incident) fn member<'p>(
    incident: &Incident,
    person: &'p UserId,
) -> Result<&'p UserId, Refusal> {
    let person = check_person(person)?;
    if access::may_see(incident, &Actor::Person { user: person.clone() }) {
        Ok(person)
    } else {
        Err(BadPaper::NotAMember.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_web_have_an_address() {
        for good in ["https://a.example/x?y=1#z", "http://a.example", "https://10.0.0.1:8080/é"] {
            assert_eq!(address(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "a.example",
            "javascript:alert(1)",
            "ftp://a.example",
            "https://",
            "https://a.example/<!channel>",
            "https://a.example/a b",
            "data:text/html,x",
        ] {
            assert!(matches!(address(bad), Err(BadPaper::BadUrl { .. })), "{bad}");
        }
        assert!(address(&format!("https://a.example/{}", "x".repeat(2_000))).is_err());
    }
}
