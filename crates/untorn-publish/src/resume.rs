//! Publishing in two halves, with a signature from elsewhere in between.

use std::{io, path::Path};

use untorn_format::{
    escape,
    release::{RELEASE_LEN_MAX, Release, SIGNATURES_LEN_MAX, Signed},
};
use untorn_fs::{Fs, OpenMode, OsFs};
use untorn_store::layout::Name;
use untorn_trust::RoleName;

use crate::{
    Backend, Error, PointerOptions, Result, Signer,
    channel::{Head, channel_name},
    mark::Mark,
    publish::point,
    release::require_objects,
    roots::Roots,
    signer::check,
};

/// The document that is to be signed.
const DOCUMENT: &str = "release";
/// Where minisign puts its signatures.
const SIGNATURES: &str = "release.minisig";
/// The name of the mark that keeps what was sent from being collected.
const MARK: &str = "mark";

/// Leaves a release document to be signed in the directory `dir`.
pub(crate) fn leave(dir: &Path, release: &Release, mark: &Name) -> Result<()> {
    let fs = open(dir)?;
    let write = |name: &str, bytes: &[u8]| {
        match fs.remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = fs.open(name, OpenMode::CreateNew { executable: false })?;
        file.write_all_at(bytes, 0)?;
        file.sync_data()
    };
    let written =
        write(MARK, mark.to_string().as_bytes()).and_then(|()| write(DOCUMENT, &release.encode())).and_then(|()| fs.sync_dir(""));
    written.map_err(|source| io_error("write", &dir.join(DOCUMENT), source))
}

/// Completes what [`crate::publish`] left in the directory `dir`, once the document `release` there has been signed: `release.minisig`. The signer's key is
/// that of the channel. Gives the release and the number of the channel document.
///
/// After this returns `Ok`, players see the release.
///
/// # Errors
/// [`Error::Trust`] when the signatures are not enough; [`Error::Damaged`] when something that was sent is not there any more: then publish again. Else as
/// [`crate::publish`].
pub fn resume(
    dir: &Path,
    store: &dyn Backend,
    channel: &str,
    signer: &dyn Signer,
    options: &PointerOptions,
) -> Result<(Release, u64)> {
    let name = channel_name(channel)?;
    let roots = Roots::read(store, &options.roots)?.ok_or(Error::NoRoot)?;
    check(signer, RoleName::Channel, &roots)?;
    let fs = open(dir)?;
    let text = |name: &str| {
        String::from_utf8(read(&fs, dir, name, SIGNATURES_LEN_MAX)?)
            .map_err(|_| io_error("read", &dir.join(name), io::ErrorKind::InvalidData.into()))
    };
    let signed = Signed { signatures: text(SIGNATURES)?, document: read(&fs, dir, DOCUMENT, RELEASE_LEN_MAX)? };
    let release = roots.newest().release(&signed);
    let release = release.map_err(|source| Error::Trust { name: shown(&dir.join(SIGNATURES)), source })?.document;

    let head = Head::read(store, &roots, &name)?;
    let mark = Mark::publishing(store, &name, head.seq())?;
    let done = require_objects(store, &release).and_then(|()| {
        let is_newer = head.pointer(&release.platform).is_none_or(|current| current.build < release.build);
        let is_same = head.pointer(&release.platform).is_some_and(|current| current.release == signed.id());
        match (is_newer, is_same) {
            (true, _) => point(store, &roots, &head, signer, &signed, options),
            (false, true) => Ok(head.seq()),
            (false, false) => Err(Error::Raced { channel: channel.into() }),
        }
    });
    mark.outlive();
    if let (Ok(_), Ok(Some(first @ Name::Publishing(_)))) = (&done, text(MARK).map(|name| Name::parse(name.trim()))) {
        Mark::left(store, first).outlive();
    }
    done.map(|seq| (release, seq))
}

fn open(dir: &Path) -> Result<OsFs> {
    OsFs::open(dir).map_err(|source| io_error("open", dir, source))
}

fn read(fs: &OsFs, dir: &Path, name: &str, len_max: u64) -> Result<Vec<u8>> {
    let read = || {
        let file = fs.open(name, OpenMode::Read)?;
        let len = file.metadata()?.len;
        if len > len_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    };
    read().map_err(|source| io_error("read", &dir.join(name), source))
}

fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { doing, path: shown(path), source }
}
