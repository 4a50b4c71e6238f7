//! A disk with its recordings: what it holds, what was written since when, and which states a power cut could have left.

use std::{collections::HashMap, io, sync::Arc};

use untorn_sim::Rng;

use super::{
    blocks::Blocks,
    fault::{Fault, Faults, PHASES},
};
use crate::lab::state::{Event, State};

/// Smallest unit that is written whole.
const SECTOR: usize = 512;

/// What the kernel sends through FUSE at once.
const FUSE_WRITE_MAX: usize = 1 << 20;

/// One write.
struct Write {
    offset: u64,
    bytes: Arc<[u8]>,
}

/// What happened since a recording began.
#[derive(Default)]
struct Recording {
    /// The disk before.
    before: Blocks,
    events: Vec<Event>,
    /// By the number of their events.
    writes: HashMap<usize, Write>,
    /// The disk after so many events, all of them done: states are asked for in order.
    reached: (usize, Blocks),
}

/// A disk.
#[derive(Default)]
pub(super) struct Media {
    content: Blocks,
    recordings: Vec<Recording>,
    is_recording: bool,
    faults: Faults,
    /// The writes and flushes up to each barrier of the step that was recorded.
    pub(super) phases: [usize; PHASES],
    /// Where the last write ended, if it was as long as FUSE makes one: what begins there is the rest of the same request.
    rest_at: Option<u64>,
}

impl Media {
    /// # Errors
    /// What is wrong with the disk.
    pub(super) fn read(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.faults.read(offset, buf.len())?;
        self.content.read(offset, buf);
        Ok(())
    }

    /// # Errors
    /// What is wrong with the disk: then nothing was written.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        // The loop device takes a request of which only the first part was written for written, so the rest does not fail by itself.
        if self.rest_at != Some(offset) {
            self.faults.write(offset, bytes)?;
        }
        self.rest_at = (bytes.len() >= FUSE_WRITE_MAX).then_some(offset + bytes.len() as u64);
        self.content.write(offset, bytes);
        if let Some(recording) = self.recording() {
            recording.writes.insert(recording.events.len(), Write { offset, bytes: bytes.into() });
            recording.events.push(Event::Write { offset, len: bytes.len() });
        }
        Ok(())
    }

    /// # Errors
    /// What is wrong with the disk.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.faults.flush()?;
        if let Some(recording) = self.recording() {
            recording.events.push(Event::Flush);
        }
        Ok(())
    }

    pub(super) fn mark(&mut self) {
        let Some(recording) = self.recording() else { return };
        let is_first = !recording.events.contains(&Event::Mark);
        recording.events.push(Event::Mark);
        if is_first {
            self.faults = Faults::default();
        } else {
            self.phases = self.faults.counts;
        }
    }

    /// Empties it.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Fails as told from now on.
    pub(super) fn set_fault(&mut self, fault: Option<Fault>) {
        let failed = self.failed();
        self.faults = Faults::of(fault);
        if fault.is_none() {
            self.faults.failed = failed;
        }
    }

    /// How many calls were failed since it was told to fail.
    pub(super) fn failed(&self) -> usize {
        self.faults.failed
    }

    /// What is on it now is where states begin. Recordings nest: the one before is gone on with after [`Media::forget`].
    pub(super) fn record(&mut self) {
        self.content.settle();
        let before = self.content.clone();
        let reached = (0, before.clone());
        self.recordings.push(Recording { before, events: Vec::new(), writes: HashMap::new(), reached });
        self.is_recording = true;
    }

    /// Ends the recording, and says what it holds.
    pub(super) fn halt(&mut self) -> &[Event] {
        self.is_recording = false;
        self.recordings.last().map_or(&[], |recording| &recording.events)
    }

    /// Takes the disk back to where the innermost recording began, and forgets that.
    pub(super) fn forget(&mut self) {
        self.is_recording = false;
        if let Some(recording) = self.recordings.pop() {
            self.content = recording.before;
        }
    }

    /// Makes the disk one that a power cut during the innermost recording could have left.
    pub(super) fn cut(&mut self, state: &State) {
        self.is_recording = false;
        let Some(recording) = self.recordings.last_mut() else { return };
        if recording.reached.0 > state.flushed {
            recording.reached = (0, recording.before.clone());
        }
        let (reached, blocks) = &mut recording.reached;
        for number in *reached..state.flushed {
            if let Some(write) = recording.writes.get(&number) {
                blocks.write(write.offset, &write.bytes);
            }
        }
        *reached = state.flushed;
        let mut content = blocks.clone();
        for number in &state.kept {
            if let Some(write) = recording.writes.get(number) {
                content.write(write.offset, &write.bytes);
            }
        }
        if let Some(write) = state.torn.and_then(|(number, _)| recording.writes.get(&number)) {
            tear(&mut content, write, state.torn.map_or(0, |(_, seed)| seed));
        }
        self.content = content;
    }

    pub(super) fn written(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.content.written()
    }

    fn recording(&mut self) -> Option<&mut Recording> {
        if self.is_recording { self.recordings.last_mut() } else { None }
    }
}

/// Some of its sectors are there, others are not.
fn tear(content: &mut Blocks, write: &Write, seed: u64) {
    let mut rng = Rng::new(seed);
    for (number, sector) in write.bytes.chunks(SECTOR).enumerate() {
        if rng.eighths(4) {
            content.write(write.offset + (number * SECTOR) as u64, sector);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fault::Extent, *};

    fn first_bytes(media: &mut Media) -> Vec<u8> {
        (0..4_u64)
            .map(|block| {
                let mut buf = [0; 1];
                media.read(block * 4096, &mut buf).unwrap();
                buf[0]
            })
            .collect()
    }

    fn write(media: &mut Media, block: u64, byte: u8) {
        media.write(block * 4096, &[byte; 4096]).unwrap();
    }

    #[test]
    fn a_cut_keeps_what_was_flushed_and_of_the_rest_what_it_is_told() {
        let mut media = Media::default();
        write(&mut media, 0, 1);
        media.record();
        write(&mut media, 1, 2);
        media.flush().unwrap();
        write(&mut media, 2, 3);
        write(&mut media, 3, 4);
        assert_eq!(media.halt().len(), 4);
        let state = |flushed, kept: &[usize]| State { flushed, kept: kept.to_vec(), torn: None, done: 0 };
        media.cut(&state(2, &[3]));
        assert_eq!(first_bytes(&mut media), [1, 2, 0, 4]);
        media.cut(&state(0, &[]));
        assert_eq!(first_bytes(&mut media), [1, 0, 0, 0]);
        media.cut(&state(2, &[2]));
        media.record();
        write(&mut media, 0, 9);
        media.halt();
        media.cut(&state(0, &[0]));
        assert_eq!(first_bytes(&mut media), [9, 2, 3, 0]);
        media.forget();
        assert_eq!(first_bytes(&mut media), [1, 2, 3, 0]);
    }

    #[test]
    fn a_fault_fails_what_it_is_told_to() {
        let mut media = Media::default();
        media.set_fault(Some(Fault { phase: 0, after: 1, extent: Extent::Once }));
        write(&mut media, 0, 1);
        assert!(media.write(4096, &[2; 4096]).is_err());
        assert!(media.flush().is_ok());
        assert_eq!((first_bytes(&mut media), media.failed()), (vec![1, 0, 0, 0], 1));
    }
}
