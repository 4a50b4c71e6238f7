//! Many parts of objects, several at once.

use std::{
    collections::BTreeMap,
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
    remote::{Mirrors, accepted, url},
};

/// A part of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The object.
    pub name: String,
    /// The bytes of it that are wanted; all of them are in memory at once.
    pub range: Range<u64>,
}

/// Who wants parts.
pub trait Taker: Sync {
    /// Says why the bytes of the part `number` are not the right ones. Called from any thread.
    ///
    /// # Errors
    /// The reason: another mirror is asked then.
    fn check(&self, number: usize, bytes: &[u8]) -> Result<(), String>;

    /// Whether to give up.
    fn should_stop(&self) -> bool {
        false
    }
}

/// The longest part: so much memory each connection may take.
pub const PART_LEN_MAX: u64 = 16 << 20;
/// How often the waiting thread asks whether to stop.
const NAP: Duration = Duration::from_millis(50);

type Came = Result<(usize, Vec<u8>)>;

impl Remote {
    /// Fetches `parts`, which do not overlap, several at once, each checked by `taker`, and gives each to `take` in the thread of the caller, in any order. Memory: about twice
    /// [`connections`](crate::RemoteOptions::connections) parts. Where a server gives out whole objects only, each object is fetched once, as far as it is needed.
    ///
    /// # Errors
    /// As [`Remote::get_range`]; whatever `take` says; [`Fault::Stopped`] when `taker` wants to. Nothing can be fetched through this `Remote` after the last two.
    pub fn get_parts(&self, parts: &[Part], taker: &dyn Taker, take: &mut dyn FnMut(usize, Vec<u8>) -> Result<()>) -> Result<()> {
        let whole_only = Mutex::new(Vec::new());
        let next = AtomicUsize::new(0);
        let (sender, receiver) = sync_channel::<Came>(self.options.connections.max(1));
        let first_error = thread::scope(|scope| {
            for _ in 0..self.options.connections.clamp(1, parts.len().max(1)) {
                let (sender, next, whole_only) = (sender.clone(), &next, &whole_only);
                scope.spawn(move || self.work(parts, taker, next, whole_only, &sender));
            }
            drop(sender);
            let mut failed = None;
            loop {
                match receiver.recv_timeout(NAP) {
                    Ok(Ok((number, bytes))) if failed.is_none() => failed = take(number, bytes).err(),
                    Ok(Err(error)) if failed.is_none() => failed = Some(error),
                    Ok(_) => {}
                    Err(RecvTimeoutError::Timeout) => {}
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
        first_error.map_or(Ok(()), Err)?;
        self.sweep(parts, whole_only.into_inner().unwrap_or_else(PoisonError::into_inner), taker, take)
    }

    fn work(
        &self,
        parts: &[Part],
        taker: &dyn Taker,
        next: &AtomicUsize,
        whole_only: &Mutex<Vec<usize>>,
        sender: &SyncSender<Came>,
    ) {
        loop {
            let number = next.fetch_add(1, Relaxed);
            let Some(part) = parts.get(number) else { return };
            let came = match self.one(part, number, taker) {
                Err(error) if self.options.whole_instead && is_no_range(&error) => {
                    whole_only.lock().unwrap_or_else(PoisonError::into_inner).push(number);
                    continue;
                }
                other => other,
            };
            let is_over = came.is_err();
            if sender.send(came.map(|bytes| (number, bytes))).is_err() || is_over {
                return;
            }
        }
    }

    fn one(&self, part: &Part, number: usize, taker: &dyn Taker) -> Result<Vec<u8>> {
        let len = part.range.end.saturating_sub(part.range.start);
        if len > PART_LEN_MAX {
            return Err(Error::new(self.base(), Fault::Length { limit: PART_LEN_MAX, found: Some(len) }));
        }
        let check = |bytes: &[u8]| taker.check(number, bytes);
        let attempt = &mut |_, mirror: &dyn Transport| {
            if mirror.serves_ranges() == Some(false) {
                return Err(Error::new(url(mirror, &part.name), Fault::NoRange { len: None }));
            }
            let mut bytes = Vec::new();
            mirror.get_range(&part.name, part.range.clone(), &mut self.counted(&mut bytes))?;
            accepted(mirror, &part.name, bytes, &check)
        };
        self.ask(&part.name, Mirrors::default(), attempt).map(|(bytes, _)| bytes)
    }

    /// Fetches what can only be had out of whole objects: each of them once, but for failures.
    fn sweep(
        &self,
        parts: &[Part],
        numbers: Vec<usize>,
        taker: &dyn Taker,
        take: &mut dyn FnMut(usize, Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let mut objects: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for number in numbers {
            objects.entry(&parts[number].name).or_default().push(number);
        }
        for (name, mut wanted) in objects {
            wanted.sort_by_key(|number| (parts[*number].range.start, parts[*number].range.end));
            self.sweep_one(parts, name, wanted, taker, take)?;
        }
        Ok(())
    }

    fn sweep_one(
        &self,
        parts: &[Part],
        name: &str,
        mut wanted: Vec<usize>,
        taker: &dyn Taker,
        take: &mut dyn FnMut(usize, Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        self.ask(name, Mirrors::default(), &mut |_, mirror| {
            let ranges: Vec<_> = wanted.iter().map(|number| parts[*number].range.clone()).collect();
            let (mut bytes, mut done, mut failed) = (Vec::new(), 0, None);
            let result = self.cut_out(mirror, name, &ranges, &mut |place, piece| {
                bytes.extend_from_slice(piece);
                if bytes.len() as u64 == ranges[place].end - ranges[place].start {
                    let (number, whole) = (wanted[place], std::mem::take(&mut bytes));
                    failed = self.hand_over(mirror, name, number, whole, taker, take).err();
                    done = if failed.is_none() { place + 1 } else { done };
                }
                if failed.is_some() { Err(std::io::Error::other("failed")) } else { Ok(()) }
            });
            wanted.drain(..done);
            match failed {
                Some(error) => Err(error),
                None => result,
            }
        })
        .map(drop)
    }

    fn hand_over(
        &self,
        mirror: &dyn Transport,
        name: &str,
        number: usize,
        bytes: Vec<u8>,
        taker: &dyn Taker,
        take: &mut dyn FnMut(usize, Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        if taker.should_stop() {
            return Err(Error::new(url(mirror, name), Fault::Stopped));
        }
        match taker.check(number, &bytes) {
            Ok(()) => take(number, bytes),
            Err(why) => Err(Error::new(url(mirror, name), Fault::Content { why, first: first_of(&bytes) })),
        }
    }
}

fn is_no_range(error: &Error) -> bool {
    let no_range = |error: &Error| matches!(error.fault(), Fault::NoRange { .. });
    no_range(error) || error.others().iter().any(no_range)
}
