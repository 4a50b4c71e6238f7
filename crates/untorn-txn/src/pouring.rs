//! A staged file that is filled from front to back.

use std::{
    io::Read,
    sync::mpsc::{Receiver, SyncSender, channel, sync_channel},
    thread,
};

use untorn_format::{Hash, Hasher};
use untorn_fs::File;

use crate::{
    error::{Cause, Context, Error, Result},
    spool::{begin_write_back, write_hashed},
    stage::{COPY_LEN, buffer_len, fill},
};

/// A staged file that is filled from front to back.
pub(crate) struct Pouring {
    pub(crate) number: u32,
    file: Box<dyn File>,
    pub(crate) len: u64,
    begun: u64,
    /// Has seen everything, unless nobody knows what came first.
    hasher: Option<Hasher>,
}

impl Pouring {
    /// Begins behind the first `len` bytes, of which `hasher` has seen all, if it is given.
    pub(crate) fn new(number: u32, file: Box<dyn File>, len: u64, hasher: Option<Hasher>) -> Self {
        Self { number, file, len, begun: len, hasher }
    }

    /// The hash of what was poured so far.
    pub(crate) fn hash(&self) -> Option<Hash> {
        self.hasher.as_ref().map(Hasher::finish)
    }

    /// Adds `content`, up to about `max` bytes. Says whether that was all. Of long content each piece is hashed and written on a thread of its own while the next one is made.
    pub(crate) fn pour(&mut self, content: &mut dyn Read, path: &str, buffers: &mut Buffers, max: u64) -> Result<bool> {
        // Where nobody knows the beginning, it is hashed when all is there.
        let mut unused = Hasher::new();
        let hasher = self.hasher.as_mut().unwrap_or(&mut unused);
        let mut first = buffers.take();
        let room = buffer_len(max).min(first.len());
        let len = fill(content, &mut first[..room]).map_err(not_produced)?;
        if len < room {
            write_hashed(&*self.file, path, &first[..len], self.len, hasher)?;
            self.len += len as u64;
            buffers.give_back(first);
            return Ok(true);
        }
        let mut writer = Writer { file: &*self.file, path, at: self.len, begun: &mut self.begun, hasher };
        // Short pieces, as where progress is noted every few KiB, are written sooner than a thread is started.
        let is_all = if room < COPY_LEN {
            writer.write_alone(content, (first, room), max)?
        } else {
            writer.write_beside(content, (first, room), buffers, max)?
        };
        self.len = writer.at;
        Ok(is_all)
    }
}

fn not_produced(source: std::io::Error) -> Error {
    Error::new(Cause::Producer(Box::new(source)))
}

/// Buffers for pieces, which serve again and again.
#[derive(Debug, Default)]
pub(crate) struct Buffers(Vec<Vec<u8>>);

impl Buffers {
    fn take(&mut self) -> Vec<u8> {
        self.0.pop().unwrap_or_else(|| vec![0; COPY_LEN])
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        self.0.push(buffer);
    }
}

/// A piece that is full up to its length.
type Piece = (Vec<u8>, usize);

/// Hashes pieces, and writes them one behind the other.
struct Writer<'p> {
    file: &'p dyn File,
    path: &'p str,
    at: u64,
    begun: &'p mut u64,
    hasher: &'p mut Hasher,
}

impl Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.file.write_all_at(bytes, self.at).context("write", self.path)?;
        self.at += bytes.len() as u64;
        *self.begun = begin_write_back(self.file, *self.begun, self.at);
        Ok(())
    }

    /// Writes the first piece and those that follow, on a thread of its own while `content` makes the next one. Says whether that was all.
    fn write_beside(&mut self, content: &mut dyn Read, first: Piece, buffers: &mut Buffers, max: u64) -> Result<bool> {
        let (pieces, to_write) = sync_channel(1);
        let (give_back, free) = channel();
        // One is written while the other is filled.
        drop(give_back.send(buffers.take()));
        let writer = &mut *self;
        let written = thread::scope(|scope| {
            // When it ends, also early, so do both channels: nobody waits for it any more.
            let work = move || -> Result<()> {
                for (buffer, len) in to_write {
                    let buffer: Vec<u8> = buffer;
                    writer.write(&buffer[..len])?;
                    drop(give_back.send(buffer));
                }
                Ok(())
            };
            let Ok(thread) = thread::Builder::new().name("untorn writes".to_owned()).spawn_scoped(scope, work) else {
                return Err(first);
            };
            let made = make(content, first, (&pieces, &free), max);
            drop(pieces);
            let written = thread.join().unwrap_or_else(|_| Err(Error::damaged("a thread that writes has ended")));
            Ok(written.and(made))
        });
        free.try_iter().for_each(|buffer| buffers.give_back(buffer));
        written.unwrap_or_else(|first| self.write_alone(content, first, max))
    }

    /// The same on this thread.
    fn write_alone(&mut self, content: &mut dyn Read, (mut buffer, room): Piece, max: u64) -> Result<bool> {
        let (mut made, mut len) = (0, room);
        loop {
            self.write(&buffer[..len])?;
            made += len as u64;
            if len < room || made >= max {
                return Ok(len < room);
            }
            len = fill(content, &mut buffer[..room]).map_err(not_produced)?;
        }
    }
}

/// Hands over the first piece and those that follow, up to about `max` bytes. Says whether that was all. Ends early where nobody writes any more.
fn make(
    content: &mut dyn Read,
    (first, room): Piece,
    (pieces, free): (&SyncSender<Piece>, &Receiver<Vec<u8>>),
    max: u64,
) -> Result<bool> {
    let (mut made, mut piece) = (0, (first, room));
    loop {
        let len = piece.1;
        made += len as u64;
        if pieces.send(piece).is_err() || len < room || made >= max {
            return Ok(len < room);
        }
        let Ok(mut buffer) = free.recv() else { return Ok(false) };
        let len = fill(content, &mut buffer[..room]).map_err(not_produced)?;
        piece = (buffer, len);
    }
}
