//! One socket: opened with a ticket, greeted, and then written and read until either side ends it.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, Request, State as Shared},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt as _, sync::mpsc};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};

use super::{Link, MOST, Order, disconnect};
use crate::simulator::Simulator;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The route under `/link/`.
pub fn router(simulator: Simulator) -> Router {
    Router::new().route("/link/", get(enter)).with_state(simulator)
}

async fn enter(
    Shared(simulator): Shared<Simulator>,
    Query(query): Query<HashMap<String, String>>,
    mut request: Request,
) -> Response {
    let Some(accept) = accept_key(request.headers()) else {
        return (StatusCode::BAD_REQUEST, "this is a WebSocket").into_response();
    };
    let now = simulator.clock().now();
    let ticket = query.get("ticket").map(String::as_str).unwrap_or_default();
    if !simulator.write_quietly(|state| state.take_ticket(now, ticket)) {
        return (StatusCode::FORBIDDEN, "no such ticket").into_response();
    }
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let io = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
            let mut alive = simulator.core.town.alive.clone();
            tokio::select! {
                () = simulator.serve_link(socket) => {}
                // The simulator is gone.
                _ = alive.changed() => {}
            }
        }
    });
    let headers = [
        (header::CONNECTION, "upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, &accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

fn accept_key(headers: &HeaderMap) -> Option<String> {
    let is_websocket = headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_websocket)?;
    Some(derive_accept_key(key.as_bytes()))
}

impl Simulator {
    async fn serve_link(&self, mut socket: Socket) {
        let (is_on, app) = self.read(|state| (state.app.socket_mode, state.app.id.clone()));
        let (sender, orders) = mpsc::unbounded_channel();
        let entered = {
            let mut links = self.links_mut();
            let fits = is_on && links.open.len() < MOST;
            fits.then(|| {
                links.given += 1;
                let (id, orders) = (links.given, sender);
                let link = Link { orders, is_warned: false, is_closing: false };
                links.open.insert(id, link);
                (id, links.open.len())
            })
        };
        let Some((id, count)) = entered else {
            let reason = if is_on { "too_many_websockets" } else { "link_disabled" };
            say(&mut socket, &disconnect(reason)).await;
            let _ = socket.close(None).await;
            return;
        };
        let hello = json!({
            "type": "hello",
            "num_connections": count,
            "debug_info": {
                "host": "applink-1", "build_number": 1, "approximate_connection_time": 18_060,
            },
            "connection_info": { "app_id": app },
        });
        say(&mut socket, &hello).await;
        let _ = self.core.changes.send(());
        self.speak(id, &mut socket, orders).await;
        self.end_link(id);
        let _ = self.core.changes.send(());
    }

    async fn speak(
        &self,
        id: u64,
        socket: &mut Socket,
        mut orders: mpsc::UnboundedReceiver<Order>,
    ) {
        let mut is_closing = false;
        loop {
            if is_closing && !self.awaits_answers(id) {
                let _ = socket.close(None).await;
                return;
            }
            tokio::select! {
                Some(order) = orders.recv() => match order {
                    Order::Say(frame) => say(socket, &frame).await,
                    Order::Close => is_closing = true,
                    Order::Drop => return,
                    Order::FallSilent => return fall_silent(socket, orders).await,
                },
                frame = socket.next() => match frame {
                    Some(Ok(Message::Text(text))) => self.acknowledge(&text),
                    Some(Ok(Message::Binary(_))) => self.odd("a binary frame".to_owned()),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
            }
        }
    }

    fn end_link(&self, id: u64) {
        let mut links = self.links_mut();
        links.open.remove(&id);
        let lost: Vec<String> = links
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.link == id)
            .map(|(envelope, _)| envelope.clone())
            .collect();
        for envelope in lost {
            links.end_envelope(&envelope, false);
            if let Some(waiting) = links.waiting.remove(&envelope) {
                let _ = waiting.answer.send(Err("connection_failed"));
            }
        }
    }

    fn awaits_answers(&self, id: u64) -> bool {
        self.links_mut().waiting.values().any(|waiting| waiting.link == id)
    }
}

async fn say(socket: &mut Socket, frame: &Value) {
    // If the app has gone, reading tells.
    let _ = socket.send(Message::text(frame.to_string())).await;
}

/// Hears nothing and says nothing, until the app ends the connection or it is broken on purpose.
async fn fall_silent(socket: &mut Socket, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut ignored = [0; 1024];
    loop {
        tokio::select! {
            read = socket.get_mut().read(&mut ignored) => match read {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            order = orders.recv() => match order {
                Some(Order::Drop) | None => return,
                Some(_) => {}
            },
        }
    }
}
