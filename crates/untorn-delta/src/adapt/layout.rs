//! Where the addresses of a file are, as its maker tells: the reader knows no format of executables.

/// Bytes of a file that stand at an address when the program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Offset in the file.
    pub(crate) at: u64,
    /// Length in the file.
    pub(crate) len: u64,
    /// Address of the first byte.
    pub(crate) address: u64,
    /// Length in memory: bytes beyond those of the file have an address, too.
    pub(crate) space: u64,
}

/// A part of the old file that holds addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    /// Offset in the file.
    pub(crate) at: u64,
    /// Length.
    pub(crate) len: u64,
    /// How its addresses are found.
    pub(crate) kind: Kind,
}

/// How addresses are found in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Code for x86: behind certain bytes stand four that hold a distance.
    Code,
    /// Entries of `stride` bytes with addresses at fixed places.
    Table {
        /// Length of an entry, never 0.
        stride: u64,
        /// Its addresses, in the order in which they are tried.
        fields: Vec<Field>,
    },
}

/// An address in an entry of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Offset in the entry.
    pub(crate) at: u64,
    /// Eight bytes rather than four.
    pub(crate) wide: bool,
    /// From where it counts.
    pub(crate) base: Base,
}

/// From where an address counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// From address 0.
    Zero,
    /// From its own place.
    Own,
    /// From this address in the old program, and that one in the new.
    At {
        /// In the old program.
        old: u64,
        /// In the new one.
        new: u64,
    },
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Of the old file.
    pub(crate) old: Vec<Segment>,
    /// Of the new file.
    pub(crate) new: Vec<Segment>,
    /// Parts of the old file, sorted, apart.
    pub(crate) regions: Vec<Region>,
}

/// The most segments of one file.
pub(crate) const MAX_SEGMENTS: u64 = 64;
/// The most regions.
pub(crate) const MAX_REGIONS: u64 = 1024;
/// The most fields of all tables, and the longest entry.
pub(crate) const MAX_FIELDS: u64 = 256;

/// The segment that holds a byte of the file.
pub(crate) fn segment_of(segments: &[Segment], at: u64) -> Option<&Segment> {
    segments.iter().find(|segment| at >= segment.at && at - segment.at < segment.len)
}

/// The address of a byte of the file.
pub(crate) fn address_of(segments: &[Segment], at: u64) -> Option<u64> {
    segment_of(segments, at).map(|segment| segment.address + (at - segment.at))
}

/// The byte of the file at an address.
pub(crate) fn offset_of(segments: &[Segment], address: u64) -> Option<u64> {
    let holds = |segment: &&Segment| address >= segment.address && address - segment.address < segment.len;
    segments.iter().find(holds).map(|segment| segment.at + (address - segment.address))
}

/// Whether anything stands at an address.
pub(crate) fn has_address(segments: &[Segment], address: u64) -> bool {
    segments.iter().any(|segment| address >= segment.address && address - segment.address < segment.space)
}

/// What the two bytes before a distance in code for x86 say: a number for the kind of instruction, when it may be one with a distance.
///
/// These are calls and jumps (E8, E9, 0F 80 to 0F 8F) and operands whose ModRM byte says "relative to the next instruction" (Intel's manual,
/// volume 2, sections 2.2.1.6 and B). Many other bytes look like that; how often a prediction is right is learned for each kind.
pub(crate) fn code_kind(before: u8, last: u8) -> Option<usize> {
    match last {
        0xe8 => Some(0),
        0xe9 => Some(1),
        0x80..=0x8f if before == 0x0f => Some(2 + usize::from(last & 0xf)),
        _ if last & 0xc7 == 5 => Some(18 + (usize::from(before) << 3 | usize::from(last >> 3 & 7))),
        _ => None,
    }
}

/// Whether [`code_kind`] may tell a kind for this last byte.
pub(crate) static LAST_BYTES: [bool; 256] = {
    let (mut bytes, mut byte) = ([false; 256], 0);
    while byte < 256 {
        bytes[byte] = byte & 0xfe == 0xe8 || byte & 0xf0 == 0x80 || byte & 0xc7 == 5;
        byte += 1;
    }
    bytes
};

/// How many kinds [`code_kind`] tells.
pub(crate) const CODE_KINDS: usize = 18 + 2048;
