//! Cutting a build into chunks, and sending the packs of those that are new.

use std::{
    collections::BTreeSet,
    io::{self, Read},
    path::Path,
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use untorn::{Manifest, Observer, Phase};
use untorn_format::{TreePath, escape, manifest::Kind, release::Pack};
use untorn_fs::{File, Fs, OpenMode, OsFs};
use untorn_store::{BuildOptions, Built, IndexFile, layout::Name};

use super::{Work, pack_of};
use crate::{Body, Error, Result, base::Base, release::page_bytes, sender::Sender};

/// A build that was cut, and whose packs are in the store.
pub(super) struct Cut {
    pub(super) index: IndexFile,
    /// The packs that hold something of it, by number.
    pub(super) packs: Vec<Pack>,
    pub(super) new_chunks: u64,
    pub(super) new_len: u64,
    /// Length of the new packs.
    pub(super) packs_len: u64,
    /// The number of the pack after these.
    pub(super) next_pack: u32,
}

/// Reads the build again, and compares it with what it was: the manifest.
pub(super) fn cut(work: &Work<'_>, manifest: &Manifest, base: &Base) -> Result<Cut> {
    let built = build(work, manifest, base)?;
    let failed = |source| Error::Chunks { name: shown(work.build), source };
    let index = built.index(manifest).map_err(failed)?;
    let mut packs = base.packs.clone();
    packs.extend(built.packs().iter().map(|info| (info.number, pack_of(info))));
    let used = used_packs(&index, manifest).map_err(failed)?;
    Ok(Cut {
        packs: packs.into_values().filter(|pack| used.contains(&pack.number)).collect(),
        new_chunks: built.new_chunks(),
        new_len: built.new_bytes(),
        next_pack: built.packs().last().map_or(base.first_pack, |pack| pack.number.saturating_add(1)),
        packs_len: built.packs().iter().map(|pack| pack.len).sum(),
        index,
    })
}

fn build(work: &Work<'_>, manifest: &Manifest, base: &Base) -> Result<Built> {
    let fs = OsFs::open(work.build).map_err(|source| io_error("open", work.build, source))?;
    let files: Vec<_> =
        manifest.entries().iter().filter_map(|entry| file_len(&entry.kind).map(|len| (&entry.path, len))).collect();
    let (total, done) = (manifest.total_bytes(), AtomicU64::new(0));
    let observer = work.options.observer.as_deref();
    let open = |number: usize| -> io::Result<Box<dyn Read + '_>> {
        let path: &TreePath = files[number].0;
        Ok(Box::new(Reading { file: fs.open(path.as_str(), OpenMode::Read)?, at: 0, done: &done, total, observer }))
    };
    let lens: Vec<u64> = files.iter().map(|(_, len)| *len).collect();
    let mut options = BuildOptions::default();
    (options.level, options.first_pack, options.jobs) = (work.options.level, base.first_pack, work.options.jobs);

    // One pack is on its way while the next one is made.
    let (sink, packs) = sync_channel::<untorn_store::Pack>(1);
    thread::scope(|scope| {
        let to = &work.sender;
        let sender = scope.spawn(move || send_all(to, packs));
        let mut take = |pack| sink.send(pack).map_err(|_| io::Error::other("nobody sends it"));
        let built = untorn_store::build(&lens, &open, &base.published, &options, &mut take);
        drop(sink);
        // Why nobody sends any more says more than that nobody does.
        sender.join().unwrap_or_else(|_| Err(Error::Choice("sending ended early".into())))?;
        built.map_err(|source| match source {
            untorn_store::Error::Read { .. } if work.should_stop() => Error::Stopped,
            untorn_store::Error::Read { file, source } => {
                io_error("read", &work.build.join(files.get(file).map_or("", |(path, _)| path.as_str())), source)
            }
            source => Error::Chunks { name: shown(work.build), source },
        })
    })
}

fn send_all(sender: &Sender<'_>, packs: Receiver<untorn_store::Pack>) -> Result<()> {
    packs.into_iter().try_for_each(|pack| sender.send(&Name::Pack(pack.hash), Body::Bytes(&pack.bytes)))
}

/// The numbers of the packs that the index names.
fn used_packs(file: &IndexFile, manifest: &Manifest) -> Result<BTreeSet<u32>, untorn_store::Error> {
    let head =
        usize::try_from(file.head_len).ok().and_then(|len| file.bytes.get(..len)).ok_or(untorn_store::Error::PageDamaged)?;
    let index = untorn_store::Index::new(head, manifest)?;
    let mut used = BTreeSet::new();
    for number in 0..index.page_count() {
        let page = index.page(number, page_bytes(&file.bytes, &index, number).unwrap_or_default())?;
        used.extend(page.frames.iter().map(|frame| frame.pack));
    }
    Ok(used)
}

/// A file that is being read.
struct Reading<'a> {
    file: Box<dyn File>,
    at: u64,
    done: &'a AtomicU64,
    total: u64,
    observer: Option<&'a dyn Observer>,
}

impl Read for Reading<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.observer.is_some_and(Observer::should_stop) {
            return Err(io::Error::other("stopped, as asked"));
        }
        let len = self.file.read_at(buf, self.at)?;
        self.at += len as u64;
        let done = self.done.fetch_add(len as u64, Relaxed) + len as u64;
        if let Some(observer) = self.observer {
            observer.progress(Phase::Compress, done.min(self.total), self.total);
        }
        Ok(len)
    }
}

fn file_len(kind: &Kind) -> Option<u64> {
    if let Kind::File { len, .. } = kind { Some(*len) } else { None }
}

fn shown(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io { doing, path: shown(path), source }
}
