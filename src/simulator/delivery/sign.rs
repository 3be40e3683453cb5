//! The signature on everything that goes to the app.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The value of `X-Slack-Signature`: the hash of version, time and raw body.
pub fn signature(secret: &str, timestamp: i64, body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
    mac.update(format!("v0:{timestamp}:").as_bytes());
    mac.update(body);
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_are_signed_alike() {
        let documented = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J\
            &team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar\
            &user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
            &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554\
            %2F96rGlfmibIGlgcZRskXaIFfN\
            &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let table = [
            (
                "8f742231b10e8888abcd99yyyzzz85a5",
                documented,
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
            (
                "fa2c05deeef5a4077494e89f54394de0",
                "test-body",
                "v0=baa91ef62d346e56607bbdd278a8acd570b91226854f15a382f43d33be42f666",
            ),
        ];
        for (secret, body, expected) in table {
            assert_eq!(signature(secret, 1_531_420_618, body.as_bytes()), expected);
        }
    }
}
