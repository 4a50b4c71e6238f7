//! The members of a zip archive.

mod inflate;
mod same;

use std::io;

use untorn_fs::File;

pub(crate) use inflate::{Contents, Part, inflate};
pub(crate) use same::{same, same_stored};
pub(crate) use untorn_archive::{
    Plain,
    zip::{MEMBERS_MAX, Member, Packing, UTF8, Zip, is_symlink},
};

/// Reads the directory of an archive and checks it against the members.
///
/// # Errors
/// Those of reading the file; whatever is wrong with the archive is in the answer.
pub(crate) fn read(file: &dyn File, len: u64) -> io::Result<Result<Zip, Plain>> {
    untorn_archive::zip::read(&|buf, at| file.read_at(buf, at), len)
}

/// The name of a member, for people.
pub(crate) fn shown(member: &Member) -> String {
    String::from_utf8(member.name.clone()).unwrap_or_else(|_| untorn::escape(&member.name))
}
