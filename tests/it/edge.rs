//! What strangers do to a server that stands in the open.

mod crowd;
mod limits;
mod raw;
mod suspects;
mod wire;
