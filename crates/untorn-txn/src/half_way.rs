//! Whether an update in steps is half way: all of it that concerns those who only want to use the tree.

use untorn_format::{Hash, release::Steps};
use untorn_fs::{Fs, OpenMode};

use crate::{
    error::{Cause, Error, Result},
    layout::HEAD,
};

/// How far an update in steps is, by the beginning of the head document; `None` when none is under way. A document that cannot be read says nothing: whoever needs what it
/// says finds that out.
pub(crate) fn steps(fs: &dyn Fs, installed: Hash) -> Option<Steps> {
    if installed.is_none() {
        return None;
    }
    let mut start = [0; Steps::PEEK_LEN];
    fs.open(HEAD, OpenMode::Read).and_then(|file| file.read_exact_at(&mut start, 0)).ok()?;
    Steps::peek(&start)
}

/// Refuses what must wait until the last step.
pub(crate) fn refuse(fs: &dyn Fs, installed: Hash) -> Result<()> {
    steps(fs, installed).map_or(Ok(()), |steps| Err(Error::new(Cause::HalfWay(steps))))
}
