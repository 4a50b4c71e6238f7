//! What a user sees of a tree: the oracle of crash tests.

use std::{collections::BTreeMap, io};

use untorn_fs::{FileKind, Fs, OpenMode};

use crate::{
    Image,
    inode::{Body, Ino, ROOT},
};

/// What one path holds, as far as untorn vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// A regular file.
    File {
        /// All its bytes.
        bytes: Vec<u8>,
        /// Whether it is executable.
        executable: bool,
    },
    /// A directory.
    Dir,
    /// A symlink.
    Symlink {
        /// What it says.
        target: String,
    },
    /// A device, socket, pipe.
    Other,
}

/// A tree at one moment: every path below the root, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(pub BTreeMap<String, Entry>);

impl Snapshot {
    /// Reads the tree, all but `skip` (a name at the root; `""` skips nothing).
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub fn of(fs: &dyn Fs, skip: &str) -> io::Result<Self> {
        let mut snapshot = Self::default();
        snapshot.add_dir(fs, "", skip)?;
        Ok(snapshot)
    }

    /// As [`Snapshot::of`], without going through a file system.
    #[must_use]
    pub fn of_image(image: &Image, skip: &str) -> Self {
        let mut snapshot = Self::default();
        snapshot.add_image_dir(image, ROOT, "", skip);
        snapshot
    }

    /// How the two trees differ, a path a line; empty when they do not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let paths: std::collections::BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let differs = |path: &&String| self.0.get(*path) != other.0.get(*path);
        let line = |path: &String| format!("{path}: {} / {}", describe(self.0.get(path)), describe(other.0.get(path)));
        paths.into_iter().filter(differs).map(line).collect()
    }

    fn add_dir(&mut self, fs: &dyn Fs, dir: &str, skip: &str) -> io::Result<()> {
        for entry in fs.read_dir(dir)? {
            let name = entry.name.unwrap_or_else(|escaped| escaped);
            if !name.is_empty() && name == skip {
                continue;
            }
            let path = join(dir, &name);
            let found = entry_at(fs, &path)?;
            let is_dir = found == Entry::Dir;
            self.0.insert(path.clone(), found);
            if is_dir {
                self.add_dir(fs, &path, "")?;
            }
        }
        Ok(())
    }

    fn add_image_dir(&mut self, image: &Image, dir: Ino, path: &str, skip: &str) {
        let Some(entries) = image.entries(dir) else { return };
        for (name, ino) in entries.iter().filter(|(name, _)| skip.is_empty() || ***name != *skip) {
            let Some(inode) = image.get(ino) else { continue };
            let path = join(path, name);
            let entry = match &inode.body {
                Body::File(content) => Entry::File { bytes: content.to_vec(), executable: inode.permissions.executable() },
                Body::Dir(_) => Entry::Dir,
                Body::Symlink(target) => Entry::Symlink { target: target.to_string() },
            };
            self.0.insert(path.clone(), entry);
            self.add_image_dir(image, ino, &path, "");
        }
    }
}

fn entry_at(fs: &dyn Fs, path: &str) -> io::Result<Entry> {
    let metadata = fs.metadata(path)?;
    Ok(match metadata.kind {
        FileKind::File => Entry::File { bytes: read(fs, path)?, executable: metadata.permissions.executable() },
        FileKind::Dir => Entry::Dir,
        FileKind::Symlink => Entry::Symlink { target: fs.read_link(path)? },
        FileKind::Other => Entry::Other,
    })
}

/// All bytes of the file `path`.
///
/// # Errors
/// As [`Fs::open`] and [`untorn_fs::File::read_at`].
pub fn read(fs: &dyn Fs, path: &str) -> io::Result<Vec<u8>> {
    let file = fs.open(path, OpenMode::Read)?;
    let mut bytes = Vec::new();
    let mut buf = [0; 2048];
    loop {
        match file.read_at(&mut buf, bytes.len() as u64)? {
            0 => return Ok(bytes),
            n => bytes.extend_from_slice(&buf[..n]),
        }
    }
}

/// Makes the file `path`, or replaces its bytes in place; nothing is synced.
///
/// # Errors
/// As [`Fs::open`] and [`untorn_fs::File::write_at`].
pub fn write(fs: &dyn Fs, path: &str, bytes: &[u8]) -> io::Result<()> {
    let file = match fs.open(path, OpenMode::CreateNew { executable: false }) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs.open(path, OpenMode::Write)?,
        other => other?,
    };
    file.set_len(bytes.len() as u64)?;
    file.write_all_at(bytes, 0)
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

fn describe(entry: Option<&Entry>) -> String {
    match entry {
        None => "nothing".to_owned(),
        Some(Entry::File { bytes, executable }) => {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(24)]).into_owned();
            format!("{}file of {} bytes {start:?}", if *executable { "executable " } else { "" }, bytes.len())
        }
        Some(Entry::Dir) => "directory".to_owned(),
        Some(Entry::Symlink { target }) => format!("symlink to {target:?}"),
        Some(Entry::Other) => "something else".to_owned(),
    }
}
