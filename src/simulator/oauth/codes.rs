//! Codes: what the app gets for a person's yes, and exchanges for a token.

use std::collections::BTreeMap;

use crate::simulator::clock::{MINUTE, Micros};

/// How long a code is good.
const CODE_LIFE: Micros = 10 * MINUTE;

/// What somebody has allowed.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// In which workspace.
    pub team: String,
    /// Who.
    pub user: String,
    /// What.
    pub scopes: Vec<String>,
    /// Where they were sent with it; the exchange must name the same.
    pub redirect_uri: Option<String>,
}

/// All codes that were given out.
#[derive(Debug, Default)]
pub struct Codes {
    list: BTreeMap<String, (Micros, Allowed)>,
    given: u64,
}

impl Codes {
    /// A new one.
    pub fn give(&mut self, now: Micros, allowed: Allowed) -> String {
        self.given += 1;
        let code = format!("{}.{}", 5_000_000_000 + self.given, allowed.team.to_lowercase());
        self.list.insert(code.clone(), (now + CODE_LIFE, allowed));
        code
    }

    /// What a code stands for, if it's not too old. It's used up if `redirect_uri` is the one it was
    /// sent to.
    pub fn take(
        &mut self,
        now: Micros,
        code: &str,
        redirect_uri: Option<&str>,
    ) -> Result<Allowed, &'static str> {
        let (ends, allowed) = self.list.get(code).ok_or("invalid_code")?;
        if *ends <= now {
            return Err("invalid_code");
        }
        if allowed.redirect_uri.as_deref() != redirect_uri {
            return Err("bad_redirect_uri");
        }
        let allowed = allowed.clone();
        self.list.remove(code);
        Ok(allowed)
    }
}
