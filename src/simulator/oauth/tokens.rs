//! The app's tokens in a workspace. Where they run out, at most two are alive, and a refresh token
//! gets the next one: once, with a short grace for who did not hear the answer.

use crate::simulator::clock::{MINUTE, Micros, SECOND};

/// How long a token lives where tokens run out, in seconds.
pub const LIFE_S: i64 = 43_200;
/// How long a used refresh token is still taken. Slack says "short"; how short is our guess.
const GRACE: Micros = MINUTE;
/// How many tokens that run out are alive.
const ALIVE: usize = 2;

/// All tokens that were ever made here.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    access: Vec<Access>,
    refresh: Vec<Refresh>,
}

#[derive(Clone, Debug)]
struct Access {
    token: String,
    ends: Option<Micros>,
    is_dead: bool,
}

#[derive(Clone, Debug)]
struct Refresh {
    token: String,
    used: Option<Micros>,
    is_dead: bool,
}

/// A token, and where they run out, what gets the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The token.
    pub access: String,
    /// Gets the next one.
    pub refresh: Option<String>,
}

impl Tokens {
    /// With a token that was made before.
    pub fn with(token: &str) -> Tokens {
        let access = Access { token: token.to_owned(), ends: None, is_dead: false };
        Tokens { access: vec![access], refresh: Vec::new() }
    }

    /// Whether the token was made here, dead or alive.
    pub fn knows(&self, token: &str) -> bool {
        self.access.iter().any(|one| one.token == token)
    }

    /// Whether the token may be used; else Slack's word for why not.
    pub fn check(&self, now: Micros, token: &str) -> Result<(), &'static str> {
        let known = self.access.iter().find(|one| one.token == token).ok_or("invalid_auth")?;
        match known.ends {
            _ if known.is_dead => Err("account_inactive"),
            Some(ends) if ends <= now => Err("token_expired"),
            _ => Ok(()),
        }
    }

    /// A token for who has just been let in. One that never runs out stays the same.
    pub fn issue(&mut self, now: Micros, team: &str, rotates: bool) -> Issued {
        let number = self.access.len() + 1;
        if !rotates {
            let known = self.access.iter().find(|one| !one.is_dead && one.ends.is_none());
            let access =
                known.map_or_else(|| format!("xoxb-{team}-{number}"), |it| it.token.clone());
            if known.is_none() {
                self.access.push(Access { token: access.clone(), ends: None, is_dead: false });
            }
            return Issued { access, refresh: None };
        }
        let access = format!("xoxe.xoxb-1-{team}-{number}");
        let refresh = format!("xoxe-1-{team}-{number}");
        let ends = Some(now + LIFE_S * SECOND);
        self.access.push(Access { token: access.clone(), ends, is_dead: false });
        self.refresh.push(Refresh { token: refresh.clone(), used: None, is_dead: false });
        let rotating = self.access.iter_mut().filter(|one| one.ends.is_some() && !one.is_dead);
        rotating.rev().skip(ALIVE).for_each(|old| old.is_dead = true);
        Issued { access, refresh: Some(refresh) }
    }

    /// The next token for a refresh token; nothing, if it is none, or was used too long ago.
    pub fn refresh(&mut self, now: Micros, team: &str, token: &str) -> Option<Issued> {
        let known = self.refresh.iter_mut().find(|one| one.token == token && !one.is_dead)?;
        let used = *known.used.get_or_insert(now);
        (now - used <= GRACE).then(|| self.issue(now, team, true))
    }

    /// Whether this refresh token was made here.
    pub fn knows_refresh(&self, token: &str) -> bool {
        self.refresh.iter().any(|one| one.token == token)
    }

    /// The app was removed.
    pub fn end_all(&mut self) {
        self.access.iter_mut().for_each(|one| one.is_dead = true);
        self.refresh.iter_mut().for_each(|one| one.is_dead = true);
    }

    /// Tokens that may be used, oldest first.
    pub fn alive(&self, now: Micros) -> Vec<&str> {
        let alive = self.access.iter().filter(|one| self.check(now, &one.token).is_ok());
        alive.map(|one| one.token.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_two_tokens_are_alive_and_a_refresh_token_is_good_once_with_a_grace() {
        let mut tokens = Tokens::default();
        let first = tokens.issue(0, "T1", true);
        let refresh = first.refresh.clone().unwrap();
        let second = tokens.refresh(SECOND, "T1", &refresh).unwrap();
        assert_eq!(tokens.alive(SECOND), [first.access.as_str(), &second.access]);
        // The answer was not heard.
        let third = tokens.refresh(SECOND + GRACE, "T1", &refresh).unwrap();
        assert_eq!(tokens.alive(MINUTE), [second.access.as_str(), &third.access]);
        assert_eq!(tokens.check(MINUTE, &first.access), Err("account_inactive"));
        assert_eq!(tokens.refresh(2 * MINUTE + SECOND, "T1", &refresh), None);
        let late = (LIFE_S + 120) * SECOND;
        assert_eq!(tokens.check(late, &third.access), Err("token_expired"));
        tokens.end_all();
        assert_eq!(tokens.refresh(late, "T1", &third.refresh.unwrap()), None);
    }
}
