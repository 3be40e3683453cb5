//! Questions to a Prometheus, or to what speaks like one.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::Value;

use crate::alert::rule::definition::Side;
use crate::alert::rule::standing::finite;
use crate::clock::Timestamp;
use crate::incident::text::{clean_line, shorten};
use crate::rules::http::{self, HttpClient, NotAnswered};
use crate::rules::inner::Resolver;

/// The longest answer that is read: some ten thousand series.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;
/// How much of what it says about an error is kept, in characters.
const ERROR_LIMIT: usize = 300;

/// A Prometheus.
#[derive(Clone)]
pub struct Prometheus {
    client: HttpClient,
    address: String,
}

impl Prometheus {
    /// The one at this address, which has no slash at its end.
    pub fn at(address: &str) -> std::io::Result<Prometheus> {
        let client = http::client(Resolver::Anywhere, address.starts_with("https:"))?;
        Ok(Prometheus { client, address: address.to_owned() })
    }

    /// The worst number that a query gives for this instant; a 0 if it gives none.
    pub async fn ask(&self, query: &str, at: Timestamp, side: Side) -> Result<f64, String> {
        let time = at.as_seconds().to_string();
        let form = [("query", query), ("time", &time), ("timeout", "4s")];
        let form = serde_urlencoded::to_string(form).map_err(|error| error.to_string())?;
        let request = Request::post(format!("{}/api/v1/query", self.address))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(Full::new(form.into()))
            .map_err(|error| error.to_string())?;
        match http::exchange(&self.client, request, ANSWER_LIMIT).await {
            Ok(answer) => read(answer.status, &answer.body, side),
            Err(NotAnswered::Unreachable(why) | NotAnswered::InDoubt(why)) => {
                Err(format!("Prometheus was not reached: {why}"))
            }
            Err(NotAnswered::Inner) => Err("Prometheus was not reached".to_owned()),
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum Answered {
    Success { data: Found },
    Error { error: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    result_type: String,
    result: Value,
}

#[derive(Deserialize)]
struct Series {
    /// A series of histograms has none.
    value: Option<Sample>,
}

/// When, and a number as text, which can be `NaN` or `+Inf`.
#[derive(Deserialize)]
struct Sample(#[expect(dead_code, reason = "it is the time that was asked for")] f64, String);

fn read(status: StatusCode, body: &[u8], side: Side) -> Result<f64, String> {
    let unreadable = |_| {
        format!("Prometheus answered with status {} and nothing that can be read", status.as_u16())
    };
    let found = match serde_json::from_slice(body).map_err(unreadable)? {
        Answered::Success { data } => data,
        Answered::Error { error } => {
            return Err(format!("Prometheus says: {}", shorten(&clean_line(&error), ERROR_LIMIT)));
        }
    };
    let samples: Vec<Sample> = match found.result_type.as_str() {
        "vector" => {
            let series: Vec<Series> = serde_json::from_value(found.result).map_err(unreadable)?;
            series.into_iter().filter_map(|series| series.value).collect()
        }
        "scalar" => vec![serde_json::from_value(found.result).map_err(unreadable)?],
        _ => {
            return Err(
                "the query gives neither numbers of one instant nor a single number".to_owned()
            );
        }
    };
    let numbers = samples.iter().map(|Sample(_, text)| {
        text.parse::<f64>().map_err(|_| "Prometheus gave a number that is none".to_owned())
    });
    let numbers: Vec<f64> = numbers.collect::<Result<_, _>>()?;
    // What is not a number says nothing, as what is not there.
    let worst = numbers.into_iter().filter(|number| !number.is_nan());
    Ok(worst.reduce(|one, other| side.worse(one, other)).map_or(0.0, finite))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(result: &str, side: Side) -> Result<f64, String> {
        let body = format!(r#"{{"status":"success","data":{result}}}"#);
        read(StatusCode::OK, body.as_bytes(), side)
    }

    #[test]
    fn the_worst_of_several_series_counts() {
        let two = r#"{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1.5,"3"]},{"metric":{},"value":[1,"7.5"]}]}"#;
        assert_eq!(asked(two, Side::Above), Ok(7.5));
        assert_eq!(asked(two, Side::Below), Ok(3.0));
        assert_eq!(asked(r#"{"resultType":"scalar","result":[1,"2"]}"#, Side::Above), Ok(2.0));
    }

    #[test]
    fn what_is_missing_is_a_zero() {
        for result in [
            r#"{"resultType":"vector","result":[]}"#,
            r#"{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]}]}"#,
            r#"{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}"#,
        ] {
            assert_eq!(asked(result, Side::Above), Ok(0.0), "{result}");
        }
        let infinite = r#"{"resultType":"vector","result":[{"metric":{},"value":[1,"+Inf"]}]}"#;
        assert_eq!(asked(infinite, Side::Above), Ok(f64::MAX));
    }

    #[test]
    fn what_can_not_be_read_is_an_error_and_no_number() {
        for result in [
            r#"{"resultType":"matrix","result":[]}"#,
            r#"{"resultType":"string","result":[1,"x"]}"#,
            r#"{"resultType":"scalar","result":[1,"x"]}"#,
            r#"{"resultType":"vector","result":[{"metric":{},"value":["1"]}]}"#,
            "{}",
        ] {
            assert!(asked(result, Side::Above).is_err(), "{result}");
        }
        let said =
            br#"{"status":"error","errorType":"bad_data","error":"parse error: unexpected\nend"}"#;
        let error = read(StatusCode::BAD_REQUEST, said, Side::Above).unwrap_err();
        assert_eq!(error, "Prometheus says: parse error: unexpected end");
        assert!(read(StatusCode::BAD_GATEWAY, b"<html>", Side::Above).unwrap_err().contains("502"));
    }
}
