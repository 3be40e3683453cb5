//! The key that tokens are sealed with, and its successor.

use super::house::{ACME, House, NEW_KEY, OLD_KEY, Setup, ZENITH, column};
use crate::databases::on_each_database;

on_each_database! {
    async fn a_key_is_changed_without_anybody_noticing(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        house.is_installed_in(ACME).await;
        let key = "SELECT sealed_with FROM installation";
        let sealed = column(&house, key).await.remove(0).unwrap();
        // Without its key it does not start, and says which one it misses.
        let wrong = Setup { key: NEW_KEY.to_owned(), ..Setup::default() };
        let refused = house.another_with(&fresh, wrong.clone()).await.err().unwrap().to_string();
        assert!(refused.starts_with("--secret-key: 1 of 1") && refused.contains(&sealed), "{refused}");
        // With both, what the old one has sealed is sealed anew; then the old one can go.
        let both = Setup { key: format!("{NEW_KEY},{OLD_KEY}"), ..Setup::default() };
        let house = house.another_with(&fresh, both).await.unwrap();
        assert_ne!(column(&house, key).await, [Some(sealed)]);
        let house = house.another_with(&fresh, wrong).await.unwrap();
        house.declares(&house.acme, "Checkout is slow").await;
        house.works().await;
        assert_eq!(house.left().await, []);
        house.ends();
    }

    async fn a_token_that_was_moved_to_another_row_does_not_open(fresh: Fresh) {
        let house = House::start(&fresh, Setup::default()).await;
        house.is_installed_in(ACME).await;
        house.is_installed_in(ZENITH).await;
        let mut tx = house.stentor.app.db.begin().await.unwrap();
        let moved = tx.query(
            "UPDATE installation SET version = version + 1, bot_token =
                 (SELECT bot_token FROM installation WHERE name = 'Acme') WHERE name <> 'Acme'",
        );
        assert_eq!(moved.execute().await.unwrap(), 1);
        tx.commit().await.unwrap();
        crate::warnings::expect("A form did not open");
        let before = house.acme.calls().len();
        let seen = house.types(&house.zenith, crate::bot::GENERAL, "").await;
        assert_eq!((seen.modal, seen.messages.len()), (None, 1));
        assert_eq!(house.acme.calls().len(), before);
        house.ends();
    }
}
