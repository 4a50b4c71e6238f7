//! Collecting operations.

use untorn_format::patch::{MAX_OPS, Op};

/// From here on, only long copies are worth another operation.
const OPS_MANY: u64 = MAX_OPS / 2;
/// From here on, only very long ones.
const OPS_TOO_MANY: u64 = MAX_OPS / 4 * 3;

/// Operations in order; those that belong together are joined, empty ones left out.
#[derive(Debug)]
pub(super) struct Ops {
    ops: Vec<Op>,
    /// Operations of the files before.
    before: u64,
}

impl Ops {
    pub(super) fn new(before: u64) -> Self {
        Self { ops: Vec::new(), before }
    }

    /// How long a copy must be to be worth an operation: longer once the patch has many.
    pub(super) fn copy_len_min(&self) -> u64 {
        match self.before + self.ops.len() as u64 {
            ..OPS_MANY => 1,
            OPS_MANY..OPS_TOO_MANY => 4 << 10,
            _ => 4 << 20,
        }
    }

    pub(super) fn push(&mut self, op: Op) {
        if op.is_empty() {
            return;
        }
        match self.ops.last_mut() {
            Some(last) if last.joins(&op) => match last {
                Op::Keep { len }
                | Op::Copy { len, .. }
                | Op::Literal { len }
                | Op::Adapt { len, .. }
                | Op::Restore { len, .. } => *len += op.len(),
            },
            _ => self.ops.push(op),
        }
    }

    pub(super) fn into_vec(self) -> Vec<Op> {
        self.ops
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_belong_together_are_joined() {
        let mut ops = Ops::new(0);
        for op in [
            Op::Keep { len: 0 },
            Op::Keep { len: 1 },
            Op::Keep { len: 2 },
            Op::Copy { source: 1, at: 5, len: 5 },
            Op::Literal { len: 0 },
            Op::Copy { source: 1, at: 10, len: 1 },
            Op::Copy { source: 2, at: 11, len: 1 },
        ] {
            ops.push(op);
        }
        let joined = [Op::Keep { len: 3 }, Op::Copy { source: 1, at: 5, len: 6 }, Op::Copy { source: 2, at: 11, len: 1 }];
        assert_eq!(ops.into_vec(), joined);
    }

    #[test]
    fn copies_must_be_longer_once_there_are_many_operations() {
        let min = |before| Ops::new(before).copy_len_min();
        assert!(min(0) < min(MAX_OPS / 2) && min(MAX_OPS / 2) < min(MAX_OPS - 1));
    }
}
