//! Base64 as senders write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What the text stands for; nothing if it is no base64.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim()).ok()
}
