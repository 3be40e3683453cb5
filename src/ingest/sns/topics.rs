//! Which topics may send to a source, and what else its settings say.
//!
//! A signature proves only that SNS has sent something, not for whom: anybody can have a topic. So a
//! request has to show the source's secret, and its topic has to be one of the source's. Where no list
//! was laid down, the topic of the first confirmation is the only one from then on: it has shown the
//! secret, which until then nobody has but who made the source. Should the secret become known later, no
//! other topic gets in.

use serde_json::{Value, json};

use crate::ingest::knock::{Knock, Trouble};
use crate::ingest::sns::alarm::InsufficientData;
use crate::store;
use crate::store::sources::AlertSource;

const SETTINGS: &str = "topics, insufficient_data";
/// The most topics of a source.
const MOST: usize = 100;

/// What the settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The topics that may send; with none, the first that is confirmed.
    pub topics: Vec<String>,
    /// What becomes of an alarm without data.
    pub insufficient_data: InsufficientData,
}

impl Settings {
    /// Reads the settings; the reason names the field.
    pub fn read(door: &Value) -> Result<Settings, String> {
        let mut read = Settings::default();
        let settings = match door {
            Value::Null => return Ok(read),
            Value::Object(settings) => settings,
            _ => return Err("the settings are no object".to_owned()),
        };
        for (name, value) in settings {
            match name.as_str() {
                "topics" => read.topics = topics(value)?,
                "insufficient_data" => {
                    read.insufficient_data = match value.as_str() {
                        Some("ignore") => InsufficientData::Ignore,
                        Some("fire") => InsufficientData::Fire,
                        Some("resolve") => InsufficientData::Resolve,
                        _ => {
                            return Err(
                                "`insufficient_data` has to be ignore, fire or resolve".to_owned()
                            );
                        }
                    }
                }
                _ => return Err(format!("`{name}` is no setting; there are: {SETTINGS}")),
            }
        }
        Ok(read)
    }

    /// Whether a topic may send.
    pub fn allow(&self, topic: &str) -> bool {
        self.topics.iter().any(|known| known == topic)
    }
}

fn topics(value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or("`topics` has to be a list of the ARNs of topics")?;
    if list.len() > MOST {
        return Err(format!("`topics` has more than {MOST} entries"));
    }
    let topic = |entry: &Value| match entry.as_str() {
        Some(arn) if is_topic(arn) => Ok(arn.to_owned()),
        _ => Err(format!("`topics` has an entry that is no ARN of a topic: {entry}")),
    };
    list.iter().map(topic).collect()
}

/// `arn:aws:sns:REGION:ACCOUNT:NAME`.
pub fn is_topic(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let is_whole = matches!(parts.as_slice(), ["arn", partition, "sns", region, account, name]
        if partition.starts_with("aws") && !region.is_empty() && !account.is_empty() && !name.is_empty());
    is_whole && arn.len() <= 512 && arn.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The settings as they stand in the database now: another request, or another replica, may have
/// remembered a topic that the source at hand does not have yet.
pub async fn now(knock: &Knock) -> Result<Option<Settings>, Trouble> {
    let source = &knock.source;
    let found = async {
        let mut tx = knock.app.db.read().await?;
        store::sources::of_workspace(&mut tx, &source.workspace, &source.id).await
    };
    let found = found.await.map_err(|error: sqlx::Error| {
        tracing::warn!(error = %error, "Could not look a source up");
        Trouble::Unavailable
    })?;
    let Some(found) = found else { return Ok(None) };
    let settings = Settings::read(&found.settings.door);
    settings.map(Some).map_err(|reason| knock.settings_are_broken(&reason))
}

/// Remembers the first topic of a source. If another one was quicker, or somebody has laid down a list
/// meanwhile, the confirmation has to come again, and is judged by that.
pub async fn remember(knock: &Knock, topic: &str) -> Result<(), Trouble> {
    let outcome = remember_first(knock, topic).await;
    knock.app.sources.forget();
    match outcome {
        Ok(true) => Ok(()),
        Ok(false) => Err(Trouble::Unavailable),
        Err(error) => {
            tracing::warn!(error = %error, "Could not remember a topic");
            Err(Trouble::Unavailable)
        }
    }
}

async fn remember_first(knock: &Knock, topic: &str) -> Result<bool, sqlx::Error> {
    let AlertSource { workspace, id, .. } = &*knock.source;
    let mut tx = knock.app.db.begin().await?;
    store::sources::lock(&mut tx, &knock.source).await?;
    let Some(mut source) = store::sources::of_workspace(&mut tx, workspace, id).await? else {
        return Ok(false);
    };
    let door = &mut source.settings.door;
    let Ok(settings) = Settings::read(door) else { return Ok(false) };
    if !settings.topics.is_empty() {
        return Ok(settings.allow(topic));
    }
    match door {
        Value::Object(members) => drop(members.insert("topics".to_owned(), json!([topic]))),
        other => *other = json!({"topics": [topic]}),
    }
    store::sources::save(&mut tx, &source).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alarms";

    #[test]
    fn settings_name_topics() {
        let settings =
            Settings::read(&json!({"topics": [TOPIC], "insufficient_data": "fire"})).unwrap();
        assert!(
            settings.allow(TOPIC) && !settings.allow("arn:aws:sns:us-east-1:123456789012:alarm")
        );
        assert_eq!(settings.insufficient_data, InsufficientData::Fire);
        assert_eq!(Settings::read(&Value::Null), Ok(Settings::default()));
        for (bad, field) in [
            (json!("x"), "settings"),
            (json!({"topics": TOPIC}), "`topics`"),
            (json!({"topics": ["alarms"]}), "`topics`"),
            (json!({"topics": [format!("{TOPIC}:sub")]}), "`topics`"),
            (json!({"topics": ["arn:aws:sns:us-east-1:1:a b"]}), "`topics`"),
            (json!({"insufficient_data": true}), "`insufficient_data`"),
            (json!({"topic": [TOPIC]}), "`topic`"),
        ] {
            assert!(Settings::read(&bad).unwrap_err().contains(field), "{bad}");
        }
        assert!(is_topic("arn:aws-cn:sns:cn-north-1:1:alarms.fifo"));
    }
}
