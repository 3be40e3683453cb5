//! Where a request comes from, as far as that can be believed.

use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::server::Peer;

/// Somebody's address: one of IPv4, or a network of IPv6, of which everybody has a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

/// The bits of an IPv6 address that a provider gives out to one customer.
const CUSTOMER: u32 = 64;

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Source(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() >> (128 - CUSTOMER) << (128 - CUSTOMER);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address => address,
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Proxies that say truthfully whom a request is from: addresses and networks, with commas between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Networks);

/// Addresses and networks, with commas between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Whether an address is among them.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl TrustedProxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.contain(address)
    }

    /// Whom a request is from: the peer, unless that is a trusted proxy, which wrote down in
    /// `X-Forwarded-For` whom it heard.
    ///
    /// The list is read from its end, because everything before the last address that a trusted
    /// proxy wrote is what a stranger claims.
    pub fn source(&self, parts: &Parts) -> Source {
        let peer = parts.extensions.get::<Peer>().map(|Peer(address)| *address);
        // Without a server of ours there is no peer, as in a test: all are the same then.
        let peer = peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical();
        self.heard(peer, &parts.headers).into()
    }

    fn heard(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer;
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            if !self.trusts(nearest) {
                break;
            }
            let Some(address) = std::str::from_utf8(hop).ok().and_then(address) else { break };
            nearest = address;
        }
        nearest
    }
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let alone = hop.strip_prefix('[').and_then(|hop| hop.split(']').next()).unwrap_or(hop);
    let address: Option<IpAddr> = alone.parse().ok();
    let address = address.or_else(|| hop.rsplit_once(':')?.0.parse().ok());
    address.map(|address| address.to_canonical())
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong = || {
            format!(
                "\u{201c}{text}\u{201d} is no address or network, such as 10.0.0.1 or 10.0.0.0/8"
            )
        };
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Network { address, bits }) }
    }
}

impl FromStr for Networks {
    type Err = String;

    fn from_str(text: &str) -> Result<Networks, String> {
        let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty());
        networks.map(str::parse).collect::<Result<_, _>>().map(Networks)
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<TrustedProxies, String> {
        text.parse().map(TrustedProxies)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn heard(proxies: &str, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let proxies: TrustedProxies = proxies.parse().unwrap();
        proxies.heard(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_says_whom_it_heard() {
        let proxies = "10.0.0.0/8, 192.0.2.1, 2001:db8::/32";
        for (peer, lines, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.1.2.3", &[], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.1.1.1, 198.51.100.1, 192.0.2.1"], "198.51.100.1"),
            ("10.1.2.3", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.1.2.3", &["[2001:db9::7]:4711"], "2001:db9::7"),
            ("10.1.2.3", &["2001:db9::7"], "2001:db9::7"),
            ("2001:db8::1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["unknown"], "10.1.2.3"),
            ("10.1.2.3", &["1.1.1.1, , 10.9.9.9"], "10.9.9.9"),
        ] {
            assert_eq!(heard(proxies, peer, lines), expected, "{peer} {lines:?}");
        }
        assert_eq!(heard("", "10.1.2.3", &["198.51.100.1"]), "10.1.2.3");
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["proxy", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "10.0.0.1:80"] {
            assert!(text.parse::<TrustedProxies>().is_err(), "{text}");
        }
        assert_eq!(" ".parse(), Ok(TrustedProxies::default()));
        for everything in ["0.0.0.0/0", "::/0"] {
            assert!(everything.parse::<TrustedProxies>().is_ok());
        }
    }
}
