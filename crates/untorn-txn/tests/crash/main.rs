//! Crash tests on a simulated file system.
mod first;
