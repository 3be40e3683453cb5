//! What the client says when something can't be done.

use crate::simulator::act::Oops;

/// A refusal in words for the person who tried.
pub fn sentence(oops: &Oops) -> String {
    let known = match oops.error.as_str() {
        "already_in_channel" => "They are in this channel already.",
        "already_archived" | "is_archived" => "This channel is archived.",
        "cant_archive_general" => "The general channel can’t be archived.",
        "cant_leave_general" => "Nobody can leave the general channel.",
        "cant_kick_from_general" => "Nobody can be removed from the general channel.",
        "cant_update_message" => "That isn’t your message.",
        "channel_not_found" => "That channel isn’t there.",
        "message_not_found" => "That message isn’t there any more.",
        "name_taken" => "There is a channel of that name already.",
        "no_text" => "There is nothing to send.",
        "not_in_channel" => "You aren’t in this channel.",
        "user_not_found" => "That person isn’t there.",
        "view_not_found" => "That window has been closed.",
        error if error.starts_with("invalid_name") => {
            "A channel name has lower-case letters, digits, hyphens and underscores, at most 80."
        }
        error => return format!("That didn’t work ({error})."),
    };
    known.to_owned()
}
