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
    let mut depth = 0_usize;
    for component in path.split('/') {
        check_component(component)?;
        depth += 1;
    }
    refuse_if(depth > DEPTH_MAX, PathRule::N12)?;
    refuse_if(is_state_dir(path.split('/').next().unwrap_or(path)), PathRule::N11)
}

fn check_component(component: &str) -> Result<(), PathRule> {
    refuse_if(matches!(component, "" | "." | ".."), PathRule::N2)?;
    refuse_if(component.len() > COMPONENT_LEN_MAX, PathRule::N12)?;
    refuse_if(component.bytes().any(|byte| FORBIDDEN[usize::from(byte)]), PathRule::N3)?;
    refuse_if(component.starts_with(' ') || component.ends_with(['.', ' ']), PathRule::N4)?;
    refuse_if(is_short_name(component), PathRule::N6)?;
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

/// Bytes that no component holds: what Windows gives a meaning in paths, and control characters.
static FORBIDDEN: [bool; 256] = {
    let mut forbidden = [false; 256];
    let mut control = 0;
    while control < 32 {
        forbidden[control] = true;
        control += 1;
    }
    let special = b"<>:\"\\|?*\x7f";
    let mut at = 0;
    while at < special.len() {
        forbidden[special[at] as usize] = true;
        at += 1;
    }
    forbidden
};
