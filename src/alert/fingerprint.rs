//! What identifies an alert.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::ids::SourceId;

/// FNV-1a of 64 bits.
const OFFSET: u64 = 14_695_981_039_346_656_037;
const PRIME: u64 = 1_099_511_628_211;

/// The fingerprint that Prometheus and Alertmanager give a set of labels, as 16 hexadecimal digits:
/// FNV-1a over each name and value, in the order of names, each followed by the byte 255.
pub fn of_labels(labels: &BTreeMap<String, String>) -> String {
    let mut hash = OFFSET;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    };
    for (name, value) in labels {
        add(name.as_bytes());
        add(&[255]);
        add(value.as_bytes());
        add(&[255]);
    }
    format!("{hash:016x}")
}

/// A hash by which something is known, of parts that can't run into each other.
pub fn of_parts(parts: &[&str]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let (key, _) = digest.split_first_chunk::<16>().expect("a digest has 32 bytes");
    Key(*key)
}

/// The hash of a source's alert.
pub fn of_alert(source: &SourceId, key: &str) -> Key {
    of_parts(&[source.as_str(), key])
}

/// A hash of 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl Key {
    /// As it stands in the database: 32 hexadecimal digits.
    pub fn to_text(self) -> String {
        hex::encode(self.0)
    }

    /// From what stands in the database; nothing if it is no such text.
    pub fn from_text(text: &str) -> Option<Key> {
        let mut key = [0; 16];
        hex::decode_to_slice(text, &mut key).ok()?;
        Some(Key(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_the_fingerprint_that_prometheus_gives_them() {
        let labels = [
            ("alertname", "HighLatency"),
            ("cluster", "eu-1"),
            ("instance", "web-1:9100"),
            ("service", "checkout"),
            ("severity", "critical"),
        ];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(of_labels(&labels), "0c4bb787878b93ec");
        assert_eq!(of_labels(&BTreeMap::new()), "cbf29ce484222325");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(of_parts(&["ab", "c"]), of_parts(&["a", "bc"]));
        assert_ne!(of_parts(&["ab"]), of_parts(&["ab", ""]));
        let key = of_parts(&["a"]);
        assert_eq!(Key::from_text(&key.to_text()), Some(key));
    }
}
