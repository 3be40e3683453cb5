//! In which projects a rule is evaluated.

use std::collections::BTreeSet;

use crate::alert::rule::definition::Definition;

/// The most projects of one rule. What is new beyond that waits until others are forgotten.
const LIMIT: usize = 1_000;

/// The projects to evaluate a rule in, and those in which nobody asks its question any more.
#[derive(Debug, PartialEq, Eq)]
pub struct Projects<'p> {
    /// Here it is evaluated.
    pub asked: BTreeSet<&'p str>,
    /// Here it ends.
    pub gone: BTreeSet<&'p str>,
}

/// Chooses projects: those that the rule names, or else those that were counted in now or that it has
/// something to remember of. Events without a project are a project of their own, which counts for
/// all as long as there is no other.
pub fn choose<'p>(
    rule: &'p Definition,
    counted: impl IntoIterator<Item = &'p str>,
    known: impl IntoIterator<Item = &'p str>,
) -> Projects<'p> {
    let known: BTreeSet<&str> = known.into_iter().collect();
    let mut asked: BTreeSet<&str> = known.clone();
    if rule.projects.is_empty() {
        asked.retain(|project| rule.is_about(project));
        let counted: BTreeSet<&str> =
            counted.into_iter().filter(|project| rule.is_about(project)).collect();
        let has_others = counted.iter().chain(&asked).any(|project| !project.is_empty());
        if has_others && !counted.contains("") {
            asked.remove("");
        }
        for project in counted {
            if asked.len() < LIMIT {
                asked.insert(project);
            }
        }
        if asked.is_empty() {
            asked.insert("");
        }
    } else {
        asked = rule.projects.iter().map(String::as_str).collect();
    }
    let gone = known.difference(&asked).copied().collect();
    Projects { asked, gone }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rule::samples::above;

    #[test]
    fn a_rule_is_evaluated_where_it_counts_or_remembers() {
        let all = above(1.0);
        let web = Definition { projects: vec!["web".to_owned()], ..above(1.0) };
        let but_web = Definition { excluded_projects: vec!["web".to_owned()], ..above(1.0) };
        for (rule, counted, known, asked, gone) in [
            (&all, &[][..], &[][..], &[""][..], &[][..]),
            (&all, &[""], &[], &[""], &[]),
            (&all, &["web"], &["api"], &["api", "web"], &[]),
            (&all, &["web"], &[""], &["web"], &[""]),
            (&all, &["", "web"], &[""], &["", "web"], &[]),
            (&all, &[], &["", "web"], &["web"], &[""]),
            (&web, &["api"], &[], &["web"], &[]),
            (&web, &[], &["api"], &["web"], &["api"]),
            (&but_web, &["api", "web"], &["web"], &["api"], &["web"]),
            (&but_web, &["web"], &["web"], &[""], &["web"]),
        ] {
            let chosen = choose(rule, counted.iter().copied(), known.iter().copied());
            let expected = Projects {
                asked: asked.iter().copied().collect(),
                gone: gone.iter().copied().collect(),
            };
            assert_eq!(chosen, expected, "{counted:?} {known:?}");
        }
    }

    #[test]
    fn there_is_an_end_to_projects() {
        let names: Vec<String> = (0..2 * LIMIT).map(|nth| nth.to_string()).collect();
        let rule = above(1.0);
        let chosen = choose(&rule, names.iter().map(String::as_str), ["known"]);
        assert_eq!(chosen.asked.len(), LIMIT);
        assert!(chosen.asked.contains("known"));
    }
}
