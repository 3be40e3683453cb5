#![no_main]

#[path = "../src/targets.rs"]
#[expect(dead_code, reason = "each target is one way in of several")]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::senders(bytes));
