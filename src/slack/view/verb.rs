//! The words of the slash command: how each is typed, and what it does.
//!
//! The grammar and the help are both made from this one list, so that neither can know a command
//! that the other does not.

/// A word of the slash command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Open an incident.
    Declare,
    /// Show what is open.
    List,
    /// Say how things are typed.
    Help,
    /// Say what is new.
    Update,
    /// Change how bad it is.
    Severity,
    /// Change where it stands.
    Status,
    /// It is over for those it hurt.
    Resolve,
    /// Nothing is left to do.
    Close,
    /// It was not over.
    Reopen,
    /// It is an incident.
    Accept,
    /// It is none.
    Decline,
    /// Say what kind it is.
    Type,
    /// Have peace from its alerts.
    Snooze,
    /// Hear of them again.
    Unsnooze,
    /// Go on in another incident.
    Merge,
    /// Say who runs it.
    Lead,
    /// Say who does what.
    Role,
    /// Let people in.
    Invite,
    /// Say what is known.
    Summary,
    /// Call it something else.
    Rename,
    /// Write something down.
    Note,
    /// Show what happened.
    Timeline,
    /// Show its alerts.
    Alerts,
    /// Say what its fields say.
    Field,
    /// Say where people talk.
    Call,
    /// Let only few know of it.
    Private,
    /// Try out how it goes.
    Test,
    /// Let the work rest.
    Pause,
    /// It was declared by mistake.
    Cancel,
    /// Say when it reached which point.
    Timestamp,
    /// Page somebody.
    Page,
    /// Show who is on call.
    OnCall,
    /// Say what is to be done now.
    Action,
    /// Show what is to be done now.
    Actions,
    /// Say what is to be done afterwards.
    FollowUp,
    /// Show what is to be done afterwards.
    FollowUps,
    /// Attach something elsewhere.
    Link,
    /// Say what else it has to do with.
    Relate,
    /// Show or begin its post-mortem.
    Postmortem,
    /// Take somebody out.
    Remove,
    /// Hear of its updates.
    Subscribe,
    /// Hear nothing more of them.
    Unsubscribe,
    /// Give it a tag.
    Tag,
    /// Take a tag from it.
    Untag,
}

/// A heading in the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Opening and finding incidents.
    Start,
    /// Working one.
    Drive,
    /// Who does what.
    People,
    /// What is kept of it.
    Record,
}

impl Group {
    /// In the order of the help.
    pub const ALL: [Group; 4] = [Group::Start, Group::Drive, Group::People, Group::Record];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Start => "Start",
            Group::Drive => "Drive",
            Group::People => "People",
            Group::Record => "Record",
        }
    }
}

/// How a word is typed, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The word.
    pub word: &'static str,
    /// What else may follow it.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub does: &'static str,
    /// A line as somebody would type it, without the slash command.
    pub example: &'static str,
    /// Other words for the same.
    pub aliases: &'static [&'static str],
    /// Where the help lists it.
    pub group: Group,
}

impl Verb {
    /// All of them, in the order of the help.
    pub const ALL: [Verb; 44] = [
        Verb::Declare,
        Verb::List,
        Verb::Help,
        Verb::Update,
        Verb::Severity,
        Verb::Status,
        Verb::Resolve,
        Verb::Close,
        Verb::Reopen,
        Verb::Accept,
        Verb::Decline,
        Verb::Type,
        Verb::Snooze,
        Verb::Unsnooze,
        Verb::Merge,
        Verb::Lead,
        Verb::Role,
        Verb::Invite,
        Verb::Summary,
        Verb::Rename,
        Verb::Note,
        Verb::Timeline,
        Verb::Alerts,
        Verb::Pause,
        Verb::Cancel,
        Verb::Call,
        Verb::OnCall,
        Verb::Page,
        Verb::Private,
        Verb::Remove,
        Verb::Subscribe,
        Verb::Unsubscribe,
        Verb::Field,
        Verb::Action,
        Verb::Actions,
        Verb::Timestamp,
        Verb::FollowUp,
        Verb::FollowUps,
        Verb::Link,
        Verb::Relate,
        Verb::Postmortem,
        Verb::Test,
        Verb::Tag,
        Verb::Untag,
    ];

    /// The verb of this word or alias, whatever its case.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        Verb::ALL.into_iter().find(|verb| {
            let usage = verb.usage();
            usage.word == word || usage.aliases.contains(&word.as_str())
        })
    }

    /// The word people type.
    pub fn word(self) -> &'static str {
        self.usage().word
    }

    /// How it is typed, and what it does.
    pub fn usage(self) -> Usage {
        match self {
            Verb::Declare => Usage {
                word: "declare",
                arguments: "[name]",
                does: "Open an incident.",
                example: "declare Checkout is slow",
                aliases: &["new", "open", "start", "create"],
                group: Group::Start,
            },
            Verb::List => Usage {
                word: "list",
                arguments: "[open | closed | all | severity | text]",
                does: "Show the incidents that are open, or others.",
                example: "list critical",
                aliases: &["ls", "incidents", "find", "search"],
                group: Group::Start,
            },
            Verb::Help => Usage {
                word: "help",
                arguments: "[command]",
                does: "Show how a command is typed.",
                example: "help update",
                aliases: &["?", "commands", "usage"],
                group: Group::Start,
            },
            Verb::Update => Usage {
                word: "update",
                arguments: "[text]",
                does: "Tell everybody what is new.",
                example: "update Rolling back to 1.4",
                aliases: &["post", "say"],
                group: Group::Drive,
            },
            Verb::Severity => Usage {
                word: "severity",
                arguments: "[severity]",
                does: "Change how bad it is.",
                example: "severity major",
                aliases: &["sev", "priority"],
                group: Group::Drive,
            },
            Verb::Status => Usage {
                word: "status",
                arguments: "[status]",
                does: "Change where it stands.",
                example: "status monitoring",
                aliases: &["state"],
                group: Group::Drive,
            },
            Verb::Resolve => Usage {
                word: "resolve",
                arguments: "[text]",
                does: "It is over for those it hurt; say what ended it.",
                example: "resolve Rolled back",
                aliases: &["resolved", "fixed", "fix", "end"],
                group: Group::Drive,
            },
            Verb::Close => Usage {
                word: "close",
                arguments: "[text]",
                does: "Nothing is left to do.",
                example: "close",
                aliases: &["closed", "done", "finish"],
                group: Group::Drive,
            },
            Verb::Reopen => Usage {
                word: "reopen",
                arguments: "[text]",
                does: "It was not over: go back to working on it.",
                example: "reopen It is slow again",
                aliases: &["re-open", "unresolve", "unclose"],
                group: Group::Drive,
            },
            Verb::Accept => Usage {
                word: "accept",
                arguments: "",
                does: "It is an incident: begin the work.",
                example: "accept",
                aliases: &["confirm"],
                group: Group::Drive,
            },
            Verb::Decline => Usage {
                word: "decline",
                arguments: "[text]",
                does: "It is no incident; say why.",
                example: "decline The load test",
                aliases: &["reject", "dismiss"],
                group: Group::Drive,
            },
            Verb::Type => Usage {
                word: "type",
                arguments: "[name]",
                does: "Say what kind of incident it is.",
                example: "type Default",
                aliases: &["kind"],
                group: Group::Drive,
            },
            Verb::Snooze => Usage {
                word: "snooze",
                arguments: "[2h | 90m | 1d] [cancel]",
                does: "Have peace from its alerts for a while; with cancel, until there is news.",
                example: "snooze 2h",
                aliases: &["mute", "quiet"],
                group: Group::Drive,
            },
            Verb::Unsnooze => Usage {
                word: "unsnooze",
                arguments: "",
                does: "Hear of its alerts again.",
                example: "unsnooze",
                aliases: &["unmute", "wake"],
                group: Group::Drive,
            },
            Verb::Merge => Usage {
                word: "merge",
                arguments: "[INC-42]",
                does: "Go on in another incident.",
                example: "merge INC-42",
                aliases: &["duplicate", "dup"],
                group: Group::Drive,
            },
            Verb::Lead => Usage {
                word: "lead",
                arguments: "[me | @person | none]",
                does: "Say who runs it.",
                example: "lead @bea",
                aliases: &["leader", "commander", "owner"],
                group: Group::People,
            },
            Verb::Role => Usage {
                word: "role",
                arguments: "[role] [me | @person | none]",
                does: "Say who does what.",
                example: "role comms @bea",
                aliases: &["roles", "assign"],
                group: Group::People,
            },
            Verb::Invite => Usage {
                word: "invite",
                arguments: "[@person …]",
                does: "Let people into its channel.",
                example: "invite @bea",
                aliases: &["add"],
                group: Group::People,
            },
            Verb::Summary => Usage {
                word: "summary",
                arguments: "[text]",
                does: "Say in a few sentences what is known.",
                example: "summary Payments time out since the release",
                aliases: &["summarise", "summarize", "description"],
                group: Group::Record,
            },
            Verb::Rename => Usage {
                word: "rename",
                arguments: "[name]",
                does: "Call it something else.",
                example: "rename Payments are down",
                aliases: &["name", "title"],
                group: Group::Record,
            },
            Verb::Note => Usage {
                word: "note",
                arguments: "[text]",
                does: "Write something into the timeline.",
                example: "note The queue is empty again",
                aliases: &["log-note", "record", "write"],
                group: Group::Record,
            },
            Verb::Timeline => Usage {
                word: "timeline",
                arguments: "",
                does: "Show what happened so far.",
                example: "timeline",
                aliases: &["history", "log", "events"],
                group: Group::Record,
            },
            Verb::Alerts => Usage {
                word: "alerts",
                arguments: "",
                does: "Show the alerts behind it, those that fire first.",
                example: "alerts",
                aliases: &["alert", "firing", "monitors"],
                group: Group::Record,
            },
            Verb::Field => Usage {
                word: "field",
                arguments: "[name] [value | none]",
                does: "Say what its fields say.",
                example: "field team Payments",
                aliases: &["fields", "custom-field"],
                group: Group::Record,
            },
            Verb::Call => Usage {
                word: "call",
                arguments: "[address | none]",
                does: "Say where people talk.",
                example: "call https://meet.example.com/abc",
                aliases: &["bridge", "meet", "zoom"],
                group: Group::People,
            },
            Verb::Private => Usage {
                word: "private",
                arguments: "",
                does: "Let only those invited know of it, for good.",
                example: "private",
                aliases: &["hide", "make-private"],
                group: Group::People,
            },
            Verb::Test => Usage {
                word: "test",
                arguments: "[name]",
                does: "Open an incident to try things out: nobody else is told.",
                example: "test Can everybody hear me?",
                aliases: &["drill", "exercise", "rehearse"],
                group: Group::Start,
            },
            Verb::Pause => Usage {
                word: "pause",
                arguments: "[text]",
                does: "Let the work rest; say why.",
                example: "pause Waiting for the vendor",
                aliases: &["hold", "rest"],
                group: Group::Drive,
            },
            Verb::Cancel => Usage {
                word: "cancel",
                arguments: "[text]",
                does: "It was declared by mistake; say why.",
                example: "cancel Wrong dashboard",
                aliases: &["cancelled", "canceled", "mistake"],
                group: Group::Drive,
            },
            Verb::Timestamp => Usage {
                word: "timestamp",
                arguments: "",
                does: "Say when it was reported, fixed, resolved and so on.",
                example: "timestamp",
                aliases: &["timestamps", "times"],
                group: Group::Record,
            },
            Verb::Page => Usage {
                word: "page",
                arguments: "[@person | path | schedule] [text]",
                does: "Page somebody until somebody answers; here, or anywhere.",
                example: "page @bea The database is down",
                aliases: &["escalate", "wake-up", "pager"],
                group: Group::People,
            },
            Verb::OnCall => Usage {
                word: "oncall",
                arguments: "[schedule]",
                does: "Show who is on call now, and who is next.",
                example: "oncall",
                aliases: &["on-call", "schedule", "schedules", "rota"],
                group: Group::People,
            },
            Verb::Action => Usage {
                word: "action",
                arguments: "[text] [@person]",
                does: "Write down what is to be done now, and by whom.",
                example: "action Restart the queue @bea",
                aliases: &["todo", "task"],
                group: Group::Record,
            },
            Verb::Actions => Usage {
                word: "actions",
                arguments: "",
                does: "Show what is to be done now.",
                example: "actions",
                aliases: &["todos", "tasks"],
                group: Group::Record,
            },
            Verb::FollowUp => Usage {
                word: "followup",
                arguments: "[text] [@person]",
                does: "Write down what is to be done afterwards, and by whom.",
                example: "followup Write a test for it",
                aliases: &["follow-up", "fup"],
                group: Group::Record,
            },
            Verb::FollowUps => Usage {
                word: "followups",
                arguments: "",
                does: "Show what is to be done afterwards.",
                example: "followups",
                aliases: &["follow-ups", "fups"],
                group: Group::Record,
            },
            Verb::Link => Usage {
                word: "link",
                arguments: "[url] [title]",
                does: "Attach something elsewhere.",
                example: "link https://a.example/graph The graph",
                aliases: &["attach", "url"],
                group: Group::Record,
            },
            Verb::Relate => Usage {
                word: "relate",
                arguments: "[INC-42]",
                does: "Say what other incident it has to do with.",
                example: "relate INC-42",
                aliases: &["related", "relates"],
                group: Group::Record,
            },
            Verb::Postmortem => Usage {
                word: "postmortem",
                arguments: "[url]",
                does: "Show its post-mortem, attach one, or begin one from the timeline.",
                example: "postmortem",
                aliases: &["post-mortem", "pm"],
                group: Group::Record,
            },
            Verb::Remove => Usage {
                word: "remove",
                arguments: "[@person]",
                does: "Take somebody out of a private incident.",
                example: "remove @bea",
                aliases: &["kick", "uninvite"],
                group: Group::People,
            },
            Verb::Subscribe => Usage {
                word: "subscribe",
                arguments: "",
                does: "Hear of its updates by direct message.",
                example: "subscribe",
                aliases: &["watch", "follow"],
                group: Group::People,
            },
            Verb::Unsubscribe => Usage {
                word: "unsubscribe",
                arguments: "",
                does: "Hear nothing more of its updates.",
                example: "unsubscribe",
                aliases: &["unwatch", "unfollow"],
                group: Group::People,
            },
            Verb::Tag => Usage {
                word: "tag",
                arguments: "[tag] [value]",
                does: "Give it a tag.",
                example: "tag team payments",
                aliases: &["tags", "label"],
                group: Group::Record,
            },
            Verb::Untag => Usage {
                word: "untag",
                arguments: "[tag]",
                does: "Take a tag from it.",
                example: "untag team",
                aliases: &["unlabel"],
                group: Group::Record,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_means_one_thing() {
        let mut words = Vec::new();
        for verb in Verb::ALL {
            let usage = verb.usage();
            assert_eq!(Verb::parse(usage.word), Some(verb));
            assert_eq!(Verb::parse(&usage.word.to_uppercase()), Some(verb));
            for alias in usage.aliases {
                assert_eq!(Verb::parse(alias), Some(verb), "{alias}");
            }
            words.push(usage.word);
            words.extend(usage.aliases);
        }
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
