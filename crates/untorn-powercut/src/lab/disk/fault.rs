//! Which writes, flushes and reads fail, told by how far an update is: the records that it writes say so.

use std::{fmt, io, ops::Range, str::FromStr};

use untorn_format::journal::{RECORD_LEN, Record, SlotState};

/// What comes before B1, before B2, before B3, and the rest.
pub(in crate::lab) const PHASES: usize = 4;

/// An error of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Fault {
    /// Before which barrier, from 0.
    pub(in crate::lab) phase: usize,
    /// So many writes and flushes of that phase succeed.
    pub(in crate::lab) after: usize,
    pub(in crate::lab) extent: Extent,
}

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab) enum Extent {
    /// One write or flush.
    Once,
    /// Each write to those blocks from then on, and each read.
    Blocks,
    /// Each write and flush from then on.
    Everything,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.phase, self.after, self.extent)
    }
}

impl FromStr for Fault {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.split(' ');
        let mut number = || words.next().and_then(|word| word.parse().ok()).ok_or(());
        let (phase, after) = (number()?, number()?);
        let extent = match words.next() {
            Some("Once") => Extent::Once,
            Some("Blocks") => Extent::Blocks,
            Some("Everything") => Extent::Everything,
            _ => return Err(()),
        };
        Ok(Self { phase, after, extent })
    }
}

/// How far the update is, and what is wrong with the disk.
#[derive(Debug, Default)]
pub(super) struct Faults {
    fault: Option<Fault>,
    phase: usize,
    /// Writes and flushes so far, by phase.
    pub(super) counts: [usize; PHASES],
    bad: Option<Range<u64>>,
    is_dead: bool,
    /// How many calls were failed.
    pub(super) failed: usize,
}

impl Faults {
    /// Begins anew, with a fault to come or without.
    pub(super) fn of(fault: Option<Fault>) -> Self {
        Self { fault, ..Self::default() }
    }

    /// # Errors
    /// As it was told.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        for record in bytes.chunks(RECORD_LEN).filter_map(|sector| Record::decode(sector).ok()) {
            self.phase = match (self.phase, record.state) {
                (_, SlotState::Committed) => 1,
                (0, _) => 0,
                _ => 3,
            };
        }
        self.endure(Some(offset..offset + bytes.len() as u64))
    }

    /// # Errors
    /// As it was told.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.endure(None)?;
        if self.phase == 1 {
            self.phase = 2;
        }
        Ok(())
    }

    /// # Errors
    /// As it was told.
    pub(super) fn read(&mut self, offset: u64, len: usize) -> io::Result<()> {
        if self.is_bad(&(offset..offset + len as u64)) { Err(self.error()) } else { Ok(()) }
    }

    fn endure(&mut self, blocks: Option<Range<u64>>) -> io::Result<()> {
        if self.is_dead || blocks.as_ref().is_some_and(|blocks| self.is_bad(blocks)) {
            return Err(self.error());
        }
        let number = self.counts[self.phase];
        self.counts[self.phase] += 1;
        let Some(fault) = self.fault.filter(|fault| (fault.phase, fault.after) == (self.phase, number)) else { return Ok(()) };
        match fault.extent {
            Extent::Once => {}
            Extent::Blocks => self.bad = blocks,
            Extent::Everything => self.is_dead = true,
        }
        Err(self.error())
    }

    fn is_bad(&self, blocks: &Range<u64>) -> bool {
        self.bad.as_ref().is_some_and(|bad| bad.start < blocks.end && blocks.start < bad.end)
    }

    fn error(&mut self) -> io::Error {
        self.failed += 1;
        io::Error::other("the disk was told to fail")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(state: SlotState) -> Vec<u8> {
        let plan_len = u64::from(state == SlotState::Committed);
        let plan_hash = if plan_len == 0 { untorn_format::Hash::NONE } else { untorn_format::Hash::of(b"plan") };
        let none = untorn_format::Hash::NONE;
        let record =
            Record { seq: 1, state, tree_id: [1; 16], home: 0, txid: 1, plan_len, plan_hash, from: none, to: none, undo: 0 };
        [vec![0; 4096 - RECORD_LEN], record.encode().to_vec()].concat()
    }

    /// A write and a flush of each phase, then another write.
    fn update(faults: &mut Faults) -> Vec<bool> {
        let (committed, idle) = (record(SlotState::Committed), record(SlotState::Idle));
        let writes = [&[1; 4096][..], &committed, &[2; 4096], &idle];
        let mut results = Vec::new();
        for (at, bytes) in (0_u64..).zip(writes) {
            results.extend([faults.write(at * 4096, bytes).is_ok(), faults.flush().is_ok()]);
        }
        results
    }

    #[test]
    fn the_records_tell_the_barriers() {
        let mut faults = Faults::of(None);
        assert_eq!(update(&mut faults), [true; 8]);
        assert_eq!(faults.counts, [2, 2, 2, 2]);
    }

    #[test]
    fn what_fails_is_what_it_is_told() {
        let of = |phase, after, extent| Faults::of(Some(Fault { phase, after, extent }));
        for phase in 0..PHASES {
            for after in 0..2 {
                let mut once = of(phase, after, Extent::Once);
                let failed: Vec<usize> =
                    update(&mut once).iter().enumerate().filter(|(_, is_ok)| !**is_ok).map(|(at, _)| at).collect();
                // Where the decision was not flushed, nobody goes on to the next phase; this one does, and its writes are still those before B2.
                assert_eq!(failed[0], 2 * phase + after);
                let mut dead = of(phase, after, Extent::Everything);
                assert!(update(&mut dead)[2 * phase + after..].iter().all(|is_ok| !is_ok));
            }
        }
        let mut blocks = of(2, 0, Extent::Blocks);
        update(&mut blocks);
        assert!(blocks.read(8192, 1).is_err() && blocks.read(12_287, 1).is_err() && blocks.write(4096, &[0; 8192]).is_err());
        assert!(blocks.read(4096, 4096).is_ok() && blocks.write(12_288, &[0; 4096]).is_ok());
        let fault = Fault { phase: 1, after: 3, extent: Extent::Blocks };
        assert_eq!(fault.to_string().parse(), Ok(fault));
    }
}
