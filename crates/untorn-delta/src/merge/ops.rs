//! Operations of a joined patch, while they are collected.

use untorn_format::TreePath;
use untorn_format::patch::{Op, Restored};

/// What makes some bytes, from the first to the last.
pub(super) struct Made<'f> {
    pub(super) ops: Vec<Op>,
    pub(super) restored: Vec<Restored>,
    /// Whether they are those of a file, which may restore members and keep bytes.
    pub(super) is_file: bool,
    /// The file at whose path bytes may be kept.
    path: Option<&'f TreePath>,
    /// How many bytes are made.
    len: u64,
}

impl<'f> Made<'f> {
    /// Of bytes that only copies make.
    pub(super) fn bytes() -> Self {
        Self { ops: Vec::new(), restored: Vec::new(), is_file: false, path: None, len: 0 }
    }

    /// Of the file at a path.
    pub(super) fn file(path: &'f TreePath) -> Self {
        Self { is_file: true, path: Some(path), ..Self::bytes() }
    }

    /// Whether bytes that stand at `at` of the file at `path` are those that come next at the same place.
    pub(super) fn may_keep(&self, path: &TreePath, at: u64) -> bool {
        self.path == Some(path) && self.len == at
    }

    pub(super) fn push(&mut self, op: Op) {
        if op.is_empty() {
            return;
        }
        self.len += op.len();
        match self.ops.last_mut() {
            Some(last) if last.joins(&op) => match last {
                Op::Keep { len } | Op::Copy { len, .. } | Op::Literal { len } => *len += op.len(),
                Op::Adapt { .. } | Op::Restore { .. } => {}
            },
            _ => self.ops.push(op),
        }
    }

    /// Restores a member that takes `len` bytes.
    pub(super) fn restore(&mut self, restored: Restored, len: u64) {
        let literal_len = restored.ops.iter().map(Op::literal_len).sum();
        let number = u32::try_from(self.restored.len()).unwrap_or(u32::MAX);
        self.restored.push(restored);
        self.push(Op::Restore { number, len, literal_len });
    }
}
