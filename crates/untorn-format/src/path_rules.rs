//! The rules a single path must keep, whichever system it is meant for: a build made on one must be the same tree on all.

use crate::{
    PathRule, escape,
    fold_key::fold_key,
    ignorable::is_ignorable,
    reserved_names::{is_device, is_short_name},
};

/// The state directory of untorn, directly below the root of the tree.
pub const STATE_DIR: &str = ".untorn";

/// The longest path, in bytes.
pub const PATH_LEN_MAX: usize = 1024;

/// The longest component, in bytes. It then has at most as many UTF-16 units, which is what NTFS counts.
pub const COMPONENT_LEN_MAX: usize = 255;

/// The most components of a path.
pub const DEPTH_MAX: usize = 64;

/// Checks the rules N1 to N6, N8, N11 and N12; says which one is broken. N7 is kept by the type.
pub(crate) fn check_path(path: &str) -> Result<(), PathRule> {
    refuse_if(path.len() > PATH_LEN_MAX, PathRule::N12)?;
    refuse_if(is_absolute(path), PathRule::N1)?;
    let seen = path.bytes().fold(0, |seen, byte| seen | KINDS[usize::from(byte)]);
    let mut depth = 0_usize;
    for component in path.split('/') {
        check_component(component, seen)?;
        depth += 1;
    }
    refuse_if(depth > DEPTH_MAX, PathRule::N12)?;
    refuse_if(is_state_dir(path.split('/').next().unwrap_or(path)), PathRule::N11)
}

/// `seen` tells which kinds of bytes the whole path holds: what is not there need not be looked for in each component.
fn check_component(component: &str, seen: u8) -> Result<(), PathRule> {
    refuse_if(matches!(component, "" | "." | ".."), PathRule::N2)?;
    refuse_if(component.len() > COMPONENT_LEN_MAX, PathRule::N12)?;
    refuse_if(seen & FORBIDDEN != 0 && component.bytes().any(|byte| KINDS[usize::from(byte)] == FORBIDDEN), PathRule::N3)?;
    refuse_if(matches!(component.as_bytes(), [b' ', ..] | [.., b' ' | b'.']), PathRule::N4)?;
    refuse_if(seen & TILDE != 0 && is_short_name(component), PathRule::N6)?;
    if component.is_ascii() { refuse_if(is_device(component), PathRule::N5) } else { check_beyond_ascii(component) }
}

/// C1 controls and line separators count as control characters (N3): some terminals obey them.
fn check_beyond_ascii(component: &str) -> Result<(), PathRule> {
    refuse_if(component.chars().any(is_ignorable), PathRule::N8)?;
    refuse_if(component.chars().any(escape::is_unprintable), PathRule::N3)?;
    refuse_if(is_device(&fold_key(component)), PathRule::N5)
}

fn refuse_if(broken: bool, rule: PathRule) -> Result<(), PathRule> {
    if broken { Err(rule) } else { Ok(()) }
}

/// From a separator, or from a drive. A letter and two colons are no drive but a stream of a file (N3).
fn is_absolute(path: &str) -> bool {
    match path.as_bytes() {
        [b'/' | b'\\', ..] => true,
        [drive, b':', rest @ ..] => drive.is_ascii_alphabetic() && rest.first() != Some(&b':'),
        _ => false,
    }
}

/// Whether a first component begins like the state directory under the key K.
fn is_state_dir(component: &str) -> bool {
    let begins_like = |name: &str| name.get(..STATE_DIR.len()).is_some_and(|start| start.eq_ignore_ascii_case(STATE_DIR));
    if component.is_ascii() { begins_like(component) } else { begins_like(&fold_key(component)) }
}

/// What no component holds: what Windows gives a meaning in paths, and control characters.
const FORBIDDEN: u8 = 1;
/// What short names hold.
const TILDE: u8 = 2;

/// The kind of each byte; 0 for all others.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut at = 0;
    while at < 32 {
        kinds[at] = FORBIDDEN;
        at += 1;
    }
    let special = b"<>:\"\\|?*\x7f";
    at = 0;
    while at < special.len() {
        kinds[special[at] as usize] = FORBIDDEN;
        at += 1;
    }
    kinds[b'~' as usize] = TILDE;
    kinds
};
