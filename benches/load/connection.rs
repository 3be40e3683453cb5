//! One kept-alive connection that speaks just enough HTTP/1.1, without a client library: such a
//! library would cost more of the machine than the server being measured.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    received: Vec<u8>,
    /// The server has announced that it closes the connection after the last answer.
    closing: bool,
}

pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

struct Head {
    status: u16,
    body_starts: usize,
    content_length: usize,
    closing: bool,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Connection> {
        let received = Vec::with_capacity(16 * 1024);
        Ok(Connection { address, stream: connect(address).await?, received, closing: false })
    }

    /// Sends one request and reads its answer to the end.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        if self.closing {
            self.stream = connect(self.address).await?;
        }
        self.received.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.read_more().await?;
            if let Some(head) = parse_head(&self.received)? {
                break head;
            }
        };
        let end = head.body_starts + head.content_length;
        while self.received.len() < end {
            self.read_more().await?;
        }
        self.closing = head.closing;
        Ok(Answer { status: head.status, body: &self.received[head.body_starts..end] })
    }

    async fn read_more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(Error::new(ErrorKind::UnexpectedEof, "the server closed the connection")),
            _ => Ok(()),
        }
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// `None` while the head is not there to its end.
fn parse_head(received: &[u8]) -> Result<Option<Head>> {
    let Some(length) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let invalid = |what| Error::new(ErrorKind::InvalidData, what);
    let text = std::str::from_utf8(&received[..length]).map_err(|_| invalid("head not text"))?;
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok())
        .ok_or_else(|| invalid("no HTTP/1.1 status line"))?;

    let mut content_length = None;
    let mut closing = false;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            content_length = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case("connection") {
            closing = value.trim().eq_ignore_ascii_case("close");
        }
    }
    if status == 204 {
        content_length = Some(0);
    }
    let content_length = content_length.ok_or_else(|| invalid("answer without a length"))?;
    Ok(Some(Head { status, body_starts: length + 4, content_length, closing }))
}
