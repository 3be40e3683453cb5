//! Every way in, with some thousand inputs that nobody would write, the same ones each time.
//!
//! It begins with what Slack really sends and what programs would, and breaks that: so the inputs
//! get past the first check. `make fuzz` goes on from there for as long as one likes.

#[path = "../../fuzz/src/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Inputs for a way in that takes microseconds.
const MANY: usize = 20_000;
/// Inputs for a way in that goes through the whole house.
const SOME: usize = 1_500;
/// The longest input. A larger one has a test of its own, which looks at the memory.
const LONGEST: usize = 64 * 1024;

/// What is put into an input here and there.
const PIECES: [&[u8]; 40] = [
    b"\0",
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    "\u{202e}".as_bytes(),
    "\u{1f469}\u{200d}".as_bytes(),
    b"\\ud800",
    b"\\u0000",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[[[[[[[[[",
    b"{\"a\":",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"9223372036854775807",
    b"0.1",
    b"%00",
    b"%ff",
    b"%",
    b"&",
    b"=",
    b"+",
    b"\r\n",
    b"\n",
    b" ",
    b"<!channel>",
    b"<@U0EVIL|x>",
    b"&lt;",
    b"INC-1",
    b"sev1",
    b"\"view_submission\"",
    b"\"private_metadata\":",
    b"\"type\":",
];

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Marsaglia's xorshift64.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % sides.max(1)
    }

    fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.roll(among.len())]
    }
}

/// Breaks an input in a few places.
fn broken(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = dice.pick(seeds).clone();
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(input.len() + 1);
        let end = (at + dice.roll(16)).min(input.len());
        match dice.roll(8) {
            0 if at < input.len() => input[at] ^= 1 << dice.roll(8),
            1 => drop(input.drain(at..end)),
            2 => input.truncate(at),
            3 => {
                let other = dice.pick(seeds);
                let from = dice.roll(other.len() + 1);
                input.truncate(at);
                input.extend(&other[from..]);
            }
            4 => {
                let again = input[at..end].repeat(1 + dice.roll(300));
                input.splice(at..at, again);
            }
            _ => {
                let piece = *dice.pick(&PIECES);
                input.splice(at..if dice.roll(2) == 0 { at } else { end }, piece.iter().copied());
            }
        }
    }
    input.truncate(LONGEST);
    input
}

/// What a way in is meant for.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let recorded = |kind: &str, first: u8| -> Vec<Vec<u8>> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/slack");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        files.retain(|file| file.file_name().unwrap().to_str().unwrap().starts_with(kind));
        assert!(!files.is_empty(), "no {kind} in {folder}");
        files.iter().map(|file| [&[first][..], &std::fs::read(file).unwrap()].concat()).collect()
    };
    let texts =
        |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    match target {
        "signature" => {
            let (secret, body) = ("8f742231b10e8888abcd99eee77785a5", "text=help");
            let signed = crate::raw::signature(secret, "1790000000", body.as_bytes());
            texts(&[&format!("1790000000\n{signed}\n{body}"), "1790000000\nv0=00\n", "\n\n"])
        }
        "grammar" => texts(&[
            "",
            "declare Checkout is slow",
            "INC-42 resolve It was DNS",
            "sev1",
            "role comms <@U0BOB|bob>",
            "lead me",
            "list closed",
            "update: rolling back",
            "inc 7 note \u{201c}quoted\u{201d}",
            "help udpate",
            "severity \"major\"",
            "close INC-42",
            "500 errors",
            "role none",
            "#12 status fixing",
        ]),
        "form" => texts(&[
            "declare\n{\"declared_in\":\"C0GENERAL\"}\n{\"name\":{\"value\":{\"value\":\"x\"}},\"lead\":{\"value\":{\"selected_user\":\"U1\"}}}",
            "update\n{\"incident\":\"01X\"}\n{\"message\":{\"value\":{\"value\":\"x\"}},\"next_update_in_minutes\":{\"value\":{\"selected_option\":{\"value\":\"30\"}}}}",
            "role\n{}\n{\"role\":{\"value\":{\"selected_option\":{\"value\":\"lead\"}}},\"person\":{\"value\":{\"selected_user\":null}}}",
            "close\n\n{}",
            "severity\n[]\n[]",
            "note\nnull\nnull",
            "summary\n{}\n{\"summary\":{\"value\":{\"value\":7}}}",
        ]),
        "address" => texts(&[
            "https://hooks.slack.com/commands/T1/1/x",
            "https://hooks.slack-gov.com/actions/T1/1/x",
            "http://127.0.0.1:4040/respond/1",
            "https://evil.example/",
            "https://hooks.slack.com@evil.example/",
        ]),
        "slack" => {
            [recorded("slash", 0), recorded("interactive", 2), recorded("event", 3)].concat()
        }
        "api" => texts(&[
            "POST incidents\nkey-1\n\n{\"name\":\"x\",\"severity\":\"sev1\",\"private\":true,\"lead\":\"U0BOB\"}",
            "POST incidents/1/commands\n\n\"1\"\n{\"type\":\"update\",\"message\":\"x\",\"status\":\"fixing\",\"next_update_in_minutes\":30}",
            "POST incidents/INC-1/commands\nk\n*\n{\"type\":\"role\",\"role\":\"lead\",\"person\":\"U0BOB\"}",
            "POST incidents/1/commands\n\n\n{\"type\":\"close\"}",
            "GET incidents?category=open,live&severity=sev1&q=x&limit=5\n\n\n",
            "GET incidents?cursor=000000000000000a52d2b8ff8cb3d78f\n\n\n",
            "GET incidents/INC-1\n\n\n",
            "GET incidents/1/timeline?after=1&limit=2\n\n\n",
            "GET catalogue\n\n\n",
        ]),
        "hook" => {
            let mut seeds = texts(&[
                "grafana POST \n\n{\"alert_uid\":\"u\",\"title\":\"t\",\"state\":\"alerting\",\"image_url\":\"https://x.example/\"}",
                "datadog POST \n\n{\"alert_cycle_key\":\"1\",\"transition\":\"Warn\",\"tags\":\"a:b,c\",\"date\":\"1790000000000\"}",
                "datadog POST \napplication/x-www-form-urlencoded\nalert_cycle_key=1&transition=Recovered&tags=a%3Ab",
                "uptime-kuma POST \n\n{\"heartbeat\":{\"status\":0,\"time\":\"2026-09-21 14:00:00\"},\"monitor\":{\"id\":7,\"tags\":[{\"name\":\"a\"}]},\"msg\":\"m\"}",
                "uptime-kuma POST \nmultipart/form-data; boundary=x\n--x\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n{\"msg\":\"m\"}\r\n--x--",
                "uptime-kuma GET ?msg=m&monitor=%7B%22id%22%3A7%7D&heartbeat=%7B%22status%22%3A1%7D\n\n",
                "opsgenie GET /v2/alerts?query=status%3Aopen+AND+tag%3Ax&sort=alias&order=asc&limit=5\n\n",
                "opsgenie GET /v2/alerts/requests/01996d1b-0000-8001-8000-000000000000\n\n",
                "opsgenie POST /v2/alerts/a/snooze?identifierType=alias\n\n{\"endTime\":\"2026-09-22T00:00:00Z\",\"note\":\"n\"}",
                "opsgenie DELETE /v2/alerts/a/details?identifierType=alias&keys=a,b\n\n",
                "opsgenie PUT /v2/alerts/a/priority?identifierType=alias\n\n{\"priority\":\"P2\"}",
            ]);
            for (kind, start) in [
                ("alertmanager-webhook", "alertmanager"),
                ("opsgenie", "opsgenie"),
                ("pagerduty", "pagerduty"),
            ] {
                seeds.extend(crate::alerts::recordings(start).iter().map(|recorded| {
                    let (request, mut body) = (&recorded["request"], recorded["body"].clone());
                    let path = if kind == "alertmanager-webhook" {
                        ""
                    } else {
                        request["path"].as_str().unwrap()
                    };
                    if kind == "pagerduty" {
                        body["routing_key"] = "$SECRET".into();
                    }
                    let method = request["method"].as_str().unwrap();
                    format!("{kind} {method} {path}\napplication/json\n{body}").into_bytes()
                }));
            }
            seeds
        }
        "senders" => texts(&[
            "sentry\nsentry-hook-resource: metric_alert\n\n{\"action\":\"critical\",\"installation\":{\"uuid\":\"a8e5\"},\"data\":{\"metric_alert\":{\"id\":\"4\",\"projects\":[\"shop\"],\"alert_rule\":{\"name\":\"x\"},\"date_started\":\"2026-11-20T23:00:00Z\"},\"description_title\":\"Critical: x\",\"web_url\":\"https://sentry.example/1\"}}",
            "sentry\nsentry-hook-resource: issue\n\n{\"action\":\"created\",\"installation\":{\"uuid\":\"a8e5\"},\"data\":{\"issue\":{\"id\":\"12\",\"title\":\"x\",\"level\":\"error\",\"project\":{\"slug\":\"shop\"}}}}",
            "sentry\nsentry-hook-resource: event_alert\n\n{\"action\":\"triggered\",\"installation\":{\"uuid\":\"a8e5\"},\"data\":{\"event\":{\"issue_id\":\"12\",\"title\":\"x\",\"tags\":[[\"environment\",\"prod\"]]},\"triggered_rule\":\"r\"}}",
            "sns\n\n\n{\"Type\":\"Notification\",\"MessageId\":\"m\",\"TopicArn\":\"arn:aws:sns:us-east-1:1:t\",\"Message\":\"{}\",\"Timestamp\":\"t\",\"SignatureVersion\":\"1\",\"Signature\":\"AAAA\",\"SigningCertURL\":\"https://sns.example/x.pem\"}",
            "sns\n\n\n{\"Type\":\"SubscriptionConfirmation\",\"MessageId\":\"m\",\"TopicArn\":\"arn:aws:sns:us-east-1:1:t\",\"Message\":\"x\",\"Timestamp\":\"t\",\"SignatureVersion\":\"2\",\"Signature\":\"AAAA\",\"SigningCertURL\":\"https://sns.example/x.pem\",\"Token\":\"k\",\"SubscribeURL\":\"https://sns.example/?a\"}",
            "github\nx-github-event: deployment_status\nx-github-delivery: 1\n{\"repository\":{\"full_name\":\"o/r\"},\"deployment\":{\"id\":1,\"ref\":\"main\"},\"deployment_status\":{\"state\":\"success\"}}",
            "github\nx-github-event: push\ncontent-type: application/x-www-form-urlencoded\npayload=%7B%22repository%22%3A%7B%22full_name%22%3A%22o%2Fr%22%7D%2C%22ref%22%3A%22refs%2Fheads%2Fmain%22%2C%22after%22%3A%22a%22%7D",
            "github\nx-github-event: workflow_run\n\n{\"repository\":{\"full_name\":\"o/r\"},\"workflow_run\":{\"id\":9,\"name\":\"CI\",\"conclusion\":\"failure\"}}",
            "cloudevents\ncontent-type: application/cloudevents+json\n\n{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"/mon\",\"type\":\"a.fired\",\"subject\":\"db\",\"time\":\"2026-11-20T23:00:00Z\",\"data_base64\":\"e30=\"}",
            "cloudevents\ncontent-type: application/cloudevents-batch+json\n\n[{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"/mon\",\"type\":\"a.resolved\",\"data\":{\"state\":\"ok\"}}]",
            "cloudevents\nce-specversion: 1.0\nce-id: %20\n{\"a\":1}",
            "generic\n\n\n[{\"title\":\"Disk full\",\"id\":7,\"state\":\"alerting\",\"level\":\"warn\",\"url\":\"https://mon.example/7\",\"labels\":{\"host\":\"db-1\"}}]",
            "incident-io v2/alert_events/http/{source}\n\n\n{\"title\":\"x\",\"status\":\"firing\",\"deduplication_key\":\"k\",\"metadata\":{\"team\":[\"a\"]},\"source_url\":\"https://x.example\"}",
            "incident-io v2/alert_events/alertmanager/{source}\n\n\n{\"version\":\"1\",\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"x\"},\"annotations\":{\"summary\":\"s\"},\"startsAt\":\"2026-11-20T23:00:00Z\",\"endsAt\":\"0001-01-01T00:00:00Z\"}]}",
            "bigpanda data/v2/alerts\n\n\n{\"app_key\":\"K\",\"alerts\":[{\"host\":\"db-1\",\"status\":\"critical\",\"check\":\"cpu\",\"timestamp\":1795216378,\"runbook\":\"https://x.example\"}]}",
            "bigpanda data/events/deployments/end\n\n\n{\"component\":\"web\",\"version\":\"1\",\"hosts\":[\"h\"],\"status\":\"success\"}",
        ]),
        other => panic!("there are no seeds for {other}"),
    }
}

fn run(target: &str, inputs: usize) {
    let (_, function) = targets::TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = seeds(target);
    let mut dice = Dice(0x5374_656e_746f_7221);
    let broken = (0..inputs).map(|_| broken(&mut dice, &seeds));
    for input in seeds.iter().cloned().chain(broken.collect::<Vec<_>>()) {
        if let Err(cause) = catch_unwind(AssertUnwindSafe(|| function(&input))) {
            targets::clean_up();
            eprintln!("{target} fails with {:?}", String::from_utf8_lossy(&input));
            std::panic::resume_unwind(cause);
        }
    }
    targets::clean_up();
}

#[test]
fn only_what_was_signed_is_believed() {
    run("signature", MANY);
}

#[test]
fn whatever_is_typed_means_something_or_nothing() {
    run("grammar", MANY);
}

#[test]
fn whatever_a_form_holds_is_a_command_or_none() {
    run("form", MANY);
}

#[test]
fn only_slacks_addresses_are_followed() {
    run("address", MANY);
}

#[test]
fn whatever_slack_sends_is_answered() {
    run("slack", SOME);
}

#[test]
fn whatever_a_program_sends_is_answered() {
    run("api", SOME);
}

#[test]
fn whatever_comes_to_a_door_is_answered() {
    run("hook", SOME);
}

#[test]
fn whatever_monitoring_sends_is_answered() {
    run("senders", SOME);
}
