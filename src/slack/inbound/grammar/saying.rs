//! What people type about what else an incident says: its fields, its call, who may know of it, and
//! that it rests.

use crate::ids::UserId;
use crate::incident::command::Command;
use crate::slack::inbound::grammar::words::readable;
use crate::slack::inbound::grammar::{Intent, said};
use crate::slack::view::form::Form;

/// `field [<field>] [<value> | none]`
pub(super) fn field(words: &str, _: &UserId) -> Intent {
    let words = readable(words);
    match words.trim() {
        "" => Intent::OpenForm(Form::Field { field: None }),
        words => Intent::SetField { words: words.to_owned() },
    }
}

/// `call [<address> | none]`
pub(super) fn call(url: &str, _: &UserId) -> Intent {
    said(url, Form::Call, |url| match url.to_lowercase().as_str() {
        "none" | "off" | "end" | "ended" | "over" | "-" => Command::Call { url: String::new() },
        _ => Command::Call { url },
    })
}

/// `private`
pub(super) fn private(_: &str, _: &UserId) -> Intent {
    Intent::Run(Command::Visibility { private: true })
}

/// `test [name]`
pub(super) fn test(name: &str, _: &UserId) -> Intent {
    Intent::DeclareTest { name: readable(name) }
}

/// `pause [text]`
pub(super) fn pause(text: &str, _: &UserId) -> Intent {
    said(text, Form::Pause, |message| Command::Pause { message: Some(message) })
}

/// `cancel [text]`
pub(super) fn cancel(text: &str, _: &UserId) -> Intent {
    said(text, Form::Cancel, |message| Command::Cancel { message: Some(message) })
}

/// `timestamp`
pub(super) fn timestamp(_: &str, _: &UserId) -> Intent {
    Intent::OpenForm(Form::Timestamps)
}
