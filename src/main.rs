//! The command line: reads the settings, wires, and waits.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
