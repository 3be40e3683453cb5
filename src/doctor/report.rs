//! What was found, for people and for programs.

use std::fmt;

use serde::Serialize;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Stentor works, but not as well as it could, or not for long.
    Warning,
    /// Something will not work.
    Failed,
    /// It can't be known from here.
    Unknown,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Warning => "warning",
            Outcome::Failed => "FAILED",
            Outcome::Unknown => "unknown",
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word or two that stay the same.
    pub check: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// All answers, in the order of the questions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The answers.
    pub findings: Vec<Finding>,
}

impl Report {
    /// As it should be.
    pub fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.add(check, Outcome::Ok, found.into(), None);
    }

    /// It works, but.
    pub fn warning(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(check, Outcome::Warning, found.into(), Some(fix.into()));
    }

    /// It will not work.
    pub fn failed(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(check, Outcome::Failed, found.into(), Some(fix.into()));
    }

    /// It can't be known; how somebody could find out.
    pub fn unknown(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.add(check, Outcome::Unknown, found.into(), Some(how.into()));
    }

    fn add(&mut self, check: &'static str, outcome: Outcome, found: String, fix: Option<String>) {
        self.findings.push(Finding { check, outcome, found, fix });
    }

    /// Whether something failed.
    pub fn has_failed(&self) -> bool {
        self.count(Outcome::Failed) > 0
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.findings.iter().filter(|finding| finding.outcome == outcome).count()
    }

    /// One JSON object: how many ended how, and every finding.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "ok": !self.has_failed(),
            "failed": self.count(Outcome::Failed),
            "warnings": self.count(Outcome::Warning),
            "unknown": self.count(Outcome::Unknown),
            "findings": self.findings,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
        for Finding { check, outcome, found, fix } in &self.findings {
            writeln!(f, "{:7}  {check:longest$}  {found}", outcome.word())?;
            if let Some(fix) = fix {
                writeln!(f, "{:7}  {:longest$}  -> {fix}", "", "")?;
            }
        }
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (failed, warnings) = (self.count(Outcome::Failed), self.count(Outcome::Warning));
        let good = self.count(Outcome::Ok);
        write!(f, "\n{good} ok, {warnings} warning{}, {failed} failed", plural(warnings))?;
        match self.count(Outcome::Unknown) {
            0 => Ok(()),
            unknown => write!(f, ", {unknown} that can't be known from here"),
        }
    }
}
