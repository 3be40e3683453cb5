//! Features, told as stories, on both databases.

mod databases;
mod engine;
