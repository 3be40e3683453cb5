//! The modals a person has open. All of a stack are on the page, because what was typed into the
//! lower ones must still be there when the top one closes; the script shows the last.

use maud::{Markup, html};

use super::avatar::avatar;
use super::blocks::blocks;
use super::icons::icon;
use super::look::Look;
use super::surface::Surface;
use crate::simulator::state::view::OpenView;

/// Draws the stack of modals.
pub fn modal(look: &Look<'_>) -> Markup {
    let stack = look.state.stack_of(&look.viewer.id);
    html! {
        @for (depth, view) in stack.iter().enumerate() { (dialog(view, depth > 0, look)) }
    }
}

fn dialog(view: &OpenView, has_below: bool, look: &Look<'_>) -> Markup {
    let surface = Surface {
        directory: &look.directory,
        id: &view.id,
        channel: look.channel().map(|channel| channel.id.as_str()),
        errors: &view.errors,
    };
    let title_id = format!("{}-title", view.id);
    html! {
        dialog.modal id={ "view-" (view.id) } aria-labelledby=(title_id) data-surface
            data-view-id=(view.id) data-hash=(view.hash) data-errors=(view.errors.len())
            data-testid="modal" {
            form novalidate data-busy[view.is_submitting] aria-busy=(view.is_submitting) {
                header {
                    @if has_below {
                        button.quiet type="button" data-close aria-label="Back" title="Back"
                            data-testid="modal-back" { (icon("back")) }
                    } @else {
                        (avatar(&look.state.app.bot_user, &look.directory))
                    }
                    h2 id=(title_id) data-testid="modal-title" {
                        (view.label("title").unwrap_or_default())
                    }
                    button.quiet type="button" data-close="all" aria-label="Close" title="Close"
                        data-testid="modal-dismiss" { (icon("close")) }
                }
                div.modal-body {
                    @if let Some(failure) = &view.failure {
                        p.failure role="alert" data-testid="modal-failure" { (failure) }
                    }
                    (blocks(view.blocks(), surface))
                }
                footer {
                    button.button type="button" data-close data-testid="modal-close" {
                        (view.label("close").unwrap_or("Close"))
                    }
                    @if let Some(submit) = view.label("submit") {
                        button.button.primary type="submit" data-testid="modal-submit"
                            disabled[view.is_submitting || view.flag("submit_disabled")] {
                            span.spinner aria-hidden="true" {}
                            span { (submit) }
                        }
                    }
                }
            }
        }
    }
}
