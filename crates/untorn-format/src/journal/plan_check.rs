//! What a plan must keep besides being readable.

use std::cmp::Ordering;

use super::{
    Object, Plan, Step, Target,
    range::{check_pieces, check_ranges},
};
use crate::{DecodeError, bytes::require};

/// The highest permission bits a Unix system knows.
pub(super) const PERMISSIONS_MAX: u32 = 0o7777;

/// The longest target that any supported system can store in a symlink, in bytes.
const FOREIGN_TARGET_LEN_MAX: usize = 4095;

/// What every symlink that any system holds keeps.
pub(super) fn check_foreign_target(target: &str) -> Result<(), DecodeError> {
    require((1..=FOREIGN_TARGET_LEN_MAX).contains(&target.len()) && !target.contains('\0'), "target of a symlink")
}

pub(super) fn check(plan: &Plan) -> Result<(), DecodeError> {
    let in_order = |pair: &[Step]| order(&pair[0], &pair[1]) == Ordering::Less;
    require(plan.steps.windows(2).all(in_order), "order of the steps")?;
    require(puts_each_object_once(plan), "object that is put")?;
    plan.objects.iter().try_for_each(check_object)?;
    plan.steps.iter().try_for_each(|step| check_step(plan, step))
}

fn check_object(object: &Object) -> Result<(), DecodeError> {
    match object {
        Object::Clone { len, written, .. } => check_pieces(written.iter().copied(), *len),
        Object::File(_) | Object::Link { .. } => Ok(()),
    }
}

/// The canonical order; equal only for steps of which a plan holds one.
fn order(left: &Step, right: &Step) -> Ordering {
    match (left, right) {
        (Step::RemoveDir { path: left }, Step::RemoveDir { path: right }) => right.cmp(left),
        (Step::RemoveFile { path: left }, Step::RemoveFile { path: right })
        | (Step::MakeDir { path: left, .. }, Step::MakeDir { path: right, .. })
        | (Step::Put { path: left, .. }, Step::Put { path: right, .. })
        | (Step::Symlink { path: left, .. }, Step::Symlink { path: right, .. }) => left.cmp(right),
        (Step::Patch { target: left, .. }, Step::Patch { target: right, .. })
        | (Step::SetExecutable { target: left, .. }, Step::SetExecutable { target: right, .. }) => order_targets(left, right),
        _ => rank(left).cmp(&rank(right)),
    }
}

fn order_targets(left: &Target, right: &Target) -> Ordering {
    match (left, right) {
        (Target::Path(left), Target::Path(right)) => left.cmp(right),
        (Target::Object(left), Target::Object(right)) => left.cmp(right),
        (Target::Path(_), Target::Object(_)) => Ordering::Less,
        (Target::Object(_), Target::Path(_)) => Ordering::Greater,
    }
}

const fn rank(step: &Step) -> u8 {
    match step {
        Step::RemoveFile { .. } => 0,
        Step::RemoveDir { .. } => 1,
        Step::MakeDir { .. } => 2,
        Step::Put { .. } => 3,
        Step::Symlink { .. } => 4,
        Step::Patch { .. } => 5,
        Step::SetExecutable { .. } => 6,
    }
}

fn puts_each_object_once(plan: &Plan) -> bool {
    let mut is_put = vec![false; plan.objects.len()];
    plan.steps.iter().all(|step| match step {
        Step::Put { object, .. } => match index(*object).and_then(|at| is_put.get_mut(at)) {
            Some(is_put) => !std::mem::replace(is_put, true),
            None => false,
        },
        _ => true,
    })
}

fn check_step(plan: &Plan, step: &Step) -> Result<(), DecodeError> {
    match step {
        Step::MakeDir { permissions, .. } => require(*permissions <= PERMISSIONS_MAX, "permissions of a directory"),
        Step::Symlink { target, .. } => check_foreign_target(target),
        Step::Patch { target, create, executable, len, ranges } => {
            require(is_patchable(plan, target), "object that is patched")?;
            require(!*create || matches!(target, Target::Path(_)), "create")?;
            require(*create || !*executable, "executable")?;
            check_ranges(ranges, *len, &plan.redo)
        }
        Step::SetExecutable { target: Target::Object(object), .. } => {
            require(object_at(plan, *object).is_some(), "object number")
        }
        Step::SetExecutable { .. } | Step::RemoveFile { .. } | Step::RemoveDir { .. } | Step::Put { .. } => Ok(()),
    }
}

fn is_patchable(plan: &Plan, target: &Target) -> bool {
    match target {
        Target::Path(_) => true,
        Target::Object(object) => matches!(object_at(plan, *object), Some(Object::Link { .. })),
    }
}

fn object_at(plan: &Plan, object: u32) -> Option<&Object> {
    plan.objects.get(index(object)?)
}

fn index(object: u32) -> Option<usize> {
    usize::try_from(object).ok()
}
