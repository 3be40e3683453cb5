//! What a token may do. Pure: a set of words, and what each other API's own words mean in them.

pub mod foreign;

use std::collections::BTreeSet;
use std::fmt;

/// Something that a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Read incidents, and what belongs to them.
    IncidentsRead,
    /// Declare incidents.
    IncidentsDeclare,
    /// Change incidents, and what belongs to them.
    IncidentsWrite,
    /// All of that with private incidents, too. Without it, only those that the token declared itself
    /// exist for it.
    IncidentsPrivate,
    /// Say who may see a private incident.
    IncidentsMembers,
    /// Read alerts and changes.
    AlertsRead,
    /// Acknowledge, resolve and move alerts, and send new ones.
    AlertsWrite,
    /// Read alert rules.
    AlertRulesRead,
    /// Make and change alert rules.
    AlertRulesWrite,
    /// Read sources and what becomes of alerts.
    SettingsRead,
    /// Change sources, what becomes of alerts, and what things are called.
    SettingsWrite,
    /// Read the catalogue.
    CatalogueRead,
    /// Change the catalogue.
    CatalogueWrite,
    /// Read who is there.
    PeopleRead,
    /// Read schedules.
    SchedulesRead,
    /// Change schedules.
    SchedulesWrite,
    /// Let somebody stand in for somebody else.
    SchedulesOverride,
    /// Read escalations and their paths.
    EscalationsRead,
    /// Page somebody.
    EscalationsCreate,
    /// Change escalations and their paths.
    EscalationsWrite,
    /// Write post-mortems.
    PostmortemsWrite,
    /// Make, change and remove webhooks.
    WebhooksManage,
    /// Make and revoke tokens.
    TokensManage,
    /// Do something in somebody's name.
    ActAsUser,
    /// All that there is but private incidents, also what newer versions bring.
    EverythingButPrivate,
    /// All that there is.
    Everything,
}

impl Scope {
    /// All of them, with the words for them.
    pub const ALL: [(Scope, &'static str); 26] = [
        (Scope::IncidentsRead, "incidents:read"),
        (Scope::IncidentsDeclare, "incidents:declare"),
        (Scope::IncidentsWrite, "incidents:write"),
        (Scope::IncidentsPrivate, "incidents:private"),
        (Scope::IncidentsMembers, "incidents:members"),
        (Scope::AlertsRead, "alerts:read"),
        (Scope::AlertsWrite, "alerts:write"),
        (Scope::AlertRulesRead, "alert_rules:read"),
        (Scope::AlertRulesWrite, "alert_rules:write"),
        (Scope::SettingsRead, "settings:read"),
        (Scope::SettingsWrite, "settings:write"),
        (Scope::CatalogueRead, "catalogue:read"),
        (Scope::CatalogueWrite, "catalogue:write"),
        (Scope::PeopleRead, "people:read"),
        (Scope::SchedulesRead, "schedules:read"),
        (Scope::SchedulesWrite, "schedules:write"),
        (Scope::SchedulesOverride, "schedules:override"),
        (Scope::EscalationsRead, "escalations:read"),
        (Scope::EscalationsCreate, "escalations:create"),
        (Scope::EscalationsWrite, "escalations:write"),
        (Scope::PostmortemsWrite, "postmortems:write"),
        (Scope::WebhooksManage, "webhooks:manage"),
        (Scope::TokensManage, "tokens:manage"),
        (Scope::ActAsUser, "act_as_user"),
        (Scope::EverythingButPrivate, "everything_but_private"),
        (Scope::Everything, "everything"),
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        let found = Scope::ALL.iter().find(|(scope, _)| *scope == self);
        found.map_or("", |(_, word)| word)
    }

    /// What goes by this word.
    pub fn parse(word: &str) -> Option<Scope> {
        Scope::ALL.iter().find(|(_, known)| *known == word).map(|(scope, _)| *scope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no scope of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no scope \u{201c}{given}\u{201d}; there are: {}, and those of other APIs, such as `incident.io/viewer` or `sentry/org:read`",
    known()
)]
pub struct UnknownScope {
    /// What was given.
    pub given: String,
}

fn known() -> String {
    Scope::ALL.map(|(_, word)| word).join(", ")
}

/// What a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Default for Scopes {
    /// What a token may do if nobody says.
    fn default() -> Self {
        Scopes::of(&[Scope::EverythingButPrivate])
    }
}

/// What a token could not do that was made before there were scopes: there was no such thing.
const NEW: [Scope; 4] =
    [Scope::IncidentsPrivate, Scope::WebhooksManage, Scope::TokensManage, Scope::ActAsUser];

impl Scopes {
    /// These.
    pub fn of(scopes: &[Scope]) -> Scopes {
        Scopes(scopes.iter().copied().collect())
    }

    /// What a token may do that is older than scopes: what it always could.
    pub fn of_old_tokens() -> Scopes {
        let groups = [Scope::Everything, Scope::EverythingButPrivate];
        let all = Scope::ALL.into_iter().map(|(scope, _)| scope);
        Scopes(all.filter(|scope| !NEW.contains(scope) && !groups.contains(scope)).collect())
    }

    /// What goes by these words, ours or another API's. None means the usual.
    pub fn read<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Scopes, UnknownScope> {
        let mut scopes = BTreeSet::new();
        let mut words = words.into_iter().peekable();
        if words.peek().is_none() {
            return Ok(Scopes::default());
        }
        for word in words {
            match (Scope::parse(word), foreign::parse(word)) {
                (Some(scope), _) => {
                    scopes.insert(scope);
                }
                (None, Some(meant)) => scopes.extend(meant),
                (None, None) => return Err(UnknownScope { given: word.to_owned() }),
            }
        }
        Ok(Scopes(scopes))
    }

    /// What the database says. Words of a newer version are let go: they open nothing here.
    pub fn kept(words: Option<&[String]>) -> Scopes {
        match words {
            None => Scopes::of_old_tokens(),
            Some(words) => Scopes(words.iter().filter_map(|word| Scope::parse(word)).collect()),
        }
    }

    /// The words for them.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(|scope| scope.as_str().to_owned()).collect()
    }

    /// Whether this is among what it may do.
    pub fn has(&self, scope: Scope) -> bool {
        let all_but_private = match scope {
            Scope::IncidentsPrivate | Scope::Everything => false,
            _ => self.0.contains(&Scope::EverythingButPrivate),
        };
        all_but_private || self.0.contains(&scope) || self.0.contains(&Scope::Everything)
    }

    /// Something that the others may do and this may not, if there is anything.
    pub fn lacks_of(&self, others: &Scopes) -> Option<Scope> {
        others.0.iter().copied().find(|scope| !self.has(*scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_has_a_word_of_its_own() {
        let words: BTreeSet<&str> = Scope::ALL.iter().map(|(_, word)| *word).collect();
        assert_eq!(words.len(), Scope::ALL.len());
        for (scope, word) in Scope::ALL {
            assert_eq!((Scope::parse(word), scope.as_str()), (Some(scope), word));
        }
    }

    #[test]
    fn the_usual_token_may_do_all_but_see_what_is_private() {
        let usual = Scopes::read([]).unwrap();
        let all = Scope::ALL.into_iter().map(|(scope, _)| scope);
        let missing: Vec<Scope> = all.filter(|scope| !usual.has(*scope)).collect();
        assert_eq!(missing, [Scope::IncidentsPrivate, Scope::Everything]);
        assert!(Scope::ALL.iter().all(|(scope, _)| Scopes::of(&[Scope::Everything]).has(*scope)));
        assert_eq!(Scopes::of(&[Scope::Everything]).lacks_of(&usual), None);
        assert_eq!(usual.lacks_of(&Scopes::of(&[Scope::Everything])), Some(Scope::Everything));
    }

    #[test]
    fn an_old_token_may_do_what_it_could() {
        let old = Scopes::kept(None);
        for scope in [Scope::IncidentsWrite, Scope::AlertRulesWrite, Scope::SettingsWrite] {
            assert!(old.has(scope), "{scope}");
        }
        for scope in NEW {
            assert!(!old.has(scope), "{scope}");
        }
    }

    #[test]
    fn words_are_read_and_written() {
        let scopes = Scopes::read(["incidents:read", "alerts:write"]).unwrap();
        assert_eq!(Scopes::kept(Some(&scopes.words())), scopes);
        assert!(scopes.has(Scope::AlertsWrite) && !scopes.has(Scope::AlertsRead));
        let tomorrow = ["of_tomorrow".to_owned(), "incidents:read".to_owned()];
        assert_eq!(Scopes::kept(Some(&tomorrow)), Scopes::of(&[Scope::IncidentsRead]));
        let error = Scopes::read(["incident:read"]).unwrap_err();
        assert!(error.to_string().contains("incidents:read"), "{error}");
    }
}
