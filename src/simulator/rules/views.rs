//! Modals in their stacks, and home tabs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Rule;
use crate::simulator::{
    blocks,
    clock::{Micros, SECOND},
    state::{State, view::OpenView},
};

/// How many modals can lie on top of each other.
pub const MAX_STACK: usize = 3;

impl State {
    /// Opens a modal as a stack of its own.
    pub fn open_view(&mut self, now: Micros, user: &str, view: Value) -> Rule<String> {
        self.check_external_id(&view, None)?;
        let id = self.insert_view(now, user, view, None);
        self.stacks.entry(user.to_owned()).or_default().push(vec![id.clone()]);
        Ok(id)
    }

    /// Puts a modal on top of another.
    pub fn push_view(&mut self, now: Micros, below: &str, view: Value) -> Rule<String> {
        let user = self.views.get(below).ok_or("not_found")?.user.clone();
        self.check_external_id(&view, None)?;
        let depth = self.stack_with(below).ok_or("not_found")?.len();
        if depth >= MAX_STACK {
            return Err("push_limit_reached");
        }
        let id = self.insert_view(now, &user, view, Some(below));
        let stack = self.stack_with(below).ok_or("not_found")?;
        stack.push(id.clone());
        Ok(id)
    }

    /// Changes a modal.
    pub fn update_view(&mut self, now: Micros, id: &str, view: Value, hash: Option<&str>) -> Rule {
        self.check_external_id(&view, Some(id))?;
        let fresh = self.next_hash(now);
        let view = self.finished_view(view);
        let open = self.views.get_mut(id).ok_or("not_found")?;
        if hash.is_some_and(|hash| hash != open.hash) {
            return Err("hash_conflict");
        }
        open.view = view;
        open.hash = fresh;
        open.errors.clear();
        open.failure = None;
        Ok(())
    }

    /// Publishes somebody's home tab.
    pub fn publish_home(
        &mut self,
        now: Micros,
        user: &str,
        view: Value,
        hash: Option<&str>,
    ) -> Rule {
        if !self.users.contains_key(user) {
            return Err("user_not_found");
        }
        let old = self.homes.get(user).map(|home| (home.id.clone(), home.hash.clone()));
        let is_current = |hash: &str| old.as_ref().is_none_or(|(_, current)| hash == current);
        if !hash.is_none_or(is_current) {
            return Err("hash_conflict");
        }
        let id = old.map_or_else(|| self.next_id("V"), |(id, _)| id);
        let home = OpenView {
            user: user.to_owned(),
            hash: self.next_hash(now),
            view: self.finished_view(view),
            errors: BTreeMap::new(),
            failure: None,
            root_view_id: id.clone(),
            previous_view_id: None,
            is_submitting: false,
            opened: now,
            id,
        };
        self.homes.insert(user.to_owned(), home);
        Ok(())
    }

    /// Closes a modal and what lies on top of it; returns the closed ones, top first.
    pub fn close_view(&mut self, id: &str) -> Vec<OpenView> {
        let Some(user) = self.views.get(id).map(|view| view.user.clone()) else { return vec![] };
        let Some(stacks) = self.stacks.get_mut(&user) else { return vec![] };
        let mut closed = Vec::new();
        for stack in stacks.iter_mut() {
            if let Some(position) = stack.iter().position(|open| open == id) {
                closed.extend(stack.drain(position..).rev());
            }
        }
        stacks.retain(|stack| !stack.is_empty());
        if stacks.is_empty() {
            self.stacks.remove(&user);
        }
        closed.iter().filter_map(|id| self.views.remove(id)).collect()
    }

    /// A modal, or a home tab.
    pub fn view_or_home(&self, id: &str) -> Option<&OpenView> {
        self.views.get(id).or_else(|| self.homes.values().find(|home| home.id == id))
    }

    /// As the Web API shows it.
    pub fn view_to_api(&self, view: &OpenView, values: &Value) -> Value {
        view.to_api(&self.team.id, &self.app.id, &self.app.bot_id, values)
    }

    fn stack_with(&mut self, id: &str) -> Option<&mut Vec<String>> {
        let user = &self.views.get(id)?.user;
        let stacks = self.stacks.get_mut(user)?;
        stacks.iter_mut().find(|stack| stack.iter().any(|open| open == id))
    }

    fn insert_view(&mut self, now: Micros, user: &str, view: Value, below: Option<&str>) -> String {
        let id = self.next_id("V");
        let root = below.and_then(|below| self.views.get(below));
        let root = root.map_or_else(|| id.clone(), |below| below.root_view_id.clone());
        let open = OpenView {
            id: id.clone(),
            user: user.to_owned(),
            view: self.finished_view(view),
            hash: self.next_hash(now),
            errors: BTreeMap::new(),
            failure: None,
            root_view_id: root,
            previous_view_id: below.map(str::to_owned),
            is_submitting: false,
            opened: now,
        };
        self.views.insert(id.clone(), open);
        id
    }

    fn check_external_id(&self, view: &Value, own: Option<&str>) -> Rule {
        let external = |view: &Value| view["external_id"].as_str().unwrap_or_default().to_owned();
        let wanted = external(view);
        let taken = |open: &OpenView| Some(&*open.id) != own && external(&open.view) == wanted;
        match !wanted.is_empty() && self.views.values().any(taken) {
            true => Err("duplicate_external_id"),
            false => Ok(()),
        }
    }

    fn finished_view(&mut self, mut view: Value) -> Value {
        if let Some(blocks) = view.get_mut("blocks") {
            blocks::finish(blocks, &mut || self.next_id("b"));
        }
        for label in ["title", "submit", "close"] {
            if let Some(label) = view.get_mut(label) {
                blocks::finish(label, &mut String::new);
            }
        }
        view
    }

    fn next_hash(&mut self, now: Micros) -> String {
        format!("{}.{}", now / SECOND, self.next_id("h"))
    }
}
