//! Where webhooks may not go: addresses that only Stentor's own network can reach.
//!
//! Whoever may make a rule could otherwise have Stentor call what only Stentor can call. The name in
//! an address says little: what it resolves to is looked at, at the moment of connecting, and that
//! very address is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll};

use axum::http::Uri;
use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use crate::source::Networks;

/// A name or address leads to where webhooks may not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it leads into an inner network, which --webhook-networks does not allow")]
pub struct Inner;

/// What is wrong with the address of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It is none.
    #[error("it is no address that begins with http:// or https://")]
    NoAddress,
    /// It has a password in it, which would be shown to everybody who sees the rule.
    #[error("it has a user's name in it")]
    WithUser,
    /// It leads to where webhooks may not go.
    #[error(transparent)]
    Inner(#[from] Inner),
}

/// Reads the address of a webhook. What its name resolves to is seen later.
pub fn read(url: &str, allowed: &Networks) -> Result<Uri, BadAddress> {
    let uri: Uri = url.parse().map_err(|_| BadAddress::NoAddress)?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority().filter(|_| is_web).ok_or(BadAddress::NoAddress)?;
    if authority.as_str().contains('@') {
        return Err(BadAddress::WithUser);
    }
    let host = authority.host();
    if host.is_empty() {
        return Err(BadAddress::NoAddress);
    }
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match literal.parse::<IpAddr>() {
        Ok(address) if !may_reach(address, allowed) => Err(Inner.into()),
        _ => Ok(uri),
    }
}

fn may_reach(address: IpAddr, allowed: &Networks) -> bool {
    let address = address.to_canonical();
    allowed.contain(address)
        || match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !(is_special
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // What is given out to the world lies in 2000::/3; and of that, some is wrapped IPv4 or for
    // books.
    let segments = address.segments();
    let is_global = segments[0] & 0xe000 == 0x2000;
    let is_special = (segments[0] == 0x2001 && (segments[1] < 0x0200 || segments[1] == 0x0db8))
        || segments[0] == 0x2002
        || (segments[0] == 0x3fff && segments[1] < 0x1000);
    is_global && !is_special
}

/// Resolves names, and leaves out where nothing may go.
#[derive(Clone)]
pub enum Resolver {
    /// To wherever the operator has said.
    Anywhere,
    /// Not into inner networks, but for these.
    Outside(Networks),
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = self.clone();
        Box::pin(async move {
            // The connector puts the right port in.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (outer, inner): (Vec<_>, Vec<_>) = found.partition(|address| match &resolver {
                Resolver::Anywhere => true,
                Resolver::Outside(allowed) => may_reach(address.ip(), allowed),
            });
            if outer.is_empty() && !inner.is_empty() {
                return Err(Inner.into());
            }
            Ok(outer.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(url: &str, allowed: &str) -> Result<(), BadAddress> {
        read(url, &allowed.parse().unwrap()).map(drop)
    }

    #[test]
    fn inner_addresses_are_refused_however_they_are_written() {
        for host in [
            "127.0.0.1",
            "127.1.2.3:8080",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]:80",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[fe80::1]",
            "[fd00::1]",
            "[ff02::1]",
            "[2001:db8::1]",
        ] {
            let url = format!("http://{host}/hook");
            assert_eq!(judged(&url, ""), Err(BadAddress::Inner(Inner)), "{url}");
        }
        for host in ["example.com", "93.184.215.14:8443", "[2606:2800:21f:cb07::1]", "2130706433"] {
            assert_eq!(judged(&format!("https://{host}/hook"), ""), Ok(()), "{host}");
        }
        assert_eq!(judged("http://127.0.0.1:9/", "127.0.0.0/8"), Ok(()));
        assert_eq!(judged("http://[::ffff:127.0.0.1]:9/", "127.0.0.0/8"), Ok(()));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in [
            "",
            "hook",
            "/hook",
            "ftp://example.com/",
            "http://",
            "http:///x",
            "https://a b/",
            "file:///etc/passwd",
        ] {
            assert_eq!(judged(url, ""), Err(BadAddress::NoAddress), "{url}");
        }
        assert_eq!(judged("https://me:secret@example.com/", ""), Err(BadAddress::WithUser));
    }

    #[tokio::test]
    async fn names_that_resolve_to_inner_addresses_are_refused() {
        let look = async |name: &str, allowed: &str| {
            let mut resolver = Resolver::Outside(allowed.parse().unwrap());
            resolver.call(name.parse().unwrap()).await.map(Iterator::count)
        };
        // These two are known to every machine, without a server of names.
        for name in ["localhost", "2130706433", "127.1"] {
            let error = look(name, "").await.unwrap_err();
            assert!(error.downcast_ref::<Inner>().is_some(), "{name}: {error}");
        }
        assert!(look("localhost", "127.0.0.0/8, ::1").await.unwrap() > 0);
    }
}
