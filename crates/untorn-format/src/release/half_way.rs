//! What a tree says about itself while an update in steps is half way: neither the old build nor the new one.

use std::fmt;

use super::{INSTALLED_LEN_MAX, Installed};
use crate::{
    DecodeError, Hash,
    bytes::{Field, Writer, count, require},
    document::{CHECKSUM_LEN, CRITICAL, FORMAT, Kind, MAGIC, PREAMBLE_LEN, seal},
    layout::{Row, rows},
};

/// The most steps.
pub const STEP_COUNT_MAX: u32 = 1 << 24;

/// The most parts.
pub const PART_COUNT_MAX: u32 = 1 << 22;

/// The shortest step, in bytes.
pub const STEP_LEN_MIN: u64 = 1 << 16;

const LEN_MAX: u64 = INSTALLED_LEN_MAX + (HEAD_LEN + CHECKSUM_LEN) as u64 + 32 * PART_COUNT_MAX as u64;

const KIND: Kind = Kind { magic: *b"untorn:h", format: 1, len_max: LEN_MAX };

const HEAD_LEN: usize = 176;
const DONE: Field<4> = Field::at(16);
const STEPS: Field<4> = Field::at(20);
const PATCH: Field<32> = Field::at(24);
const FROM: Field<32> = Field::at(56);
const TO: Field<32> = Field::at(88);
const STEP_LEN: Field<8> = Field::at(120);
const IN_PLACE: Field<4> = Field::at(128);
const PART_COUNT: Field<4> = Field::at(132);
const INSTALLED_LEN: Field<4> = Field::at(136);
const RESERVED: Field<4> = Field::at(140);
const SCHEDULE: Field<32> = Field::at(144);

pub(crate) const ROWS: &[Row] = rows!(
    HEAD_LEN; MAGIC, FORMAT, CRITICAL, DONE, STEPS, PATCH, FROM, TO, STEP_LEN, IN_PLACE, PART_COUNT, INSTALLED_LEN, RESERVED,
    SCHEDULE
);

/// The head document of a tree while an update in steps is half way. Replaced with every step, in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfWay {
    /// How far it is. `steps.to` is the build of `installed`.
    pub steps: Steps,
    /// Hash of the header of the patch, and so of all of the patch.
    pub patch: Hash,
    /// How many bytes a step may take: with the patch, this decides what each step does.
    pub step_len: u64,
    /// Hash of what all steps do: a program that would do something else refuses to go on.
    pub schedule: Hash,
    /// Whether files are changed in place; else each is written whole.
    pub in_place: bool,
    /// Hash of the bytes that each part makes, zeros for one that makes none, in the order of the paths.
    pub parts: Vec<Hash>,
    /// The head document of the tree once the last step is done.
    pub installed: Installed,
}

/// How far an update in steps is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// How many steps are done: at least one, and not all.
    pub done: u32,
    /// How many there are.
    pub count: u32,
    /// Hash of the manifest of the build it started from.
    pub from: Hash,
    /// Hash of the manifest of the build it leads to.
    pub to: Hash,
}

impl Steps {
    /// How many of the first bytes of a head document [`Steps::peek`] looks at.
    pub const PEEK_LEN: usize = 120;

    /// How far the update is that a head document beginning with `start` speaks of; `None` when it speaks of none. Nothing else of the document is looked at.
    #[must_use]
    pub fn peek(start: &[u8]) -> Option<Self> {
        let start = start.get(..Self::PEEK_LEN)?;
        (MAGIC.get(start) == KIND.magic).then(|| Self::read(start))
    }

    fn read(head: &[u8]) -> Self {
        Self { done: DONE.u32(head), count: STEPS.u32(head), from: FROM.hash(head), to: TO.hash(head) }
    }
}

impl fmt::Display for Steps {
    /// Builds by the beginning of their hashes, as people are told of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, count, from, to } = self;
        write!(f, "an update in steps from build {from:.12} to build {to:.12} is half way: {done} of {count} steps are done")
    }
}

impl HalfWay {
    /// The bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let installed = self.installed.encode();
        let mut head = [0; HEAD_LEN];
        KIND.begin(&mut head);
        DONE.put(&mut head, self.steps.done.to_le_bytes());
        STEPS.put(&mut head, self.steps.count.to_le_bytes());
        PATCH.put(&mut head, self.patch.0);
        FROM.put(&mut head, self.steps.from.0);
        TO.put(&mut head, self.installed.manifest.hash().0);
        STEP_LEN.put(&mut head, self.step_len.to_le_bytes());
        IN_PLACE.put(&mut head, u32::from(self.in_place).to_le_bytes());
        PART_COUNT.put(&mut head, count(self.parts.len()).to_le_bytes());
        INSTALLED_LEN.put(&mut head, count(installed.len()).to_le_bytes());
        SCHEDULE.put(&mut head, self.schedule.0);
        let mut writer = Writer(head.to_vec());
        self.parts.iter().for_each(|part| writer.hash(part));
        writer.bytes(&installed);
        seal(writer)
    }

    /// Reads such a document; `None` when it is a head document of another kind.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that [`HalfWay::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        if bytes.first_chunk() != Some(&KIND.magic) {
            return Ok(None);
        }
        let mut reader = KIND.open(bytes)?;
        reader.take(HEAD_LEN - PREAMBLE_LEN)?;
        let head = &bytes[..HEAD_LEN];
        let steps = Steps::read(head);
        require(steps.done > 0 && steps.done < steps.count && steps.count <= STEP_COUNT_MAX, "number of steps")?;
        require(RESERVED.u32(head) == 0, "reserved bytes")?;
        require(IN_PLACE.u32(head) <= 1, "way of the files")?;
        if PART_COUNT.u32(head) > PART_COUNT_MAX {
            return Err(DecodeError::Length);
        }
        let half_way = Self {
            steps,
            patch: PATCH.hash(head),
            step_len: STEP_LEN.u64(head),
            schedule: SCHEDULE.hash(head),
            in_place: IN_PLACE.u32(head) == 1,
            parts: reader.list(PART_COUNT.u32(head), 32, |reader| reader.hash())?,
            installed: Installed::decode(reader.bytes(INSTALLED_LEN.u32(head))?)?,
        };
        reader.end()?;
        require(half_way.step_len >= STEP_LEN_MIN, "length of a step")?;
        require(half_way.installed.manifest.hash() == half_way.steps.to, "new build")?;
        Ok(Some(half_way))
    }
}
