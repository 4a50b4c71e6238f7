//! One or several mirrors of the same objects.

use std::{
    io::{self, Write},
    ops::Range,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{Error, Fault, RemoteOptions, Result, Transport, error::first_of, pace::Pace};

/// Says why bytes are not the right ones.
pub type Check<'c> = dyn Fn(&[u8]) -> Result<(), String> + 'c;

/// So much at once is progress.
const PROGRESS_LEN: u64 = 64 << 10;
/// How often a pause asks whether to end.
const NAP: Duration = Duration::from_millis(50);

/// Mirrors of the same objects. What one of them cannot give, or gives wrongly, is asked of the next; what fails on the way is tried again after a pause, until nothing has
/// come for [`RemoteOptions::patience`].
pub struct Remote {
    mirrors: Vec<Box<dyn Transport>>,
    pub(crate) options: RemoteOptions,
    /// The mirror that gave something last.
    first: AtomicUsize,
    pace: Pace,
    received: AtomicU64,
    is_cancelled: AtomicBool,
}

/// Some of the mirrors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mirrors(u64);

impl Mirrors {
    fn with(self, number: usize) -> Self {
        Self(self.0 | 1_u64.checked_shl(u32::try_from(number).unwrap_or(u32::MAX)).unwrap_or(0))
    }

    fn contains(self, number: usize) -> bool {
        self.with(number) == self
    }

    /// Those of either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How many mirrors are asked; more are not known to help.
const MIRRORS_MAX: usize = 16;

impl Remote {
    /// The given mirrors, the first of which is asked first. Those past the sixteenth are never asked.
    ///
    /// # Errors
    /// [`Fault::Url`] when there are none.
    pub fn new(mut mirrors: Vec<Box<dyn Transport>>, options: RemoteOptions) -> Result<Self> {
        mirrors.truncate(MIRRORS_MAX);
        if mirrors.is_empty() {
            return Err(Error::new("", Fault::Url { why: "there is none" }));
        }
        Ok(Self {
            mirrors,
            pace: Pace::new(options.rate_max),
            options,
            first: AtomicUsize::new(0),
            received: AtomicU64::new(0),
            is_cancelled: AtomicBool::new(false),
        })
    }

    /// What names the mirror that is asked next.
    #[must_use]
    pub fn base(&self) -> &str {
        self.mirrors[self.first.load(Relaxed).min(self.mirrors.len() - 1)].base()
    }

    /// Whether parts can be had for the price of these parts from the mirror that is asked next; `None` until something was asked for.
    #[must_use]
    pub fn serves_ranges(&self) -> Option<bool> {
        self.mirrors[self.first.load(Relaxed).min(self.mirrors.len() - 1)].serves_ranges()
    }

    /// How many bytes of objects have come so far, also those of no use.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    /// Makes everything under way, and everything from now on, fail with [`Fault::Stopped`].
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Relaxed);
        self.mirrors.iter().for_each(|mirror| mirror.cancel());
    }

    /// Whether nothing can be fetched any more: after [`Remote::cancel`], and where many parts were asked for and one of them cannot be had.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Relaxed)
    }

    /// All of the object `name`, which is at most `limit` bytes long and passes `check`.
    ///
    /// # Errors
    /// What the last mirror said, and what the others did before.
    pub fn get(&self, name: &str, limit: u64, check: &Check<'_>) -> Result<Vec<u8>> {
        self.ask(name, Mirrors::default(), &mut |_, mirror| {
            let mut bytes = Vec::new();
            mirror.get(name, limit, &mut self.counted(&mut bytes))?;
            accepted(mirror, name, bytes, check)
        })
        .map(|(bytes, _)| bytes)
    }

    /// The bytes `range` of the object `name`, which pass `check`. All of them are in memory at once.
    ///
    /// # Errors
    /// As [`Remote::get`]; [`Fault::NoRange`] where parts are not served, and [`RemoteOptions::whole_instead`] says no.
    pub fn get_range(&self, name: &str, range: Range<u64>, check: &Check<'_>) -> Result<Vec<u8>> {
        self.ask(name, Mirrors::default(), &mut |_, mirror| {
            let mut bytes = Vec::new();
            self.part(mirror, name, range.clone(), &mut bytes)?;
            accepted(mirror, name, bytes, check)
        })
        .map(|(bytes, _)| bytes)
    }

    /// Writes the bytes `range` of the object `name` into `sink`, going on where a connection ended. Nothing is checked; mirrors in `but` are not asked. Says which mirrors
    /// gave bytes: if these turn out to be wrong, they are not to be asked again.
    ///
    /// # Errors
    /// As [`Remote::get_range`].
    pub fn stream(&self, name: &str, range: Range<u64>, sink: &mut dyn Write, but: Mirrors) -> Result<Mirrors> {
        let (mut at, mut used) = (range.start, Mirrors::default());
        if range.start >= range.end {
            return Ok(used);
        }
        self.ask(name, but, &mut |number, mirror| {
            let before = at;
            let result = self.part(mirror, name, at..range.end, &mut Advancing { sink, at: &mut at });
            let got = at - before;
            if got > 0 {
                used = used.with(number);
            }
            result.map_err(|error| if got >= PROGRESS_LEN { error.after_progress() } else { error })
        })?;
        Ok(used)
    }

    /// A part, out of the whole where there is no other way.
    fn part(&self, mirror: &dyn Transport, name: &str, range: Range<u64>, sink: &mut dyn Write) -> Result<()> {
        if mirror.serves_ranges() != Some(false) {
            let result = mirror.get_range(name, range.clone(), &mut self.counted(sink));
            let no_range = matches!(&result, Err(error) if matches!(error.fault(), Fault::NoRange { .. }));
            if !(no_range && self.options.whole_instead) {
                return result.map(drop);
            }
        } else if !self.options.whole_instead {
            return Err(Error::new(url(mirror, name), Fault::NoRange { len: None }));
        }
        self.cut_out(mirror, name, &[range], &mut |_, bytes| sink.write_all(bytes))
    }

    /// Fetches the beginning of an object, and gives out `ranges` of it, which are sorted and do not overlap, as they pass by.
    pub(crate) fn cut_out(
        &self,
        mirror: &dyn Transport,
        name: &str,
        ranges: &[Range<u64>],
        give: &mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> Result<()> {
        let mut cutter = Cutter { ends: true, ..Cutter::new(ranges, 0, give) };
        let result = mirror.get(name, u64::MAX, &mut self.counted(&mut cutter));
        if cutter.is_done {
            return Ok(());
        }
        let got = cutter.at;
        result?;
        let asked = ranges.get(cutter.number).cloned().unwrap_or_default();
        Err(Error::new(url(mirror, name), Fault::Range { asked, came: format!("the file has {got} bytes") }))
    }

    /// Asks one mirror after the other, again and again where that may help. Says which one answered.
    pub(crate) fn ask<T>(
        &self,
        name: &str,
        but: Mirrors,
        attempt: &mut dyn FnMut(usize, &dyn Transport) -> Result<T>,
    ) -> Result<(T, usize)> {
        let (mut given_up, mut last): (_, Vec<Option<Error>>) = (but, self.mirrors.iter().map(|_| None).collect());
        let (mut since, mut pause) = (Instant::now(), self.options.pause_first);
        loop {
            for number in self.order().filter(|number| !given_up.contains(*number)).collect::<Vec<_>>() {
                if self.is_cancelled.load(Relaxed) {
                    return Err(Error::new(url(&*self.mirrors[number], name), Fault::Stopped));
                }
                match attempt(number, &*self.mirrors[number]) {
                    Ok(value) => {
                        self.first.store(number, Relaxed);
                        return Ok((value, number));
                    }
                    Err(error) if error.blame() == crate::Blame::Caller => return Err(error),
                    Err(error) => {
                        if !error.may_pass() {
                            given_up = given_up.with(number);
                        }
                        if error.is_after_progress() {
                            (since, pause) = (Instant::now(), self.options.pause_first);
                        }
                        last[number] = Some(error);
                    }
                }
            }
            let is_over = (0..self.mirrors.len()).all(|number| given_up.contains(number));
            if is_over || since.elapsed() + pause > self.patience() {
                return Err(self.together(name, last));
            }
            self.rest(pause);
            pause = (pause * 2).min(self.options.pause_max);
        }
    }

    /// How long to go on while nothing comes.
    fn patience(&self) -> Duration {
        let RemoteOptions { patience, patience_at_first, .. } = self.options;
        if self.received() > 0 { patience } else { patience.min(patience_at_first) }
    }

    /// One error of all.
    fn together(&self, name: &str, last: Vec<Option<Error>>) -> Error {
        let mut errors: Vec<Error> = last.into_iter().flatten().collect();
        let why = "every mirror gave wrong bytes before";
        let none = || Error::new(url(&*self.mirrors[0], name), Fault::Content { why: why.into(), first: String::new() });
        let last = errors.pop().unwrap_or_else(none);
        last.beside(errors)
    }

    fn rest(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while !self.is_cancelled.load(Relaxed) && Instant::now() < end {
            thread::sleep(NAP.min(pause));
        }
    }

    /// The mirrors, from the one that gave something last.
    fn order(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, count) = (self.first.load(Relaxed), self.mirrors.len());
        (0..count).map(move |number| (first + number) % count)
    }

    pub(crate) fn counted<'s>(&'s self, sink: &'s mut dyn Write) -> Counted<'s> {
        Counted { sink, remote: self }
    }
}

/// What an object is called in messages.
pub(crate) fn url(mirror: &dyn Transport, name: &str) -> String {
    format!("{}/{}", mirror.base().trim_end_matches('/'), untorn_format::escape(name.as_bytes()))
}

/// The bytes, if they are the right ones.
fn accepted(mirror: &dyn Transport, name: &str, bytes: Vec<u8>, check: &Check<'_>) -> Result<Vec<u8>> {
    match check(&bytes) {
        Ok(()) => Ok(bytes),
        Err(why) => Err(Error::new(url(mirror, name), Fault::Content { why, first: first_of(&bytes) })),
    }
}

/// Counts what comes, and slows it down where that is wanted.
pub(crate) struct Counted<'s> {
    sink: &'s mut dyn Write,
    remote: &'s Remote,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.remote.received.fetch_add(bytes.len() as u64, Relaxed);
        self.remote.pace.wait(bytes.len());
        self.sink.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Knows how far it is.
struct Advancing<'s> {
    sink: &'s mut dyn Write,
    at: &'s mut u64,
}

impl Write for Advancing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write_all(bytes)?;
        *self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Gives out ranges of what passes by.
pub(crate) struct Cutter<'c> {
    ranges: &'c [Range<u64>],
    number: usize,
    at: u64,
    give: &'c mut dyn FnMut(usize, &[u8]) -> io::Result<()>,
    /// Whether the flow is to end once nothing more is needed, by an error that is none.
    ends: bool,
    is_done: bool,
}

impl<'c> Cutter<'c> {
    /// Of what begins `at` there.
    pub(crate) fn new(ranges: &'c [Range<u64>], at: u64, give: &'c mut dyn FnMut(usize, &[u8]) -> io::Result<()>) -> Self {
        Self { ranges, number: 0, at, give, ends: false, is_done: false }
    }
}

impl Write for Cutter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (begin, end) = (self.at, self.at + bytes.len() as u64);
        while let Some(range) = self.ranges.get(self.number).filter(|range| range.start < end) {
            let (from, to) = (range.start.max(begin) - begin, range.end.min(end) - begin);
            let within = |at: u64| usize::try_from(at).unwrap_or(bytes.len());
            (self.give)(self.number, &bytes[within(from)..within(to)])?;
            if range.end > end {
                break;
            }
            self.number += 1;
        }
        self.at = end;
        self.is_done = self.number == self.ranges.len();
        if self.is_done && self.ends { Err(io::Error::other("enough")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bases: Vec<_> = self.mirrors.iter().map(|mirror| mirror.base()).collect();
        f.debug_struct("Remote").field("mirrors", &bases).field("options", &self.options).finish_non_exhaustive()
    }
}
