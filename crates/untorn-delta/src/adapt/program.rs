//! The program of an adapted file: layout and stretches, then what is needed to move addresses along and the differences.
//!
//! Its bytes: the length of the first stream (LEB128), the first stream, the second one. The first begins with layout and stretches.

use untorn_format::DecodeError;

use super::coder::{Coder, Decoder, Encoder};
use super::layout::{Base, Field, Kind, Layout, MAX_FIELDS, MAX_REGIONS, MAX_SEGMENTS, Region, Segment};
use super::map::Map;
use super::model::{Numbers, Prob, Signed};
use super::walk::{LEAD_LEN, Place, Walker};

/// The most stretches of one file.
const MAX_STRETCHES: u64 = 512 << 10;
/// No offset, length or address is larger, so that two can be added.
const MAX_NUMBER: u64 = 1 << 62;

/// Literal bytes, then bytes copied with differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// How many literal bytes stand before it.
    pub(crate) literal_len: u64,
    /// Offset in the old file.
    pub(crate) at: u64,
    /// Length in bytes, never 0.
    pub(crate) len: u64,
}

/// What is known of an adapted file before its first byte is made. Behind the last stretch the file ends with literal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) layout: Layout,
    pub(crate) stretches: Vec<Stretch>,
}

/// The lengths that a program must agree with.
#[derive(Clone, Copy)]
pub(crate) struct Lengths {
    /// Of the old file.
    pub(crate) old: u64,
    /// Of what is made.
    pub(crate) new: u64,
    /// Of the literal bytes in it.
    pub(crate) literal: u64,
}

impl Program {
    /// Appends layout and stretches. Returns whether a reader would take them.
    pub(crate) fn put(&self, coder: &mut Encoder) -> bool {
        Codes::default().code(coder, &mut self.clone()) && self.regions_apart()
    }

    /// Reads layout and stretches, and makes sure that they agree with the lengths.
    pub(crate) fn take(coder: &mut Decoder<'_>, lengths: Lengths) -> Result<Self, DecodeError> {
        let mut program = Self::default();
        let right = Codes::default().code(coder, &mut program) && program.agrees(lengths);
        if right { Ok(program) } else { Err(DecodeError::Field("program")) }
    }

    /// The two streams of a program's bytes.
    pub(crate) fn streams(bytes: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
        let (mut len, mut rest) = (0_usize, bytes);
        for shift in [0, 7, 14, 21] {
            let (byte, behind) = rest.split_first().ok_or(DecodeError::Field("program"))?;
            rest = behind;
            len |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return rest.split_at_checked(len).ok_or(DecodeError::Field("program"));
            }
        }
        Err(DecodeError::Field("program"))
    }

    /// The bytes that make `new` of an old file, of which `old` is everything from `base` on; both stay what they are. `None` when no reader would take it.
    pub(crate) fn encode(&self, (old, base): (&[u8], u64), new: &mut [u8]) -> Option<Vec<u8>> {
        let old_len = base + old.len() as u64;
        let mut first = Encoder::new();
        if !self.put(&mut first) {
            return None;
        }
        let mut walker = Walker::new(self.layout.clone(), Map::new(&self.stretches, old_len), old_len, first, Encoder::new());
        let mut at = 0;
        for stretch in &self.stretches {
            let old_at = usize::try_from(stretch.at.checked_sub(base)?).ok()?;
            let len = usize::try_from(stretch.len).ok()?;
            at += usize::try_from(stretch.literal_len).ok()?;
            let lead = old_at.min(LEAD_LEN);
            let place = Place { old: stretch.at, new: at as u64 };
            walker.go(old.get(old_at - lead..old_at + len)?, lead, new.get_mut(at..at + len)?, len, place);
            at += len;
        }
        let (first, second) = walker.finish();
        Some(Self::join(&first.finish(), &second.finish()))
    }

    /// The bytes of two streams.
    fn join(first: &[u8], second: &[u8]) -> Vec<u8> {
        let (mut bytes, mut len) = (Vec::new(), first.len());
        while len >= 0x80 {
            bytes.push(len.to_le_bytes()[0] | 0x80);
            len >>= 7;
        }
        bytes.push(len.to_le_bytes()[0]);
        bytes.extend_from_slice(first);
        bytes.extend_from_slice(second);
        bytes
    }

    fn agrees(&self, lengths: Lengths) -> bool {
        let mut copied = 0_u64;
        let mut literal = 0_u64;
        for stretch in &self.stretches {
            if stretch.len == 0 || stretch.at > lengths.old || stretch.len > lengths.old - stretch.at {
                return false;
            }
            // Sums of at most 2^19 numbers that are checked one by one to be below the length of a file.
            copied = copied.saturating_add(stretch.len);
            literal = literal.saturating_add(stretch.literal_len);
        }
        literal <= lengths.literal && copied.checked_add(lengths.literal) == Some(lengths.new) && self.regions_apart()
    }

    fn regions_apart(&self) -> bool {
        self.layout.regions.windows(2).all(|pair| pair[0].at + pair[0].len <= pair[1].at)
    }
}

/// How layout and stretches are coded. One function for both ways: what is written stands in the program already, what is read is put there.
/// It returns whether what was read is in range; no sum of two numbers that passed overflows.
#[derive(Default)]
struct Codes {
    counts: Numbers,
    offsets: Signed,
    addresses: Signed,
    lens: Numbers,
    flags: [Prob; 4],
    literal_lens: Numbers,
    stretch_lens: Numbers,
    distances: Signed,
}

impl Codes {
    fn code<C: Coder>(&mut self, coder: &mut C, program: &mut Program) -> bool {
        let Program { layout, stretches } = program;
        self.segments(coder, &mut layout.old, &[])
            && self.segments(coder, &mut layout.new, &layout.old)
            && self.regions(coder, &mut layout.regions)
            && self.stretches(coder, stretches)
    }

    /// Makes `list` as long as it is to be, when that is not too long.
    fn count<C: Coder, T: Clone>(&mut self, coder: &mut C, list: &mut Vec<T>, empty: T, max: u64) -> bool {
        let count = self.counts.code(coder, list.len() as u64);
        if count <= max {
            list.resize(usize::try_from(count).unwrap_or(0), empty);
        }
        count <= max
    }

    /// A number that is likely to be near another.
    fn near<C: Coder>(codes: &mut Signed, coder: &mut C, number: &mut u64, expected: u64) -> bool {
        let distance = codes.code(coder, number.wrapping_sub(expected).cast_signed());
        *number = expected.wrapping_add_signed(distance);
        *number <= MAX_NUMBER
    }

    fn segments<C: Coder>(&mut self, coder: &mut C, segments: &mut Vec<Segment>, like: &[Segment]) -> bool {
        let mut before = Segment::default();
        self.count(coder, segments, before, MAX_SEGMENTS)
            && segments.iter_mut().enumerate().all(|(number, segment)| {
                let expected =
                    like.get(number).copied().unwrap_or(Segment { at: before.at.saturating_add(before.len), len: 0, ..before });
                let right = Self::near(&mut self.offsets, coder, &mut segment.at, expected.at)
                    && Self::near(&mut self.offsets, coder, &mut segment.len, expected.len)
                    && Self::near(&mut self.addresses, coder, &mut segment.address, expected.address)
                    && Self::near(&mut self.offsets, coder, &mut segment.space, segment.len);
                before = *segment;
                right
            })
    }

    fn regions<C: Coder>(&mut self, coder: &mut C, regions: &mut Vec<Region>) -> bool {
        let (mut end, mut fields_left) = (0_u64, MAX_FIELDS);
        self.count(coder, regions, Region { at: 0, len: 0, kind: Kind::Code }, MAX_REGIONS)
            && regions.iter_mut().all(|region| {
                let right = Self::near(&mut self.offsets, coder, &mut region.at, end)
                    && Self::near(&mut self.offsets, coder, &mut region.len, 0)
                    && self.kind(coder, &mut region.kind, &mut fields_left);
                end = region.at.saturating_add(region.len);
                right && end <= MAX_NUMBER
            })
    }

    fn kind<C: Coder>(&mut self, coder: &mut C, kind: &mut Kind, fields_left: &mut u64) -> bool {
        if !coder.bit(&mut self.flags[0], matches!(kind, Kind::Table { .. })) {
            return true;
        }
        let (mut stride, mut fields) = match kind {
            Kind::Table { stride, fields } => (*stride, std::mem::take(fields)),
            Kind::Code => (0, Vec::new()),
        };
        stride = self.lens.code(coder, stride);
        let mut right = (1..=MAX_FIELDS).contains(&stride)
            && self.count(coder, &mut fields, Field { at: 0, wide: false, base: Base::Zero }, *fields_left);
        right = right && fields.iter_mut().all(|field| self.field(coder, field, stride));
        *fields_left = fields_left.saturating_sub(fields.len() as u64);
        *kind = Kind::Table { stride, fields };
        right
    }

    fn field<C: Coder>(&mut self, coder: &mut C, field: &mut Field, stride: u64) -> bool {
        field.at = self.lens.code(coder, field.at);
        field.wide = coder.bit(&mut self.flags[1], field.wide);
        let (mut old, mut new) = if let Base::At { old, new } = field.base { (old, new) } else { (0, 0) };
        field.base = if coder.bit(&mut self.flags[2], field.base == Base::Zero) {
            Base::Zero
        } else if coder.bit(&mut self.flags[3], field.base == Base::Own) {
            Base::Own
        } else {
            let right =
                Self::near(&mut self.addresses, coder, &mut old, 0) && Self::near(&mut self.addresses, coder, &mut new, old);
            if !right {
                return false;
            }
            Base::At { old, new }
        };
        field.at < stride
    }

    fn stretches<C: Coder>(&mut self, coder: &mut C, stretches: &mut Vec<Stretch>) -> bool {
        // An old file goes on where it was left, and on by as much as was replaced.
        let mut expected = 0_u64;
        self.count(coder, stretches, Stretch { literal_len: 0, at: 0, len: 0 }, MAX_STRETCHES)
            && stretches.iter_mut().all(|stretch| {
                stretch.literal_len = self.literal_lens.code(coder, stretch.literal_len);
                stretch.len = self.stretch_lens.code(coder, stretch.len);
                let right = stretch.literal_len.max(stretch.len) <= MAX_NUMBER / 2
                    && Self::near(&mut self.distances, coder, &mut stretch.at, expected.saturating_add(stretch.literal_len));
                expected = stretch.at.saturating_add(stretch.len);
                right
            })
    }
}
