//! One member of an archive, or a picture: whether what it holds costs less than its packed bytes.

use untorn_format::patch::{Inflated, Op, Restored};

use super::compress::{Job, compress};
use super::effort::Effort;
use super::members::{Member, Place, inflated, raw};
use crate::adapt::Stretch;
use crate::deflate::{self, Old, Parsed, Zlib};
use crate::files::common_prefix;
use crate::read::{new_memory_len, old_memory_len};
use crate::zstd_frame::{self, Known};

/// How many bytes of memory reading an old and a new member may take: with a frame it stays below what is usually allowed. 160 MiB.
const READ_MEMORY_MAX: u64 = 160 << 20;
/// The most operations of one member: what differs in more places is compressed whole.
const OPS_MAX: usize = 1024;
/// Up to so many equal stretches it is always told which they are.
const FEW: usize = 6;
/// Up to this length what a member holds is compressed whole, against all of the old one: 64 KiB, or when more than half of it changed 2 MiB.
const SMALL_LEN_MAX: usize = 64 << 10;
const MIDDLE_LEN_MAX: usize = 2 << 20;
/// The longest old member that is seen whole: 4 MiB.
const SEEN_LEN_MAX: usize = 4 << 20;
/// About what a member costs in the index, and each operation, in bytes.
const MEMBER_COST: usize = 24;
const OP_COST: usize = 4;
/// Level at which literal bytes are compressed to see what they cost.
const TRIAL_LEVEL: i32 = 2;

/// What other members told of the programs that packed them: tried first.
#[derive(Clone, Copy, Default)]
pub(super) struct Hints {
    /// The kind of zlib.
    pub(super) zlib: Option<usize>,
    pub(super) zstd: Known,
}

/// Two streams to work on.
pub(super) struct Task {
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
    pub(super) old_place: Place,
    pub(super) place: Place,
    /// How many bytes they are said to hold.
    pub(super) told: [Option<u64>; 2],
    pub(super) raw_len_max: usize,
}

impl Task {
    /// The member, when it costs less as what it holds.
    pub(super) fn run(self, hints: &mut Hints, zlib: &mut Zlib) -> Option<(Member, Inflated)> {
        let Self { old, new, old_place, place, told, raw_len_max } = self;
        let plain_cost = new.len() - common_prefix(&old, &new);
        let is_old = |raw: &[u8]| is_told(raw, told[0]);
        let old = match old_place.wrap.is_zstd() {
            true => Old::plain(raw(old, old_place.wrap, raw_len_max).filter(|raw| is_old(raw))?),
            false => Old::new(inflated(old, old_place.wrap, raw_len_max).filter(|parsed| is_old(&parsed.raw))?),
        };
        let packed = Packed::of(&new, &place, raw_len_max).filter(|packed| is_told(packed.raw(), told[1]))?;
        let (old_len, raw_len) = (old.raw.len() as u64, packed.raw().len() as u64);
        let stretches = deflate::align(&old.raw, packed.raw());
        let ops = ops(&stretches, &old.raw, packed.raw());
        // What cannot pay off whatever the recipe is given up before one is looked for.
        let literal_cost = literal_cost(&ops, &old.raw, packed.raw())?;
        let cost = literal_cost + MEMBER_COST + ops.len() * OP_COST;
        let mut restored = Restored { raw_len, like: None, ops, wrap: place.wrap, recipe: Vec::new() };
        let fits = |restored: &Restored| {
            let old = old_memory_len(old_place.len, old_len, old_place.wrap);
            old.saturating_add(new_memory_len(place.len, restored)) <= READ_MEMORY_MAX
        };
        if !pays(cost, plain_cost) || !fits(&restored) {
            return None;
        }
        restored.recipe = packed.recipe((&new, &place), &old, stretches, hints, zlib)?;
        let cost = cost + restored.recipe.len();
        if !pays(cost, plain_cost) || !fits(&restored) {
            return None;
        }
        let like = Inflated { source: 0, at: old_place.at, stored_len: old_place.len, raw_len: old_len, wrap: old_place.wrap };
        Some((Member { at: place.at, len: place.len, restored, like_len: old_len, spared: plain_cost - cost }, like))
    }
}

/// What a new stream holds, and what is known of how it is packed.
enum Packed {
    Deflated(Parsed),
    Zstd(Vec<u8>),
}

impl Packed {
    fn of(stored: &[u8], place: &Place, raw_len_max: usize) -> Option<Self> {
        Some(match place.wrap.is_zstd() {
            true => Self::Zstd(zstd_frame::raw(stored, raw_len_max)?),
            false => Self::Deflated(inflated(stored.to_vec(), place.wrap, raw_len_max)?),
        })
    }

    fn raw(&self) -> &[u8] {
        match self {
            Self::Deflated(parsed) => &parsed.raw,
            Self::Zstd(raw) => raw,
        }
    }

    /// The recipe. The stream is made of it once as a reader will make it: nothing but the very same bytes will do.
    fn recipe(
        self,
        (new, place): (&[u8], &Place),
        old: &Old,
        stretches: Vec<Stretch>,
        hints: &mut Hints,
        zlib: &mut Zlib,
    ) -> Option<Vec<u8>> {
        match self {
            Self::Zstd(raw) => Some(zstd_frame::recipe_of(new, &raw, &mut hints.zstd)?.encode()),
            Self::Deflated(parsed) => {
                let recipe = deflate::make_recipe(&parsed, Some(old), stretches, &mut hints.zlib, zlib)?;
                let Parsed { raw, stored_len, .. } = parsed;
                let stream = deflate::restore(&raw, Some(old), &recipe, stored_len, zlib).ok()?;
                (deflate::wrapped(stream, &raw, place.wrap) == new).then_some(recipe)
            }
        }
    }
}

/// Whether a stream holds as much as it is said to: of one that lies nothing is believed.
fn is_told(raw: &[u8], told: Option<u64>) -> bool {
    told.is_none_or(|len| len == raw.len() as u64)
}

/// Whether it is worth the time that applying takes.
fn pays(cost: usize, plain_cost: usize) -> bool {
    cost + cost / 8 < plain_cost
}

/// The operations that make what a member holds.
fn ops(stretches: &[Stretch], old: &[u8], raw: &[u8]) -> Vec<Op> {
    let len = raw.len() as u64;
    let copied: u64 = stretches.iter().map(|stretch| stretch.len).sum();
    let is_small = stretches.len() > FEW && raw.len() <= SMALL_LEN_MAX || raw.len() <= MIDDLE_LEN_MAX && copied < len / 2;
    let is_whole = is_small && old.len() <= SEEN_LEN_MAX || 2 * stretches.len() >= OPS_MAX;
    if is_whole || copied == 0 {
        return vec![Op::Literal { len }];
    }
    let (mut ops, mut left) = (super::ops::Ops::new(0), len);
    for stretch in stretches {
        ops.push(Op::Literal { len: stretch.literal_len });
        ops.push(Op::Copy { source: 0, at: stretch.at, len: stretch.len });
        left -= stretch.literal_len + stretch.len;
    }
    ops.push(Op::Literal { len: left });
    ops.into_vec()
}

/// About what the literal bytes cost, compressed quickly against the old ones.
fn literal_cost(ops: &[Op], old: &[u8], raw: &[u8]) -> Option<usize> {
    let mut bytes = if old.len() <= SEEN_LEN_MAX { old.to_vec() } else { Vec::new() };
    let (reference_len, mut at) = (bytes.len(), 0);
    for op in ops {
        let end = at + usize::try_from(op.len()).ok()?;
        if let Op::Literal { .. } = op {
            bytes.extend_from_slice(&raw[at..end]);
        }
        at = end;
    }
    let job = Job { bytes, reference_len };
    if job.literal().is_empty() {
        return Some(0);
    }
    Some(compress(&job, &Effort::of(TRIAL_LEVEL)).ok()?.bytes.len())
}
