//! Making a second tree that shares its bytes with the first.

use untorn_format::Hash;
use untorn_format::journal::{Record, SlotState};
use untorn_fs::{FileKind, Fs, Metadata, OpenMode, Permissions};

use super::{
    beneath::Syncs,
    listing::{Listing, Seen, is_gone, walk},
    place::Place,
    report::SwitchReport,
    tidy::exists,
};
use crate::{
    error::{Cause, Context, Error, Result},
    layout::{HEAD, NEXT, STATE},
    lock, slots,
    stage::COPY_LEN,
    tree::Tree,
};

/// Makes a clone of the tree in its state directory. The answer is the tree as it was, each file looked at before it was cloned.
pub(crate) fn clone_tree(place: &Place, report: &mut SwitchReport) -> Result<Listing> {
    let (fs, source) = (&*place.parent, place.fs("", Syncs::Done));
    let root = fs.metadata(&place.name).context("look at", &place.name)?;
    make_dir(fs, &place.path(NEXT), &root)?;
    let mut listing = Listing::default();
    walk(&*source, &mut |path, meta| {
        match clone_entry(fs, &place.path(path), &place.path(&format!("{NEXT}/{path}")), meta, report) {
            // Gone since it was looked at: as if it had never been there.
            Err(error) if is_gone(&error) && !exists(fs, &place.path(path))? => Ok(()),
            Err(error) => Err(error),
            Ok(way) => {
                let seen = Seen::new(meta);
                listing.0.insert(path.to_owned(), Seen { is_shared: seen.is_shared || way == Way::Linked, ..seen });
                Ok(())
            }
        }
    })?;
    Ok(listing)
}

/// How the second of two came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is a thing of its own.
    Made,
    /// It is a further name of the same file.
    Linked,
}

/// Gives `to` what stands at `from`; a directory comes without what is in it.
pub(crate) fn clone_entry(fs: &dyn Fs, from: &str, to: &str, meta: &Metadata, report: &mut SwitchReport) -> Result<Way> {
    match meta.kind {
        FileKind::Dir => make_dir(fs, to, meta).map(|()| Way::Made),
        FileKind::Symlink => {
            let target = fs.read_link(from).context("read", from)?;
            fs.symlink(&target, to).context("make", to).map(|()| Way::Made)
        }
        FileKind::File => clone_file(fs, from, to, meta, report),
        FileKind::Other => Err(Error::new(Cause::Foreign { what: "device, socket or pipe".to_owned() }).at(from)),
    }
}

/// Whoever owns a directory of a tree under care may change what is in it: without that, the clone could be neither filled nor removed.
fn make_dir(fs: &dyn Fs, path: &str, like: &Metadata) -> Result<()> {
    let permissions = Permissions::from_bits(like.permissions.bits() | 0o700);
    fs.create_dir(path, Some(permissions)).context("make", path)
}

/// Shares blocks where the file system can, else the file itself. Either may be refused for one file (too many names, somebody else's file): then it
/// is copied, and the error of that is the one to tell.
fn clone_file(fs: &dyn Fs, from: &str, to: &str, meta: &Metadata, report: &mut SwitchReport) -> Result<Way> {
    let capabilities = fs.capabilities();
    if capabilities.reflink && fs.clone_file(from, to).is_ok() {
        report.files_cloned += 1;
        return Ok(Way::Made);
    }
    if capabilities.hard_links && fs.hard_link(from, to).is_ok() {
        report.files_linked += 1;
        return Ok(Way::Linked);
    }
    report.bytes_copied += copy_file(fs, from, to, meta)?;
    report.files_copied += 1;
    Ok(Way::Made)
}

fn copy_file(fs: &dyn Fs, from: &str, to: &str, meta: &Metadata) -> Result<u64> {
    let source = fs.open(from, OpenMode::Read).context("open", from)?;
    let target = fs.open(to, OpenMode::CreateNew { executable: meta.permissions.executable() }).context("make", to)?;
    let (mut buffer, mut at) = (vec![0; COPY_LEN], 0);
    loop {
        match source.read_at(&mut buffer, at).context("read", from)? {
            0 => break,
            n => {
                target.write_all_at(&buffer[..n], at).context("write", to)?;
                at += n as u64;
            }
        }
    }
    target.set_permissions(meta.permissions).context("set the permissions of", to)?;
    Ok(at)
}

/// Gives the clone a state directory: the same tree by number and by what is installed, with nothing to undo.
pub(crate) fn lay_out_state(fs: &dyn Fs, old: &Tree) -> Result<()> {
    fs.create_dir(STATE, Some(Permissions::from_bits(0o700))).context("make", STATE)?;
    lock::lay_out(fs)?;
    if let Some(head) = old.head()? {
        let file = fs.open(HEAD, OpenMode::CreateNew { executable: false }).context("make", HEAD)?;
        file.write_all_at(&head, 0).context("write", HEAD)?;
    }
    let home = fs.metadata(STATE).context("look at", STATE)?.id.map_or(0, |id| id.0);
    let ruling = old.ruling();
    let first = Record {
        seq: 1,
        state: SlotState::Idle,
        home,
        plan_len: 0,
        plan_hash: Hash::NONE,
        from: ruling.to,
        undo: 0,
        ..ruling.clone()
    };
    slots::lay_out(fs, &first).map(drop)
}
