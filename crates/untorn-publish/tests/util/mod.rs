//! What the tests share.
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation, reason = "a test fails by panicking, helpers too")]
#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod conformance;
pub(crate) mod faulty;
pub(crate) mod memory;
pub(crate) mod studio;
