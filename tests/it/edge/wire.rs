//! Bytes that are hardly HTTP: each is answered or hung up on, and the next request is answered.

use super::raw::{GOOD, House, generous};

async fn one(house: &House, bytes: &[u8]) -> Vec<String> {
    let mut line = house.connect().await;
    line.try_send(bytes).await;
    // The end of what is sent: whatever is still waited for does not come.
    tokio::io::AsyncWriteExt::shutdown(&mut line.0).await.ok();
    let mut answers = Vec::new();
    while let Some(answer) = line.answer().await {
        // The words of an error are the library's own.
        let status = answer.split(' ').next().unwrap().to_owned();
        answers.push(if status == "200" { answer } else { status });
    }
    house.answers().await;
    answers
}

#[tokio::test]
async fn what_is_hardly_http_is_refused_and_harms_nobody() {
    let house = House::start(generous()).await;
    let header = |text: &str| format!("GET /ok HTTP/1.1\r\nHost: x\r\n{text}\r\n\r\n");
    let many = (0..200).map(|n| format!("X-{n}: y")).collect::<Vec<_>>().join("\r\n");
    let mut wrong = Vec::new();
    for (what, bytes, expected) in [
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &["400"][..]),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[]),
        ("NULs", vec![0; 1_000], &["400"]),
        ("one byte", b"G".to_vec(), &[]),
        ("nothing", Vec::new(), &[]),
        ("no version", b"GET /ok\r\n\r\n".to_vec(), &["400"]),
        ("HTTP/3.0", b"GET /ok HTTP/3.0\r\n\r\n".to_vec(), &["400"]),
        ("a long head", header(&format!("X: {}", "y".repeat(100_000))).into_bytes(), &["431"]),
        (
            "a long path",
            format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(15_000)).into_bytes(),
            &["404"],
        ),
        (
            "a longer path",
            format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(40_000)).into_bytes(),
            &["431"],
        ),
        ("many headers", header(&many).into_bytes(), &["431"]),
        ("a bad name", header("X Y: z").into_bytes(), &["400"]),
        ("a folded value", header("X: y\r\n z").into_bytes(), &["400"]),
        ("a NUL in a value", header("X: y\0z").into_bytes(), &["400"]),
        ("HTTP/1.0", b"GET /ok HTTP/1.0\r\n\r\n".to_vec(), &["200 ok"]),
        ("TRACE", b"TRACE /ok HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &["405"]),
        ("CONNECT", b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &["404"]),
        ("an absurd method", b"BREW /ok HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &["405"]),
        ("a long method", [&[b'A'; 70_000][..], b" /ok HTTP/1.1\r\n\r\n"].concat(), &["431"]),
        (
            "a whole address",
            b"GET http://evil.example/ok HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            &["200 ok"],
        ),
        ("pipelined", GOOD.repeat(3).into_bytes(), &["200 ok", "200 ok", "200 ok"]),
    ] {
        let answers = one(&house, &bytes).await;
        if answers != expected {
            wrong.push(format!("{what}: {answers:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    house.stop().await;
}

#[tokio::test]
async fn the_length_of_a_body_is_one_thing_only() {
    let house = House::start(generous()).await;
    let post = |headers: &str, body: &str| {
        format!("POST /length HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n{body}").into_bytes()
    };
    let mut wrong = Vec::new();
    for (what, bytes, expected) in [
        ("a length", post("Content-Length: 4", "full"), &["200 4"][..]),
        ("chunks", post("Transfer-Encoding: chunked", "4\r\nfull\r\n0\r\n\r\n"), &["200 4"]),
        ("a length twice", post("Content-Length: 4\r\nContent-Length: 4", "full"), &["200 4"]),
        ("two lengths", post("Content-Length: 4\r\nContent-Length: 5", "full!"), &["400"]),
        ("a negative length", post("Content-Length: -1", ""), &["400"]),
        ("a signed length", post("Content-Length: +4", "full"), &["400"]),
        ("a huge length", post("Content-Length: 99999999999999999999", ""), &["400"]),
        ("a large length", post("Content-Length: 9999999999", ""), &["400"]),
        (
            "a chunk of no length",
            post("Transfer-Encoding: chunked", "x\r\nfull\r\n0\r\n\r\n"),
            &["400"],
        ),
        ("a huge chunk", post("Transfer-Encoding: chunked", "fffffffffffffffff\r\nfull"), &["400"]),
        ("half a body", post("Content-Length: 40", "half"), &["400"]),
        ("another encoding", post("Transfer-Encoding: gzip", "full"), &["400"]),
        ("chunks, not last", post("Transfer-Encoding: chunked, gzip", "full"), &["400"]),
        (
            "chunks in HTTP/1.0",
            b"POST /length HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            &["400"],
        ),
        // A length beside chunks is how requests are smuggled past a proxy: the length does
        // not count, and nothing more is taken from that connection.
        (
            "both",
            post(
                "Content-Length: 4\r\nTransfer-Encoding: chunked",
                "0\r\n\r\nGET /ok HTTP/1.1\r\nHost: x\r\n\r\n",
            ),
            &["200 0"],
        ),
        (
            "both, turned round",
            post(
                "Transfer-Encoding: chunked\r\nContent-Length: 4",
                "0\r\n\r\nGET /ok HTTP/1.1\r\nHost: x\r\n\r\n",
            ),
            &["200 0"],
        ),
        (
            "a large extension of a chunk",
            post(
                "Transfer-Encoding: chunked",
                &format!("4;{}\r\nfull\r\n0\r\n\r\n", "x".repeat(100_000)),
            ),
            &["400"],
        ),
        (
            "large trailers",
            post(
                "Transfer-Encoding: chunked",
                &format!("4\r\nfull\r\n0\r\nX: {}\r\n\r\n", "x".repeat(100_000)),
            ),
            &["400"],
        ),
    ] {
        let answers = one(&house, &bytes).await;
        if answers != expected {
            wrong.push(format!("{what}: {answers:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut line = house.connect().await;
    line.send(
        "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
    )
    .await;
    assert_eq!(line.answer().await.unwrap(), "100", "it is asked for the body");
    line.send("full").await;
    assert_eq!(line.answer().await.unwrap(), "200 4");
    house.stop().await;
}
