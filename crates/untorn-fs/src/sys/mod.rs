//! Per system.
