//! What is on the disk, as far as anybody knows: what programs see, and what a power cut may leave.

use std::hash::Hash;

/// At most so many different values of one thing can be left.
const VALUES_MAX: usize = 8;

/// Why a thing waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Waiting {
    /// It does not: it is durable, or a sync that failed has made the system forget that it is not.
    No,
    /// Bytes: forgotten by a sync that fails.
    Bytes,
    /// Names: a file system that cannot write its journal goes on no more, so they are not forgotten.
    Names,
}

/// One thing on the disk that is old or new by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cell<T> {
    /// What programs see.
    pub(super) now: T,
    /// What a power cut may leave, without gaps.
    left: [Option<T>; VALUES_MAX],
    waiting: Waiting,
}

impl<T: Copy + Ord + Hash> Cell<T> {
    pub(super) fn durable(value: T) -> Self {
        let mut left = [None; VALUES_MAX];
        left[0] = Some(value);
        Self { now: value, left, waiting: Waiting::No }
    }

    /// Bytes are written: a power cut may leave them, what was there before, or something torn.
    pub(super) fn write(&mut self, value: T, torn: T) {
        self.now = value;
        self.may_be(value);
        self.may_be(torn);
        self.waiting = Waiting::Bytes;
    }

    /// A name changes, which is never torn.
    pub(super) fn rename(&mut self, value: T) {
        self.now = value;
        self.may_be(value);
        self.waiting = Waiting::Names;
    }

    fn may_be(&mut self, value: T) {
        if !self.left().any(|left| left == value) {
            let free = self.left.iter().position(Option::is_none).unwrap();
            self.left[free] = Some(value);
            self.left[..=free].sort_unstable();
        }
    }

    /// A sync that succeeds: durable, unless an earlier one that failed has made the system forget it.
    pub(super) fn sync(&mut self) {
        if self.waiting != Waiting::No {
            *self = Self::durable(self.now);
        }
    }

    /// A sync that fails: nobody knows what reached the disk, and the system takes the bytes for written.
    pub(super) fn fail(&mut self) {
        if self.waiting == Waiting::Bytes {
            self.waiting = Waiting::No;
        }
    }

    /// Durable, but for the name, without which nothing is there.
    pub(super) fn sync_without_name(&mut self, nothing: T) {
        if self.waiting != Waiting::No {
            *self = Self::durable(self.now);
            self.may_be(nothing);
            self.waiting = Waiting::Names;
        }
    }

    pub(super) fn left(&self) -> impl Iterator<Item = T> + '_ {
        self.left.iter().map_while(|value| *value)
    }

    pub(super) fn waits_with_bytes(&self) -> bool {
        self.waiting == Waiting::Bytes
    }

    /// How many values a power cut can leave.
    pub(super) fn choices(&self) -> u64 {
        self.left().count() as u64
    }

    /// The power fails: takes one of the choices off `choice`.
    pub(super) fn cut(&mut self, choice: &mut u64) {
        let choices = self.choices();
        let number = usize::try_from(*choice % choices).unwrap();
        *choice /= choices;
        *self = Self::durable(self.left[number].unwrap());
    }
}
