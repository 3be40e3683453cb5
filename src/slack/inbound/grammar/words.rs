//! The words inside a command: Slack's escapes undone, quotes taken off, people recognised.

use crate::ids::UserId;
use crate::incident::text::shorten;

/// Whom somebody means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Person {
    /// Nothing was said.
    Unsaid,
    /// Nobody: the role is to be taken back.
    Nobody,
    /// This person.
    Somebody(UserId),
    /// Something was said that is no person.
    Unknown(String),
}

/// The first word, and what follows it.
pub(super) fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

/// The text without the quotes around the whole of it, straight or curly.
pub(super) fn unquoted(text: &str) -> &str {
    const PAIRS: [(char, char); 6] =
        [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('«', '»'), ('„', '“')];
    let text = text.trim();
    for (open, close) in PAIRS {
        let inside = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        if let Some(inside) = inside.filter(|inside| !inside.contains([open, close])) {
            return inside.trim();
        }
    }
    text
}

/// The text as the person saw it when they typed it: what Slack made of mentions, links and
/// special characters is undone, once.
pub fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some(start) = rest.find('<') {
        readable.push_str(&unescaped(&rest[..start]));
        let after = &rest[start + 1..];
        let token =
            after.find('>').and_then(|end| Some((label(&after[..end])?, &after[end + 1..])));
        rest = match token {
            Some((label, after_token)) => {
                readable.push_str(&unescaped(&label));
                after_token
            }
            None => {
                readable.push('<');
                after
            }
        };
    }
    readable.push_str(&unescaped(rest));
    readable
}

/// What Slack shows for what stands between `<` and `>`, if that is its writing.
fn label(token: &str) -> Option<String> {
    let (target, label) = token.split_once('|').unwrap_or((token, ""));
    let named = |sign: char, id: &str| {
        let name = if label.is_empty() { id } else { label.trim_start_matches(sign) };
        format!("{sign}{name}")
    };
    if let Some(id) = target.strip_prefix('@') {
        Some(named('@', id))
    } else if let Some(id) = target.strip_prefix('#') {
        Some(named('#', id))
    } else if target.starts_with("!date^") {
        Some(label.to_owned())
    } else if let Some(special) = target.strip_prefix('!') {
        Some(named('@', special.split('^').next().unwrap_or_default()))
    } else if target.starts_with("mailto:") || target.starts_with("tel:") {
        Some(if label.is_empty() { target } else { label }.to_owned())
    } else if target.starts_with("https://") || target.starts_with("http://") {
        Some(target.to_owned())
    } else {
        None
    }
}

fn unescaped(text: &str) -> String {
    // The ampersand comes last, or `&amp;lt;` would be undone twice.
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Whom the words mean: `me`, `none`, or a mention somewhere among them.
pub(super) fn person(words: &str, actor: &UserId) -> Person {
    if let Some((_, person, _)) = mention(words) {
        return Person::Somebody(person);
    }
    let (word, rest) = split_word(words);
    match word.to_lowercase().trim_end_matches('.') {
        "" => Person::Unsaid,
        "me" | "i" | "myself" | "@me" => Person::Somebody(actor.clone()),
        "none" | "nobody" | "noone" | "empty" | "-" | "clear" => Person::Nobody,
        "to" | "is" => person(rest, actor),
        _ => Person::Unknown(shorten(&readable(words), 80)),
    }
}

/// All whom the words mean, or the first word that is nobody.
pub(super) fn people(words: &str, actor: &UserId) -> Result<Vec<UserId>, String> {
    let mut people = Vec::new();
    let mut rest = words;
    while let Some((before, person, after)) = mention(rest) {
        people.extend(named_between(before, actor)?);
        people.push(person);
        rest = after;
    }
    people.extend(named_between(rest, actor)?);
    Ok(people)
}

/// Those whom the words begin with, and what follows them.
pub(super) fn leading_people<'w>(words: &'w str, actor: &UserId) -> (Vec<UserId>, &'w str) {
    let mut people: Vec<UserId> = Vec::new();
    let mut rest = words.trim();
    loop {
        let named = match mention(rest) {
            Some((before, person, after)) if named_between(before, actor) == Ok(Vec::new()) => {
                Some((person, after))
            }
            _ => match split_word(rest) {
                ("me" | "myself" | "@me", after) => Some((actor.clone(), after)),
                _ => None,
            },
        };
        let Some((person, after)) = named else { return (people, rest) };
        if !people.contains(&person) {
            people.push(person);
        }
        rest = after.trim_start_matches([' ', ',', ':', '\n', '\t']);
    }
}

fn named_between(words: &str, actor: &UserId) -> Result<Vec<UserId>, String> {
    let words = words.split(|c: char| c.is_whitespace() || c == ',');
    let meant =
        words.filter(|word| !matches!(word.to_lowercase().as_str(), "" | "and" | "&" | "&amp;"));
    let people = meant.map(|word| match word.to_lowercase().as_str() {
        "me" | "myself" | "@me" => Ok(actor.clone()),
        _ => Err(shorten(&readable(word), 80)),
    });
    people.collect()
}

/// The role and the person in `comms @bea`, `@bea comms`, `incident lead me`.
pub(super) fn role_and_person(words: &str, actor: &UserId) -> (String, Person) {
    if let Some((before, person, after)) = mention(words) {
        let role = format!("{} {}", before.trim(), after.trim());
        return (role_word(&role), Person::Somebody(person));
    }
    let last = words.trim().rsplit(char::is_whitespace).next().unwrap_or_default();
    let role = &words[..words.trim_end().len() - last.len()];
    match person(last, actor) {
        Person::Unknown(_) if !last.starts_with('@') => (role_word(words), Person::Unsaid),
        person => (role_word(role), person),
    }
}

fn role_word(words: &str) -> String {
    let words = readable(unquoted(words));
    // `role comms to @bea`
    let kept = words.strip_suffix(" to").unwrap_or(&words);
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Something to be done, and by whom, in `restart the queue @bea` or `@bea restart the queue`. Whoever
/// is mentioned in the middle is part of the sentence.
pub(super) fn task(words: &str) -> (String, Option<UserId>) {
    if let Some((before, person, after)) = mention(words) {
        if before.trim().is_empty() && !after.trim().is_empty() {
            return (readable(after), Some(person));
        }
        let last =
            words.rfind("<@").and_then(|start| mention(&words[start..]).map(|it| (start, it)));
        if let Some((start, (_, person, after))) = last
            && after.trim().is_empty()
        {
            let before = words[..start].trim_end();
            let before =
                before.strip_suffix(" for").or(before.strip_suffix(" to")).unwrap_or(before);
            return (readable(before), Some(person));
        }
    }
    (readable(words), None)
}

/// All who are mentioned, each once, in their order.
pub(super) fn mentions(words: &str) -> Vec<UserId> {
    let mut people = Vec::new();
    let mut rest = words;
    while let Some((_, person, after)) = mention(rest) {
        if !people.contains(&person) {
            people.push(person);
        }
        rest = after;
    }
    people
}

/// The first mention, with what stands before and after it.
fn mention(text: &str) -> Option<(&str, UserId, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find("<@").map(|at| from + at) {
        let after = &text[start + 2..];
        if let Some(end) = after.find('>') {
            let id = after[..end].split('|').next().unwrap_or_default();
            let user = UserId::from(id);
            if user.is_well_formed() {
                return Some((&text[..start], user, &after[end + 1..]));
            }
        }
        from = start + 2;
    }
    None
}
