//! Preconditions: what must be so in the old tree.

use untorn_format::{Hash, TreePath};
use untorn_fs::Fs;

use crate::{
    error::{Cause, Error, Result},
    stage::{hash_file, hash_pieces},
    view::{Node, on_disk},
};

/// What must be at a path before the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expect {
    /// Nothing.
    Absent,
    /// A directory.
    Dir,
    /// A file of this length.
    Len(u64),
    /// A file with this content.
    Content {
        /// Its length.
        len: u64,
        /// Its hash.
        hash: Hash,
    },
    /// A file of this length, of which some pieces have this content. Costs reading only those.
    Pieces {
        /// Its length.
        len: u64,
        /// The pieces (offset, length), within the file.
        pieces: Vec<(u64, u64)>,
        /// Hash of the pieces, one after the other.
        hash: Hash,
    },
    /// A symlink that says this.
    Symlink(String),
}

/// A precondition and where it holds.
#[derive(Clone, Debug)]
pub(crate) struct Expectation {
    pub(crate) path: TreePath,
    pub(crate) expect: Expect,
}

impl Expectation {
    /// Checks it against the disk.
    pub(crate) fn check(&self, fs: &dyn Fs) -> Result<()> {
        let path = self.path.as_str();
        let found = match (&self.expect, on_disk(fs, &self.path)?) {
            (Expect::Absent, Node::Absent) | (Expect::Dir, Node::Dir { .. }) => return Ok(()),
            (Expect::Symlink(expected), Node::Symlink { target }) if *expected == target => return Ok(()),
            (Expect::Len(len), Node::File(file)) if file.len == *len => return Ok(()),
            (Expect::Content { len, hash }, Node::File(file)) if file.len == *len => match hash_file(fs, path)?.hash == *hash {
                true => return Ok(()),
                false => "other content".to_owned(),
            },
            (Expect::Pieces { len, pieces, hash }, Node::File(file)) if file.len == *len => {
                match hash_pieces(fs, path, pieces)? == *hash {
                    true => return Ok(()),
                    false => "other content".to_owned(),
                }
            }
            (_, Node::File(file)) => format!("a file of {} bytes", file.len),
            (_, node) => format!("a {}", node.kind()),
        };
        Err(Error::new(Cause::Expected { expected: self.expect.describe(), found }).at(path))
    }
}

impl Expect {
    fn describe(&self) -> String {
        match self {
            Self::Absent => "nothing".to_owned(),
            Self::Dir => "a directory".to_owned(),
            Self::Len(len) => format!("a file of {len} bytes"),
            Self::Content { len, .. } | Self::Pieces { len, .. } => {
                format!("a file of {len} bytes with the content this change was made for")
            }
            Self::Symlink(target) => format!("a symlink to {}", target.escape_debug()),
        }
    }
}
