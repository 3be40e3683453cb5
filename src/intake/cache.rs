//! What is remembered of alerts, so that a mere repeat needs no look into the database.
//!
//! It is true only as long as nobody else folds the workspace's alerts: the desk says who did last.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, Hasher as _, RandomState};

use crate::alert::fingerprint::Key;
use crate::alert::observation::{Ends, Observation, Said};
use crate::alert::state::next_end;
use crate::clock::Timestamp;
use crate::ids::{AlertId, WorkspaceId};

/// An alert that fires and about which nothing is special.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its id.
    pub id: AlertId,
    /// A hash of what its sender said last.
    pub words: u64,
    /// Since when it is so, by the earliest word.
    pub starts_at: Timestamp,
    /// The newest time of what its sender has said.
    pub said_at: Option<Timestamp>,
    /// When it resolves by itself.
    pub ends: Option<Ends>,
    /// When that is looked at.
    pub check_at: Option<Timestamp>,
}

/// What is remembered.
pub struct Cache {
    workspaces: HashMap<WorkspaceId, HashMap<Key, Known>>,
    size: usize,
    /// How many alerts are remembered of all workspaces together.
    most: usize,
    hasher: RandomState,
}

impl Cache {
    /// One that remembers so many alerts, and none yet.
    pub fn new(most: usize) -> Cache {
        Cache { workspaces: HashMap::new(), size: 0, most, hasher: RandomState::new() }
    }

    /// Forgets what it knows of a workspace: somebody else has folded there, or nobody knows.
    pub fn forget(&mut self, workspace: &WorkspaceId) {
        let forgotten = self.workspaces.remove(workspace).map_or(0, |known| known.len());
        self.size -= forgotten;
    }

    /// Forgets an alert.
    pub fn drop(&mut self, workspace: &WorkspaceId, key: &Key) {
        let known = self.workspaces.get_mut(workspace);
        self.size -= usize::from(known.is_some_and(|known| known.remove(key).is_some()));
    }

    /// Remembers an alert.
    pub fn learn(&mut self, workspace: &WorkspaceId, key: Key, known: Known) {
        if self.size >= self.most {
            // Whichever they are: they are looked up again when they come.
            self.workspaces.clear();
            self.size = 0;
        }
        if !self.workspaces.contains_key(workspace) {
            self.workspaces.insert(workspace.clone(), HashMap::new());
        }
        let of_workspace = self.workspaces.get_mut(workspace).expect("it was put there");
        self.size += usize::from(of_workspace.insert(key, known).is_none());
    }

    /// Whether an observation of these words merely repeats what is remembered: of an alert that
    /// fires, as the observation says.
    pub fn is_repeat(
        &self,
        workspace: &WorkspaceId,
        key: &Key,
        observation: &Observation,
        words: u64,
        now: Timestamp,
    ) -> bool {
        let is_over = |ends: Option<Ends>| ends.is_some_and(|ends| ends.at <= now);
        if observation.said != Said::Firing || is_over(observation.ends) {
            return false;
        }
        let known = self.workspaces.get(workspace).and_then(|known| known.get(key));
        known.is_some_and(|known| {
            let is_late = observation.at.zip(known.said_at).is_some_and(|(at, known)| at < known);
            let is_earlier = observation.starts_at.is_some_and(|at| at < known.starts_at);
            known.words == words && !is_late && !is_earlier && !is_over(known.ends)
        })
    }

    /// Moves what moves with a repeat; says too whether it is to be looked at sooner than before.
    pub fn repeat(
        &mut self,
        workspace: &WorkspaceId,
        key: &Key,
        observation: &Observation,
    ) -> Option<(&Known, bool)> {
        let known = self.workspaces.get_mut(workspace)?.get_mut(key)?;
        known.said_at = observation.at.max(known.said_at);
        known.ends = next_end(known.ends, observation.ends);
        let check_at = next_look(known.check_at, known.ends);
        let is_sooner = check_at != known.check_at;
        known.check_at = check_at;
        Some((known, is_sooner))
    }

    /// A hash of all that an alert takes over from an observation.
    pub fn words(&self, observation: &Observation) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        (observation.status, &observation.title, &observation.description).hash(&mut hasher);
        (&observation.labels, &observation.annotations).hash(&mut hasher);
        for link in &observation.links {
            (&link.href, &link.text).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// When to look whether an alert is over: not later than its end, but what was to be looked at
/// before that stays so, because moving it with every repeat would cost more than the look.
pub fn next_look(before: Option<Timestamp>, ends: Option<Ends>) -> Option<Timestamp> {
    let ends = ends?.at;
    Some(before.map_or(ends, |before| before.min(ends)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 100;

    fn known() -> Known {
        let starts_at = Timestamp::default();
        Known {
            id: AlertId::new("A"),
            words: 1,
            starts_at,
            said_at: None,
            ends: None,
            check_at: None,
        }
    }

    fn key(number: usize) -> Key {
        crate::alert::fingerprint::of_parts(&[&number.to_string()])
    }

    impl Cache {
        fn counted(&self) -> usize {
            self.workspaces.values().map(HashMap::len).sum()
        }
    }

    #[test]
    fn a_million_alerts_take_no_more_room_than_there_is() {
        let mut cache = Cache::new(MOST);
        let workspaces: Vec<WorkspaceId> =
            (0..7).map(|n| WorkspaceId::new(format!("W{n}"))).collect();
        for number in 0..1_000_000 {
            cache.learn(&workspaces[number % 7], key(number), known());
            assert!(cache.size <= MOST);
        }
        assert_eq!(cache.size, cache.counted());
        assert!(cache.counted() <= MOST);
    }

    #[test]
    fn the_count_is_right_whatever_is_forgotten() {
        let mut cache = Cache::new(MOST);
        let (one, other) = (WorkspaceId::new("W1"), WorkspaceId::new("W2"));
        for number in 0..10 {
            cache.learn(&one, key(number), known());
            cache.learn(&other, key(number), known());
        }
        // What is known already takes no more room.
        cache.learn(&one, key(3), known());
        assert_eq!((cache.size, cache.counted()), (20, 20));
        cache.drop(&one, &key(3));
        cache.drop(&one, &key(3));
        assert_eq!((cache.size, cache.counted()), (19, 19));
        cache.forget(&other);
        cache.forget(&other);
        assert_eq!((cache.size, cache.counted()), (9, 9));
    }

    #[test]
    fn what_was_evicted_is_no_repeat() {
        let mut cache = Cache::new(2);
        let workspace = WorkspaceId::new("W");
        let said = Observation::firing("k", "t");
        let now = Timestamp::from_micros(1);
        let is_repeat =
            |cache: &Cache, number| cache.is_repeat(&workspace, &key(number), &said, 1, now);
        cache.learn(&workspace, key(1), known());
        cache.learn(&workspace, key(2), known());
        assert!(is_repeat(&cache, 1) && is_repeat(&cache, 2));
        cache.learn(&workspace, key(3), known());
        assert!(!is_repeat(&cache, 1) && is_repeat(&cache, 3));
        assert!(cache.repeat(&workspace, &key(1), &said).is_none());
    }
}
