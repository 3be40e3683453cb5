//! Lays the figures out as one table: what was measured, what is aimed at, and what the bare
//! server reached in the same run.

use std::time::Duration;

use crate::bare_limits::BareLimits;
use crate::drive::Outcome;
use crate::stentor::StentorFigures;

const MIB: f64 = 1024.0 * 1024.0;

/// What a figure is aimed at.
enum Target {
    AtLeast(f64),
    Below(f64),
    None,
}

/// How a figure is written.
#[derive(Clone, Copy)]
enum Unit {
    PerSecond,
    Milliseconds,
    Mebibytes,
}

struct Row {
    figure: &'static str,
    measured: Option<f64>,
    target: Target,
    bare: Option<f64>,
    unit: Unit,
}

/// Without Stentor's figures it shows the bare limits alone.
pub fn table(bare: &BareLimits, stentor: Option<&StentorFigures>) -> String {
    let lines: Vec<[String; 5]> = rows(bare, stentor).iter().map(Row::cells).collect();
    let header = ["figure", "measured", "target", "bare limit", "ratio"].map(str::to_owned);
    let mut widths = header.each_ref().map(|cell| cell.chars().count());
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let rule = widths.map(|width| "-".repeat(width));
    [header, rule].iter().chain(&lines).map(|line| aligned(line, widths)).collect()
}

fn rows(bare: &BareLimits, stentor: Option<&StentorFigures>) -> Vec<Row> {
    use Target::{AtLeast, Below, None};
    use Unit::{Mebibytes, Milliseconds, PerSecond};

    let rate = |figure, pick: fn(&StentorFigures) -> &Outcome, target, bare: Option<&Outcome>| {
        let measured = stentor.map(|stentor| pick(stentor).per_second());
        Row { figure, measured, target, bare: bare.map(Outcome::per_second), unit: PerSecond }
    };
    let latency = |figure, target, pick: fn(&Outcome) -> Duration| {
        let measured = stentor.map(|stentor| millis(pick(&stentor.paced_note)));
        Row { figure, measured, target, bare: Some(millis(pick(&bare.paced))), unit: Milliseconds }
    };
    let memory = |figure, target, pick: fn(&StentorFigures) -> u64, bare: Option<u64>| {
        let mebibytes = |bytes| bytes as f64 / MIB;
        let measured = stentor.map(pick).map(mebibytes);
        Row { figure, measured, target, bare: bare.map(mebibytes), unit: Mebibytes }
    };

    let (shared, own) = (Some(&bare.shared_commit), Some(&bare.own_commit));
    vec![
        rate("note, 64 connections", |s| &s.note, AtLeast(8_000.0), shared),
        rate("  beside a commit each", |s| &s.note, None, own),
        latency("note at 500/s, p50", None, |paced| paced.latency.percentile(50.0)),
        latency("note at 500/s, p99", Below(10.0), |paced| paced.latency.percentile(99.0)),
        latency("note at 500/s, max", None, |paced| paced.latency.max()),
        rate("help", |s| &s.help, AtLeast(20_000.0), Some(&bare.verify)),
        rate("wrong signature", |s| &s.forged, AtLeast(20_000.0), Some(&bare.refuse)),
        rate("duplicate", |s| &s.duplicate, AtLeast(20_000.0), Some(&bare.verify)),
        Row {
            figure: "start to first 200, median of 5",
            measured: stentor.map(|stentor| millis(stentor.start)),
            target: Below(150.0),
            bare: Some(millis(bare.start)),
            unit: Milliseconds,
        },
        memory("memory, idle", Below(25.0), |s| s.idle_kib * 1024, Some(bare.idle_kib * 1024)),
        memory("memory, after the load", None, |s| s.busy_kib * 1024, Option::None),
        memory("binary", Below(25.0), |s| s.binary_bytes, Option::None),
    ]
}

impl Row {
    fn cells(&self) -> [String; 5] {
        let (target, missed) = match self.target {
            Target::AtLeast(least) => {
                (format!("≥ {}", self.unit.write(least)), self.measured.is_some_and(|m| m < least))
            }
            Target::Below(limit) => {
                (format!("< {}", self.unit.write(limit)), self.measured.is_some_and(|m| m >= limit))
            }
            Target::None => (String::new(), false),
        };
        let value = |value: Option<f64>| value.map_or_else(String::new, |v| self.unit.write(v));
        let ratio = self.measured.zip(self.bare).map(|(measured, bare)| measured / bare);
        [
            self.figure.to_owned(),
            value(self.measured),
            if missed { format!("{target} missed") } else { target },
            value(self.bare),
            ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        ]
    }
}

impl Unit {
    fn write(self, value: f64) -> String {
        match self {
            Unit::PerSecond => format!("{value:.0}/s"),
            Unit::Milliseconds => format!("{value:.1} ms"),
            Unit::Mebibytes => format!("{value:.1} MiB"),
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Text to the left, figures to the right.
fn aligned(line: &[String; 5], widths: [usize; 5]) -> String {
    let [figure, numbers @ ..] = line;
    let mut text = format!("{figure:<width$}", width = widths[0]);
    for (cell, width) in numbers.iter().zip(&widths[1..]) {
        text += &format!("  {cell:>width$}");
    }
    text.trim_end().to_owned() + "\n"
}
