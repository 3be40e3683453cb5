//! Listing incidents: filters and pages.

use serde_json::{Value, json};

use super::{Program, expect_problem};
use crate::databases::on_each_database;

async fn numbers(program: &Program, query: &str) -> Vec<i64> {
    let page = program.get(&format!("/api/v1/incidents{query}")).await.expect(200);
    assert_eq!(page["next_cursor"], Value::Null, "{query}");
    numbers_of(&page)
}

fn numbers_of(page: &Value) -> Vec<i64> {
    let incidents = page["incidents"].as_array().unwrap();
    incidents.iter().map(|incident| incident["number"].as_i64().unwrap()).collect()
}

on_each_database! {
    async fn lists_are_filtered(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for (name, severity) in [
            ("Checkout is SLOW", json!("major")),
            ("Search 100% down", json!("critical")),
            ("Searches_fail", json!(null)),
            ("Größe falsch", json!("minor")),
        ] {
            let body = json!({"name": name, "severity": severity, "summary": "Seen by customers"});
            ci.post("/api/v1/incidents", &[], &body).await.expect(201);
        }
        ci.commands("1", json!({"type": "resolve"})).await.expect(200);
        ci.commands("2", json!({"type": "close"})).await.expect(200);
        ci.commands("3", json!({"type": "status", "status": "paused"})).await.expect(200);
        let catalogue = ci.get("/api/v1/catalogue").await.expect(200);
        let critical = catalogue["severities"][2]["id"].as_str().unwrap();
        let by_id = format!("?severity={critical}");
        for (query, found) in [
            ("", vec![4, 3, 2, 1]),
            ("?category=open", vec![4, 3]),
            ("?category=live", vec![4]),
            ("?category=closed&category=learning", vec![2, 1]),
            ("?category=closed,open,live", vec![4, 3, 2]),
            ("?category=triage,live,paused,learning,closed,declined,merged,canceled", vec![4, 3, 2, 1]),
            ("?category=merged", vec![]),
            ("?severity=critical", vec![2]),
            ("?severity=sev1", vec![2]),
            (&by_id, vec![2]),
            ("?severity=minor&category=closed", vec![]),
            ("?q=search", vec![3, 2]),
            ("?q=SLOW", vec![1]),
            ("?q=slow+", vec![1]),
            ("?q=GR%C3%96SSE", vec![]),
            ("?q=GR%C3%96%C3%9FE", vec![4]),
            ("?q=customers", vec![4, 3, 2, 1]),
            ("?q=%25", vec![2]),
            ("?q=_", vec![3]),
            ("?q=100%25%20d", vec![2]),
            ("?q=!", vec![]),
            ("?q='%20OR%201=1--", vec![]),
            ("?q=%00", vec![4, 3, 2, 1]),
            ("?q=", vec![4, 3, 2, 1]),
        ] {
            assert_eq!(numbers(&ci, query).await, found, "{query}");
        }
    }

    async fn lists_are_filtered_by_people_and_times(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let hour = std::time::Duration::from_secs(3_600);
        for (name, lead, private) in
            [("A", Some("U0ALICE"), false), ("B", Some("U0BOB"), true), ("C", None, false)]
        {
            let body = json!({"name": name, "lead": lead, "private": private});
            ci.post("/api/v1/incidents", &[], &body).await.expect(201);
            ci.app.clock.advance(hour);
        }
        ci.commands("1", json!({"type": "close"})).await.expect(200);
        let field = json!({"name": "Affected region", "field_type": "text"});
        ci.post("/api/v1/custom-fields", &[], &field).await.expect(201);
        let says = json!({"type": "field", "field": "Affected region", "values": ["eu-west"]});
        ci.commands("3", says).await.expect(200);
        let catalogue = ci.get("/api/v1/catalogue").await.expect(200);
        let kind = catalogue["types"][0]["id"].as_str().unwrap();
        let of_kind = format!("?type={kind}");
        for (query, found) in [
            ("?lead=U0ALICE", vec![1]),
            ("?lead=U0ALICE&lead=none", vec![3, 1]),
            ("?lead=U0DAN", vec![]),
            ("?visibility=private", vec![2]),
            ("?visibility=public", vec![3, 1]),
            ("?status=closed", vec![1]),
            ("?status=closed&status=investigating", vec![3, 2, 1]),
            (&of_kind, vec![3, 2, 1]),
            ("?severity=none", vec![3, 2, 1]),
            ("?severity=none&severity=critical&category=closed", vec![1]),
            ("?mode=standard", vec![3, 2, 1]),
            ("?mode=test&mode=tutorial", vec![]),
            ("?field=Affected+region=eu-west", vec![3]),
            ("?field=Affected+region=", vec![2, 1]),
            ("?creator=token:ci", vec![3, 2, 1]),
            ("?creator=stentor", vec![]),
            ("?creator=U0ALICE", vec![]),
            ("?opened_by=people", vec![3, 2, 1]),
            ("?opened_by=alerts", vec![]),
            ("?source=x", vec![]),
            ("?project=x&tag=y&service=z&impact=high", vec![]),
            ("?created_from=2026-09-21T15:13:20Z", vec![3, 2]),
            ("?created_to=2026-09-21T15:13:20Z", vec![1]),
            ("?created_from=2026-09-21T17:13:20%2B02:00&created_to=2026-09-21T16:00:00Z", vec![2]),
            ("?updated_from=2026-09-21T17:13:20Z", vec![3, 1]),
            ("?updated_to=2026-09-21T17:13:20Z", vec![2]),
            ("?ended_from=2026-09-21T00:00:00Z", vec![1]),
            ("?ended_to=2026-09-21T00:00:00Z", vec![]),
            ("?sort=oldest", vec![1, 2, 3]),
            ("?sort=updated", vec![3, 1, 2]),
            ("?sort=newest", vec![3, 2, 1]),
        ] {
            assert_eq!(numbers(&ci, query).await, found, "{query}");
        }
        for (query, field) in [
            ("status=nothing", "status"),
            ("type=nothing", "type"),
            ("mode=x", "mode"),
            ("field=x=y", "field"),
            ("field=x", "field"),
            ("visibility=secret", "visibility"),
            ("creator=alice", "creator"),
            ("opened_by=me", "opened_by"),
            ("created_from=yesterday", "created_from"),
            ("created_to=2026-09-21", "created_to"),
            ("ended_from=2026-09-22T00:00:00Z&ended_to=2026-09-21T00:00:00Z", "ended_from"),
            ("sort=random", "sort"),
            ("sort=oldest&sort=newest", "sort"),
        ] {
            let answer = ci.get(&format!("/api/v1/incidents?{query}")).await;
            expect_problem(&answer, 400, "bad-parameter", Some(field));
        }
        let many = "lead=U0A&".repeat(101);
        let answer = ci.get(&format!("/api/v1/incidents?{many}")).await;
        expect_problem(&answer, 400, "bad-parameter", Some("lead"));
        // A cursor of one order is no other's.
        let page = ci.get("/api/v1/incidents?limit=1&sort=updated").await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        assert_eq!(numbers(&ci, &format!("?sort=updated&cursor={cursor}")).await, [1, 2]);
        let answer = ci.get(&format!("/api/v1/incidents?sort=newest&cursor={cursor}")).await;
        expect_problem(&answer, 400, "bad-parameter", Some("cursor"));
    }

    /// Thirty incidents in pages of seven; with every page one more is declared, and one that lies
    /// ahead is closed.
    async fn pages_neither_repeat_nor_miss_anything(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        let hidden = ci.another("hidden ci").await;
        for n in 1..=30 {
            ci.declares(&format!("Incident {n}")).await;
            if n % 3 == 0 {
                let body = json!({"name": "Not for ci", "private": true});
                hidden.post("/api/v1/incidents", &[], &body).await.expect(201);
            }
        }
        let all = numbers(&ci, "?limit=200").await;
        assert_eq!(all.len(), 30);
        let mut seen = Vec::new();
        let mut path = "/api/v1/incidents?limit=7".to_owned();
        let mut sizes = Vec::new();
        loop {
            let page = ci.get(&path).await.expect(200);
            let numbers = numbers_of(&page);
            sizes.push(numbers.len());
            seen.extend(numbers);
            ci.declares("One more").await;
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/v1/incidents?limit=7&cursor={cursor}");
        }
        assert_eq!(seen, all);
        assert_eq!(sizes, [7, 7, 7, 7, 2]);
    }

    async fn a_page_that_is_just_full_is_the_last(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for n in 1..=4 {
            ci.declares(&format!("Incident {n}")).await;
        }
        let first = ci.get("/api/v1/incidents?limit=2").await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap();
        assert_eq!(numbers(&ci, &format!("?limit=2&cursor={cursor}")).await, [2, 1]);
    }

    async fn cursors_belong_to_their_list(fresh: Fresh) {
        let ci = Program::start(&fresh).await;
        for n in 1..=3 {
            ci.declares(&format!("Incident {n}")).await;
        }
        let page = ci.get("/api/v1/incidents?limit=1&category=open&q=incident").await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        let same = format!("?limit=2&category=paused,live&category=triage&q=incident&cursor={cursor}");
        assert_eq!(numbers(&ci, &same).await, [2, 1]);
        let (cut, longer) = (&cursor[1..], format!("{cursor}0"));
        let flipped = if cursor.ends_with('0') { "1" } else { "0" };
        let flipped = format!("{}{flipped}", &cursor[..cursor.len() - 1]);
        for (filters, cursor) in [
            ("", cursor),
            ("category=open&q=incidents&", cursor),
            ("category=open&severity=minor&q=incident&", cursor),
            ("category=open&q=incident&", cut),
            ("category=open&q=incident&", &longer),
            ("category=open&q=incident&", &flipped),
            ("category=open&q=incident&", ""),
            ("category=open&q=incident&", "%00"),
            ("category=open&q=incident&", "../../etc/passwd"),
        ] {
            let answer = ci.get(&format!("/api/v1/incidents?{filters}cursor={cursor}")).await;
            expect_problem(&answer, 400, "bad-parameter", Some("cursor"));
        }
    }
}
