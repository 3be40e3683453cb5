//! Just enough of X.509: the key in a certificate, and for how long it is good.
//!
//! What a certificate says of its owner is not looked at: it is Amazon's because of where it is from.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};

use crate::clock::Timestamp;
use crate::ingest::base64;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version, which the first one did not have.
const VERSION: u8 = 0xa0;
/// The object identifier of RSA keys: 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// How a message is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSA with SHA-1, which SNS uses unless a topic is told otherwise.
    Sha1,
    /// RSA with SHA-256.
    Sha256,
}

/// What matters of a certificate.
#[derive(Debug, PartialEq, Eq)]
pub struct Certificate {
    /// An RSA key, as PKCS #1 writes it.
    key: Vec<u8>,
    from: Timestamp,
    until: Timestamp,
}

impl Certificate {
    /// Reads the first certificate of a PEM file; nothing if there is none with an RSA key.
    pub fn from_pem(pem: &[u8]) -> Option<Certificate> {
        let text = std::str::from_utf8(pem).ok()?;
        let (_, text) = text.split_once(BEGIN)?;
        let (text, _) = text.split_once(END)?;
        let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        Certificate::from_der(&base64::decode(&text)?)
    }

    fn from_der(der: &[u8]) -> Option<Certificate> {
        let mut certificate = Der(Der(der).take(SEQUENCE)?);
        let mut body = Der(certificate.take(SEQUENCE)?);
        if body.next_tag() == Some(VERSION) {
            body.take(VERSION)?;
        }
        body.take(INTEGER)?;
        // How it is signed, and by whom.
        body.take(SEQUENCE)?;
        body.take(SEQUENCE)?;
        let mut validity = Der(body.take(SEQUENCE)?);
        let (from, until) = (validity.take_time()?, validity.take_time()?);
        // Whose it is.
        body.take(SEQUENCE)?;
        let mut key = Der(body.take(SEQUENCE)?);
        let mut algorithm = Der(key.take(SEQUENCE)?);
        if algorithm.take(OBJECT)? != RSA {
            return None;
        }
        let (unused, key) = key.take(BIT_STRING)?.split_first()?;
        (*unused == 0).then(|| Certificate { key: key.to_vec(), from, until })
    }

    /// Whether it is good at this time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// Whether its key has signed the message.
    pub fn has_signed(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        let scheme = match scheme {
            Scheme::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Scheme::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(scheme, &self.key).verify(message, signature).is_ok()
    }
}

/// Values one after another, each a tag, a length, and so many bytes.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next_tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match usize::from(*first) {
            short @ 0..0x80 => (short, rest),
            long => {
                // A certificate has some kilobytes: two bytes of length are enough, and four plenty.
                let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
                if !(1..=4).contains(&bytes.len()) {
                    return None;
                }
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(value)
    }

    fn take_time(&mut self) -> Option<Timestamp> {
        let tag = self.next_tag()?;
        let text = std::str::from_utf8(self.take(tag)?).ok()?.strip_suffix('Z')?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = text.split_at_checked(2)?;
                let year = digits(year)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = text.split_at_checked(4)?;
                (digits(year)?, rest)
            }
            _ => return None,
        };
        if rest.len() != 10 {
            return None;
        }
        let part = |at: usize| i8::try_from(digits(rest.get(at..at + 2)?)?).ok();
        let civil =
            DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().into())
    }
}

fn digits(text: &str) -> Option<i16> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &[u8] = include_bytes!("../../../tests/data/sns/certificate.pem");
    const MESSAGE: &[u8] = b"a fixed message";
    const SHA1: &str = "b6Xb1H8yV7SkfmQETQNKwiFYfKMDiDbdoEdO7GIYwxj7JG5nLJKnJKHHAbWvjaH0sZrf8m7NHVyXBFDJBChtntfzA19YV9GnFkehsxsVefJfAfRKClIG1tk6lXrg2snJvQ3Uopm9SQm6f8Qm6/Uvw2q0LBYa5cbngcDApjesSk7z+Leadd0J2DG1tyZX5kyIu0zJEol6RaJWgoe6ZqO3/IbaD7gJVaksJ+1DaUxLpTbHb/HhVLUJ5QPjgnWOjqrp1vPy5IlXMMY5UaxMADHlnwJgiKaMILTzsqaoD4eid7zBF2hVDnV4JCYD+n3+CPWDbdcIJEY7oCyoVLSEjNQrWQ==";
    const SHA256: &str = "LtmqZWU4s55omJ+ZdfM8FCX0hmVPRrvYQ/fO7k96W7wZcXoDDhbK+DDYbrLvuoUdADefvmENr5ky9eWE/YudLSJjDeGwIYuI5K+WgkClCCWEVgo37EIELsmsgt3+jya/hTsor/qwX9yCqGJhCqusNFmNJg5ZjWUFEMwxsJh4xpDc6C7t09BtRs6detsgDUo3ZV3XCDtVm0izDTyWG93lyyUwK4Dmxr/7kvH5i+4FjOr/1n2qStJd3JfyEByQ+5Wl5hlWCQ+6neIrgLpfijR/X3qaha7kEycbzFWy3Gl94AOYtAU1qdskPRy2yM04FtM6a1hxe0aSuo/kYjhl5qTLPw==";

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    #[test]
    fn a_certificate_has_a_key_and_a_time() {
        let certificate = Certificate::from_pem(PEM).unwrap();
        assert_eq!(
            (certificate.from, certificate.until),
            (at("2026-01-01T00:00:00Z"), at("2060-01-01T00:00:00Z"))
        );
        assert!(certificate.is_valid(at("2026-09-21T00:00:00Z")));
        assert!(!certificate.is_valid(at("2025-12-31T23:59:59Z")));
        assert!(!certificate.is_valid(at("2060-01-01T00:00:01Z")));
        for (scheme, signature) in [(Scheme::Sha1, SHA1), (Scheme::Sha256, SHA256)] {
            let signature = base64::decode(signature).unwrap();
            assert!(certificate.has_signed(scheme, MESSAGE, &signature), "{scheme:?}");
            assert!(!certificate.has_signed(scheme, b"another message", &signature));
            assert!(!certificate.has_signed(scheme, MESSAGE, &signature[1..]));
            let other = if scheme == Scheme::Sha1 { Scheme::Sha256 } else { Scheme::Sha1 };
            assert!(!certificate.has_signed(other, MESSAGE, &signature));
        }
    }

    #[test]
    fn only_rsa_keys_are_known() {
        assert_eq!(
            Certificate::from_pem(include_bytes!("../../../tests/data/sns/elliptic.pem")),
            None
        );
    }

    #[test]
    fn broken_certificates_are_none() {
        let text = std::str::from_utf8(PEM).unwrap();
        let inner = text.lines().filter(|line| !line.starts_with('-')).collect::<String>();
        let der = base64::decode(&inner).unwrap();
        let whole = Certificate::from_der(&der).unwrap();
        for end in 0..der.len() {
            assert_eq!(Certificate::from_der(&der[..end]), None, "cut at {end}");
        }
        // Nothing that is turned over makes it panic; what is read then has another key or time, or
        // what is not looked at is another.
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut broken = der.clone();
                broken[at] ^= 1 << bit;
                if let Some(read) = Certificate::from_der(&broken) {
                    read.has_signed(Scheme::Sha256, MESSAGE, b"");
                }
            }
        }
        assert!(whole.is_valid(at("2026-09-21T00:00:00Z")));
        for bad in ["", "x", BEGIN, "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----"] {
            assert_eq!(Certificate::from_pem(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Certificate::from_pem(&[0xff; 64]), None);
    }
}
