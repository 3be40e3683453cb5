//! What has to be asked of Amazon: certificates, and the confirmation of a subscription.
//!
//! Only [Amazon's own addresses](super::address) are asked, over https, without following where an
//! answer points, for a short time and a small answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::{OnceCell, Semaphore};

use crate::ingest::sns::address::{is_amazons, is_certificates};
use crate::ingest::sns::certificate::Certificate;

/// How long an answer may take. SNS waits 15 s for ours.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// The largest answer: a certificate has two kilobytes.
const SIZE_LIMIT: usize = 64 * 1024;
/// How many certificates are remembered. Amazon has one for each region at a time.
const REMEMBERED: usize = 32;
/// How many answers are waited for at once.
const AT_ONCE: usize = 4;

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The address is not Amazon's.
    #[error("the address is not one of SNS's own")]
    NotAmazons,
    /// Amazon could not be reached, or does not answer.
    #[error("{0}")]
    Away(String),
    /// What is there is no certificate with an RSA key.
    #[error("what is there is no certificate")]
    NoCertificate,
}

/// Asks Amazon. Clones share what they remember.
#[derive(Clone)]
pub struct Outside {
    shared: Arc<Shared>,
    /// Where to ask instead, without encryption: a test's own Amazon.
    instead: Option<String>,
}

struct Shared {
    client: OnceCell<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>,
    certificates: Mutex<HashMap<String, Arc<Certificate>>>,
    turns: Semaphore,
}

impl Default for Outside {
    fn default() -> Self {
        Outside {
            shared: Arc::new(Shared {
                client: OnceCell::new(),
                certificates: Mutex::default(),
                turns: Semaphore::new(AT_ONCE),
            }),
            instead: None,
        }
    }
}

impl Outside {
    /// Asks a server of this address (`http://host:port`) for what Amazon would be asked for.
    pub fn instead_at(address: &str) -> Outside {
        Outside { instead: Some(address.to_owned()), ..Outside::default() }
    }

    /// The certificate at this address, which is asked for once.
    pub async fn certificate(&self, address: &str) -> Result<Arc<Certificate>, NoAnswer> {
        if !is_certificates(address) {
            return Err(NoAnswer::NotAmazons);
        }
        if let Some(known) = self.remembered().get(address) {
            return Ok(Arc::clone(known));
        }
        let pem = self.get(address).await?;
        let certificate = Arc::new(Certificate::from_pem(&pem).ok_or(NoAnswer::NoCertificate)?);
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(address.to_owned(), Arc::clone(&certificate));
        Ok(certificate)
    }

    /// Confirms a subscription by asking for what is at this address.
    pub async fn confirm(&self, address: &str) -> Result<(), NoAnswer> {
        if !is_amazons(address) {
            return Err(NoAnswer::NotAmazons);
        }
        self.get(address).await.map(drop)
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Certificate>>> {
        self.shared.certificates.lock().expect("nobody panics while remembering")
    }

    async fn get(&self, address: &str) -> Result<Bytes, NoAnswer> {
        match tokio::time::timeout(TIME_LIMIT, self.get_in_time(address)).await {
            Ok(answer) => answer,
            Err(_) => Err(NoAnswer::Away(format!("no answer within {} s", TIME_LIMIT.as_secs()))),
        }
    }

    async fn get_in_time(&self, address: &str) -> Result<Bytes, NoAnswer> {
        let away = |error: &dyn std::error::Error| NoAnswer::Away(innermost(error));
        let _turn = self.shared.turns.acquire().await.map_err(|error| away(&error))?;
        let client = self.shared.client.get_or_try_init(async || self.client()).await;
        let client = client.map_err(|error| away(&error))?;
        let address = match &self.instead {
            Some(instead) => {
                let path = address.splitn(4, '/').nth(3).unwrap_or_default();
                format!("{instead}/{path}")
            }
            None => address.to_owned(),
        };
        let request = Request::get(address).body(Full::default()).map_err(|error| away(&error))?;
        let answer = client.request(request).await.map_err(|error| away(&error))?;
        let (head, body) = answer.into_parts();
        // A redirect is no answer: it could lead anywhere.
        if head.status != StatusCode::OK {
            return Err(NoAnswer::Away(format!("the answer is {}", head.status)));
        }
        let body = Limited::new(body, SIZE_LIMIT).collect().await;
        body.map(|body| body.to_bytes()).map_err(|error| NoAnswer::Away(error.to_string()))
    }

    /// Without encryption only where a test has set an address of its own.
    fn client(&self) -> std::io::Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>> {
        let connector = if self.instead.is_some() {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("ring supports the default versions of TLS")
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            HttpsConnectorBuilder::new()
                .with_tls_config(config)
                .https_or_http()
                .enable_http1()
                .build()
        } else {
            HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1().build()
        };
        Ok(Client::builder(TokioExecutor::new()).build(connector))
    }
}

/// The innermost reason says most.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
