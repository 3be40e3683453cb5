//! The way to a socket's address: encrypted, unless the whole Slack is a local one.

use std::io;
use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt as _;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

/// The largest frame that is read. A form has at most 250 kB.
const FRAME_LIMIT: usize = 4 * 1024 * 1024;

/// A socket.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What is said over a socket.
pub(super) type Text = Utf8Bytes;

/// How to get to a socket's address.
#[derive(Clone)]
pub(super) enum Way {
    /// Encrypted.
    Tls(Arc<ClientConfig>),
    /// To a local Slack.
    Plain,
}

impl Way {
    /// The way to the sockets of the Slack whose Web API is at this address.
    pub(super) fn new(api_url: &str) -> io::Result<Way> {
        if !api_url.starts_with("https:") {
            return Ok(Way::Plain);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_native_roots()?
            .with_no_client_auth();
        Ok(Way::Tls(Arc::new(config)))
    }

    /// Opens a socket. The address holds a ticket, so it is as secret as a token.
    pub(super) async fn open(&self, url: &str) -> Result<Socket, String> {
        let (scheme, connector) = match self {
            Way::Tls(config) => ("wss://", Connector::Rustls(Arc::clone(config))),
            Way::Plain => ("ws://", Connector::Plain),
        };
        if !url.starts_with(scheme) {
            return Err(format!("its address does not begin with {scheme}"));
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_LIMIT))
            .max_frame_size(Some(FRAME_LIMIT));
        let opened = connect_async_tls_with_config(url, Some(config), true, Some(connector)).await;
        opened.map(|(socket, _)| socket).map_err(|error| in_short(&error))
    }
}

/// What went wrong, without anything that came over the socket.
pub(super) fn in_short(error: &tungstenite::Error) -> String {
    use tungstenite::Error;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => "it was closed".to_owned(),
        Error::Io(error) => format!("the connection broke ({})", error.kind()),
        Error::Tls(_) => "TLS failed".to_owned(),
        Error::Capacity(_) => "a frame was too large".to_owned(),
        Error::Http(answer) => format!("status {}", answer.status().as_u16()),
        _ => "it does not speak as a WebSocket should".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ticket must not go over the wire for everybody to read, whatever answered us.
    #[tokio::test]
    async fn the_real_slack_is_spoken_to_in_secret_only() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let tls = Way::Tls(Arc::new(config));
        for url in ["ws://127.0.0.1:9/link/?ticket=x", "http://127.0.0.1:9/", ""] {
            let refused = tls.open(url).await.unwrap_err();
            assert!(refused.contains("wss://") && !refused.contains("ticket"), "{refused}");
        }
        assert!(Way::Plain.open("wss://127.0.0.1:9/").await.unwrap_err().contains("ws://"));
    }
}
