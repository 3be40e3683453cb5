//! Something beside Slack that whoever runs the simulator lets visitors do: a few words, and
//! buttons. What they mean is known only to its owner.

use std::fmt;

use tokio::sync::{mpsc, watch};

/// What a visitor sees of it at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What it is.
    pub title: String,
    /// How it stands, in a sentence.
    pub line: String,
    /// What can be done now.
    pub buttons: Vec<Button>,
    /// What newcomers are told about it: some words to begin with, and a sentence.
    pub hint: (String, String),
}

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What the owner calls it.
    pub name: String,
    /// What it says.
    pub label: String,
    /// What it does, in a sentence.
    pub about: String,
    /// Whether it is the one to draw the eye.
    pub is_primary: bool,
}

/// The page's end of it.
#[derive(Clone)]
pub struct Panel {
    shown: watch::Receiver<Shown>,
    presses: mpsc::Sender<String>,
}

/// The owner's end of it.
pub struct Owner {
    /// What is shown from now on.
    pub shown: watch::Sender<Shown>,
    /// The names of buttons that were pressed, in order.
    pub presses: mpsc::Receiver<String>,
}

/// How many presses wait for the owner; more than anybody makes on purpose.
const WAITING: usize = 16;

impl Panel {
    /// A panel that shows this at first.
    pub fn new(shown: Shown) -> (Panel, Owner) {
        let (show, shown) = watch::channel(shown);
        let (press, presses) = mpsc::channel(WAITING);
        (Panel { shown, presses: press }, Owner { shown: show, presses })
    }

    /// What is shown now.
    pub fn shown(&self) -> Shown {
        self.shown.borrow().clone()
    }

    /// Tells of changes of what is shown.
    pub fn changes(&self) -> watch::Receiver<Shown> {
        self.shown.clone()
    }

    /// Presses a button; says whether it is there and its owner will hear of it.
    pub fn press(&self, name: &str) -> bool {
        let is_there = self.shown.borrow().buttons.iter().any(|button| button.name == name);
        is_there && self.presses.try_send(name.to_owned()).is_ok()
    }
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel").field("shown", &self.shown()).finish_non_exhaustive()
    }
}
