//! Runs the short tests, in the way that test runners ask for: `--list`, then one name at a time.

use std::pin::Pin;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tokio::signal::unix::{SignalKind, signal};

/// What a test does.
pub type Story = fn() -> Pin<Box<dyn Future<Output = Result<()>>>>;

/// A test, by its name.
pub struct Test {
    pub name: &'static str,
    pub story: Story,
}

/// Lists the tests, or runs those that are asked for.
pub fn run(tests: &[Test], arguments: &[&str]) -> ExitCode {
    let is = |flag: &str| arguments.contains(&flag);
    if is("--list") {
        // None is ignored.
        for test in tests.iter().filter(|_| !is("--ignored")) {
            println!("{}: test", test.name);
        }
        return ExitCode::SUCCESS;
    }
    let names: Vec<&&str> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let wanted = |test: &&Test| {
        let fits = |name: &&&str| {
            if is("--exact") { test.name == **name } else { test.name.contains(**name) }
        };
        names.is_empty() || names.iter().any(fits)
    };
    for test in tests.iter().filter(wanted) {
        let ended = in_runtime((test.story)());
        println!("test {} ... {}", test.name, if ended.is_ok() { "ok" } else { "FAILED" });
        if ended.is_err() {
            return finish(ended);
        }
    }
    ExitCode::SUCCESS
}

/// Says what was wrong, if anything.
pub fn finish(ended: Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs to the end, or to a signal: dropping the future ends the processes that it started.
pub fn in_runtime(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            ended = work => ended,
            _ = interrupt.recv() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    })
}
