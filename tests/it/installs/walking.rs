//! The way to Slack and back.

use std::time::Duration;

use stentor::app::DEFAULT_SLUG;
use stentor::simulator::faults::{Failing, Fault};
use stentor::simulator::oauth::consent::Decision;
use stentor::simulator::settings::Settings;

use super::house::{ACME, Browser, House, Setup, ZENITH, allow, calls, column, parameter};
use crate::bot::GENERAL;
use crate::databases::on_each_database;
use crate::http::Answer;
use crate::warnings;

/// The page says this, loads nothing, runs nothing and is kept nowhere.
fn page(answer: &Answer, status: u16, title: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert!(answer.text.contains(&format!("<h1>{title}</h1>")), "{}", answer.text);
    assert!(answer.text.contains("<html lang=\"en\">") && !answer.text.contains("<script"));
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'nonce-"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cache-control"), "no-store");
}

const UNKNOWN: &str = "This page has done its work, or belongs to another browser";

on_each_database! {
    async fn people_install_it_and_two_workspaces_work_side_by_side(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        let mut browser = Browser::default();
        let asked = house.begins(&mut browser).await;
        assert!(asked.starts_with(&format!("{}/oauth/v2/authorize?", house.acme.url())), "{asked}");
        let scopes = parameter(&asked, "scope");
        assert!(scopes.starts_with("commands,chat:write,channels:manage"), "{scopes}");
        assert!(parameter(&asked, "redirect_uri").ends_with("/slack/oauth/callback"));
        let back = house.acme.decides(&asked, &allow(ACME)).unwrap();
        page(&house.returns(&browser, &back).await, 200, "Stentor is in Acme");
        page(&house.installs(ZENITH).await, 200, "Stentor is in Zenith &amp; Sons");
        // The first one to come gets the default workspace, the other one its own.
        assert_eq!(house.workspace(ACME).await.as_ref(), Some(&house.stentor.app.workspace));
        assert_ne!(house.workspace(ZENITH).await, house.workspace(ACME).await);
        let slugs = column(&house, "SELECT slug FROM workspace ORDER BY created_at, slug").await;
        assert_eq!(slugs, [DEFAULT_SLUG, "zenith-sons"].map(|it| Some(it.to_owned())));
        // Both have their own first incident, in a channel of the same name.
        house.declares(&house.acme, "Checkout is slow").await;
        house.declares(&house.zenith, "Ovens are cold").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        let (acme, zenith) = (house.said(&house.acme), house.said(&house.zenith));
        assert!(acme.len() >= 2 && acme.iter().all(|text| text.contains("Checkout")), "{acme:?}");
        assert!(zenith.len() >= 2 && zenith.iter().all(|text| text.contains("Ovens")), "{zenith:?}");
        let list = house.hears(&house.zenith, GENERAL, "list").await;
        assert!(list.contains("Zenith") || !list.contains("Checkout"), "{list}");
        house.ends();
    }

    async fn tokens_are_nowhere_in_the_database_as_they_are(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        house.is_installed_in(ACME).await;
        let token = house.acme.read(|state| state.tokens.alive(0)[0].to_owned());
        let sealed = column(&house, "SELECT bot_token FROM installation").await.remove(0).unwrap();
        assert!(!sealed.contains(&token) && !sealed.contains(&hex::encode(&token)));
        assert!(sealed.len() > 2 * token.len());
        house.ends();
    }

    async fn who_says_no_changes_nothing(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        let mut browser = Browser::default();
        let asked = house.begins(&mut browser).await;
        let back = house.acme.decides(&asked, &Decision::Cancel).unwrap();
        assert_eq!(parameter(&back, "error"), "access_denied");
        page(&house.returns(&browser, &back).await, 200, "Nothing was installed");
        assert_eq!(house.workspace(ACME).await, None);
        assert_eq!(column(&house, "SELECT state FROM installation").await, []);
        house.ends();
    }

    async fn an_attempt_counts_once_for_a_while_and_for_one_browser(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        let (mut mine, mut theirs) = (Browser::default(), Browser::default());
        let asked = house.begins(&mut mine).await;
        house.begins(&mut theirs).await;
        let back = house.acme.decides(&asked, &allow(ACME)).unwrap();
        // Another browser, one without a cookie, and a word that nobody has given.
        page(&house.returns(&theirs, &back).await, 400, UNKNOWN);
        page(&house.returns(&Browser::default(), &back).await, 400, UNKNOWN);
        let state = parameter(&back, "state");
        page(&house.returns(&mine, &back.replace(&state, &"0".repeat(64))).await, 400, UNKNOWN);
        for path in ["", "?code=x", "?state=", "?code=%ff&state=%ff", "?state=a&state=b"] {
            let path = format!("/slack/oauth/callback{path}");
            page(&house.returns(&mine, &path).await, 400, UNKNOWN);
        }
        assert_eq!(calls(&house.acme, "oauth.v2.access").len(), 0);
        // None of that has spoilt it; then it is used up.
        page(&house.returns(&mine, &back).await, 200, "Stentor is in Acme");
        page(&house.returns(&mine, &back).await, 400, UNKNOWN);
        assert_eq!(calls(&house.acme, "oauth.v2.access").len(), 1);
        // Two windows of one browser are two attempts.
        let first = house.begins(&mut mine).await;
        let second = house.begins(&mut mine).await;
        for asked in [first, second] {
            let back = house.acme.decides(&asked, &allow(ACME)).unwrap();
            assert_eq!(house.returns(&mine, &back).await.status.as_u16(), 200);
        }
        // Too late.
        let asked = house.begins(&mut mine).await;
        let back = house.acme.decides(&asked, &allow(ACME)).unwrap();
        house.clock.advance(Duration::from_secs(601));
        page(&house.returns(&mine, &back).await, 400, UNKNOWN);
        house.ends();
    }

    async fn a_code_that_slack_does_not_take_installs_nothing(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        let mut browser = Browser::default();
        let asked = house.begins(&mut browser).await;
        let back = house.acme.decides(&asked, &allow(ACME)).unwrap();
        let code = parameter(&back, "code");
        let answer = house.returns(&browser, &back.replace(&code, "1.2.3")).await;
        page(&answer, 400, "Slack did not let Stentor in");
        assert!(answer.text.contains("<code>invalid_code</code>"), "{}", answer.text);
        assert_eq!(house.workspace(ACME).await, None);
        // Our own settings are wrong.
        warnings::expect("does not accept this app's credentials");
        let asked = house.begins(&mut browser).await;
        let back = house.acme.decides(&asked, &allow(ACME)).unwrap();
        let wrong = Failing::Error { code: "bad_client_secret".to_owned() };
        house.acme.inject(Fault::times("oauth.v2.access", wrong, 1));
        page(&house.returns(&browser, &back).await, 500, "Stentor is not set up to be installed");
        house.ends();
    }

    async fn an_exchange_without_an_answer_is_done_again_by_the_person(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        warnings::expect("An installation was not finished");
        house.acme.inject(Fault::times("oauth.v2.access", Failing::LostAnswer { hang_ms: 0 }, 1));
        let answer = house.installs(ACME).await;
        page(&answer, 502, "Slack does not answer");
        assert!(answer.text.contains("Installing once more does no harm"), "{}", answer.text);
        assert!(answer.text.contains("/slack/install\">"), "{}", answer.text);
        assert_eq!(house.workspace(ACME).await, None);
        page(&house.installs(ACME).await, 200, "Stentor is in Acme");
        assert_eq!(house.acme.read(|state| state.tokens.alive(0).len()), 1);
        house.ends();
    }

    async fn an_organisation_installs_it_for_all_its_workspaces(fresh: Fresh) {
        let slack = |settings: Settings| Settings { org_install: true, ..settings };
        let house = House::start(&fresh, Setup { slack, ..Setup::default() }).await;
        page(&house.installs(ACME).await, 200, "Stentor is in Acme Group");
        page(&house.installs(ZENITH).await, 200, "Stentor is in Zenith Group");
        assert_eq!(house.workspace(ACME).await, None);
        assert_eq!(house.workspace("E0STENTOR").await.as_ref(), Some(&house.stentor.app.workspace));
        house.declares(&house.acme, "Checkout is slow").await;
        house.declares(&house.zenith, "Ovens are cold").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        let zenith = house.said(&house.zenith);
        assert!(zenith.len() >= 2 && zenith.iter().all(|text| text.contains("Ovens")), "{zenith:?}");
        house.ends();
    }

    async fn installing_again_brings_what_was_granted_since(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        let workspace = house.is_installed_in(ACME).await;
        let answer = house.installs(ACME).await;
        page(&answer, 200, "Stentor is in Acme, with what you have just granted");
        assert_eq!(house.workspace(ACME).await, Some(workspace));
        let versions = column(&house, "SELECT CAST(version AS TEXT) FROM installation").await;
        assert_eq!(versions, [Some("2".to_owned())]);
        house.ends();
    }

    async fn nobody_takes_over_what_is_somebody_elses(fresh: Fresh) {
        // The settings' token belongs to Acme, and Stentor has not heard so yet.
        let house = House::start(&fresh, Setup { token: true, ..Setup::default() }).await;
        let zenith = house.is_installed_in(ZENITH).await;
        assert_ne!(zenith, house.stentor.app.workspace);
        assert_eq!(house.workspace(ACME).await.as_ref(), Some(&house.stentor.app.workspace));
        // A stranger's team finds nothing, and gets nothing.
        house.declares(&house.acme, "Checkout is slow").await;
        let list = house.hears(&house.zenith, GENERAL, "list").await;
        assert!(!list.contains("Checkout"), "{list}");
        house.works().await;
        // As long as nobody can say whose the default workspace is, nobody is let in.
        house.ends();
    }

    async fn while_slack_does_not_say_whose_the_default_workspace_is_nobody_installs(fresh: Fresh) {
        let house = House::start(&fresh, Setup { token: true, ..Setup::default() }).await;
        warnings::expect("Nobody can install until Slack says");
        house.acme.inject(Fault::times("auth.test", Failing::Status { status: 503 }, 1));
        page(&house.installs(ZENITH).await, 502, "Slack does not answer");
        assert_eq!(house.workspace(ZENITH).await, None);
        page(&house.installs(ZENITH).await, 200, "Stentor is in Zenith &amp; Sons");
        house.ends();
    }

    async fn a_default_workspace_that_was_worked_in_is_not_given_away(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        let app = &house.stentor.app;
        let made = stentor::api::tokens::create(&app.db, &app.clock, &app.ids, &app.workspace, "ci");
        made.await.unwrap();
        let acme = house.is_installed_in(ACME).await;
        assert_ne!(acme, app.workspace);
        house.ends();
    }
}
