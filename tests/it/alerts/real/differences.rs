//! The same requests to the original and to Stentor: what both answer.

use axum::http::Method;
use serde_json::{Value, json};
use stentor::ingest::kind::Kind;

use super::live::Live;
use super::programs::Alertmanager;
use crate::databases::on_each_database;
use crate::http::Server;

/// A request, and whether the body of the answer has to be the same too.
type Asked = (Method, String, String, Same);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Same {
    Everything,
    /// The words for mistakes in JSON are the reader's own.
    Status,
}

fn posts(path: &str, body: impl ToString, same: Same) -> Asked {
    (Method::POST, format!("/api/v2/{path}"), body.to_string(), same)
}

fn asks(path: &str, same: Same) -> Asked {
    (Method::GET, format!("/api/v2/{path}"), String::new(), same)
}

fn requests() -> Vec<Asked> {
    use Same::{Everything, Status};
    let (from, to) = ("2126-01-01T00:00:00.000Z", "2126-01-02T00:00:00.000Z");
    let silence = |changes: Value| {
        let mut body = json!({
            "matchers": [{"name": "a", "value": "b", "isRegex": false}],
            "startsAt": from, "endsAt": to, "createdBy": "me", "comment": "why",
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
            if value.is_null() {
                body.as_object_mut().unwrap().remove(name);
            }
        }
        body
    };
    let unknown = "0a0a0a0a-0000-0000-0000-000000000000";
    vec![
        posts("alerts", "", Everything),
        posts("alerts", "null", Everything),
        posts("alerts", "[]", Everything),
        posts("alerts/", "[]", Everything),
        posts("alerts", json!([{"labels": {}}]), Everything),
        posts("alerts", json!([{"labels": {"a": ""}}]), Everything),
        posts("alerts", json!([{"labels": {"": "x"}}]), Everything),
        posts("alerts", json!([{"labels": {"a": null, "b": "c"}}]), Everything),
        posts("alerts", json!([{"labels": {"a": "b"}, "annotations": {"": "x"}}]), Everything),
        posts("alerts", json!([{"labels": {"a": 1}}]), Status),
        posts("alerts", json!({"labels": {"a": "b"}}), Status),
        posts("alerts", json!([{"labels": {"a": "b"}, "startsAt": "soon"}]), Status),
        posts("alerts", "[", Status),
        posts(
            "alerts",
            json!([
                {"labels": {"alertname": "Zero"}, "startsAt": "0001-01-01T00:00:00.000Z", "endsAt": "0001-01-01T00:00:00.000Z"},
                {"labels": {"a": "b"}, "startsAt": to, "endsAt": from},
                {"labels": {}},
                {"labels": {"alertname": "Later", "empty": ""}, "startsAt": "2026-01-01T00:00:00", "endsAt": to},
                {"labels": {"alertname": "Past"}, "endsAt": "2026-01-01T00:00:00Z"},
            ]),
            Everything,
        ),
        (Method::PUT, "/api/v2/alerts".to_owned(), "[]".to_owned(), Status),
        asks("nothing", Status),
        asks("alerts?filter=a", Status),
        asks("alerts?receiver=(", Status),
        asks("silences?filter=a", Status),
        posts("silences", "", Everything),
        posts("silences", "{", Status),
        posts("silences", silence(json!({"comment": null})), Everything),
        posts("silences", silence(json!({"createdBy": null})), Everything),
        posts("silences", silence(json!({"startsAt": null})), Everything),
        posts("silences", silence(json!({"endsAt": null})), Everything),
        posts("silences", silence(json!({"matchers": null})), Everything),
        posts("silences", silence(json!({"matchers": [{"name": "a", "value": "b"}]})), Everything),
        posts(
            "silences",
            silence(json!({"matchers": [{"name": "a", "value": "", "isRegex": false}]})),
            Status,
        ),
        posts(
            "silences",
            silence(json!({"matchers": [{"name": "a", "value": "(", "isRegex": true}]})),
            Status,
        ),
        posts("silences", silence(json!({"startsAt": to, "endsAt": from})), Everything),
        posts(
            "silences",
            silence(json!({"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-02T00:00:00Z"})),
            Everything,
        ),
        posts("silences", silence(json!({"id": unknown})), Everything),
        posts("silences", silence(json!({"id": "foo"})), Everything),
        asks("silence/foo", Everything),
        asks(&format!("silence/{unknown}"), Status),
        (Method::DELETE, "/api/v2/silence/foo".to_owned(), String::new(), Everything),
    ]
}

/// What is shown, without what can't be the same.
fn comparable(mut shown: Value) -> Value {
    for one in shown.as_array_mut().unwrap() {
        let one = one.as_object_mut().unwrap();
        for name in ["id", "updatedAt", "receivers"] {
            one.remove(name);
        }
        // These are made of the time at which it was received.
        if one.get("labels").is_some_and(|labels| labels["alertname"] != "Later") {
            one.remove("startsAt");
            one.remove("endsAt");
        }
        if let Some(status) = one["status"].as_object_mut() {
            status.remove("mutedBy");
            status.remove("silencedBy");
        }
    }
    shown
}

on_each_database! {
    async fn stentor_answers_as_the_original_does(fresh: Fresh) {
        let settings = json!({"route": {"receiver": "none"}, "receivers": [{"name": "none"}]});
        let original = Alertmanager::start(&settings).await;
        let live = Live::start(&fresh).await;
        let made = live.has_source(Kind::Alertmanager).await;
        let stentor = Server::at(&format!("http://{}/alertmanager", live.address));
        let authorization = format!("Bearer {}", made.secret.reveal());
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        for (method, path, body, same) in requests() {
            let expected = original.server.send(method.clone(), &path, &headers, body.clone()).await;
            let answer = stentor.send(method.clone(), &path, &headers, body.clone()).await;
            let about = format!("{method} {path} {body}: {expected:?} {answer:?}");
            assert_eq!(answer.status, expected.status, "{about}");
            if same == Same::Everything {
                assert_eq!(answer.text.trim(), expected.text.trim(), "{about}");
            }
        }
        let form = [("authorization", authorization.as_str()), ("content-type", "text/plain")];
        let expected = original.server.send(Method::POST, "/api/v2/alerts", &form, "[]").await;
        let answer = stentor.send(Method::POST, "/api/v2/alerts", &form, "[]").await;
        assert_eq!((answer.status, answer.text), (expected.status, expected.text));

        // A silence that begins in a hundred years, one that is active, and one that has ended.
        for (name, from, ends) in [("x", "2126-01-01", None), ("Zero", "2026-01-01", None), ("y", "2026-01-01", Some(()))] {
            let silence = json!({
                "matchers": [{"name": "alertname", "value": name, "isRegex": false}],
                "startsAt": format!("{from}T00:00:00.000Z"), "endsAt": "2126-02-01T00:00:00.000Z",
                "createdBy": "me", "comment": "why",
            });
            for server in [&original.server, &stentor] {
                let id = server.post("/api/v2/silences", &headers, &silence).await.expect(200);
                if ends.is_some() {
                    let path = format!("/api/v2/silence/{}", id["silenceID"].as_str().unwrap());
                    let answer = server.send(Method::DELETE, &path, &headers, "").await;
                    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
                }
            }
        }
        for path in [
            "alerts", "alerts?filter=alertname%3D%22Later%22", "alerts?silenced=false", "alerts?active=false",
            "alerts?filter=a%21%3D%22%22", "alerts?filter=b%21%3D%22%22",
        ] {
            let path = format!("/api/v2/{path}");
            let expected = comparable(original.server.get(&path, &headers).await.expect(200));
            let answer = comparable(stentor.get(&path, &headers).await.expect(200));
            assert_eq!(answer, expected, "{path}");
        }
        let all = stentor.get("/api/v2/alerts", &headers).await.expect(200);
        assert_eq!(all.as_array().unwrap().len(), 3, "{all}");
        for path in ["silences", "silences?filter=alertname%3D%22Zero%22"] {
            let times = |mut shown: Value| {
                for one in shown.as_array_mut().unwrap() {
                    for name in ["id", "updatedAt", "startsAt", "endsAt"] {
                        one.as_object_mut().unwrap().remove(name);
                    }
                }
                shown
            };
            let path = format!("/api/v2/{path}");
            let expected = times(original.server.get(&path, &headers).await.expect(200));
            let answer = times(stentor.get(&path, &headers).await.expect(200));
            assert_eq!(answer, expected, "{path}");
        }
        live.ends().await;
    }
}
