//! What stands beside Slack: a few words and buttons of whoever runs the simulator.

use maud::{Markup, html};

use super::look::Look;

/// Draws the panel, if there is one.
pub fn panel(look: &Look<'_>) -> Markup {
    let Some(panel) = &look.local.panel else { return html! {} };
    html! {
        section.panel aria-labelledby="panel-title" data-testid="panel" {
            h2 #panel-title { (panel.title) }
            p role="status" data-testid="panel-line" { (panel.line) }
            @for button in &panel.buttons {
                button.button.(if button.is_primary { "danger" } else { "plain" }) type="button"
                    id={ "panel-" (button.name) } data-panel=(button.name) title=(button.about) {
                    (button.label)
                }
            }
        }
    }
}
