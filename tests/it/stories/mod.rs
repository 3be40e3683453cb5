//! What people do with Stentor, and what they see.

mod driving;
