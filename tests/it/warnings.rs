//! What Stentor warned of: shown beside a test that fails, and a reason for it to fail.
//!
//! A log belongs to a process. The runner gives each test a process of its own; where it does not,
//! nobody could say whose warning it was, and none counts.

use std::io::{self, Write};
use std::sync::Mutex;

use tracing_subscriber::fmt::TestWriter;

static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());
static EXPECTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Hears every warning from now on.
pub fn listen() {
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false);
    log.with_writer(|| Ear(TestWriter::new())).try_init().ok();
}

/// A warning with these words is what the test is about.
pub fn expect(words: &str) {
    EXPECTED.lock().unwrap().push(words.to_owned());
}

/// Waits until a warning with these words was heard. Nothing takes that long but a mistake.
pub async fn heard(words: &str) {
    let patience = std::time::Duration::from_secs(10);
    let listening = async {
        while !HEARD.lock().unwrap().iter().any(|line| line.contains(words)) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let result = tokio::time::timeout(patience, listening).await;
    assert!(result.is_ok(), "nobody warned of {words:?}");
}

/// What was heard that no test expected.
pub fn unexpected() -> Vec<String> {
    if std::env::var_os("NEXTEST").is_none() {
        return Vec::new();
    }
    let expected = EXPECTED.lock().unwrap();
    let mut heard = HEARD.lock().unwrap().clone();
    heard.retain(|line| !expected.iter().any(|words| line.contains(words)));
    heard
}

struct Ear(TestWriter);

impl Write for Ear {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line).into_owned();
        // Libraries warn of slow machines.
        if text.contains(" stentor::") {
            HEARD.lock().unwrap().push(text);
        }
        self.0.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
