//! Slow, many, too much: whoever takes more than their share is ended, and nobody else.

use stentor::server::Limits;
use tokio::task::JoinSet;

use super::raw::{GOOD, House, PATIENCE, SOON, generous, patiently};

const POST: &str = "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: ";

#[tokio::test]
async fn a_head_that_comes_slowly_is_not_waited_for() {
    let house = House::start(Limits { head: SOON, ..generous() }).await;
    let mut stalls = house.connect().await;
    stalls.send("GET /ok HTTP/1.1\r\nHost: x\r\n").await;
    assert_eq!(stalls.end().await, 0);
    let mut drips = house.connect().await;
    drips.send("GET /ok HTTP/1.1\r\nX-Long: ").await;
    drips.drip(b"x").await;
    let mut says_nothing = house.connect().await;
    assert_eq!(says_nothing.end().await, 0);
    house.answers().await;
    house.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_kept_longer_than_a_slow_head() {
    let house = House::start(Limits { head: SOON, ..generous() }).await;
    let mut keeps = house.connect().await;
    assert_eq!(keeps.asks(GOOD).await, "200 ok");
    let mut slow = house.connect().await;
    assert_eq!(slow.end().await, 0);
    assert_eq!(keeps.asks(GOOD).await, "200 ok", "it waited longer than the slow one");
    // Its next head has no more time than a first one.
    keeps.send("GET /ok").await;
    assert_eq!(keeps.end().await, 0);
    house.stop().await;

    let house = House::start(Limits { idle: SOON, ..generous() }).await;
    let mut keeps = house.connect().await;
    assert_eq!(keeps.asks(GOOD).await, "200 ok");
    assert_eq!(keeps.end().await, 0);
    house.stop().await;
}

#[tokio::test]
async fn a_body_that_comes_slowly_is_not_waited_for() {
    let house = House::start(Limits { body: SOON, ..generous() }).await;
    let mut stalls = house.connect().await;
    stalls.send(format!("{POST}1000\r\n\r\nhalf")).await;
    assert_eq!(stalls.end().await, 0);
    let mut drips = house.connect().await;
    drips.send(format!("{POST}1000000\r\n\r\n")).await;
    drips.drip(b"x").await;
    let mut chunked = house.connect().await;
    chunked.send("POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    chunked.drip(b"1\r\nx\r\n").await;
    let mut good = house.connect().await;
    assert_eq!(good.asks(format!("{POST}4\r\n\r\nfull")).await, "200 4");
    house.stop().await;
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_not_kept() {
    let house = House::start(Limits { answer: SOON, ..generous() }).await;
    let mut never_reads = house.connect().await;
    never_reads.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4)).await;
    // Every write fails once the server has hung up.
    patiently(async {
        while never_reads.try_send([b'\r'; 1024]).await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(never_reads.end().await < 2 * 32 * 1024 * 1024);
    house.answers().await;
    house.stop().await;
}

#[tokio::test]
async fn too_many_connections_end_the_ones_that_wait_longest() {
    let house = House::start(Limits { connections: 8, ..generous() }).await;
    let mut works = house.connect().await;
    works.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    patiently(house.waits.notified()).await;
    let mut first = house.connect().await;
    first.send("GET /ok").await;
    let mut crowd = Vec::new();
    for _ in 0..50 {
        // Each newcomer is answered, however many there are.
        let mut one = house.connect().await;
        assert_eq!(one.asks(GOOD).await, "200 ok");
        crowd.push(one);
    }
    assert_eq!(first.end().await, 0, "the one that waited longest");
    assert_eq!(crowd[0].end().await, 0);
    assert_eq!(crowd[49].asks(GOOD).await, "200 ok", "the latest");
    house.go_on.notify_one();
    assert_eq!(works.answer().await.unwrap(), "200 waited", "who is answered is never ended");
    house.stop().await;
}

#[tokio::test]
async fn whoever_holds_most_connections_loses_them_first() {
    let house = House::start(Limits { connections: 8, ..generous() }).await;
    let mut neighbour = house.connect_from("127.0.0.2").await;
    assert_eq!(neighbour.asks(GOOD).await, "200 ok");
    let mut crowd = Vec::new();
    for _ in 0..50 {
        let mut one = house.connect().await;
        assert_eq!(one.asks(GOOD).await, "200 ok");
        crowd.push(one);
    }
    assert_eq!(neighbour.asks(GOOD).await, "200 ok", "it is older than all of them");
    house.stop().await;
}

#[tokio::test]
async fn half_sent_bodies_give_way_to_whole_ones() {
    let house = House::start(Limits { bodies: 2 * 1024 * 1024, drain: SOON, ..generous() }).await;
    let half = "x".repeat(700 * 1024);
    let mut hoarders = Vec::new();
    for _ in 0..6 {
        let mut hoarder = house.connect().await;
        hoarder.try_send(format!("{POST}1000000\r\n\r\n{half}")).await;
        hoarders.push(hoarder);
    }
    // Only two of them fit.
    let mut ends: JoinSet<usize> =
        hoarders.into_iter().map(|mut hoarder| async move { hoarder.end().await }).collect();
    for _ in 0..4 {
        assert_eq!(ends.join_next().await.unwrap().unwrap(), 0);
    }
    let whole = "x".repeat(1_000_000);
    let mut good = house.connect().await;
    assert_eq!(good.asks(format!("{POST}1000000\r\n\r\n{whole}")).await, "200 1000000");
    house.stop().await;
}

#[tokio::test]
async fn stopping_waits_for_requests_in_hand_and_for_nothing_else() {
    let drain = PATIENCE * 2;
    let house = House::start(Limits { drain, ..generous() }).await;
    let mut works = house.connect().await;
    works.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    patiently(house.waits.notified()).await;
    let mut idle = house.connect().await;
    assert_eq!(idle.asks(GOOD).await, "200 ok");
    let go_on = house.go_on.clone();
    let stopping = house.begin_to_stop();
    assert_eq!(idle.end().await, 0);
    assert!(!stopping.is_finished());
    go_on.notify_one();
    assert_eq!(works.answer().await.unwrap(), "200 waited");
    patiently(stopping).await.unwrap();
}

#[tokio::test]
async fn stopping_is_not_delayed_by_who_sends_slowly_or_never_ends() {
    let drain = SOON * 4;
    let house = House::start(Limits { drain, ..generous() }).await;
    let mut head = house.connect().await;
    head.send("GET /ok").await;
    let mut body = house.connect().await;
    body.send(format!("{POST}10\r\n\r\nhalf")).await;
    let mut never = house.connect().await;
    never.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    patiently(house.waits.notified()).await;
    let mut unread = house.connect().await;
    unread.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
    house.answers().await;
    let stopping = house.begin_to_stop();
    patiently(stopping).await.unwrap();
    for line in [&mut head, &mut body, &mut never] {
        assert_eq!(line.end().await, 0);
    }
}
