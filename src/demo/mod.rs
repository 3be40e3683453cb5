//! What `stentor demo` adds to a Stentor with a local Slack: a [shop](crate::shop) whose monitoring
//! it listens to, and a panel on the page with which visitors break it.

pub mod breakage;
pub mod monitoring;
