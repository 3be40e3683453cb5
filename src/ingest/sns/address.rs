//! Which addresses out of a message are Amazon's.
//!
//! A message names two: where its signature's certificate is, and what to ask for to confirm a
//! subscription. Whoever writes a message could have us ask anything that only we can reach. So an
//! address must be one of SNS's own, letter by letter, before anything is asked: there is no reading
//! of an address by two parsers that could disagree.

/// Amazon's have a few hundred characters.
const LONGEST: usize = 2_048;

/// Whether this is an address of SNS's own: `https://sns.REGION.amazonaws.com/…`.
pub fn is_amazons(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://sns.") else { return false };
    let Some((host, path)) = rest.split_once('/') else { return false };
    let region =
        host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"));
    text.len() <= LONGEST
        && region.is_some_and(is_region)
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#')
}

/// Whether it is where SNS keeps its certificates.
pub fn is_certificates(text: &str) -> bool {
    is_amazons(text) && text.ends_with(".pem") && !text.contains('?')
}

/// `sns.s3-…` would be somebody's bucket called "sns", with whatever they like in it.
fn is_region(region: &str) -> bool {
    region.len() >= 3
        && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !region.to_ascii_lowercase().starts_with("s3")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_amazons_own_are_asked() {
        for good in [
            "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-e32fef5803d244bbb0da0e18b838f161.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem",
            "https://sns.us-gov-west-1.amazonaws.com/x.pem",
        ] {
            assert!(is_certificates(good), "{good}");
        }
        let confirm = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:1:t&Token=ab";
        assert!(is_amazons(confirm) && !is_certificates(confirm));
        for bad in [
            "",
            "http://sns.us-east-1.amazonaws.com/x.pem",
            "HTTPS://sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com",
            "https://sns.us-east-1.amazonaws.com:8443/x.pem",
            "https://sns.us-east-1.amazonaws.com@evil.example/x.pem",
            "https://evil@sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
            "https://evil.example/sns.us-east-1.amazonaws.com/x.pem",
            "https://evil.example#.sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com\\@evil.example/x.pem",
            "https://sns.a.b.amazonaws.com/x.pem",
            "https://sns.eu.amazonaws.com/x.pem",
            "https://sns..amazonaws.com/x.pem",
            "https://sns.amazonaws.com/x.pem",
            "https://sns.s3-eu-west-1.amazonaws.com/x.pem",
            "https://sns.S3-eu-west-1.amazonaws.com/x.pem",
            "https://xsns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.org/x.pem",
            "https://sns.us-east-1.amazonaws.com/x y.pem",
            "https://sns.us-east-1.amazonaws.com/\r\nx.pem",
            "https://127.0.0.1/x.pem",
            "https://169.254.169.254/latest/meta-data/x.pem",
            "file:///etc/x.pem",
        ] {
            assert!(!is_amazons(bad), "{bad}");
        }
        for no_certificate in
            ["https://sns.us-east-1.amazonaws.com/x", "https://sns.us-east-1.amazonaws.com/?a=.pem"]
        {
            assert!(!is_certificates(no_certificate));
        }
    }
}
