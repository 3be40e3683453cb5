//! Who holds leases: this process, so named that another one on the same machine can tell whether it
//! is alive.
//!
//! A lease that ends by time is right everywhere, but after `kill -9` and a restart nobody wants to
//! wait for it. On Linux each process holds, as long as it lives, an abstract socket address that its
//! leases name, together with this boot and this network (within which such addresses are
//! unique). Where nobody is there any more, nobody will come back to the lease. A process that was only
//! stopped is still there.

use std::sync::Arc;

#[cfg(target_os = "linux")]
use std::os::unix::net::UnixDatagram;

/// The name under which this process takes leases. Clones are the same holder, who is dead when the
/// last of them is dropped.
#[derive(Clone, Debug)]
pub struct Holder {
    name: Arc<str>,
    #[cfg(target_os = "linux")]
    _alive: Arc<Option<UnixDatagram>>,
}

impl Holder {
    /// A new holder, with this word for its own that nobody else has.
    pub fn new(word: &str) -> Holder {
        #[cfg(target_os = "linux")]
        {
            use std::os::linux::net::SocketAddrExt as _;
            use std::os::unix::net::SocketAddr;

            // Without a place or a socket the leases still end by time.
            let place = place();
            let alive = place.as_ref().and_then(|_| {
                let address = SocketAddr::from_abstract_name(address(word)).ok()?;
                UnixDatagram::bind_addr(&address).ok()
            });
            let place = place.filter(|_| alive.is_some()).unwrap_or_else(|| "elsewhere".to_owned());
            Holder { name: format!("{place}/{word}").into(), _alive: Arc::new(alive) }
        }
        #[cfg(not(target_os = "linux"))]
        Holder { name: format!("elsewhere/{word}").into() }
    }

    /// The name of a lease that it takes.
    pub fn lease(&self, word: &str) -> String {
        format!("{}/{word}", self.name)
    }

    /// Whether it has taken this lease.
    pub fn has_taken(&self, lease: &str) -> bool {
        lease.strip_prefix(&*self.name).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether the holder of this lease is certainly dead.
    pub fn is_orphan(&self, lease: &str) -> bool {
        if self.has_taken(lease) {
            return false;
        }
        let mut parts = lease.split('/');
        let (Some(place), Some(word)) = (parts.next(), parts.next()) else { return false };
        let here = self.name.split('/').next();
        place != "elsewhere" && here == Some(place) && nobody_is_at(word)
    }
}

#[cfg(target_os = "linux")]
fn address(word: &str) -> String {
    format!("stentor/{word}")
}

/// This boot of this machine, and the network within it.
#[cfg(target_os = "linux")]
fn place() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;

    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let network = std::fs::metadata("/proc/self/ns/net").ok()?.ino();
    Some(format!("{}-{network}", boot.trim()))
}

#[cfg(target_os = "linux")]
fn nobody_is_at(word: &str) -> bool {
    use std::io::ErrorKind;
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let Ok(address) = SocketAddr::from_abstract_name(address(word)) else { return false };
    // Nothing is sent, and datagrams have no queue of connections that could fill up.
    let asked = UnixDatagram::unbound().and_then(|socket| socket.connect_addr(&address));
    // Any other failure says nothing.
    asked.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[cfg(not(target_os = "linux"))]
fn nobody_is_at(_word: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::IdSource;

    fn holder() -> Holder {
        Holder::new(&IdSource::system().ulid(Timestamp::default()))
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_lease_is_an_orphan_when_its_holder_is_gone() {
        let (us, other) = (holder(), holder());
        let lease = other.lease("one");
        assert!(!us.is_orphan(&lease));
        let clone = other.clone();
        drop(other);
        assert!(!us.is_orphan(&lease), "a clone is the same holder");
        drop(clone);
        assert!(us.is_orphan(&lease));
    }

    #[test]
    fn nothing_is_said_of_leases_from_elsewhere() {
        let us = holder();
        assert!(!us.is_orphan(&us.lease("one")));
        for lease in ["", "the dead one's", "elsewhere/word/one", "another-boot/word/one"] {
            assert!(!us.is_orphan(lease), "{lease}");
        }
    }
}
