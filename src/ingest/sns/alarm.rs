//! What a CloudWatch alarm says.

use serde_json::Value;

use crate::alert::observation::{Observation, Said, Status};
use crate::clock::Timestamp;
use crate::ingest::values;

/// How CloudWatch writes a time: the offset has no colon.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.f%z";

/// What becomes of an alarm for which there is too little data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InsufficientData {
    /// It stays as it was.
    #[default]
    Ignore,
    /// It fires, nobody knows how badly.
    Fire,
    /// It is over.
    Resolve,
}

/// What a message says of an alarm; nothing if it is about something else.
pub fn read(message: &str, insufficient: InsufficientData) -> Option<Observation> {
    let alarm: Value = crate::ingest::knock::from_json(message.as_bytes()).ok()?;
    let (name, state) =
        (values::member(&alarm, "AlarmName")?, values::member(&alarm, "NewStateValue")?);
    let arn = values::member(&alarm, "AlarmArn");
    let account = values::member(&alarm, "AWSAccountId");
    let key = match &arn {
        Some(arn) => values::key(arn),
        None => {
            let region = values::member(&alarm, "Region").unwrap_or_default();
            values::key_of(&[account.as_deref().unwrap_or_default(), &region, &name])
        }
    };
    let at = values::member(&alarm, "StateChangeTime").and_then(|text| changed(&text));
    let (said, status) = match (state.to_ascii_uppercase().as_str(), insufficient) {
        ("OK", _) | ("INSUFFICIENT_DATA", InsufficientData::Resolve) => {
            (Said::Resolved, Status::Ok)
        }
        ("ALARM", _) => (Said::Firing, Status::Critical),
        ("INSUFFICIENT_DATA", InsufficientData::Fire) => (Said::Firing, Status::Unknown),
        _ => return None,
    };
    if said == Said::Resolved {
        return Some(Observation { at, ..Observation::resolved(key) });
    }
    let mut observation = Observation::firing(key, name.clone());
    (observation.said, observation.status, observation.at) = (said, status, at);
    observation.starts_at = at;
    observation.description = values::member(&alarm, "AlarmDescription").unwrap_or_default();
    values::put(&mut observation.annotations, "reason", values::member(&alarm, "NewStateReason"));
    let trigger = &alarm["Trigger"];
    observation.labels = values::labels(&trigger["Dimensions"]);
    // The region's code stands in the ARN only: arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME.
    let region = arn.as_deref().and_then(|arn| arn.split(':').nth(3)).map(str::to_owned);
    for (label, value) in [
        ("alarm", Some(name.clone())),
        ("account", account),
        ("region", region.clone()),
        ("namespace", values::member(trigger, "Namespace")),
        ("metric", values::member(trigger, "MetricName")),
    ] {
        values::put(&mut observation.labels, label, value);
    }
    let is_region =
        |region: &String| region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let address = region.filter(is_region).map(|region| {
        let name = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
        format!(
            "https://console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"
        )
    });
    observation.links = values::only_link(address, "CloudWatch");
    Some(observation)
}

fn changed(text: &str) -> Option<Timestamp> {
    let read = jiff::fmt::strtime::parse(TIME, text).ok()?;
    Some(read.to_timestamp().ok()?.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alarm(state: &str) -> Value {
        json!({
            "AlarmName": "cpu high", "AlarmDescription": null, "AWSAccountId": "123456789012", "NewStateValue": state,
            "NewStateReason": "Threshold Crossed", "StateChangeTime": "2026-11-20T23:00:00.000+0000",
            "Region": "US East (N. Virginia)", "OldStateValue": "OK",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu high",
            "Trigger": {"MetricName": "CPUUtilization", "Namespace": "AWS/EC2", "Period": 300, "Threshold": 80.0,
                "Dimensions": [{"name": "InstanceId", "value": "i-1"}]},
        })
    }

    fn said(state: &str, insufficient: InsufficientData) -> Option<Observation> {
        read(&alarm(state).to_string(), insufficient)
    }

    #[test]
    fn an_alarm_is_known_by_its_arn() {
        let bad = said("ALARM", InsufficientData::Ignore).unwrap();
        assert_eq!(bad.key, "arn:aws:cloudwatch:us-east-1:123456789012:alarm:cpu high");
        assert_eq!(
            (bad.said, bad.status, bad.title.as_str()),
            (Said::Firing, Status::Critical, "cpu high")
        );
        assert_eq!(bad.at, Some(Timestamp::from_micros(1_795_215_600_000_000)));
        for (name, value) in [
            ("region", "us-east-1"),
            ("InstanceId", "i-1"),
            ("metric", "CPUUtilization"),
            ("namespace", "AWS/EC2"),
        ] {
            assert_eq!(bad.labels[name], value);
        }
        let expected = "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarmsV2:alarm/cpu%20high";
        assert_eq!(bad.links[0].href, expected);
        let good = said("OK", InsufficientData::Ignore).unwrap();
        assert_eq!((good.said, &good.key), (Said::Resolved, &bad.key));
        assert!(good.at.is_some());
    }

    #[test]
    fn too_little_data_is_what_the_settings_say() {
        let with = |setting| said("INSUFFICIENT_DATA", setting).map(|one| (one.said, one.status));
        assert_eq!(with(InsufficientData::Ignore), None);
        assert_eq!(with(InsufficientData::Fire), Some((Said::Firing, Status::Unknown)));
        assert_eq!(with(InsufficientData::Resolve), Some((Said::Resolved, Status::Ok)));
    }

    #[test]
    fn what_is_no_alarm_is_let_be() {
        for message in [
            "",
            "hello",
            "7",
            "{}",
            "[]",
            r#"{"AlarmName":"x"}"#,
            r#"{"AlarmName":"x","NewStateValue":{}}"#,
        ] {
            assert_eq!(read(message, InsufficientData::Fire), None, "{message}");
        }
        let little = read(
            r#"{"AlarmName":"x","NewStateValue":"alarm","StateChangeTime":"soon"}"#,
            InsufficientData::Ignore,
        );
        assert_eq!(little.unwrap().at, None);
    }
}
