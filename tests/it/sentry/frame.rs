//! The frame: who may enter, what refusals look like, slashes and pages.

use axum::http::Method;
use serde_json::json;

use super::{BASE, Client, O, P, link, rule};
use crate::databases::on_each_database;

const FORBIDDEN: &str = "You do not have permission to perform this action.";

on_each_database! {
    async fn who_has_no_token_or_a_wrong_one_is_told_so(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let path = format!("{BASE}{O}/alert-rules/");
        let none = client.server.get(&path, &[]).await;
        assert_eq!(none.expect(401), json!({"detail": "Authentication credentials were not provided."}));
        none.header("www-authenticate");
        for (token, detail) in [
            ("Basic eDp5", "Authentication credentials were not provided."),
            ("Bearer x", "Invalid token"),
            (&format!("Bearer stn_{}", "0f".repeat(32)), "Invalid token"),
        ] {
            let answer = client.server.get(&path, &[("authorization", token)]).await;
            assert_eq!(answer.expect(401), json!({"detail": detail}), "{token}");
        }
    }

    async fn a_stranger_to_the_organisation_learns_nothing_of_it(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let made = client.makes(&rule(json!({}))).await;
        let stranger = client.stranger().await;
        for org in ["nobody", "%00", "01THEIRS", "../default"] {
            let answer = stranger.get(&format!("/organizations/{org}/alert-rules/")).await;
            assert!([403, 404].contains(&answer.status.as_u16()), "{org}: {}", answer.text);
        }
        let answer = client.get("/organizations/theirs/alert-rules/").await;
        assert_eq!(answer.expect(403), json!({"detail": FORBIDDEN}));
        // `default` is one's own.
        for org in ["theirs", "default"] {
            let list = stranger.get(&format!("/organizations/{org}/alert-rules/")).await;
            assert_eq!(list.expect(200), json!([]));
        }
        let theirs = format!("/organizations/default/alert-rules/{}/", made["id"].as_str().unwrap());
        for method in [Method::GET, Method::DELETE, Method::PUT] {
            let answer = stranger.sends(method, &theirs, &rule(json!({}))).await;
            assert_eq!(answer.expect(404), json!({"detail": "The requested resource does not exist"}));
        }
    }

    async fn who_forgets_the_slash_is_sent_to_it(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        for (method, status) in [(Method::GET, 301), (Method::POST, 308), (Method::PUT, 308)] {
            let answer = client.sends(method, &format!("{O}/alert-rules?per_page=7"), &json!({})).await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("location"), format!("{BASE}{O}/alert-rules/?per_page=7"));
        }
        for path in ["/", "/organizations/default/nothing/", "/organizations/default/alert-rules/1/2/3/"] {
            let answer = client.get(path).await;
            assert_eq!(answer.expect(404), json!({"detail": "The requested resource does not exist"}));
        }
        let answer = client.sends(Method::PATCH, &format!("{O}/alert-rules/"), &json!({})).await;
        assert_eq!(answer.expect(405), json!({"detail": "Method \"PATCH\" not allowed."}));
        assert!(answer.header("allow").contains("POST"));
    }

    async fn pages_are_linked_both_ways_always(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let path = format!("{O}/alert-rules/");
        let empty = client.get(&path).await;
        assert_eq!(empty.expect(200), json!([]));
        let url = format!("{}{BASE}{path}", client.server.address());
        assert_eq!(
            empty.header("link"),
            format!(
                "<{url}?&cursor=25:-1:1>; rel=\"previous\"; results=\"false\"; cursor=\"25:-1:1\", \
                 <{url}?&cursor=25:1:0>; rel=\"next\"; results=\"false\"; cursor=\"25:1:0\""
            )
        );
        let mut made = Vec::new();
        for nth in 0..5 {
            client.app.clock.advance(std::time::Duration::from_secs(1));
            made.insert(0, client.makes(&rule(json!({"name": nth.to_string()}))).await["id"].clone());
        }
        let (mut listed, mut cursor) = (Vec::new(), "2:0:0".to_owned());
        loop {
            let page = client.get(&format!("{path}?per_page=2&cursor={cursor}&x=%C3%BC")).await;
            listed.extend(page.expect(200).as_array().unwrap().iter().map(|rule| rule["id"].clone()));
            assert!(page.header("link").contains("?per_page=2&x=%C3%BC&cursor="), "{page:?}");
            let (next, is_more) = link(&page, "next");
            if !is_more {
                assert_eq!(link(&page, "previous"), ("2:1:1".to_owned(), true));
                break;
            }
            cursor = next;
        }
        assert_eq!(listed, made);
        let back = client.get(&format!("{path}?per_page=2&cursor=2:1:1")).await.expect(200);
        assert_eq!([&back[0]["id"], &back[1]["id"]], [&made[2], &made[3]]);
    }

    async fn parameters_that_can_not_be_read_are_refused_in_their_words(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        for (query, detail) in [
            ("per_page=101", "Invalid per_page value. Cannot exceed 100."),
            ("per_page=many", "Invalid per_page parameter."),
            ("cursor=x", "Invalid cursor parameter."),
        ] {
            let answer = client.get(&format!("{O}/alert-rules/?{query}")).await;
            assert_eq!(answer.expect(400), json!({"detail": detail}));
        }
        let answer = client.get(&format!("{O}/combined-rules/?project=abc")).await;
        assert_eq!(answer.expect(400), json!({"detail": "Invalid project parameter. Values must be numbers."}));
    }

    async fn bodies_that_can_not_be_read_are_refused(fresh: Fresh) {
        let client = Client::start(&fresh).await;
        let path = format!("{BASE}{P}/alert-rules/");
        let send = async |kind: &str, body: Vec<u8>| {
            let headers = [("authorization", client.authorization.as_str()), ("content-type", kind)];
            client.server.send(Method::POST, &path, &headers, body).await
        };
        for (kind, body, status) in [
            ("application/json", b"{".to_vec(), 400),
            ("application/json", b"[]".to_vec(), 400),
            ("application/json", b"\"x\"".to_vec(), 400),
            ("application/json", b"{\"name\": \"\xff\"}".to_vec(), 400),
            ("application/json", b"{\"name\": \"\\u0000\"}".to_vec(), 400),
            ("application/json", format!("{{\"a\": {}", "[".repeat(4_000)).into_bytes(), 400),
            ("application/json", format!("[{}0]", "0,".repeat(5_000)).into_bytes(), 400),
            ("application/json", vec![b' '; 1024 * 1024 + 1], 413),
            ("text/plain", b"{}".to_vec(), 415),
            ("application/json", Vec::new(), 400),
        ] {
            let answer = send(kind, body).await;
            assert!(answer.expect(status).is_object());
        }
    }
}
