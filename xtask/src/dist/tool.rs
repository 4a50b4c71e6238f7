//! Programs of the machine.

use std::{ffi::OsStr, io::Error, path::Path, process::Command};

/// A program, with what it is told.
pub(super) struct Tool(Command);

impl Tool {
    pub(super) fn new(program: impl AsRef<OsStr>) -> Self {
        Self(Command::new(program))
    }

    pub(super) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(args);
        self
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    pub(super) fn within(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    /// Whether this machine has it.
    pub(super) fn exists(mut self) -> bool {
        self.0.output().is_ok()
    }

    pub(super) fn run(mut self) -> Result<(), String> {
        let status = self.0.status().map_err(|error| self.failed(&error.to_string()))?;
        if status.success() { Ok(()) } else { Err(self.failed(&status.to_string())) }
    }

    pub(super) fn output(mut self) -> Result<Vec<u8>, String> {
        let output = self.0.output().map_err(|error| self.failed(&error.to_string()))?;
        if output.status.success() { Ok(output.stdout) } else { Err(self.failed(String::from_utf8_lossy(&output.stderr).trim())) }
    }

    /// The code it ends with, and what it complains of.
    pub(super) fn code(mut self) -> Result<(Option<i32>, String), String> {
        let output = self.0.output().map_err(|error| self.failed(&error.to_string()))?;
        Ok((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    fn failed(&self, why: &str) -> String {
        format!("{}: {why}", self.0.get_program().to_string_lossy())
    }
}

/// What could not be done to `path`.
pub(super) fn io(doing: &str, path: &Path, error: &Error) -> String {
    format!("cannot {doing} {}: {error}", path.display())
}
