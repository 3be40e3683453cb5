//! Requests signed the way Slack signs them, written straight into a buffer.
//!
//! All that stays the same is prepared once, because the load generator shares the machine with
//! what it measures. Each request gets its own timestamp, signature and idempotency key.

use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// Stands in a body where the idempotency key of each request goes.
pub const KEY_HERE: &str = "00000000000000000000000000000000";

pub type HmacSha256 = Hmac<Sha256>;

pub fn keyed_mac() -> HmacSha256 {
    HmacSha256::new_from_slice(SIGNING_SECRET.as_bytes()).expect("HMAC takes keys of any length")
}

#[expect(clippy::disallowed_methods, reason = "the servers compare it with the real time")]
pub fn unix_seconds() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("it is later than 1970")
        .as_secs()
}

/// What a right answer looks like. Anything else is counted as wrong.
#[derive(Clone, Copy)]
pub enum Expected {
    /// 200, and nothing more: how a submitted modal is closed.
    Silence,
    /// 200, and these words somewhere in the body. A refusal is a 200 in Slack too.
    Saying(&'static str),
    /// 401; and 429 once there were many, whose signatures are compared all the same.
    Unauthorized,
}

impl Expected {
    pub fn is_met_by(self, status: u16, body: &[u8]) -> bool {
        match self {
            Expected::Silence => status == 200 && body.is_empty(),
            Expected::Saying(words) => {
                let words = words.as_bytes();
                status == 200 && body.windows(words.len()).any(|part| part == words)
            }
            Expected::Unauthorized => matches!(status, 401 | 429),
        }
    }
}

/// Where the idempotency keys come from.
#[derive(Clone, Copy)]
pub enum Keys {
    /// No two requests have the same.
    Fresh,
    /// So many in turn: after the first round every request is a duplicate.
    Repeating(u64),
}

#[derive(Clone, Copy)]
pub enum Signature {
    Right,
    Wrong,
}

/// An endless supply of requests of one kind.
pub struct Requests {
    pub expected: Expected,
    head: String,
    bodies: Vec<Body>,
    keys: Keys,
    signature: Signature,
    mac: HmacSha256,
    series: u64,
    next: AtomicU64,
}

struct Body {
    before_key: String,
    after_key: String,
}

impl Requests {
    /// The bodies take turns. Each must hold [`KEY_HERE`] once.
    pub fn new(
        path: &str,
        bodies: impl IntoIterator<Item = String>,
        keys: Keys,
        signature: Signature,
        expected: Expected,
    ) -> Requests {
        static SERIES: AtomicU64 = AtomicU64::new(1);
        let bodies = bodies.into_iter().map(|body| {
            let (before_key, after_key) = body.split_once(KEY_HERE).expect("a body has a key");
            Body { before_key: before_key.to_owned(), after_key: after_key.to_owned() }
        });
        Requests {
            expected,
            head: format!(
                "POST {path} HTTP/1.1\r\n\
                 Host: stentor.example\r\n\
                 User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n\
                 Accept: application/json,*/*\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n"
            ),
            bodies: bodies.collect(),
            keys,
            signature,
            mac: keyed_mac(),
            series: SERIES.fetch_add(1, Ordering::Relaxed),
            next: AtomicU64::new(0),
        }
    }

    /// Replaces what is in `request` by the next one, ready to be sent.
    pub fn write_next(&self, request: &mut Vec<u8>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let key_number = match self.keys {
            Keys::Fresh => number,
            Keys::Repeating(different) => number % different,
        };
        let key = format!("{:08x}{key_number:024x}", self.series);
        let Body { before_key, after_key } = &self.bodies[key_number as usize % self.bodies.len()];

        let timestamp = unix_seconds().to_string();
        let mut mac = self.mac.clone();
        for part in ["v0:", &timestamp, ":", before_key, &key, after_key] {
            mac.update(part.as_bytes());
        }
        let mut digest: [u8; 32] = mac.finalize().into_bytes().into();
        if let Signature::Wrong = self.signature {
            digest[0] ^= 1;
        }

        let length = before_key.len() + key.len() + after_key.len();
        let digest = hex::encode(digest);
        request.clear();
        for part in [
            &self.head,
            "X-Slack-Request-Timestamp: ",
            &timestamp,
            "\r\nX-Slack-Signature: v0=",
            &digest,
            "\r\nContent-Length: ",
            &length.to_string(),
            "\r\n\r\n",
            before_key,
            &key,
            after_key,
        ] {
            request.extend_from_slice(part.as_bytes());
        }
    }
}
