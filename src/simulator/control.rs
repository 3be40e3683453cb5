//! The simulator driven over HTTP, by tests in other processes and other languages.

use axum::{
    Json, Router,
    extract::State as Shared,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    Simulator,
    act::{Act, Oops, Seen},
    faults::{Fault, Faults},
    settings::AppUrls,
    socket::Happening,
    state::{State, journal::Call},
};

/// The routes under `/control`.
pub fn router(simulator: Simulator) -> Router {
    Router::new()
        .route("/control/act", post(act))
        .route("/control/state", get(state))
        .route("/control/calls", get(calls))
        .route("/control/app", post(app))
        .route("/control/socket", post(socket))
        .route("/control/faults", post(add_fault).delete(clear_faults))
        .with_state(simulator)
}

async fn act(
    Shared(simulator): Shared<Simulator>,
    Json(act): Json<Act>,
) -> Result<Json<Seen>, Oops> {
    simulator.act(act).await.map(Json)
}

async fn state(Shared(simulator): Shared<Simulator>) -> Json<State> {
    Json(simulator.snapshot())
}

async fn calls(Shared(simulator): Shared<Simulator>) -> Json<Vec<Call>> {
    Json(simulator.read(|state| state.calls.iter().cloned().collect()))
}

async fn app(Shared(simulator): Shared<Simulator>, Json(urls): Json<AppUrls>) -> Json<Value> {
    simulator.set_app_urls(urls);
    Json(json!({ "ok": true }))
}

async fn socket(
    Shared(simulator): Shared<Simulator>,
    Json(happening): Json<Happening>,
) -> Json<Value> {
    simulator.happen(happening);
    Json(json!({ "ok": true, "links": simulator.links() }))
}

async fn add_fault(Shared(simulator): Shared<Simulator>, Json(fault): Json<Fault>) -> Json<Value> {
    simulator.write(|state| state.faults.list.push(fault));
    Json(json!({ "ok": true }))
}

async fn clear_faults(Shared(simulator): Shared<Simulator>) -> Json<Value> {
    simulator.write(|state| state.faults = Faults::default());
    Json(json!({ "ok": true }))
}

impl IntoResponse for Oops {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(self)).into_response()
    }
}
