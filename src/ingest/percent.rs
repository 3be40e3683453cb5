//! Percent-encoded parts of addresses.

/// What the part stands for. What is not UTF-8 is shown as such.
pub fn decode(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}
