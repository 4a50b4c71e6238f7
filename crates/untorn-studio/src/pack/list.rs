//! What is packed.

use untorn::{Result, TreePath};
use untorn_fs::{FileKind, Fs};

use crate::builds::Build;

/// Something that becomes a member.
pub(super) struct Entry {
    pub(super) path: TreePath,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    File {
        len: u64,
        executable: bool,
    },
    Symlink {
        target: String,
    },
    /// A directory; whether there is nothing in it.
    Dir {
        is_empty: bool,
    },
}

impl Entry {
    /// What it is called in an archive.
    pub(super) fn name(&self) -> String {
        if matches!(self.kind, Kind::Dir { .. }) { format!("{}/", self.path) } else { self.path.to_string() }
    }

    /// Length of its content in bytes.
    pub(super) fn len(&self) -> u64 {
        match &self.kind {
            Kind::File { len, .. } => *len,
            Kind::Symlink { target } => target.len() as u64,
            Kind::Dir { .. } => 0,
        }
    }
}

/// Everything in a directory, sorted by path.
pub(super) fn list(build: &Build) -> Result<Vec<Entry>> {
    let found = build.list()?;
    let mut entries = Vec::with_capacity(found.len());
    for (number, (path, meta)) in found.iter().enumerate() {
        let kind = match meta.kind {
            FileKind::Dir => {
                let inside = format!("{path}/");
                let is_empty =
                    !found.get(number + 1..).unwrap_or_default().iter().any(|(below, _)| below.as_str().starts_with(&inside));
                Kind::Dir { is_empty }
            }
            FileKind::Symlink => {
                let target = build.fs.read_link(path.as_str());
                Kind::Symlink { target: target.map_err(|source| build.error("read the symlink", path.as_str(), source))? }
            }
            _ => Kind::File { len: meta.len, executable: meta.permissions.executable() },
        };
        entries.push(Entry { path: path.clone(), kind });
    }
    Ok(entries)
}
