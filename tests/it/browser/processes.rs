//! The two programs of a story in the browser: the demo, and Chromium with its driver. Neither
//! outlives its story, however that ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use stentor::clock::Clock;
use stentor::ids::IdSource;

/// How long a driver may take to put everything away.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program itself, as `stentor demo` starts it.
pub struct Demo {
    child: Child,
    /// Where its page is.
    pub url: String,
    _scratch: Scratch,
}

impl Demo {
    /// Starts it on a free port, with a shop that breaks at this pace.
    pub fn start(pace: &str) -> Demo {
        let scratch = Scratch::new("demo");
        let mut child = Command::new(env!("CARGO_BIN_EXE_stentor"))
            .args(["demo", "--listen", "127.0.0.1:0", "--pace", pace, "--database"])
            .arg(scratch.0.join("stentor.db"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let line = line_with(&mut child, "Stentor's demo is at ");
        let url = line.rsplit(' ').next().unwrap().to_owned();
        Demo { child, url, _scratch: scratch }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Chromium's driver, which starts a Chromium for whoever connects.
pub struct Driver {
    child: Child,
    port: u16,
    scratch: Scratch,
}

impl Driver {
    /// Starts it on a port that it finds itself.
    pub fn start() -> Driver {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed by tests/install.sh");
        let line = line_with(&mut child, "started successfully on port ");
        let port = line.rsplit(' ').next().unwrap().trim_end_matches('.').parse().unwrap();
        Driver { child, port, scratch: Scratch::new("chromium") }
    }

    /// Opens a browser window of this size.
    pub async fn connect(&self, width: u32, height: u32) -> Client {
        let profile = format!("--user-data-dir={}", self.scratch.0.display());
        let options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--hide-scrollbars", profile,
                // Without its driver the browser ends as well, even if that is killed.
                "--remote-debugging-pipe",
            ],
            "mobileEmulation": {"deviceMetrics": {
                "width": width, "height": height, "pixelRatio": 1, "touch": false, "mobile": false,
            }},
        });
        let mut capabilities = fantoccini::wd::Capabilities::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .unwrap()
    }

    /// Asks the driver to close its browsers and to end.
    fn shut_down(&self) -> std::io::Result<()> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        let request = format!("GET /shutdown HTTP/1.1\r\nHost: {address}\r\n\r\n");
        connection.write_all(request.as_bytes())?;
        connection.read_to_end(&mut Vec::new()).map(|_| ())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Whether it did or not, it ends now.
        self.shut_down().ok();
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    child.kill().ok();
    child.wait().ok();
}

/// The first line that says this; what comes after it is read and dropped, so that the program
/// never waits for a reader.
fn line_with(child: &mut Child, words: &str) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines.by_ref().map(Result::unwrap).find(|line| line.contains(words));
    std::thread::spawn(move || lines.for_each(drop));
    found.unwrap_or_else(|| panic!("it ended without saying {words:?}"))
}

/// A folder that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let id = IdSource::system().ulid(Clock::system().now()).to_lowercase();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{id}"));
        std::fs::create_dir_all(&folder).unwrap();
        Scratch(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
