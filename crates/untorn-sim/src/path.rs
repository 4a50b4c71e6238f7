//! Paths as the seam writes them: relative, `/` between components, `""` for the root.

use std::io;

/// Longest name, in bytes.
const NAME_LEN_MAX: usize = 255;

/// The components of `path`, none for the root.
pub(crate) fn components(path: &str) -> io::Result<impl Iterator<Item = &str>> {
    let count = if path.is_empty() { 0 } else { usize::MAX };
    for component in path.split('/').take(count) {
        check_component(component)?;
    }
    Ok(path.split('/').take(count))
}

/// The directory part and the name; the root has no name.
pub(crate) fn split(path: &str) -> io::Result<(&str, &str)> {
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    check_component(name)?;
    if path.starts_with('/') { Err(io::ErrorKind::InvalidInput.into()) } else { Ok((dir, name)) }
}

/// Whether `inner` names something inside what `outer` names.
pub(crate) fn contains(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

fn check_component(component: &str) -> io::Result<()> {
    if matches!(component, "" | "." | "..") || component.contains('\0') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    if component.len() > NAME_LEN_MAX { Err(io::ErrorKind::InvalidFilename.into()) } else { Ok(()) }
}
