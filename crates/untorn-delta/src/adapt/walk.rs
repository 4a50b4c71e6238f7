//! Going over a copied stretch: addresses moved along, differences applied.

use std::sync::Arc;

use super::coder::Coder;
use super::layout::{
    Base, CODE_KINDS, Field, Kind, LAST_BYTES, Layout, MAX_FIELDS, Segment, address_of, code_kind, has_address, offset_of,
    segment_of,
};
use super::map::Map;
use super::model::{Numbers, Prob, Signed, Symbols};
use super::neighbours::Neighbours;
use crate::files::common_prefix;

/// How many old bytes before a stretch are looked at.
pub(crate) const LEAD_LEN: usize = 2;
/// How many bytes more than asked for may be made at a time: an address is made whole.
pub(crate) const OVERHANG_LEN: usize = 7;

/// How many kinds of addresses are told apart: in code, and one for each field of a table.
const KINDS: usize = CODE_KINDS + FIELD_KINDS;
const FIELD_KINDS: usize = 256;
const _: () = assert!(FIELD_KINDS as u64 == MAX_FIELDS);
/// How many addresses are remembered, at most.
const KNOWN_MAX: usize = 1 << 16;
/// How many addresses that no copy explains are remembered in order.
const NEIGHBOURS_MAX: usize = 1 << 16;
/// How many differences of numbers are remembered.
const RECENT: usize = 8;

/// Where the bytes of a stretch come from and go to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Offset in the old file.
    pub(crate) old: u64,
    /// Offset in the new one.
    pub(crate) new: u64,
}

/// Goes over the copied stretches of a file in order.
pub(crate) struct Walker<C> {
    layout: Arc<Layout>,
    map: Map,
    /// Flags of predictions, and what addresses are instead.
    addresses: C,
    /// Where other differences are, and what they are.
    differences: C,
    flags: Flags,
    known: Known,
    /// What is added to addresses that no copy explains.
    neighbours: Neighbours,
    /// What was added to the last address of each kind.
    last_shift: Vec<Option<u64>>,
    events: Events,
}

/// An address that may stand somewhere.
#[derive(Clone, Copy)]
struct Candidate {
    kind: usize,
    /// What it points at, in the old program.
    target: u64,
    /// From where it counts, in the new program.
    base: u64,
    wide: bool,
}

/// From where a prediction comes.
#[derive(Clone, Copy)]
enum Origin {
    /// The same address changed so before, as the copies say.
    KnownAndCopied,
    /// The same address changed so before, other than the copies say.
    Known,
    /// The copies.
    Copied,
    /// The nearest address below that changed.
    Neighbour,
    /// Nothing.
    None,
}

impl<C: Coder> Walker<C> {
    /// `old_len` is the length of the old file.
    pub(crate) fn new(layout: Layout, map: Map, old_len: u64, addresses: C, mut differences: C) -> Self {
        let mut events = Events::default();
        events.begin(&mut differences);
        Self {
            layout: Arc::new(layout),
            map,
            addresses,
            differences,
            flags: Flags::new(),
            known: Known::new(old_len),
            neighbours: Neighbours::default(),
            last_shift: vec![None; KINDS],
            events,
        }
    }

    /// Both coders, once the last stretch was gone over.
    pub(crate) fn finish(mut self) -> (C, C) {
        self.events.finish(&mut self.differences);
        (self.addresses, self.differences)
    }

    /// Makes at least `wanted` bytes of `new`, unless it is shorter, and at most [`OVERHANG_LEN`] more; returns how many.
    ///
    /// `old` holds the old bytes from `lead` bytes before `place` on, as many as `new` and `lead` together. A reader gives in `new` a copy of
    /// these old bytes, a maker the new ones.
    pub(crate) fn go(&mut self, old: &[u8], lead: usize, new: &mut [u8], wanted: usize, place: Place) -> usize {
        let (wanted, layout) = (wanted.min(new.len()), Arc::clone(&self.layout));
        let mut done = 0;
        while done < wanted {
            let at = Place { old: place.old + done as u64, new: place.new + done as u64 };
            let span = span(&layout, at);
            let until = usize::try_from(span.len).map_or(wanted, |len| wanted.min(done.saturating_add(len)));
            done = match span.kind {
                Some(Spotted::Code { old_address, new_address }) => {
                    self.code(Run { old, lead, new, done, until }, old_address, new_address)
                }
                Some(Spotted::Table { within, stride, fields, first }) => {
                    let places = (address_of(&self.layout.old, at.old), address_of(&self.layout.new, at.new));
                    self.table(Run { old, lead, new, done, until }, (within, stride), (fields, first), places)
                }
                None => self.plain(Run { old, lead, new, done, until }),
            };
        }
        done
    }

    fn plain(&mut self, mut run: Run<'_>) -> usize {
        while run.done < run.until {
            let until = run.until;
            self.bytes(&mut run, until);
        }
        run.done
    }

    fn code(&mut self, mut run: Run<'_>, old_address: u64, new_address: u64) -> usize {
        let start = run.done;
        while run.done < run.until {
            let here = run.lead + run.done;
            let ahead = &run.old[here..run.lead + run.until];
            let kind = if here >= 2 { code_kind(run.old[here - 2], run.old[here - 1]) } else { None };
            if let (Some(kind), Some(bytes)) = (kind, run.old.get(here..here + 4)) {
                let done = (run.done - start) as u64;
                let target = (old_address + done + 4).wrapping_add(distance(bytes));
                if has_address(&self.layout.old, target) {
                    let candidate = Candidate { kind, target, base: new_address + done + 4, wide: false };
                    if self.address(candidate, &mut run) {
                        continue;
                    }
                }
            }
            // The place behind the next byte that may belong to an instruction with a distance.
            let next = ahead.iter().position(|byte| LAST_BYTES[usize::from(*byte)]).map_or(run.until, |at| run.done + at + 1);
            let next = next.min(run.until);
            self.bytes(&mut run, next);
        }
        run.done
    }

    fn table(
        &mut self,
        mut run: Run<'_>,
        (mut within, stride): (u64, u64),
        (fields, first): (&[Field], usize),
        places: (Option<u64>, Option<u64>),
    ) -> usize {
        let start = run.done;
        while run.done < run.until {
            let before = run.done;
            let done = (before - start) as u64;
            let places = (places.0.map(|at| at + done), places.1.map(|at| at + done));
            for (number, field) in fields.iter().enumerate().filter(|(_, field)| field.at == within) {
                let Some(candidate) = self.candidate(&run, first + number, field, places) else { continue };
                if self.address(candidate, &mut run) {
                    break;
                }
            }
            if run.done == before {
                let later = fields.iter().map(|field| field.at).filter(|at| *at > within).min().unwrap_or(stride);
                let next = usize::try_from(later - within).map_or(run.until, |len| run.until.min(run.done + len));
                self.bytes(&mut run, next);
            }
            within = (within + (run.done - before) as u64) % stride;
        }
        run.done
    }

    /// The address in a field of a table, when there is one.
    fn candidate(&self, run: &Run<'_>, kind: usize, field: &Field, places: (Option<u64>, Option<u64>)) -> Option<Candidate> {
        let here = run.lead + run.done;
        let bytes = run.old.get(here..here + if field.wide { 8 } else { 4 })?;
        let value = if field.wide { number(bytes) } else { distance(bytes) };
        let (old_base, base) = match field.base {
            Base::Zero => (0, 0),
            Base::Own => (places.0?, places.1?),
            Base::At { old, new } => (old, new),
        };
        let target = old_base.wrapping_add(value);
        // A small number is none that was computed.
        let likely = value != 0 && has_address(&self.layout.old, target);
        likely.then_some(Candidate { kind, target, base, wide: field.wide })
    }

    /// Codes an address. Returns whether it is one: then its bytes are made.
    fn address(&mut self, candidate: Candidate, run: &mut Run<'_>) -> bool {
        let Candidate { kind, target, base, wide } = candidate;
        let here = run.lead + run.done;
        let width = if wide { 8 } else { 4 };
        let Some(new) = run.new.get_mut(run.done..run.done + width) else { return false };
        let mask = if wide { u64::MAX } else { u64::from(u32::MAX) };
        let (old_value, new_value) = (number(&run.old[here..here + width]), number(new));
        let copied = offset_of(&self.layout.old, target).and_then(|at| self.map.get(at));
        let copied = copied.and_then(|at| address_of(&self.layout.new, at));
        let (predicted, origin) = self.predict(target, copied);
        let value_of = |target: u64| target.wrapping_sub(base) & mask;
        let first = predicted.map_or(old_value, value_of);
        let second = self.last_shift[kind].map(|shift| value_of(target.wrapping_add(shift)));
        let stays = first == old_value;
        let (flags, coder) = (&mut self.flags.kinds[kind], &mut self.addresses);
        let origin_number = origin as usize;
        let value = if coder.bit(&mut flags.first[origin_number][usize::from(stays)], new_value == first) {
            first
        } else if let Some(second) = second.filter(|second| *second != first && *second != old_value)
            && coder.bit(&mut flags.second[origin_number], new_value == second)
        {
            second
        } else if !stays && coder.bit(&mut flags.stays[origin_number], new_value == old_value) {
            old_value
        } else {
            let new_target = base.wrapping_add(if wide { new_value } else { distance(new) });
            if !coder.bit(&mut flags.told, has_address(&self.layout.new, new_target)) {
                return false;
            }
            let expected = predicted.unwrap_or(target);
            let told =
                self.flags.told[usize::from(predicted.is_none())].code(coder, new_target.wrapping_sub(expected).cast_signed());
            value_of(expected.wrapping_add_signed(told))
        };
        new.copy_from_slice(&value.to_le_bytes()[..width]);
        let new_target = base.wrapping_add(if wide { value } else { distance(new) });
        let shift = new_target.wrapping_sub(target);
        self.last_shift[kind] = Some(shift);
        if value == first || value != old_value {
            self.known.insert(target, new_target);
            if copied != Some(new_target) && self.neighbours.len() < NEIGHBOURS_MAX {
                self.neighbours.insert(target, shift);
            }
        }
        run.done += width;
        true
    }

    fn predict(&self, target: u64, copied: Option<u64>) -> (Option<u64>, Origin) {
        if let Some(known) = self.known.get(target) {
            return (Some(known), if copied == Some(known) { Origin::KnownAndCopied } else { Origin::Known });
        }
        if copied.is_some() {
            return (copied, Origin::Copied);
        }
        match self.neighbours.at_or_below(target) {
            Some(shift) => (Some(target.wrapping_add(shift)), Origin::Neighbour),
            None => (None, Origin::None),
        }
    }

    /// Makes bytes up to `next`, or up to and with the first difference.
    fn bytes(&mut self, run: &mut Run<'_>, next: usize) {
        let (old, new) = (&run.old[run.lead + run.done..], &mut run.new[run.done..]);
        let wanted = next - run.done;
        let equal = self.events.equal::<C>(&old[..wanted], &new[..wanted]);
        run.done += equal;
        if equal < wanted {
            run.done += self.events.event(&mut self.differences, &old[equal..], &mut new[equal..]);
        }
    }
}

/// What stands at a place, and for how many bytes.
struct Span<'p> {
    len: u64,
    kind: Option<Spotted<'p>>,
}

enum Spotted<'p> {
    Code {
        old_address: u64,
        new_address: u64,
    },
    /// `within`: offset in the entry; `first`: number of the first field among those of all tables.
    Table {
        within: u64,
        stride: u64,
        fields: &'p [Field],
        first: usize,
    },
}

/// What stands at a place, and for how many bytes that holds.
fn span(layout: &Layout, at: Place) -> Span<'_> {
    let number = layout.regions.partition_point(|region| region.at + region.len <= at.old);
    let Some(region) = layout.regions.get(number) else { return Span { len: u64::MAX, kind: None } };
    if at.old < region.at {
        return Span { len: region.at - at.old, kind: None };
    }
    let mut len = region.at + region.len - at.old;
    let (old, new) = (segment_of(&layout.old, at.old), segment_of(&layout.new, at.new));
    for (segment, at) in [(old, at.old), (new, at.new)].into_iter().filter_map(|(segment, at)| Some((segment?, at))) {
        len = len.min(segment.at + segment.len - at);
    }
    let address = |segment: &Segment, at| segment.address + (at - segment.at);
    let kind = match &region.kind {
        Kind::Table { stride, fields } => {
            let before = layout.regions[..number]
                .iter()
                .map(|region| if let Kind::Table { fields, .. } = &region.kind { fields.len() } else { 0 });
            Some(Spotted::Table {
                within: (at.old - region.at) % stride,
                stride: *stride,
                fields,
                first: CODE_KINDS + before.sum::<usize>(),
            })
        }
        Kind::Code => {
            old.zip(new).map(|(old, new)| Spotted::Code { old_address: address(old, at.old), new_address: address(new, at.new) })
        }
    };
    if matches!(kind, Some(Spotted::Table { .. })) && (old.is_none() || new.is_none()) {
        len = len.min(1 << 12);
    }
    Span { len: len.max(1), kind }
}

/// Bytes in work.
struct Run<'b> {
    old: &'b [u8],
    lead: usize,
    new: &'b mut [u8],
    done: usize,
    until: usize,
}

/// The first four bytes as a number with a sign.
fn distance(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |four| i64::from(i32::from_le_bytes(*four)).cast_unsigned())
}

/// Four or eight bytes as a number, lowest first.
fn number(bytes: &[u8]) -> u64 {
    let four = || bytes.first_chunk().map_or(0, |four| u64::from(u32::from_le_bytes(*four)));
    bytes.first_chunk().map_or_else(four, |eight| u64::from_le_bytes(*eight))
}

fn low_half(number: i64) -> u32 {
    let [one, two, three, four, ..] = number.to_le_bytes();
    u32::from_le_bytes([one, two, three, four])
}

/// What is expected of the flags of each kind of address.
struct Flags {
    kinds: Vec<KindFlags>,
    /// Distances of addresses that were not predicted rightly; of those that were not predicted.
    told: [Signed; 2],
}

#[derive(Clone, Default)]
struct KindFlags {
    first: [[Prob; 2]; 5],
    second: [Prob; 5],
    stays: [Prob; 5],
    told: Prob,
}

impl Flags {
    fn new() -> Self {
        Self { kinds: vec![KindFlags::default(); KINDS], told: Default::default() }
    }
}

/// What addresses became, as far as it is remembered: a table in which later ones replace earlier ones.
struct Known(Vec<(u64, u64)>);

impl Known {
    fn new(old_len: u64) -> Self {
        let len = usize::try_from(old_len / 16).unwrap_or(KNOWN_MAX).clamp(16, KNOWN_MAX).next_power_of_two();
        Self(vec![(u64::MAX, 0); len])
    }

    fn slot(&self, target: u64) -> usize {
        let hash = target.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        usize::try_from(hash).unwrap_or(0) & (self.0.len() - 1)
    }

    fn insert(&mut self, target: u64, new: u64) {
        let slot = self.slot(target);
        self.0[slot] = (target, new);
    }

    fn get(&self, target: u64) -> Option<u64> {
        let (found, new) = self.0[self.slot(target)];
        (found == target).then_some(new)
    }
}

/// The differences that are no addresses.
#[derive(Default)]
struct Events {
    /// A maker counts the equal bytes since the last event, a reader those left until the next.
    gap: u64,
    gaps: [Numbers; 3],
    /// Kind of the last event.
    last: usize,
    kinds: [Symbols<4>; 3],
    recent: [u32; RECENT],
    places: [Symbols<RECENT>; 3],
    numbers: Signed,
    bytes: [Symbols<256>; 2],
}

const RECENT_NUMBER: usize = 0;
const NEW_NUMBER: usize = 1;
const BYTE: usize = 2;

impl Events {
    fn begin<C: Coder>(&mut self, coder: &mut C) {
        if !C::ENCODES {
            self.gap = self.gaps[self.last].code(coder, 0);
        }
    }

    /// What a maker says of the equal bytes so far.
    fn finish<C: Coder>(&mut self, coder: &mut C) {
        if C::ENCODES {
            self.gaps[self.last].code(coder, self.gap);
        }
    }

    /// How many of the next bytes are equal; a maker sees it, a reader was told.
    fn equal<C: Coder>(&mut self, old: &[u8], new: &[u8]) -> usize {
        if C::ENCODES {
            let equal = common_prefix(old, new);
            self.gap += equal as u64;
            equal
        } else {
            let equal = usize::try_from(self.gap).map_or(old.len(), |gap| gap.min(old.len()));
            self.gap -= equal as u64;
            equal
        }
    }

    /// Codes one difference; returns how many bytes it makes.
    fn event<C: Coder>(&mut self, coder: &mut C, old: &[u8], new: &mut [u8]) -> usize {
        self.finish(coder);
        self.gap = 0;
        let four = new.len().min(4);
        let difference = difference(old, new);
        let place = difference.and_then(|difference| self.recent.iter().position(|recent| *recent == difference));
        let kind = match (difference, place) {
            (_, Some(_)) => RECENT_NUMBER,
            (Some(difference), None) if is_number(difference, old, new) => NEW_NUMBER,
            _ => BYTE,
        };
        let kind = self.kinds[self.last].code(coder, kind);
        let len = match kind {
            RECENT_NUMBER => {
                let place = self.places[self.last].code(coder, place.unwrap_or(0));
                self.recent[..=place].rotate_right(1);
                add(self.recent[0], old, &mut new[..four]);
                four
            }
            NEW_NUMBER => {
                let told = self.numbers.code(coder, i64::from(difference.unwrap_or(0).cast_signed()));
                self.recent.rotate_right(1);
                self.recent[0] = low_half(told);
                add(self.recent[0], old, &mut new[..four]);
                four
            }
            _ => {
                let symbol = self.bytes[usize::from(self.last == BYTE)].code(coder, usize::from(new[0].wrapping_sub(old[0])));
                new[0] = old[0].wrapping_add(symbol.to_le_bytes()[0]);
                1
            }
        };
        self.last = kind.min(BYTE);
        self.begin(coder);
        len
    }
}

/// The difference of the first four bytes as numbers.
fn difference(old: &[u8], new: &[u8]) -> Option<u32> {
    let (old, new) = (old.first_chunk()?, new.first_chunk()?);
    Some(u32::from_le_bytes(*new).wrapping_sub(u32::from_le_bytes(*old)))
}

/// Whether a difference is rather one of a number than of its bytes.
fn is_number(difference: u32, old: &[u8], new: &[u8]) -> bool {
    let differing = old.iter().zip(new.iter()).take(4).filter(|(old, new)| old != new).count();
    differing >= 3 || differing == 2 && difference.cast_signed().unsigned_abs() < 1 << 20
}

/// Writes the number that differs from the old one by `difference`.
fn add(difference: u32, old: &[u8], new: &mut [u8]) {
    if let Some(old) = old.first_chunk() {
        let len = new.len();
        new.copy_from_slice(&u32::from_le_bytes(*old).wrapping_add(difference).to_le_bytes()[..len]);
    }
}
