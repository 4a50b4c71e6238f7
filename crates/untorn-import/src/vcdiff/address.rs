//! Addresses of copies, and the caches by which they are short: RFC 3284 section 5.1 and 5.3.

use std::io::Read;

use super::{byte, number};
use crate::foreign::Fault;

const NEAR: usize = 4;
const SAME: usize = 3;

/// What was copied lately. Begins anew with each window.
pub(super) struct Addresses {
    near: [u64; NEAR],
    next: usize,
    same: [u64; SAME * 256],
}

impl Addresses {
    pub(super) fn new() -> Self {
        Self { near: [0; NEAR], next: 0, same: [0; SAME * 256] }
    }

    /// The next address, when `here` is what comes next in source and target together.
    pub(super) fn read(&mut self, from: &mut impl Read, mode: u8, here: u64) -> Result<u64, Fault> {
        let wrong = Fault::Wrong("it copies from outside");
        let address = match mode.into() {
            0 => number(from)?,
            1 => here.checked_sub(number(from)?).ok_or(wrong)?,
            near @ 2..=5 => self.near[near - 2].checked_add(number(from)?).ok_or(wrong)?,
            same @ 6..=8 => self.same[(same - 6) * 256 + usize::from(byte(from)?)],
            _ => return Err(wrong),
        };
        if address >= here {
            return Err(Fault::Wrong("it copies from outside"));
        }
        self.near[self.next] = address;
        self.next = (self.next + 1) % NEAR;
        let place = usize::try_from(address % (SAME as u64 * 256)).unwrap_or_default();
        self.same[place] = address;
        Ok(address)
    }
}
