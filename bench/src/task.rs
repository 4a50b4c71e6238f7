//! What one child process is told to do.

use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::contenders::Name;
use crate::device::Device;
use crate::workload::Workload;

/// The environment variable that makes this program a child; it holds a [`Task`] as JSON.
pub const VARIABLE: &str = "UNTORN_BENCH_TASK";

/// One step of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Which step.
    pub phase: Phase,
    /// Who takes it.
    pub contender: Name,
    /// On which change.
    pub workload: Workload,
    /// In which tree.
    pub dir: PathBuf,
    /// Whose counters are read; `None` where no block device holds the tree.
    pub device: Option<Device>,
}

/// The steps of a run, each in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Make the old tree.
    Prepare,
    /// Commit, and die after the commit point.
    Cut,
    /// Make the change; prints a sample.
    Run,
    /// Compare with the new tree.
    Verify,
}

impl Task {
    /// The task this process was started for, if it is a child.
    pub fn from_environment() -> anyhow::Result<Option<Self>> {
        std::env::var(VARIABLE).ok().map(|json| serde_json::from_str(&json).context("the task of a child process")).transpose()
    }
}
