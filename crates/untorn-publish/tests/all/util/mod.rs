//! What the tests share.

pub(crate) mod conformance;
pub(crate) mod faulty;
pub(crate) mod memory;
pub(crate) mod studio;
