//! Carries what follows from commands to the outside: at least once, made exactly once.

pub mod work;
