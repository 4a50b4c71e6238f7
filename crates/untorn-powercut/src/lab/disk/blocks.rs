//! What a disk holds, in blocks that copies of it share.

use std::{collections::HashMap, sync::Arc};

/// Length of a block, in bytes.
const BLOCK: usize = 4096;

type Block = [u8; BLOCK];
type Map = HashMap<u64, Arc<Block>>;

/// The bytes of a disk. Copies cost what was changed since the last [`Blocks::settle`]; what was never written is zero, and takes no room.
#[derive(Clone, Default)]
pub(super) struct Blocks {
    settled: Arc<Map>,
    changed: Map,
}

impl Blocks {
    pub(super) fn read(&self, offset: u64, buf: &mut [u8]) {
        each_block(offset, buf.len(), |number, at, part| {
            let target = &mut buf[part.clone()];
            match self.block(number) {
                Some(block) => target.copy_from_slice(&block[at..at + part.len()]),
                None => target.fill(0),
            }
        });
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        each_block(offset, bytes.len(), |number, at, part| {
            if self.block(number).is_none() && bytes[part.clone()].iter().all(|byte| *byte == 0) {
                return;
            }
            let settled = self.settled.get(&number);
            let block = self.changed.entry(number).or_insert_with(|| settled.cloned().unwrap_or_else(|| Arc::new([0; BLOCK])));
            Arc::make_mut(block)[at..at + part.len()].copy_from_slice(&bytes[part]);
        });
    }

    /// Makes what was changed part of what all copies share.
    pub(super) fn settle(&mut self) {
        let mut map = std::mem::take(&mut self.settled);
        Arc::make_mut(&mut map).extend(self.changed.drain());
        self.settled = map;
    }

    /// Every block that was ever written, with the place where it begins.
    pub(super) fn written(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let settled = self.settled.iter().filter(|(number, _)| !self.changed.contains_key(number));
        settled.chain(&self.changed).map(|(number, block)| (number * BLOCK as u64, &block[..]))
    }

    fn block(&self, number: u64) -> Option<&Arc<Block>> {
        self.changed.get(&number).or_else(|| self.settled.get(&number))
    }
}

/// Calls `f` with the number of each block that is touched, the place in it, and which part of the buffer that is.
fn each_block(offset: u64, len: usize, mut f: impl FnMut(u64, usize, std::ops::Range<usize>)) {
    let mut done = 0;
    while done < len {
        let place = offset + done as u64;
        let at = usize::try_from(place % BLOCK as u64).unwrap_or(0);
        let part = (BLOCK - at).min(len - done);
        f(place / BLOCK as u64, at, done..done + part);
        done += part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_also_across_blocks_and_copies() {
        let mut disk = Blocks::default();
        disk.write(4000, &[1; 5000]);
        disk.settle();
        let copy = disk.clone();
        disk.write(4090, &[2; 10]);
        let read = |disk: &Blocks| {
            let mut buf = [9; 5002];
            disk.read(3999, &mut buf);
            buf
        };
        let (new, old) = (read(&disk), read(&copy));
        assert_eq!((old[0], old[1], old[5000], old[5001]), (0, 1, 1, 0));
        assert_eq!((new[90], new[91], new[100], new[101]), (1, 2, 2, 1));
        assert!(old[91..101].iter().all(|byte| *byte == 1));
    }

    #[test]
    fn zeros_take_no_room() {
        let mut disk = Blocks::default();
        disk.write(0, &[0; 1 << 20]);
        assert_eq!(disk.written().count(), 0);
    }
}
