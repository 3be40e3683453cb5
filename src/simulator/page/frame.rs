//! The whole page: the frame, and the parts that change while it is open.

use maud::{DOCTYPE, Markup, html};

use super::assets::{ICON, SCRIPT, STYLES};
use super::icons::icon;
use super::look::{Look, Spot};
use super::{avatar::avatar, composer, drawer, heading, messages, modal, panel, sidebar, thread};

/// A part of the page that is sent again when it changes.
#[derive(Clone, Copy)]
pub struct Part {
    /// Its name in addresses and in the document.
    pub name: &'static str,
    draw: for<'a, 'b> fn(&'a Look<'b>) -> Markup,
}

/// All parts that change, in the order they should be updated.
pub const PARTS: [Part; 9] = [
    Part { name: "completions", draw: composer::completions },
    Part { name: "header", draw: heading::heading },
    Part { name: "messages", draw: messages::messages },
    Part { name: "composer", draw: composer::composer },
    Part { name: "thread", draw: thread::thread },
    Part { name: "modal", draw: modal::modal },
    Part { name: "panel", draw: panel::panel },
    Part { name: "sidebar", draw: sidebar::sidebar },
    Part { name: "drawer", draw: drawer::drawer },
];

impl Part {
    /// The part of that name.
    pub fn named(name: &str) -> Option<Part> {
        PARTS.into_iter().find(|part| part.name == name)
    }

    /// Draws it as this person sees it.
    pub fn draw(self, look: &Look<'_>) -> Markup {
        (self.draw)(look)
    }
}

/// Draws a part within its place in the document.
fn place(name: &str, look: &Look<'_>) -> Markup {
    html! {
        @if let Some(part) = Part::named(name) {
            div id={ "part-" (name) } { (part.draw(look)) }
        }
    }
}

/// Draws the page.
pub fn page(look: &Look<'_>) -> Markup {
    let team = &look.state.team.name;
    let is_home = matches!(look.spot, Spot::Home);
    let first = look.state.channels.values().find(|channel| channel.is_general);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (team) " – " (look.state.app.name) " demo" }
                link rel="icon" href={ "/page/assets/" (ICON) } type="image/svg+xml";
                @for style in STYLES {
                    link rel="stylesheet" href={ "/page/assets/" (style) };
                }
                script type="module" src={ "/page/assets/" (SCRIPT) } {}
            }
            body data-as=(look.viewer.id) data-team=(team) data-app=(look.state.app.name)
                data-first=[first.map(|channel| &channel.id)]
                data-view=(if is_home { "home" } else { "channel" }) {
                a.skip href="#composer" { "Skip to the message box" }
                (top_bar(look))
                div.columns {
                    nav.sidebar #sidebar aria-label="Channels and apps" {
                        (place("panel", look))
                        (place("sidebar", look))
                    }
                    main.pane {
                        (place("header", look))
                        div.scroller #scroller tabindex="-1" {
                            (welcome(look))
                            (place("messages", look))
                        }
                        button.news type="button" #news hidden { "New messages ↓" }
                        div.bottom {
                            (place("composer", look))
                        }
                    }
                    (place("thread", look))
                }
                (place("drawer", look))
                (place("modal", look))
                (place("completions", look))
                (composer::shortcuts(look))
                (dialogs())
                div.toasts popover="manual" #toasts role="status" aria-live="polite" data-testid="toasts" {}
            }
        }
    }
}

fn top_bar(look: &Look<'_>) -> Markup {
    let people = look.state.users.values().filter(|user| !user.is_bot && !user.deleted);
    html! {
        header.top {
            button.quiet.burger type="button" #burger aria-label="Show channels"
                aria-controls="sidebar" aria-expanded="false" { (icon("menu")) }
            div.workspace {
                span.logo aria-hidden="true" { (look.state.team.name.chars().next().unwrap_or('A')) }
                b { (look.state.team.name) }
            }
            p.simulated { "A simulated workspace on this machine. Nothing here reaches Slack." }
            div.acting {
                label for="act-as" { "Act as" }
                (avatar(&look.viewer.id, &look.directory))
                span.select {
                    select #act-as data-testid="act-as" autocomplete="off" {
                        @for user in people {
                            option value=(user.id) selected[user.id == look.viewer.id] {
                                (user.real_name) @if user.is_guest { " (guest)" }
                            }
                        }
                    }
                    (icon("down"))
                }
            }
        }
    }
}

/// What newcomers are told where they arrive; the script shows it there until it's dismissed.
fn welcome(look: &Look<'_>) -> Markup {
    let app = &look.state.app;
    let Some(command) = app.commands.first().map(|command| &command.command) else {
        return html! {};
    };
    let people = look.state.users.values();
    let other =
        people.filter(|it| !it.is_bot && it.id != look.viewer.id).map(|it| &it.real_name).next();
    html! {
        section.welcome #welcome hidden aria-label="Welcome" data-testid="welcome" {
            button.quiet type="button" #welcome-close aria-label="Dismiss" title="Dismiss" {
                (icon("close"))
            }
            h2 { "Type " kbd { (command) } " in the box below and press Enter" }
            p { "This is what " (app.name) " looks like in your Slack. Then try these:" }
            ul {
                @if let Some(panel) = &look.local.panel {
                    li { b { (panel.hint.0) " " } (panel.hint.1) }
                }
                li { b { "Ask for help. " } kbd { (command) " help" } " lists what it can do." }
                @if let Some(other) = other {
                    li {
                        b { "Be somebody else. " } "Switch to " (other)
                        " at the top right, or in a second window."
                    }
                }
                li {
                    b { "Take Slack down. " } "Open " em { "Behind the scenes" }
                    " below, choose " em { "Outage" } ", carry on, and watch it recover."
                }
            }
        }
    }
}

/// Dialogs that the script fills in.
fn dialogs() -> Markup {
    html! {
        dialog.modal.small #confirm data-testid="confirm" {
            form method="dialog" {
                div.modal-body #confirm-body {}
                footer {
                    button.button value="no" #confirm-no { "Cancel" }
                    button.button.primary value="yes" #confirm-yes data-testid="confirm-yes" { "OK" }
                }
            }
        }
        dialog.modal.small #editor aria-labelledby="editor-title" data-testid="editor" {
            form method="dialog" {
                header { h2 #editor-title { "Edit message" } }
                div.modal-body {
                    textarea #editor-text rows="5" aria-label="Message" {}
                }
                footer {
                    button.button value="no" formnovalidate { "Cancel" }
                    button.button.primary value="yes" { "Save changes" }
                }
            }
        }
        div.menu popover="auto" #message-menu role="menu" aria-label="Message actions" {}
        div.card popover="auto" #new-channel {
            h2 { "Create a channel" }
            form data-act=r#"{"act":"create_channel"}"# data-open-made {
                label for="new-channel-name" { "Name" }
                input #new-channel-name name="name" maxlength="80" autocomplete="off" required
                    placeholder="e.g. project-x";
                label.tick { input type="checkbox" name="private"; span { "Private" } }
                button.button.primary type="submit" { "Create" }
            }
        }
    }
}
