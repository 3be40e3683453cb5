//! The demo as a visitor meets it: the real program, its page in a real browser, and nothing known
//! of either but what can be seen.
//!
//! The first story also takes the picture for the README; `make picture` keeps it.

mod processes;
mod visitor;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;

use futures_util::FutureExt as _;
use processes::{Demo, Driver};
use visitor::Visitor;

/// The size of the window, and of the picture.
const WINDOW: (u32, u32) = (1280, 860);

/// Tells a story in a browser that shows the demo. If it fails, what was to be seen is told too.
async fn visit(story: impl AsyncFnOnce(&Visitor, &str)) {
    visit_at("1", story).await;
}

/// The same, where the shop breaks at this pace.
async fn visit_at(pace: &str, story: impl AsyncFnOnce(&Visitor, &str)) {
    let demo = Demo::start(pace);
    let driver = Driver::start();
    let client = driver.connect(WINDOW.0, WINDOW.1).await;
    let visitor = Visitor::arrive(client, &demo.url).await;
    let told = AssertUnwindSafe(story(&visitor, &demo.url)).catch_unwind().await;
    if let Err(failure) = told {
        visitor.tells_what_is_there().await;
        resume_unwind(failure);
    }
}

/// From `/incident` to closed, with a second person in a second window.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_declared_worked_on_and_closed() {
    visit(async |alice, url| {
        let channel = "channel-inc-1-checkout-is-slow";
        alice.sees("welcome", "Type /incident in the box below").await;
        alice.says("/incident").await;
        alice.sees("modal-title", "Declare an incident").await;
        alice.submits().await;
        alice.sees("field-error", "Please complete this required field").await;
        alice.writes("name", "Checkout is slow").await;
        alice.chooses("severity", "Major").await;
        alice.writes("summary", "Payments time out for some people since the last release.").await;
        alice.submits().await;
        alice.sees_no("modal", "").await;
        alice.sees("ephemeral", "INC-1 is open: #inc-1-checkout-is-slow").await;

        alice.presses_on(channel).await;
        alice.sees("channel-title", "inc-1-checkout-is-slow").await;
        alice.sees("message", "Pinned by Stentor").await;
        for text in ["INC-1 Checkout is slow", "Lead nobody yet", "Payments time out", "Resolve"] {
            alice.sees("message", text).await;
        }
        alice.sees("pins", "1").await;
        alice.sees("topic", "[Major] Investigating").await;
        alice.sees_no("welcome", "").await;

        alice.presses_on("channel-incidents").await;
        alice.sees("message", "Lead nobody yet · Reported by @Alice Adams").await;
        alice.asks("window.sinceThen = true").await;

        let bob = alice.opens_a_window(url).await;
        bob.acts_as("Bob Brown").await;
        bob.presses_on("channel-incidents").await;
        bob.presses("Take the lead").await;
        bob.sees("message", "Lead @Bob Brown · Reported by @Alice Adams").await;
        bob.sees_no("message", "Take the lead").await;

        alice.returns().await;
        alice.sees("message", "Lead @Bob Brown · Reported by @Alice Adams").await;
        alice.presses_on(channel).await;
        alice.sees("topic", "[Major] Investigating · Lead @Bob Brown · INC-1").await;
        alice.presses("Post update").await;
        alice.writes("message", "Rolling back to 1.4, which takes ten minutes.").await;
        alice.chooses("status", "Fixing").await;
        alice.chooses("severity", "Critical").await;
        alice.chooses("next_update_in_minutes", "In 30 minutes").await;
        alice.submits().await;
        alice.sees("message", "Update from @Alice Adams · Status Investigating → Fixing").await;
        alice.sees("message", "Rolling back to 1.4, which takes ten minutes.").await;
        alice.sees("topic", "[Critical] Fixing").await;

        bob.returns().await;
        bob.presses_on(channel).await;
        bob.says("The connection pool was halved in 1.5. That explains it.").await;
        bob.sees("message", "The connection pool was halved").await;
        alice.returns().await;
        alice.sees("message", "The connection pool was halved").await;
        alice.sees("message", "Status Fixing   Severity Critical").await;
        keep_picture(alice).await;

        bob.returns().await;
        bob.says("/incident severity minor").await;
        alice.returns().await;
        alice.sees("message", "Severity lowered: Critical → Minor · by @Bob Brown").await;
        alice.sees("topic", "[Minor] Fixing").await;
        let since = alice.asks("return window.sinceThen").await;
        assert_eq!(since, true, "all this came by itself, without the page being loaded again");

        alice.presses("Resolve").await;
        alice.writes("message", "Rolled back; payments are fast again.").await;
        alice.submits().await;
        alice.sees("message", "Rolled back; payments are fast again.").await;
        alice.sees("topic", "[Minor] Documenting").await;
        alice.presses("Close").await;
        alice.writes("message", "The pool has its size back.").await;
        alice.submits().await;
        alice.sees("topic", "[Minor] Closed").await;
        alice.presses_on("channel-incidents").await;
        alice.sees("message", "Closed after").await;
        alice.sees("message", "The pool has its size back.").await;
        alice.sees_no("message", "Post update").await;
    })
    .await;
}

/// Slack is down, and nobody is kept from working on the incident.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_succeeds_while_slack_is_down() {
    visit(async |alice, _| {
        alice.says("/incident declare Login is down").await;
        alice.chooses("lead", "Alice Adams").await;
        alice.submits().await;
        alice.presses_on("channel-inc-1-login-is-down").await;
        alice.sees("topic", "Lead @Alice Adams").await;
        alice.sees("pins", "1").await;

        alice.presses("Behind the scenes").await;
        alice.presses_on("trouble-down").await;
        alice.sees("drawer", "Slack is in trouble").await;
        alice.says("/incident update The certificate has expired.").await;
        alice.says("/incident timeline").await;
        alice.sees("ephemeral", "posted an update: The certificate has expired.").await;
        alice.sees("drawer", "503").await;
        alice.sees_no("message", "The certificate has expired.").await;
        alice.sees_no("ephemeral", "failed").await;

        alice.presses_on("trouble-none").await;
        alice.sees("message", "The certificate has expired.").await;
    })
    .await;
}

/// The shop breaks, and hundreds of alerts are one incident that anybody can see.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_breaks_the_shop_and_one_incident_opens() {
    visit_at("4", async |alice, _| {
        let channel = "channel-inc-1-checkout-fails-for-one-in-five-customers";
        alice.sees("welcome", "Break something.").await;
        alice.sees("panel-line", "All is well").await;
        alice.presses("Break something").await;
        alice.presses_on("channel-incidents").await;
        alice.sees("message", "Checkout fails for one in five customers").await;
        alice.presses_on(channel).await;
        alice.sees("channel-title", "inc-1-checkout-fails-for-one-in-five-customers").await;
        alice.sees("message", "Acknowledge").await;
        alice.sees("message", "Alerts go on and off").await;
        alice.sees("panel-line", "Over: nothing fires.").await;
        alice.sees("message", "All 306 are over").await;
        // The next press breaks something else, and stops it before it goes on.
        alice.presses("Break something").await;
        alice.presses("Stop").await;
        alice.sees("panel-line", "Mended by hand: nothing fires.").await;
        alice.sees("panel", "Break something").await;
    })
    .await;
}

/// Keeps what is to be seen as the README's picture, if that was asked for.
async fn keep_picture(visitor: &Visitor) {
    if std::env::var_os("STENTOR_KEEP_PICTURE").is_none_or(|it| it != "1") {
        return;
    }
    let picture = visitor.takes_a_picture().await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/demo.png");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, picture).unwrap();
}
