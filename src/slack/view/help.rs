//! How every command is typed.

use crate::slack::view::kit::block::Block;
use crate::slack::view::kit::line::Line;
use crate::slack::view::kit::message::Message;
use crate::slack::view::verb::{Group, Usage, Verb};

/// The help of one command, or of all.
pub fn help(verb: Option<Verb>) -> Message {
    match verb {
        Some(verb) => one(verb.usage()),
        None => all(),
    }
}

fn all() -> Message {
    let mut blocks = vec![Block::text(&Line::of("In an incident's channel, commands are about that incident. Elsewhere, say which one first: ").code("/incident INC-42 close").text("."))];
    for group in Group::ALL {
        let verbs = Verb::ALL.into_iter().map(Verb::usage).filter(|usage| usage.group == group);
        let lines = verbs.map(|usage| Line::new().code(&typed(usage)).text("  ").text(usage.does));
        blocks.push(Block::text(&Line::joined(
            std::iter::once(Line::new().bold(group.title())).chain(lines),
            "\n",
        )));
    }
    blocks.push(Block::context(&Line::of(
        "What stands in brackets may be left out; a form asks for what is needed. /inc is the same as /incident.",
    )));
    Message::new(&Line::of("Commands of /incident"), blocks)
}

fn one(usage: Usage) -> Message {
    let mut lines = vec![
        Line::new().code(&typed(usage)),
        Line::of(usage.does),
        Line::of("For example: ").code(&format!("/incident {}", usage.example)),
    ];
    if !usage.aliases.is_empty() {
        lines.push(Line::of(&format!("Also: {}", usage.aliases.join(", "))));
    }
    let text = format!("/incident {}: {}", usage.word, usage.does);
    Message::new(&Line::of(&text), vec![Block::text(&Line::joined(lines, "\n"))])
}

fn typed(usage: Usage) -> String {
    format!("/incident {} {}", usage.word, usage.arguments).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::slack::view::drawing;

    #[test]
    fn all_commands_stand_on_one_page() {
        let drawn = drawing::message(&help(None));
        assert_snapshot!(drawn, @"
        In an incident's channel, commands are about that incident. Elsewhere, say which one first: `/incident INC-42 close`.
        *Start*
        `/incident declare [name]`  Open an incident.
        `/incident list [open | closed | all | severity | text]`  Show the incidents that are open, or others.
        `/incident help [command]`  Show how a command is typed.
        `/incident test [name]`  Open an incident to try things out: nobody else is told.
        *Drive*
        `/incident update [text]`  Tell everybody what is new.
        `/incident severity [severity]`  Change how bad it is.
        `/incident status [status]`  Change where it stands.
        `/incident resolve [text]`  It is over for those it hurt; say what ended it.
        `/incident close [text]`  Nothing is left to do.
        `/incident reopen [text]`  It was not over: go back to working on it.
        `/incident accept`  It is an incident: begin the work.
        `/incident decline [text]`  It is no incident; say why.
        `/incident type [name]`  Say what kind of incident it is.
        `/incident snooze [2h | 90m | 1d] [cancel]`  Have peace from its alerts for a while; with cancel, until there is news.
        `/incident unsnooze`  Hear of its alerts again.
        `/incident merge [INC-42]`  Go on in another incident.
        `/incident pause [text]`  Let the work rest; say why.
        `/incident cancel [text]`  It was declared by mistake; say why.
        *People*
        `/incident lead [me | @person | none]`  Say who runs it.
        `/incident role [role] [me | @person | none]`  Say who does what.
        `/incident invite [@person …]`  Let people into its channel.
        `/incident call [address | none]`  Say where people talk.
        `/incident oncall [schedule]`  Show who is on call now, and who is next.
        `/incident page [@person | path | schedule] [text]`  Page somebody until somebody answers; here, or anywhere.
        `/incident private`  Let only those invited know of it, for good.
        `/incident remove [@person]`  Take somebody out of a private incident.
        `/incident subscribe`  Hear of its updates by direct message.
        `/incident unsubscribe`  Hear nothing more of its updates.
        *Record*
        `/incident summary [text]`  Say in a few sentences what is known.
        `/incident rename [name]`  Call it something else.
        `/incident note [text]`  Write something into the timeline.
        `/incident timeline`  Show what happened so far.
        `/incident alerts`  Show the alerts behind it, those that fire first.
        `/incident field [name] [value | none]`  Say what its fields say.
        `/incident action [text] [@person]`  Write down what is to be done now, and by whom.
        `/incident actions`  Show what is to be done now.
        `/incident timestamp`  Say when it was reported, fixed, resolved and so on.
        `/incident followup [text] [@person]`  Write down what is to be done afterwards, and by whom.
        `/incident followups`  Show what is to be done afterwards.
        `/incident link [url] [title]`  Attach something elsewhere.
        `/incident relate [INC-42]`  Say what other incident it has to do with.
        `/incident postmortem [url]`  Show its post-mortem, attach one, or begin one from the timeline.
        `/incident tag [tag] [value]`  Give it a tag.
        `/incident untag [tag]`  Take a tag from it.
        ~ What stands in brackets may be left out; a form asks for what is needed. /inc is the same as /incident.
        ");
        for verb in Verb::ALL {
            assert!(drawn.contains(&format!("`/incident {}", verb.word())), "{verb:?}");
        }
    }

    #[test]
    fn one_command_brings_an_example() {
        assert_snapshot!(drawing::message(&help(Some(Verb::Severity))), @"
        `/incident severity [severity]`
        Change how bad it is.
        For example: `/incident severity major`
        Also: sev, priority
        ");
    }
}
