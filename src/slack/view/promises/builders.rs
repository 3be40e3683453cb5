//! What our own builders make, whatever they are given.

use proptest::prelude::*;

use crate::ids::{ChannelId, UserId};
use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::element::{Button, Choice, Element};
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::kit::modal::Modal;
use crate::slack::view::limits::{check_message, check_modal};
use crate::slack::view::promises::nasty_text;
use crate::slack::view::samples::minute;

/// More of everything than Slack takes.
fn too_much(text: &str) -> Vec<Block> {
    let line =
        Line::of(text).bold(text).code(text).link(text, text).link("https://a.example", text);
    let line = line.user(&UserId::new(text)).channel(&ChannelId::new(text)).date(minute(0));
    let buttons = vec![Button::new("press", text, text).primary(); 30];
    let blocks = vec![
        Block::header(text),
        Block::text(&line),
        Block::quote(&line),
        Block::list(&vec![line.clone(); 3]),
        Block::list(&[]),
        Block::preformatted(text),
        Block::context(&line),
        Block::facts(&[("Fact", line.clone()), ("Empty", Line::new())]),
        Block::facts(&vec![("Fact", line); 12]),
        Block::facts(&[]),
    ];
    blocks.into_iter().chain(Block::actions(buttons)).collect()
}

fn too_many_inputs(text: &str) -> Vec<Block> {
    let choices = |count: usize| -> Vec<Choice> {
        (0..count).map(|n| Choice::new(&format!("{n}"), text).described(text)).collect()
    };
    assert_eq!(Element::select(choices(0), None), None);
    let elements = [
        Some(Element::line(text, 9_000)),
        Some(Element::lines(text, 0)),
        Element::select(choices(130), Some("120")),
        Element::select(choices(3), Some("2")),
        Element::multi_select(choices(130), &["1", "120"]),
        Some(Element::person(Some(&UserId::new(text)))),
        Some(Element::tick(Choice::new("yes", text))),
    ];
    let elements = elements.into_iter().flatten();
    let inputs = elements.enumerate().map(|(index, element)| {
        Block::input(&format!("field_{index}"), text, element).with_hint(text)
    });
    inputs.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_builders_keep_every_limit(text in nasty_text(), times in 1usize..8) {
        let blocks = vec![too_much(&text); times].concat();
        let message = Message::new(&Line::of(&text), blocks);
        check_message(&message)?;
        check_modal(&Modal::new("form", &text, &text, "{}", too_many_inputs(&text)))?;
    }
}
