//! What the members of a new archive hold.

use std::{
    io::{self, Read, Write},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use flate2::{Compression, write::DeflateEncoder};
use untorn::{Error, Result};
use untorn_fs::{File, Fs, OpenMode};

use super::{Format, Job, Method, Output, list::Entry, list::Kind};
use crate::{
    parallel,
    zip::{self, Contents, Member, Packing, Part},
};

const PIECE_LEN: usize = 64 << 10;

/// What a member holds.
pub(super) enum Content<'j> {
    /// The bytes of this member of the old archive, as they are.
    Old(&'j Member, &'j dyn File),
    /// The bytes of a file.
    Fresh(Fresh),
}

/// The bytes of a file, as they will be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fresh {
    pub(super) is_deflated: bool,
    pub(super) len: u64,
    pub(super) stored_len: u64,
    pub(super) crc: u32,
}

/// Reads all entries, on several threads: what is in the old archive already, and else what it will be.
pub(super) fn all<'j>(job: &Job<'j>, entries: &[&Entry]) -> Result<Vec<Content<'j>>> {
    let total = entries.iter().map(|entry| entry.len()).fold(0, u64::saturating_add);
    let done = AtomicU64::new(0);
    let found = parallel::each(parallel::threads(job.options.jobs), entries.len(), &|number| {
        let entry = entries[number];
        let content = of(job, entry);
        job.tell(done.fetch_add(entry.len(), Relaxed).saturating_add(entry.len()), total)?;
        content
    });
    found.into_iter().collect()
}

fn of<'j>(job: &Job<'j>, entry: &Entry) -> Result<Content<'j>> {
    let old = job.guide.find(&entry.name());
    if let Some((member, file)) = old
        && member.len == entry.len()
        && is_same(job, entry, member, file)?
    {
        return Ok(Content::Old(member, file));
    }
    let deflate = match job.options.method {
        _ if job.options.format == Format::Plain => false,
        Method::Store => false,
        Method::Deflate => true,
        Method::Auto => old.map_or_else(|| job.guide.is_deflated(), |(member, _)| member.packing == Packing::Deflated),
    };
    let fresh = |is_deflated| measure(job, entry, is_deflated).map(Content::Fresh);
    if !deflate {
        return fresh(false);
    }
    match measure(job, entry, true)? {
        measured if measured.stored_len < measured.len => Ok(Content::Fresh(measured)),
        _ => fresh(false),
    }
}

/// Whether an old member has the content, and is of the kind, of an entry: compared byte by byte, since checksums can lie.
fn is_same(job: &Job<'_>, entry: &Entry, member: &Member, file: &dyn File) -> Result<bool> {
    if zip::is_symlink(member) != matches!(entry.kind, Kind::Symlink { .. }) {
        return Ok(false);
    }
    let Some(mut old) = Contents::open(file, member) else { return Ok(false) };
    let mut crc = crc32fast::Hasher::new();
    let mut compare = |new: &mut dyn Read| {
        let mut new = Watched { reader: new, crc: &mut crc, failed: None };
        let same = zip::same(&mut new, &mut old);
        match (new.failed.take(), same) {
            (Some(error), _) => Err(error),
            // What the old archive cannot give is not the same.
            (None, same) => Ok(same.unwrap_or(false)),
        }
    };
    let same = match &entry.kind {
        Kind::Symlink { target } => compare(&mut target.as_bytes()),
        _ => compare(&mut *open(job, entry)?),
    };
    let same = same.map_err(|source| job.build.error("read", entry.path.as_str(), source))?;
    // A checksum that lies is not taken over.
    Ok(same && crc.finalize() == member.crc)
}

/// Tells errors of the new file from those of the old archive, and counts the checksum.
struct Watched<'w> {
    reader: &'w mut dyn Read,
    crc: &'w mut crc32fast::Hasher,
    failed: Option<io::Error>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buf) {
            Ok(len) => {
                self.crc.update(&buf[..len]);
                Ok(len)
            }
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}

/// The bytes of an entry.
fn open<'e>(job: &Job<'_>, entry: &'e Entry) -> Result<Box<dyn Read + 'e>> {
    match &entry.kind {
        Kind::Symlink { target } => Ok(Box::new(target.as_bytes())),
        Kind::Dir { .. } => Ok(Box::new(io::empty())),
        Kind::File { len, .. } => {
            let file = job.build.fs.open(entry.path.as_str(), OpenMode::Read);
            let file = file.map_err(|source| job.build.error("open", entry.path.as_str(), source))?;
            Ok(Box::new(OwnedPart { file, at: 0, len: *len }))
        }
    }
}

/// A file from its beginning. One that has become longer is read by one byte more, which shows.
struct OwnedPart {
    file: Box<dyn File>,
    at: u64,
    len: u64,
}

impl Read for OwnedPart {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = Part::new(&*self.file, self.at, self.len.saturating_add(1)).read(buf)?;
        self.at += len as u64;
        Ok(len)
    }
}

/// Counts what goes through it.
#[derive(Default)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0 += buf.len() as u64;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn measure(job: &Job<'_>, entry: &Entry, is_deflated: bool) -> Result<Fresh> {
    let mut counter = Counter::default();
    let (len, crc) = copy(job, entry, is_deflated, &mut counter)?;
    Ok(Fresh { is_deflated, len, stored_len: counter.0, crc })
}

/// Writes the bytes of an entry as they are stored. They must be those that were measured.
pub(super) fn write(job: &Job<'_>, entry: &Entry, fresh: &Fresh, output: &mut Output<'_>) -> Result<()> {
    let start = output.at;
    let mut out = Fallible { output, failed: None };
    let copied = copy(job, entry, fresh.is_deflated, &mut out);
    if let Some(error) = out.failed {
        return Err(error);
    }
    let (len, crc) = copied?;
    if (len, crc, output.at - start) == (fresh.len, fresh.crc, fresh.stored_len) {
        return Ok(());
    }
    Err(Error::ChangedMeanwhile { path: untorn::escape(entry.path.as_str().as_bytes()) })
}

/// Writes the content of a member of a plain archive.
pub(super) fn write_plain(job: &Job<'_>, entry: &Entry, content: &Content<'_>, output: &mut Output<'_>) -> Result<()> {
    match content {
        Content::Old(member, file) => copy_old(job, entry, (member.at, member.end), *file, output),
        Content::Fresh(fresh) => write(job, entry, fresh, output),
    }
}

/// Copies a stretch of the old archive as it is.
pub(super) fn copy_old(
    job: &Job<'_>,
    entry: &Entry,
    (mut at, end): (u64, u64),
    file: &dyn File,
    output: &mut Output<'_>,
) -> Result<()> {
    let mut piece = vec![0; 256 << 10];
    while at < end {
        let len = usize::try_from(end - at).unwrap_or(usize::MAX).min(piece.len());
        let read = file.read_exact_at(&mut piece[..len], at);
        read.map_err(|source| job.build.error("copy from the old archive", entry.path.as_str(), source))?;
        output.put(&piece[..len])?;
        at += len as u64;
    }
    Ok(())
}

/// Keeps the error that the output had, with the name of the file.
struct Fallible<'f, 'o> {
    output: &'f mut Output<'o>,
    failed: Option<Error>,
}

impl Write for Fallible<'_, '_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.output.put(buf) {
            Ok(()) => Ok(buf.len()),
            Err(error) => {
                self.failed = Some(error);
                Err(io::ErrorKind::Other.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where stored bytes go.
enum Sink<'s> {
    Plain(&'s mut dyn Write),
    Deflated(DeflateEncoder<&'s mut dyn Write>),
}

impl Sink<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(bytes),
            Self::Deflated(encoder) => encoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        if let Self::Deflated(encoder) = self {
            encoder.finish()?;
        }
        Ok(())
    }
}

/// Length and checksum of what was read.
fn copy(job: &Job<'_>, entry: &Entry, is_deflated: bool, out: &mut dyn Write) -> Result<(u64, u32)> {
    let failed = |doing| move |source| job.build.error(doing, entry.path.as_str(), source);
    let (mut reader, mut crc, mut len) = (open(job, entry)?, crc32fast::Hasher::new(), 0_u64);
    let mut sink = if is_deflated { Sink::Deflated(DeflateEncoder::new(out, Compression::new(6))) } else { Sink::Plain(out) };
    let mut piece = vec![0; PIECE_LEN];
    loop {
        let read = reader.read(&mut piece).map_err(failed("read"))?;
        if read == 0 {
            break;
        }
        len += read as u64;
        crc.update(&piece[..read]);
        sink.put(&piece[..read]).map_err(failed("pack"))?;
    }
    sink.finish().map_err(failed("pack"))?;
    Ok((len, crc.finalize()))
}
