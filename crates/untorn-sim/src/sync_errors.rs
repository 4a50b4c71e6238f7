//! Who still has to be told about a failed write-back.
//!
//! The rules are those of `errseq_t` in Linux (`lib/errseq.c`): an error is reported once to each handle that was open when it happened; a handle
//! opened later hears of it only if nobody has heard yet.

use std::io;

use crate::inode::Ino;

#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    count: u32,
    seen: bool,
}

impl Errors {
    fn sample(self) -> u32 {
        if self.seen { self.count } else { self.count.saturating_sub(1) }
    }

    /// Whether the holder of `sample` has something to hear; it has heard now.
    fn hear(&mut self, sample: &mut u32) -> bool {
        let news = *sample != self.count;
        *sample = self.count;
        self.seen |= news;
        news
    }

    fn add(&mut self) {
        *self = Self { count: self.count.saturating_add(1), seen: false };
    }
}

/// Errors of each object, and of the file system as a whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct SyncErrors {
    all: Errors,
    files: Vec<(Ino, Errors)>,
}

impl SyncErrors {
    /// What a handle on the file `of`, or on everything, remembers at the time it is opened.
    pub(crate) fn sample(&self, of: Option<Ino>) -> u32 {
        self.get(of).sample()
    }

    /// The error that the handle with this sample has not heard of.
    pub(crate) fn hear(&mut self, of: Option<Ino>, sample: &mut u32) -> io::Result<()> {
        let news = match of {
            None => self.all.hear(sample),
            Some(ino) => self.files.iter_mut().find(|(other, _)| *other == ino).is_some_and(|(_, errors)| errors.hear(sample)),
        };
        // Whoever hears of an error takes it away from those who come later, also from those who watch everything: the quieter of the
        // behaviours that were measured.
        self.all.seen |= news;
        if news { Err(io::Error::other("an earlier write did not reach the medium")) } else { Ok(()) }
    }

    /// A write-back of these files failed.
    pub(crate) fn add(&mut self, files: &[Ino]) {
        for &ino in files {
            match self.files.iter_mut().find(|(other, _)| *other == ino) {
                Some((_, errors)) => errors.add(),
                None => self.files.push((ino, Errors { count: 1, seen: false })),
            }
        }
        self.all.add();
    }

    /// Somebody was told of the latest error by other means.
    pub(crate) fn set_heard(&mut self) {
        self.all.seen = true;
    }

    fn get(&self, of: Option<Ino>) -> Errors {
        match of {
            None => self.all,
            Some(ino) => self.files.iter().find(|(other, _)| *other == ino).map(|(_, errors)| *errors).unwrap_or_default(),
        }
    }
}
