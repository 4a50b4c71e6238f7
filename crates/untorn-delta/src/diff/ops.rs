//! Collecting operations.

use untorn_format::patch::Op;

/// Operations in order; those that belong together are joined, empty ones left out.
#[derive(Debug, Default)]
pub(super) struct Ops(Vec<Op>);

impl Ops {
    pub(super) fn push(&mut self, op: Op) {
        if op.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.joins(&op) => match last {
                Op::Keep { len } | Op::Copy { len, .. } | Op::Literal { len } => *len += op.len(),
            },
            _ => self.0.push(op),
        }
    }

    pub(super) fn into_vec(self) -> Vec<Op> {
        self.0
    }
}
