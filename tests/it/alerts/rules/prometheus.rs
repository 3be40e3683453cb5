//! A Prometheus, as far as rules need one: strict about how it is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::http::Server;

/// What it was asked, and what it answers.
#[derive(Clone, Default)]
pub struct Prometheus {
    asked: Arc<Mutex<Vec<i64>>>,
    answer: Arc<Mutex<Answer>>,
    address: String,
}

#[derive(Default)]
enum Answer {
    #[default]
    Nothing,
    Numbers(Vec<String>),
    /// What it was at instants before this one, and since.
    Changing(i64, Vec<String>, Vec<String>),
    Trouble(StatusCode, Value),
}

/// The query that it knows.
pub const QUERY: &str = "sum by (job) (rate(errors_total{env=\"prod\"}[5m])) > bool 0";

impl Prometheus {
    pub async fn start() -> Prometheus {
        let prometheus = Prometheus::default();
        let router =
            Router::new().route("/prom/api/v1/query", post(answer)).with_state(prometheus.clone());
        let server = Server::start(router).await;
        Prometheus { address: format!("{}/prom", server.address()), ..prometheus }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on it gives a series with each of these numbers.
    pub fn gives(&self, numbers: &[&str]) {
        *self.answer.lock().unwrap() = Answer::Numbers(owned(numbers));
    }

    /// It gives other numbers for what was before this second.
    pub fn gave(&self, before: i64, past: &[&str], now: &[&str]) {
        *self.answer.lock().unwrap() = Answer::Changing(before, owned(past), owned(now));
    }

    /// From now on it answers this.
    pub fn fails(&self, status: u16, body: Value) {
        let status = StatusCode::from_u16(status).unwrap();
        *self.answer.lock().unwrap() = Answer::Trouble(status, body);
    }

    /// The seconds that it was asked about, and forgets.
    pub fn asked(&self) -> Vec<i64> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn owned(numbers: &[&str]) -> Vec<String> {
    numbers.iter().map(|number| (*number).to_owned()).collect()
}

async fn answer(
    State(prometheus): State<Prometheus>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let names: Vec<&str> = form.keys().map(String::as_str).collect();
    assert_eq!(names, ["query", "time", "timeout"]);
    if form["query"] != QUERY {
        let body = json!({"status": "error", "errorType": "bad_data", "error": format!("unknown query {}", form["query"])});
        return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
    }
    let time: i64 = form["time"].parse().unwrap();
    assert_eq!(time % 60, 0, "it is asked about the end of a minute");
    prometheus.asked.lock().unwrap().push(time);
    let numbers = match &*prometheus.answer.lock().unwrap() {
        Answer::Nothing => Vec::new(),
        Answer::Numbers(numbers) => numbers.clone(),
        Answer::Changing(before, past, now) => {
            if time < *before {
                past.clone()
            } else {
                now.clone()
            }
        }
        Answer::Trouble(status, body) => {
            return (*status, axum::Json(body.clone())).into_response();
        }
    };
    let series = numbers.iter().enumerate();
    let series: Vec<Value> = series
        .map(|(nth, number)| json!({"metric": {"job": nth.to_string()}, "value": [time, number]}))
        .collect();
    let data = json!({"resultType": "vector", "result": series});
    axum::Json(json!({"status": "success", "data": data, "warnings": ["partial"]})).into_response()
}
