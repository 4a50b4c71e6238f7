//! The rules that need the whole set of paths.

use crate::{PathError, PathRule, TreePath, fold_key::fold_key};

/// Checks N9 (two paths, or two of the directories they lie in, that some systems take for the same) and N10 (a file or symlink that is also
/// the directory of another path). The `bool` says whether the path is a directory. Directories need not be listed.
///
/// Takes the time of one sort; the keys of all paths are held meanwhile.
///
/// # Errors
/// [`PathError`] naming both paths.
pub fn check_set<'a>(paths: impl IntoIterator<Item = (&'a TreePath, bool)>) -> Result<(), PathError> {
    let mut members: Vec<Member<'a>> = paths.into_iter().map(Member::new).collect();
    // Stable, since the input is nearly always sorted and stable sorting is then one pass.
    members.sort_by(|left, right| left.key.cmp(&right.key));
    // Everything whose key begins with the same components stands together now, shortest first. So whatever clashes, clashes between neighbours.
    members.windows(2).try_for_each(|pair| check_neighbours(&pair[0], &pair[1]))?;
    check_folded_separators(&members)
}

struct Member<'a> {
    path: &'a str,
    is_dir: bool,
    /// The keys of the components with 0 between them, which sorts before all else: a directory stands right before what is in it.
    key: Box<[u8]>,
}

impl<'a> Member<'a> {
    fn new((path, is_dir): (&'a TreePath, bool)) -> Self {
        let path = path.as_str();
        Self { path, is_dir, key: if path.is_ascii() { ascii_key(path) } else { key(path) } }
    }
}

fn ascii_key(path: &str) -> Box<[u8]> {
    path.bytes().map(|byte| if byte == b'/' { 0 } else { byte.to_ascii_uppercase() }).collect()
}

fn key(path: &str) -> Box<[u8]> {
    let components: Vec<String> = path.split('/').map(fold_key).collect();
    components.join("\0").into_bytes().into()
}

fn check_neighbours(upper: &Member<'_>, lower: &Member<'_>) -> Result<(), PathError> {
    let clash = |rule| Err(PathError::with_other(rule, lower.path, upper.path));
    if upper.key == lower.key || share_a_directory_spelled_differently(upper.path, lower.path) {
        return clash(PathRule::N9);
    }
    let is_below = lower.key.strip_prefix(&*upper.key).is_some_and(|rest| rest.starts_with(&[0]));
    if is_below && !upper.is_dir { clash(PathRule::N10) } else { Ok(()) }
}

fn share_a_directory_spelled_differently(left: &str, right: &str) -> bool {
    let mut pairs = left.split('/').zip(right.split('/'));
    pairs.find(|(left, right)| left != right).is_some_and(|(left, right)| have_one_key(left, right))
}

fn have_one_key(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() { left.eq_ignore_ascii_case(right) } else { fold_key(left) == fold_key(right) }
}

/// A few characters (`／`, `℅`) hold a `/` in their key, so that the key of a whole path can be that of a deeper one. No system is known to take
/// them for the same; N9 asks for it, and such names are rare enough for a second sort.
fn check_folded_separators(members: &[Member<'_>]) -> Result<(), PathError> {
    if !members.iter().any(|member| member.key.contains(&b'/')) {
        return Ok(());
    }
    let mut keys: Vec<(String, &str)> = members.iter().map(|member| (fold_key(member.path), member.path)).collect();
    keys.sort();
    match keys.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(PathError::with_other(PathRule::N9, pair[1].1, pair[0].1)),
        None => Ok(()),
    }
}
