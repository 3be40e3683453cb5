//! Features, told as stories, on both databases.

mod bot;
mod databases;
mod engine;
mod stories;
