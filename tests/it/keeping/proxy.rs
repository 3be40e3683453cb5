//! A way to Postgres that breaks just when a commit is on it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const COMMIT: &[u8] = b"COMMIT";

/// What happens to the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes through, and so does its answer.
    Passes,
    /// The way breaks before the commit is through.
    IsLost,
    /// The way breaks before its answer is back.
    LosesItsAnswer,
    /// The way to us breaks at once; the commit arrives when [`Proxy::arrives`] says so.
    IsLate,
}

/// The way, for as long as it is held.
#[derive(Clone)]
pub struct Proxy {
    port: u16,
    next: Arc<Mutex<Next>>,
    arrives: Arc<Notify>,
    /// The port from which the late commit will come.
    late_from: Arc<Mutex<Option<u16>>>,
}

impl Proxy {
    /// Opens a way to the Postgres at this port of loopback.
    pub async fn to(postgres: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy {
            port: listener.local_addr().unwrap().port(),
            next: Arc::new(Mutex::new(Next::Passes)),
            arrives: Arc::default(),
            late_from: Arc::default(),
        };
        let way = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let way = way.clone();
                tokio::spawn(async move { way.carry(client, postgres).await });
            }
        });
        proxy
    }

    /// The same database by this way.
    pub fn url(&self, url: &str, postgres: u16) -> String {
        let (direct, detour) = (format!(":{postgres}/"), format!(":{}/", self.port));
        assert!(url.contains(&direct), "{url}");
        url.replace(&direct, &detour)
    }

    /// Decides about the next commit; those after it pass.
    pub fn next_commit(&self, next: Next) {
        *self.next.lock().unwrap() = next;
    }

    /// Whether the commit has come that this was decided about.
    pub fn has_struck(&self) -> bool {
        *self.next.lock().unwrap() == Next::Passes
    }

    /// From which port the late commit will come.
    pub fn late_from(&self) -> Option<u16> {
        *self.late_from.lock().unwrap()
    }

    /// Lets the late commit arrive.
    pub fn arrives(&self) {
        self.arrives.notify_one();
    }

    /// Ends when either side does, or with the commit that was decided about.
    async fn carry(&self, mut client: TcpStream, postgres: u16) {
        let mut server = TcpStream::connect(("127.0.0.1", postgres)).await.unwrap();
        let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Some(read) = read.ok().filter(|read| *read > 0) else { return };
                    let bytes = &asked[..read];
                    let next = if contains(bytes) {
                        std::mem::replace(&mut *self.next.lock().unwrap(), Next::Passes)
                    } else {
                        Next::Passes
                    };
                    match next {
                        Next::Passes => server.write_all(bytes).await.unwrap(),
                        Next::IsLost => return,
                        Next::LosesItsAnswer => {
                            server.write_all(bytes).await.unwrap();
                            return until_answered(server).await;
                        }
                        Next::IsLate => {
                            let from = server.local_addr().unwrap().port();
                            *self.late_from.lock().unwrap() = Some(from);
                            drop(client);
                            self.arrives.notified().await;
                            server.write_all(bytes).await.unwrap();
                            return until_answered(server).await;
                        }
                    }
                }
                read = server.read(&mut answered) => {
                    let Some(read) = read.ok().filter(|read| *read > 0) else { return };
                    if client.write_all(&answered[..read]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// The server has committed when it says so.
async fn until_answered(mut server: TcpStream) {
    let mut answered = vec![0; 65_536];
    loop {
        let read = server.read(&mut answered).await.unwrap();
        assert!(read > 0, "the server hung up");
        if contains(&answered[..read]) {
            return;
        }
    }
}

fn contains(bytes: &[u8]) -> bool {
    bytes.windows(COMMIT.len()).any(|window| window == COMMIT)
}
