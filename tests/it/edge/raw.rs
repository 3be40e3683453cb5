//! A server with a simple router, and connections to it by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use stentor::server::{Limits, serve_within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// How long a test waits for what comes by itself. Nothing takes that long but a mistake.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// A limit that a test waits for to be reached.
pub const SOON: Duration = Duration::from_millis(200);
/// A limit that no test reaches.
pub const LATE: Duration = Duration::from_secs(600);

pub const GOOD: &str = "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n";

/// Limits that are not reached unless a test sets them lower.
pub fn generous() -> Limits {
    Limits {
        head: LATE,
        idle: LATE,
        body: LATE,
        answer: LATE,
        drain: LATE,
        connections: 1_000,
        bodies: 64 * 1024 * 1024,
    }
}

/// A running server.
pub struct House {
    pub address: SocketAddr,
    /// Lets requests to `/wait` go on.
    pub go_on: Arc<Notify>,
    /// Told when a request to `/wait` has come.
    pub waits: Arc<Notify>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl House {
    pub async fn start(limits: Limits) -> House {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (go_on, waits) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let wait = {
            let (go_on, waits) = (Arc::clone(&go_on), Arc::clone(&waits));
            get(move || async move {
                waits.notify_one();
                go_on.notified().await;
                "waited"
            })
        };
        let router = Router::new()
            .route("/ok", get(|| async { "ok" }))
            .route("/wait", wait)
            .route("/large", get(|| async { vec![b'x'; 32 * 1024 * 1024] }))
            .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
            .layer(DefaultBodyLimit::max(1024 * 1024));
        let stopped = async move { drop(stopped.await) };
        let running = tokio::spawn(serve_within(listener, router, stopped, limits));
        House { address, go_on, waits, stop, running }
    }

    /// A new connection.
    pub async fn connect(&self) -> Line {
        self.connect_from("127.0.0.1").await
    }

    /// A new connection from another address of loopback.
    pub async fn connect_from(&self, address: &str) -> Line {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
        Line(socket.connect(self.address).await.unwrap())
    }

    /// Whether a new connection is answered.
    pub async fn answers(&self) {
        assert_eq!(self.connect().await.asks(GOOD).await, "200 ok");
    }

    /// Tells it to stop, and waits until it has.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        patiently(self.running).await.unwrap();
    }

    /// Tells it to stop; the rest is for the test to see.
    pub fn begin_to_stop(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.running
    }
}

pub async fn patiently<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}

/// One connection.
pub struct Line(pub TcpStream);

impl Line {
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends what may meet a closed door.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends a request, and reads its answer: status and body.
    pub async fn asks(&mut self, request: impl AsRef<[u8]>) -> String {
        self.send(request).await;
        self.answer().await.expect("an answer")
    }

    /// The next answer, status and body; nothing if the connection ends.
    pub async fn answer(&mut self) -> Option<String> {
        patiently(async {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(self.0.read_u8().await.ok()?);
            }
            let head = String::from_utf8(head).unwrap().to_lowercase();
            let status = head.split(' ').nth(1).unwrap().trim().to_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            self.0.read_exact(&mut body).await.ok()?;
            let body = String::from_utf8(body).unwrap();
            Some(format!("{status} {body}").trim().to_owned())
        })
        .await
    }

    /// Waits for the end of the connection, and gives what came before it.
    pub async fn end(&mut self) -> usize {
        patiently(async {
            let mut buffer = vec![0; 64 * 1024];
            let mut all = 0;
            loop {
                match self.0.read(&mut buffer).await {
                    Ok(0) | Err(_) => return all,
                    Ok(read) => all += read,
                }
            }
        })
        .await
    }

    /// Sends a byte now and then until the other side hangs up.
    pub async fn drip(&mut self, bytes: &[u8]) {
        patiently(async {
            for byte in bytes.iter().cycle() {
                let read = tokio::time::timeout(Duration::from_millis(20), self.0.read_u8()).await;
                match read {
                    Ok(Err(_)) => return,
                    Ok(Ok(byte)) => panic!("an answer that begins with {byte}"),
                    Err(_) if !self.try_send([*byte]).await => return,
                    Err(_) => {}
                }
            }
        })
        .await;
    }
}
