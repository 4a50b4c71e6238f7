//! The two builds, opened for looking into their files.

use std::{io, path::Path};

use untorn::{Error, Result, TreePath};
use untorn_fs::{File, FileKind, Fs, Metadata, OpenMode, OsFs};

/// A directory that is only read.
pub(crate) struct Build {
    pub(crate) fs: OsFs,
    pub(crate) shown: String,
}

impl Build {
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let shown = untorn::escape(dir.as_os_str().as_encoded_bytes());
        let fs = OsFs::open(dir).map_err(|source| Error::Io { doing: "open", path: shown.clone(), source })?;
        Ok(Self { fs, shown })
    }

    /// Opens a file of `len` bytes; `None` when there is no such file any more, or one of another length.
    pub(crate) fn file(&self, path: &str, len: u64) -> Option<Box<dyn File>> {
        let file = self.fs.open(path, OpenMode::Read).ok()?;
        (file.metadata().ok()?.len == len).then_some(file)
    }

    pub(crate) fn error(&self, doing: &'static str, path: &str, source: io::Error) -> Error {
        Error::Io { doing, path: format!("{}/{}", self.shown, untorn::escape(path.as_bytes())), source }
    }

    /// Everything in it, sorted, but untorn's own state. Names that not every system can hold are refused.
    pub(crate) fn list(&self) -> Result<Vec<(TreePath, Metadata)>> {
        let (mut found, mut dirs) = (Vec::new(), vec![String::new()]);
        while let Some(dir) = dirs.pop() {
            for entry in self.fs.read_dir(&dir).map_err(|source| self.error("list", &dir, source))? {
                let name = entry.name.unwrap_or_else(|escaped| escaped + "\u{0}");
                if dir.is_empty() && name == STATE_DIR {
                    continue;
                }
                let path = if dir.is_empty() { name } else { format!("{dir}/{name}") };
                let path = TreePath::new(&path).map_err(|source| Error::Name { dir: self.shown.clone(), source })?;
                let meta = self.fs.metadata(path.as_str()).map_err(|source| self.error("look at", path.as_str(), source))?;
                match meta.kind {
                    FileKind::Dir => dirs.push(path.as_str().to_owned()),
                    FileKind::Other => return Err(Error::Special { path: format!("{}/{path}", self.shown) }),
                    _ => {}
                }
                found.push((path, meta));
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(found)
    }
}

/// Where untorn keeps its own state in a tree.
const STATE_DIR: &str = untorn_format::STATE_DIR;

/// An old build and a new one.
pub(crate) struct Builds {
    pub(crate) old: Build,
    pub(crate) new: Build,
}

impl Builds {
    pub(crate) fn open(old: &Path, new: &Path) -> Result<Self> {
        Ok(Self { old: Build::open(old)?, new: Build::open(new)? })
    }
}
