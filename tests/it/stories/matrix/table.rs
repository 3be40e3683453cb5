//! The matrix as data: every method that Stentor calls, every way in which Slack can refuse it, and
//! how that must end.

use stentor::simulator::faults::Failing;

use crate::stories::whole::Aspect;

/// How a fault must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is tried again, and in the end everything is there once.
    Again,
    /// The work is taken for done: that is what the refusal says.
    Believed,
    /// It is done in another way.
    Repaired(&'static str),
    /// The record says that this part was left out; the rest is done, and nothing is left to do.
    LeftOut(&'static str),
    /// It is given up: a dead letter that the record, the outbox and `/metrics` show, and that can
    /// be sent again.
    DeadLetter,
    /// It waits until an admin has set the token right: that is no matter of one incident.
    Waits,
    /// It may wait or be given up, but is seen in the outbox with its reason, and ends well when
    /// the reason is gone.
    Visible,
}

use Outcome::{Again, Believed, DeadLetter, LeftOut, Repaired, Visible, Waits};

/// Words for a reason, several in one text, and how they must end.
pub type Ends = (&'static str, Outcome);

/// What makes Stentor call a method that it needs only now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Any incident.
    Always,
    /// Stentor does not know yet who it is.
    FirstContact,
    /// It does not know yet where it announces.
    FirstAnnouncement,
    /// The answer to a channel's opening was lost.
    ChannelInDoubt,
    /// The answer to an announcement was lost, in a channel that Stentor is not in.
    MessageInDoubt,
}

/// Methods whose stories are told by one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Who Stentor is and where it announces.
    Bearings,
    /// Opening the channel, or finding it.
    Channel,
    /// What the channel is called and what stands above it.
    Heading,
    /// Who is in it and what is pinned.
    Room,
    /// What is said to all, or whispered.
    Messages,
    /// What is said directly, and changed.
    Edits,
    /// Finding what was said.
    Looking,
    /// Outside the outbox, or only needed after what people do: told elsewhere.
    Outside,
}

/// One method.
pub struct Method {
    pub name: &'static str,
    pub part: Part,
    pub occasion: Occasion,
    /// The dead letters if it is refused all along, by the end of their keys. A dash stands for an
    /// entry's number.
    pub dead: &'static [&'static str],
    /// What is not as usual when Slack says that it was done, or is not to be done.
    pub not_usual: &'static [Aspect],
    /// Its own reasons.
    pub own: &'static [Ends],
}

/// Reasons of every method.
pub const EVERYWHERE: &[Ends] = &[
    ("internal_error fatal_error service_unavailable request_timeout", Again),
    ("ratelimited rate_limited", Again),
    ("team_added_to_org", Again),
    ("not_authed invalid_auth account_inactive token_revoked token_expired", Waits),
    ("org_login_required team_access_not_granted", Waits),
    ("missing_scope", Visible),
    ("not_allowed_token_type invalid_arguments invalid_form_data", DeadLetter),
];

/// Everything in the incident's channel.
const ALL_IN_THE_CHANNEL: &[&str] = &[
    "alerts/-",
    "refresh/channel",
    "refresh/members",
    "refresh/name",
    "refresh/topic",
    "refresh/welcome",
    "say/-",
];

/// Without a workspace there is neither channel nor announcement.
const ALL_IN_AN_ORGANISATION: &[&str] = &[
    "refresh/announcement",
    "refresh/channel",
    "refresh/members",
    "refresh/topic",
    "refresh/welcome",
];

pub const METHODS: &[Method] = &[
    Method {
        name: "auth.test",
        part: Part::Bearings,
        occasion: Occasion::FirstContact,
        dead: &["refresh/members"],
        not_usual: &[],
        own: &[],
    },
    // Only where Stentor is installed for an organisation, and nobody has said which workspace of it
    // is meant: see `organisation.rs`.
    Method {
        name: "auth.teams.list",
        part: Part::Outside,
        occasion: Occasion::Always,
        dead: ALL_IN_AN_ORGANISATION,
        not_usual: &[],
        own: &[("invalid_limit invalid_cursor", DeadLetter)],
    },
    Method {
        name: "conversations.create",
        part: Part::Channel,
        occasion: Occasion::Always,
        dead: ALL_IN_THE_CHANNEL,
        not_usual: &[],
        own: &[
            ("name_taken", Repaired("another name")),
            (
                "restricted_action cannot_create_channel invalid_name invalid_name_specials",
                DeadLetter,
            ),
            ("invalid_name_required invalid_name_punctuation invalid_name_maxlength", DeadLetter),
        ],
    },
    Method {
        name: "users.conversations",
        part: Part::Channel,
        occasion: Occasion::ChannelInDoubt,
        dead: ALL_IN_THE_CHANNEL,
        not_usual: &[],
        own: &[("invalid_types invalid_limit method_not_supported_for_channel_type", DeadLetter)],
    },
    Method {
        name: "conversations.rename",
        part: Part::Heading,
        occasion: Occasion::Always,
        dead: &["refresh/name"],
        not_usual: &[Aspect::Name],
        own: &[
            ("name_taken", Repaired("another name")),
            ("not_authorized invalid_name invalid_name_specials invalid_name_required", DeadLetter),
            ("invalid_name_punctuation invalid_name_maxlength", DeadLetter),
            ("is_archived channel_not_found not_in_channel", Visible),
        ],
    },
    // Before the channel is renamed: what is it called now? That it is not found means more than
    // that the call failed: see the stories of `changes`.
    Method {
        name: "conversations.info",
        part: Part::Channel,
        occasion: Occasion::Always,
        dead: &["refresh/name"],
        not_usual: &[],
        own: &[],
    },
    Method {
        name: "conversations.list",
        part: Part::Bearings,
        occasion: Occasion::FirstAnnouncement,
        dead: &["refresh/announcement"],
        not_usual: &[],
        own: &[("invalid_types invalid_limit", DeadLetter)],
    },
    Method {
        name: "conversations.invite",
        part: Part::Room,
        occasion: Occasion::Always,
        dead: &["refresh/members"],
        not_usual: &[Aspect::Members],
        own: &[
            ("already_in_channel cant_invite_self", Believed),
            ("user_not_found cant_invite user_is_restricted ura_max_channels", LeftOut("invite")),
            ("org_user_not_in_team no_external_invite_permission no_permission", DeadLetter),
            ("is_archived channel_not_found not_in_channel", Visible),
        ],
    },
    Method {
        name: "conversations.setTopic",
        part: Part::Heading,
        occasion: Occasion::Always,
        dead: &["refresh/topic"],
        not_usual: &[Aspect::Topic],
        own: &[
            ("too_long user_is_restricted", DeadLetter),
            ("is_archived channel_not_found not_in_channel", Visible),
        ],
    },
    Method {
        name: "pins.add",
        part: Part::Room,
        occasion: Occasion::Always,
        dead: &["refresh/welcome"],
        not_usual: &[Aspect::Welcome],
        own: &[
            ("already_pinned", Believed),
            ("too_many_pins not_pinnable restricted_action", LeftOut("pin the welcome message")),
            ("external_channel_migrating", Again),
            ("message_not_found is_archived channel_not_found not_in_channel", Visible),
        ],
    },
    Method {
        name: "chat.postMessage",
        part: Part::Messages,
        occasion: Occasion::Always,
        dead: &["alerts/-", "refresh/announcement", "refresh/welcome", "role/-/U0BOB", "say/-"],
        not_usual: &[],
        own: &[
            ("message_limit_exceeded", Again),
            ("restricted_action restricted_action_read_only_channel ekm_access_denied", DeadLetter),
            ("restricted_action_thread_only_channel restricted_action_thread_locked", DeadLetter),
            ("restricted_action_non_threadable_channel messages_tab_disabled", DeadLetter),
            (
                "no_text invalid_blocks msg_too_long msg_blocks_too_long metadata_too_large",
                DeadLetter,
            ),
            ("markdown_text_conflict too_many_attachments team_not_found", DeadLetter),
            ("channel_not_found not_in_channel is_archived", Visible),
        ],
    },
    Method {
        name: "chat.postEphemeral",
        part: Part::Messages,
        occasion: Occasion::Always,
        dead: &["declarer/U0ALICE"],
        not_usual: &[],
        own: &[
            ("message_limit_exceeded", Again),
            (
                "user_not_in_channel not_in_channel is_archived channel_not_found",
                Repaired("a direct message"),
            ),
            (
                "restricted_action no_text invalid_blocks msg_too_long messages_tab_disabled",
                DeadLetter,
            ),
        ],
    },
    Method {
        name: "conversations.open",
        part: Part::Edits,
        occasion: Occasion::Always,
        dead: &["role/-/U0BOB"],
        not_usual: &[],
        own: &[
            ("user_disabled user_not_visible user_not_found users_list_not_supplied", DeadLetter),
            (
                "too_many_users not_enough_users invalid_user_combination channel_not_found",
                DeadLetter,
            ),
        ],
    },
    Method {
        name: "chat.update",
        part: Part::Edits,
        occasion: Occasion::Always,
        dead: &["alerts/-", "refresh/announcement", "refresh/welcome"],
        not_usual: &[Aspect::Welcome, Aspect::Announcement, Aspect::Posts],
        own: &[
            ("message_limit_exceeded update_failed external_channel_migrating", Again),
            ("message_not_found", Repaired("a new message")),
            (
                "cant_update_message edit_window_closed block_mismatch posting_to_channel_denied",
                DeadLetter,
            ),
            ("no_text invalid_blocks msg_too_long msg_blocks_too_long", DeadLetter),
            // channel_not_found and is_inactive: the channel is gone, and what is over is not
            // announced anew. See the stories of `announcing` and `changes`.
        ],
    },
    Method {
        name: "conversations.history",
        part: Part::Looking,
        occasion: Occasion::MessageInDoubt,
        dead: &["refresh/announcement", "refresh/welcome", "role/-/U0BOB"],
        not_usual: &[],
        own: &[
            ("invalid_ts_oldest invalid_ts_latest invalid_metadata_filter_keys", DeadLetter),
            ("channel_is_limited_access", DeadLetter),
            ("channel_not_found not_in_channel", Visible),
        ],
    },
    Method {
        name: "conversations.join",
        part: Part::Looking,
        occasion: Occasion::MessageInDoubt,
        dead: &["refresh/announcement"],
        not_usual: &[],
        own: &[
            ("method_not_supported_for_channel_type too_many_members", DeadLetter),
            ("channel_is_limited_access", DeadLetter),
            ("channel_not_found is_archived", Visible),
        ],
    },
    // Only where a channel was archived: see the stories of `changes`.
    Method {
        name: "conversations.replies",
        part: Part::Outside,
        occasion: Occasion::Always,
        dead: &[],
        not_usual: &[],
        own: &[],
    },
    // For messages that people keep in the timeline: see `pins.rs`.
    Method {
        name: "chat.getPermalink",
        part: Part::Outside,
        occasion: Occasion::Always,
        dead: &[],
        not_usual: &[],
        own: &[],
    },
    // About no incident: see the stories of `oncall/people.rs`.
    Method {
        name: "users.list",
        part: Part::Outside,
        occasion: Occasion::Always,
        dead: &[],
        not_usual: &[],
        own: &[],
    },
    Method {
        name: "users.info",
        part: Part::Outside,
        occasion: Occasion::Always,
        dead: &[],
        not_usual: &[],
        own: &[],
    },
    // Only for a private incident: see `papers/members.rs`.
    Method {
        name: "conversations.kick",
        part: Part::Outside,
        occasion: Occasion::Always,
        dead: &["refresh/members"],
        not_usual: &[],
        own: &[
            ("not_in_channel user_not_found", Believed),
            ("cant_kick_self cant_kick_from_general restricted_action", DeadLetter),
            ("channel_not_found is_archived", Visible),
        ],
    },
    Method {
        name: "views.open",
        part: Part::Outside,
        occasion: Occasion::Always,
        dead: &[],
        not_usual: &[],
        own: &[
            ("expired_trigger_id exchanged_trigger_id invalid_trigger_id", LeftOut("the form")),
            ("duplicate_external_id view_too_large", LeftOut("the form")),
        ],
    },
];

/// Ways to fail that say nothing of a reason; after the last three the work is done nevertheless.
/// The connection hangs for longer than any client waits.
pub fn transport() -> Vec<Failing> {
    let hang_ms = 60_000;
    vec![
        Failing::Refuse,
        Failing::Status { status: 500 },
        Failing::Status { status: 502 },
        Failing::Status { status: 503 },
        Failing::RateLimited { retry_after: 7 },
        Failing::TimeoutBefore { hang_ms },
        Failing::LostAnswer { hang_ms },
        Failing::MalformedJson,
        Failing::ErrorAfter { code: "fatal_error".to_owned() },
        Failing::ErrorAfter { code: "internal_error".to_owned() },
    ]
}

/// Each reason of these methods, with how it must end.
pub fn reasons(method: &Method) -> impl Iterator<Item = (&'static str, Outcome)> {
    let all = EVERYWHERE.iter().chain(method.own);
    all.flat_map(|(codes, outcome)| codes.split(' ').map(|code| (code, *outcome)))
}
