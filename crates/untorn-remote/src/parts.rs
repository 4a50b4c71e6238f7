//! Many parts of objects, several at once.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use crate::{
    Error, Fault, Remote, Result, Transport,
    error::first_of,
    remote::{Cutter, Mirrors, url},
};

/// A part of an object, asked for in one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The object.
    pub name: String,
    /// The bytes of it that are wanted, in order: each piece is handed on as soon as it is there, and is in memory as a whole. What lies between two pieces comes, too, and is
    /// thrown away.
    pub pieces: Vec<Range<u64>>,
}

/// Who wants parts.
pub trait Taker: Sync {
    /// Says why the bytes of a piece of a part are not the right ones. Called from any thread.
    ///
    /// # Errors
    /// The reason: another mirror is asked then.
    fn check(&self, part: usize, piece: usize, bytes: &[u8]) -> Result<(), String>;

    /// Whether to give up.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Takes a piece of a part.
pub type Take<'t> = dyn FnMut(usize, usize, Vec<u8>) -> Result<()> + 't;

/// The longest piece: so much memory each connection may take.
pub const PIECE_LEN_MAX: u64 = 16 << 20;
/// How often the waiting thread asks whether to stop.
const NAP: Duration = Duration::from_millis(50);

/// A piece of a part, or the error that ends it all.
type Came = Result<(usize, usize, Vec<u8>)>;

impl Remote {
    /// Fetches `parts`, which do not overlap, several at once, each piece checked by `taker`, and gives each piece to `take` in the thread of the caller, in any order, once. Memory: about
    /// twice [`connections`](crate::RemoteOptions::connections) pieces. Where a server gives out whole objects only, each object is fetched once, as far as it is needed.
    ///
    /// # Errors
    /// As [`Remote::get_range`]; whatever `take` says; [`Fault::Stopped`] when `taker` wants to. Nothing can be fetched through this `Remote` after an error.
    pub fn get_parts(&self, parts: &[Part], taker: &dyn Taker, take: &mut Take<'_>) -> Result<()> {
        let whole_only = Mutex::new(Vec::new());
        let next = AtomicUsize::new(0);
        let (sender, receiver) = sync_channel::<Came>(self.options.connections.max(1));
        let failed = thread::scope(|scope| {
            for _ in 0..self.options.connections.clamp(1, parts.len().max(1)) {
                let work = Work { remote: self, parts, taker, next: &next, whole_only: &whole_only, sender: sender.clone() };
                scope.spawn(move || work.run());
            }
            drop(sender);
            let mut failed = None;
            loop {
                match receiver.recv_timeout(NAP) {
                    Ok(Ok((part, piece, bytes))) if failed.is_none() => failed = take(part, piece, bytes).err(),
                    Ok(Err(error)) if failed.is_none() => failed = Some(error),
                    Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if failed.is_none() && taker.should_stop() {
                    failed = Some(Error::new(self.base(), Fault::Stopped));
                }
                if failed.is_some() && next.swap(usize::MAX / 2, Relaxed) < usize::MAX / 2 {
                    self.cancel();
                }
            }
            failed
        });
        failed.map_or(Ok(()), Err)?;
        self.sweep(parts, whole_only.into_inner().unwrap_or_else(PoisonError::into_inner), taker, take)
    }

    /// Fetches what can only be had out of whole objects: each of them once, but for failures.
    fn sweep(&self, parts: &[Part], numbers: Vec<(usize, usize)>, taker: &dyn Taker, take: &mut Take<'_>) -> Result<()> {
        let mut objects: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
        for (number, first) in numbers {
            let pieces = (first..parts[number].pieces.len()).map(|piece| (number, piece));
            objects.entry(&parts[number].name).or_default().extend(pieces);
        }
        for (name, mut wanted) in objects {
            wanted.sort_by_key(|(number, piece)| (parts[*number].pieces[*piece].start, parts[*number].pieces[*piece].end));
            self.sweep_one(parts, name, wanted, taker, take)?;
        }
        Ok(())
    }

    fn sweep_one(
        &self,
        parts: &[Part],
        name: &str,
        mut wanted: Vec<(usize, usize)>,
        taker: &dyn Taker,
        take: &mut Take<'_>,
    ) -> Result<()> {
        let attempt = &mut |_, mirror: &dyn Transport| {
            let ranges: Vec<_> = wanted.iter().map(|(number, piece)| parts[*number].pieces[*piece].clone()).collect();
            let (mut pieces, mut done) = (Pieces::new(&ranges), 0);
            let result = self.cut_out(mirror, name, &ranges, &mut |place, bytes| {
                pieces.add(place, bytes, &mut |whole| {
                    if taker.should_stop() {
                        return Err(Error::new(url(mirror, name), Fault::Stopped));
                    }
                    let (number, piece) = wanted[place];
                    checked(mirror, name, &whole, taker.check(number, piece, &whole))?;
                    take(number, piece, whole)?;
                    done = place + 1;
                    Ok(())
                })
            });
            let failed = pieces.failed.take();
            wanted.drain(..done);
            failed.map_or(Ok(()), Err)?;
            result
        };
        self.ask(name, Mirrors::default(), attempt).map(drop)
    }
}

/// What each connection does.
struct Work<'w> {
    remote: &'w Remote,
    parts: &'w [Part],
    taker: &'w dyn Taker,
    next: &'w AtomicUsize,
    /// Parts that can only be had out of whole objects, and from which piece on they are still wanted.
    whole_only: &'w Mutex<Vec<(usize, usize)>>,
    sender: SyncSender<Came>,
}

impl Work<'_> {
    fn run(&self) {
        loop {
            let number = self.next.fetch_add(1, Relaxed);
            let Some(part) = self.parts.get(number) else { return };
            let mut first = 0;
            match self.one(part, number, &mut first) {
                Ok(()) => {}
                Err(error) if self.remote.options.whole_instead && is_no_range(&error) => {
                    self.whole_only.lock().unwrap_or_else(PoisonError::into_inner).push((number, first));
                }
                Err(error) => {
                    // Nobody listening any more means that another error ended it all.
                    drop(self.sender.send(Err(error)));
                    return;
                }
            }
        }
    }

    /// Fetches a part from the piece `first` on, which moves on as pieces come.
    fn one(&self, part: &Part, number: usize, first: &mut usize) -> Result<()> {
        let is_long = |piece: &&Range<u64>| piece.end.saturating_sub(piece.start) > PIECE_LEN_MAX;
        if let Some(piece) = part.pieces.iter().find(is_long) {
            let fault = Fault::Length { limit: PIECE_LEN_MAX, found: Some(piece.end - piece.start) };
            return Err(Error::new(self.remote.base(), fault));
        }
        self.remote.ask(&part.name, Mirrors::default(), &mut |_, mirror| self.attempt(mirror, part, number, first)).map(drop)
    }

    fn attempt(&self, mirror: &dyn Transport, part: &Part, number: usize, first: &mut usize) -> Result<()> {
        if mirror.serves_ranges() == Some(false) {
            return Err(Error::new(url(mirror, &part.name), Fault::NoRange { len: None }));
        }
        let begin = *first;
        let rest = &part.pieces[begin..];
        let (Some(start), Some(end)) = (rest.first(), rest.last()) else { return Ok(()) };
        let mut pieces = Pieces::new(rest);
        let mut give = |place: usize, bytes: &[u8]| {
            pieces.add(place, bytes, &mut |whole| {
                checked(mirror, &part.name, &whole, self.taker.check(number, begin + place, &whole))?;
                let stopped = |_| Error::new(url(mirror, &part.name), Fault::Stopped);
                self.sender.send(Ok((number, begin + place, whole))).map_err(stopped)?;
                *first = begin + place + 1;
                Ok(())
            })
        };
        let mut cutter = Cutter::new(rest, start.start, &mut give);
        let result = mirror.get_range(&part.name, start.start..end.end, &mut self.remote.counted(&mut cutter));
        let failed = pieces.failed.take();
        let error = match (failed, result) {
            (Some(error), _) | (None, Err(error)) => error,
            (None, Ok(_)) => return Ok(()),
        };
        Err(if *first > begin { error.after_progress() } else { error })
    }
}

/// Puts pieces together as their bytes come.
struct Pieces<'p> {
    ranges: &'p [Range<u64>],
    bytes: Vec<u8>,
    failed: Option<Error>,
}

impl<'p> Pieces<'p> {
    fn new(ranges: &'p [Range<u64>]) -> Self {
        Self { ranges, bytes: Vec::new(), failed: None }
    }

    /// Adds bytes to the piece at `place`; one that is whole is given out.
    fn add(&mut self, place: usize, bytes: &[u8], give: &mut dyn FnMut(Vec<u8>) -> Result<()>) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() as u64 == self.ranges[place].end - self.ranges[place].start {
            self.failed = give(std::mem::take(&mut self.bytes)).err();
        }
        if self.failed.is_some() { Err(io::Error::other("refused")) } else { Ok(()) }
    }
}

fn checked(mirror: &dyn Transport, name: &str, bytes: &[u8], verdict: Result<(), String>) -> Result<()> {
    verdict.map_err(|why| Error::new(url(mirror, name), Fault::Content { why, first: first_of(bytes) }))
}

fn is_no_range(error: &Error) -> bool {
    let no_range = |error: &Error| matches!(error.fault(), Fault::NoRange { .. });
    no_range(error) || error.others().iter().any(no_range)
}
