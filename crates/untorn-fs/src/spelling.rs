//! How a path is spelled on a disk that takes several spellings for one name.

use std::io;

use crate::Fs;

/// Whether the directories on the way to `path` list each of its names spelled so. Where case is ignored, or how accents are composed, what is found at a path may be spelled otherwise.
///
/// # Errors
/// Of listing directories.
pub fn is_spelled(fs: &dyn Fs, path: &str) -> io::Result<bool> {
    let mut dir = "";
    for end in path.match_indices('/').map(|(end, _)| end).chain([path.len()]) {
        let name = path[dir.len()..end].trim_start_matches('/');
        if !fs.read_dir(dir)?.iter().any(|entry| matches!(&entry.name, Ok(listed) if listed == name)) {
            return Ok(false);
        }
        dir = &path[..end];
    }
    Ok(true)
}
