//! Tokens that run out.

use std::time::Duration;

use stentor::simulator::faults::{Failing, Fault};
use stentor::simulator::settings::Settings;

use super::house::{ACME, House, Setup, calls, column};
use crate::databases::on_each_database;
use crate::warnings;

const HOUR: Duration = Duration::from_secs(3600);

fn rotating() -> Setup {
    let slack = |settings: Settings| Settings { rotates_tokens: true, ..settings };
    Setup { slack, ..Setup::default() }
}

/// How often a refresh token was used.
fn renewals(house: &House) -> usize {
    calls(&house.acme, "oauth.v2.access")
        .iter()
        .filter(|it| it["grant_type"] == "refresh_token")
        .count()
}

on_each_database! {
    async fn a_token_is_renewed_ahead_of_time_by_one_of_two_replicas(fresh: Fresh) {
        let house = House::start(&fresh, rotating()).await;
        house.is_installed_in(ACME).await;
        let other = house.another(&fresh).await;
        let first = column(&house, "SELECT bot_token FROM installation").await;
        house.clock.advance(9 * HOUR);
        house.looks_after_tokens().await;
        assert_eq!(renewals(&house), 0, "it is good for three more hours");
        house.clock.advance(HOUR + Duration::from_secs(1));
        for round in 1..=5 {
            tokio::join!(house.looks_after_tokens(), other.looks_after_tokens());
            house.looks_after_tokens().await;
            assert_eq!(renewals(&house), round, "once each time");
            // Both use the new one, the other replica without being told.
            for one in [&house, &other] {
                one.declares(&one.acme, "Checkout is slow").await;
                one.works().await;
                assert_eq!(one.left().await, []);
            }
            house.clock.advance(10 * HOUR);
        }
        assert_ne!(column(&house, "SELECT bot_token FROM installation").await, first);
        house.ends();
    }

    async fn a_renewal_whose_answer_is_lost_does_not_lock_us_out(fresh: Fresh) {
        let house = House::start(&fresh, rotating()).await;
        house.is_installed_in(ACME).await;
        house.clock.advance(10 * HOUR + Duration::from_secs(1));
        // Slack has renewed it, and nobody knows the new token.
        warnings::expect("Could not renew the bot token yet");
        house.acme.inject(Fault::times("oauth.v2.access", Failing::LostAnswer { hang_ms: 0 }, 1));
        house.looks_after_tokens().await;
        assert_eq!(renewals(&house), 1);
        // The old token serves on; nobody asks again at once, and the next look is in time.
        house.declares(&house.acme, "Checkout is slow").await;
        house.looks_after_tokens().await;
        assert_eq!(renewals(&house), 1);
        house.clock.advance(Duration::from_secs(30));
        house.looks_after_tokens().await;
        assert_eq!(renewals(&house), 2);
        house.works().await;
        house.clock.advance(3 * HOUR);
        house.declares(&house.acme, "Login is down").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        house.ends();
    }

    async fn a_token_that_ran_out_unnoticed_is_renewed_by_the_call_that_finds_out(fresh: Fresh) {
        let house = House::start(&fresh, rotating()).await;
        house.is_installed_in(ACME).await;
        house.declares(&house.acme, "Checkout is slow").await;
        house.clock.advance(13 * HOUR);
        house.works().await;
        assert_eq!((renewals(&house), house.left().await), (1, Vec::new()));
        house.ends();
    }

    async fn a_refresh_token_that_is_spent_is_told_and_the_rest_of_its_time_used(fresh: Fresh) {
        let house = House::start(&fresh, rotating()).await;
        house.is_installed_in(ACME).await;
        house.clock.advance(11 * HOUR);
        warnings::expect("install Stentor there again");
        warnings::expect("Slack does not take the bot token");
        let code = "invalid_refresh_token".to_owned();
        house.acme.inject(Fault::always("oauth.v2.access", Failing::Error { code }));
        house.looks_after_tokens().await;
        house.declares(&house.acme, "Checkout is slow").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        house.declares(&house.acme, "Login is down").await;
        house.clock.advance(2 * HOUR);
        house.works().await;
        let left = house.left().await;
        assert!(!left.is_empty());
        house.acme.clear_faults();
        house.is_installed_in(ACME).await;
        house.works().await;
        assert_eq!(house.left().await, []);
        house.ends();
    }
}
