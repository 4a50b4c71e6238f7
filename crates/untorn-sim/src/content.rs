//! The bytes of one file.

use std::{ops::Range, sync::Arc};

/// What a device writes at once, in bytes; smaller parts never tear, larger ones may.
pub(crate) const SECTOR: usize = 512;

/// What became of one sector that was being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Old,
    New,
    Zeros,
    Garbage(u64),
}

/// Bytes and length, separately, because a crash separates them. Whatever lies beyond `bytes` is a hole and reads zeros.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    bytes: Vec<u8>,
    len: u64,
    /// Space is reserved up to here.
    pub(crate) reserved: u64,
}

impl Content {
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// The bytes on the medium within the length; what is missing up to the length are zeros.
    pub(crate) fn visible(&self) -> &[u8] {
        self.bytes.get(..to_index(self.len)).unwrap_or(&self.bytes)
    }

    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let mut all = self.visible().to_vec();
        all.resize(to_index(self.len), 0);
        all
    }

    pub(crate) fn same_bytes(&self, other: &Self) -> bool {
        let (a, b) = (self.visible(), other.visible());
        let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        self.len == other.len && long.starts_with(short) && long[short.len()..].iter().all(|&byte| byte == 0)
    }

    /// Space taken, in bytes.
    pub(crate) fn allocated(&self) -> u64 {
        (self.bytes.len() as u64).max(self.reserved)
    }

    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> usize {
        let Some(rest) = self.len.checked_sub(offset) else { return 0 };
        let n = buf.len().min(to_index(rest));
        let stored = self.bytes.get(to_index(offset)..).unwrap_or(&[]);
        let stored = &stored[..stored.len().min(n)];
        buf[..stored.len()].copy_from_slice(stored);
        buf[stored.len()..n].fill(0);
        n
    }

    /// Writes `buf`; `offset + buf.len()` was checked against the longest file.
    pub(crate) fn write(&mut self, buf: &[u8], offset: u64) {
        self.overwrite(buf, to_index(offset));
        self.len = self.len.max(offset.saturating_add(buf.len() as u64));
    }

    pub(crate) fn set_len(&mut self, len: u64) {
        self.bytes.truncate(to_index(len));
        self.reserved = if len < self.len { self.reserved.min(len) } else { self.reserved };
        self.len = len;
    }

    /// Forgets bytes beyond the length, so that a later growth reads zeros there.
    pub(crate) fn has_stale_tail(&self) -> bool {
        self.bytes.len() as u64 > self.len
    }

    /// Whole sectors around `range` as they are now: what a device gets when the range is written. A device never gets half a
    /// sector, so a later write to the same sector carries the earlier one along.
    pub(crate) fn sectors_around(&self, range: Range<u64>) -> (u64, Arc<[u8]>) {
        let start = to_index(range.start) / SECTOR * SECTOR;
        let end = to_index(range.end).next_multiple_of(SECTOR).min(self.bytes.len());
        (start as u64, self.bytes.get(start..end).unwrap_or(&[]).into())
    }

    /// Puts sectors on the medium without touching the length.
    pub(crate) fn put_sectors(&mut self, offset: u64, sectors: &[u8]) {
        let start = to_index(offset);
        self.overwrite(sectors, start);
        let end = start + sectors.len();
        let sector_end = end.next_multiple_of(SECTOR).min(self.bytes.len());
        self.bytes[end..sector_end].fill(0);
    }

    /// As [`Content::put_sectors`], but each sector has its own fate.
    pub(crate) fn tear_sectors(&mut self, offset: u64, sectors: &[u8], mut fate: impl FnMut() -> Fate) {
        let mut at = offset;
        for sector in sectors.chunks(SECTOR) {
            match fate() {
                Fate::Old => {}
                Fate::New => self.put_sectors(at, sector),
                Fate::Zeros => self.put_sectors(at, &[0; SECTOR][..sector.len()]),
                Fate::Garbage(seed) => self.put_sectors(at, &garbage(seed)[..sector.len()]),
            }
            at += SECTOR as u64;
        }
    }

    fn overwrite(&mut self, buf: &[u8], start: usize) {
        let end = start + buf.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[start..end].copy_from_slice(buf);
    }
}

fn garbage(seed: u64) -> [u8; SECTOR] {
    let mut rng = crate::Rng::new(seed);
    let mut sector = [0; SECTOR];
    for word in sector.chunks_exact_mut(8) {
        word.copy_from_slice(&rng.next_u64().to_le_bytes());
    }
    sector
}

/// Offsets are checked against the longest file before they get here; what does not fit an index is beyond every file.
fn to_index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
