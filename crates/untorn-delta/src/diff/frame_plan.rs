//! Which literal bytes go into which frame, and which old bytes they are compressed against.

use std::collections::{BTreeSet, HashMap};

use untorn_format::TreePath;
use untorn_format::manifest::Manifest;
use untorn_format::patch::{Inflated, MAX_FRAME_LEN, MAX_INFLATED_LEN, MAX_REFERENCE_LEN, MAX_REFERENCES, Op, Reference};

use super::compress::Job;
use super::draft::{Content, Draft, WHOLE_LEN_MAX, content, number_of};
use super::members::{Member, Raws};
use super::ranges::{GAP_LEN_MAX, Ranges};
use crate::DiffError;
use crate::files::fill;

/// How far around the old bytes that are replaced a reference reaches, at most: 8 KiB. Short literals get less, so that a frame does not refer to
/// much for the sake of little.
const MARGIN_MAX: u64 = 8 << 10;
/// So few new bytes of a file lean on the old ones around them only: 512.
const STAMPS_LEN_MAX: u64 = 512;
/// Up to this length an old file is referred to as a whole in any case: 64 KiB.
const SMALL_LEN_MAX: u64 = 64 << 10;
/// Literal bytes planned at a time: 256 KiB.
const PIECE_LEN_MAX: u64 = 256 << 10;

/// One frame to be.
#[derive(Default)]
pub(super) struct FramePlan {
    pieces: Vec<Piece>,
    /// Literal bytes.
    pub(super) len: u64,
    wanted: Ranges,
    /// Old bytes to compress against; sources are numbers of old entries. Known once the frame is full.
    pub(super) references: Vec<Reference>,
    /// How many bytes of members must be inflated for it.
    inflated_len: u64,
}

/// Literal bytes of one file.
struct Piece {
    /// Number of the draft.
    draft: usize,
    /// Number of the member that holds them, when they are not in the file itself.
    member: Option<usize>,
    /// Offset in the new file, or in what the member holds.
    at: u64,
    len: u64,
    is_adapted: bool,
}

/// How long frames are made, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameLens {
    /// The most literal bytes in one.
    pub(super) literal: u64,
    /// With so many old bytes to refer to, a frame takes no further ones; those of one file stay together.
    pub(super) reference: u64,
}

/// Plans all frames. Every literal byte is in one frame, in the order of the files.
pub(super) fn plan(drafts: &[Draft<'_>], (old, members): (&Manifest, &[Inflated]), lens: FrameLens) -> Vec<FramePlan> {
    let files = u32::try_from(old.entries().len()).unwrap_or(u32::MAX);
    let (plans, current) = (Vec::new(), FramePlan::default());
    let mut planner = Planner { plans, current, lens, references: 0, members, files, inflated: BTreeSet::new(), inflated_len: 0 };
    let templates = Templates::new(drafts, old);
    for (number, draft) in drafts.iter().enumerate() {
        planner.add_file(number, draft, templates.of(draft, old));
    }
    planner.close();
    planner.plans
}

impl FramePlan {
    /// Reads the old and new bytes.
    pub(super) fn read(&self, drafts: &[Draft<'_>], raws: &mut Raws<'_>) -> Result<Job, DiffError> {
        let reference_len = to_len(self.references.iter().map(|reference| reference.len).sum());
        let mut bytes = vec![0; reference_len + to_len(self.len)];
        let mut rest = &mut bytes[..];
        for reference in &self.references {
            let (part, behind) = rest.split_at_mut(to_len(reference.len));
            raws.read_old(reference.source, part, reference.at)?;
            rest = behind;
        }
        for piece in &self.pieces {
            let (part, behind) = rest.split_at_mut(to_len(piece.len));
            let path = drafts[piece.draft].path;
            match piece.member {
                Some(member) => raws.read_new(drafts, (piece.draft, member), part, piece.at)?,
                None => fill(raws.new.files, path, part, piece.at)?,
            }
            rest = behind;
        }
        Ok(Job { bytes, reference_len })
    }

    /// Whether most literal bytes are those of adapted executables.
    pub(super) fn is_adapted(&self) -> bool {
        let adapted: u64 = self.pieces.iter().filter(|piece| piece.is_adapted).map(|piece| piece.len).sum();
        adapted > self.len / 2
    }

    /// Whether another frame may be gathered into it.
    pub(super) fn takes(&self, other: &Self) -> bool {
        !self.is_adapted()
            && !other.is_adapted()
            && self.len + other.len <= MAX_FRAME_LEN
            && self.reference_len() + other.reference_len() <= MAX_REFERENCE_LEN
            && self.inflated_len.saturating_add(other.inflated_len) <= MAX_INFLATED_LEN
    }

    /// Takes another frame in that may be.
    pub(super) fn gather(&mut self, other: Self) {
        self.pieces.extend(other.pieces);
        self.len += other.len;
        self.inflated_len += other.inflated_len;
        let mut wanted = Ranges::default();
        self.references.iter().chain(&other.references).for_each(|reference| wanted.add(reference));
        self.references = wanted.into_references();
    }

    fn reference_len(&self) -> u64 {
        self.references.iter().map(|reference| reference.len).fold(0, u64::saturating_add)
    }

    /// Bytes of all references and literals.
    pub(super) fn total_len(&self) -> u64 {
        self.reference_len().saturating_add(self.len)
    }
}

/// A length of at most one frame and its references.
fn to_len(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// An old file that a new one resembles.
#[derive(Clone, Copy)]
pub(super) struct Template {
    /// Number of the file among the old entries.
    pub(super) source: u32,
    len: u64,
    /// Whether it is referred to as a whole for the sake of anything.
    is_whole: bool,
}

/// Knows which old files new ones resemble.
pub(super) struct Templates<'a> {
    leaving: HashMap<&'a str, Template>,
}

impl<'a> Templates<'a> {
    pub(super) fn new(drafts: &[Draft<'a>], old: &Manifest) -> Self {
        Self { leaving: leaving(drafts, old) }
    }

    /// The old file a new one resembles: the one at its path, else the one most is copied from, else one of the same name that leaves.
    pub(super) fn of(&self, draft: &Draft<'_>, old: &Manifest) -> Option<Template> {
        if let Some(Content { len, .. }) = draft.old_file() {
            return Some(Template::new(number_of(old, draft.path), len));
        }
        let mut copied = HashMap::new();
        for op in &draft.ops {
            if let Some(source) = op.source() {
                *copied.entry(source).or_insert(0_u64) += op.len();
            }
        }
        let most = copied.into_iter().max_by_key(|(source, len)| (*len, std::cmp::Reverse(*source)));
        let Some((source, _)) = most else { return self.leaving.get(draft.path.name()).copied() };
        content(Some(&old.entries()[source as usize].kind)).map(|Content { len, .. }| Template::new(source, len))
    }
}

/// The first file of each name that stands at no path afterwards.
fn leaving<'a>(drafts: &[Draft<'a>], old: &Manifest) -> HashMap<&'a str, Template> {
    let mut leaving = HashMap::new();
    for draft in drafts.iter().filter(|draft| content(draft.new).is_none()) {
        if let Some(Content { len, .. }) = draft.old_file() {
            leaving.entry(draft.path.name()).or_insert(Template::new(number_of(old, draft.path), len));
        }
    }
    leaving
}

struct Planner<'a> {
    plans: Vec<FramePlan>,
    current: FramePlan,
    lens: FrameLens,
    /// References of the frames planned so far. When there are too many, the rest does without.
    references: u64,
    /// The old members, numbered behind the old files.
    members: &'a [Inflated],
    files: u32,
    /// The members that the frame refers to, and how many bytes they hold.
    inflated: BTreeSet<u32>,
    inflated_len: u64,
}

impl Planner<'_> {
    fn add_file(&mut self, number: usize, draft: &Draft<'_>, template: Option<Template>) {
        if let [Op::Literal { len }] = draft.ops[..]
            && len <= WHOLE_LEN_MAX
        {
            let whole = template.map(|template| template.around(0, len));
            let wanted: Vec<_> = draft.seen.iter().copied().chain(whole).collect();
            return self.add_piece(Piece { draft: number, member: None, at: 0, len, is_adapted: false }, &wanted);
        }
        let template = template.map(|template| template.for_literal(draft.literal_len()));
        // `old_at` is where the template goes on: behind what was copied last, and on by what was replaced.
        let (mut at, mut old_at) = (0, 0);
        for op in &draft.flat_ops() {
            match *op {
                Op::Literal { len } => {
                    let piece = Piece { draft: number, member: None, at, len, is_adapted: draft.adapted.is_some() };
                    self.add_literal(piece, old_at, template);
                }
                Op::Copy { source, at, .. } if template.is_some_and(|template| template.source == source) => old_at = at,
                Op::Keep { .. } => old_at = at,
                Op::Restore { number: member, .. } => self.add_member(number, draft, member as usize),
                Op::Copy { .. } | Op::Adapt { .. } => {}
            }
            at += op.len();
            old_at += op.len();
        }
    }

    fn add_member(&mut self, number: usize, draft: &Draft<'_>, member: usize) {
        let Some(Member { restored, like_len, .. }) = draft.members.get(member) else { return };
        let template = restored.like.map(|source| Template::new(source, *like_len));
        let (mut at, mut old_at) = (0, 0);
        for op in &restored.ops {
            let piece = Piece { draft: number, member: Some(member), at, len: op.len(), is_adapted: false };
            match *op {
                Op::Literal { len } if len <= WHOLE_LEN_MAX && restored.ops.len() == 1 => {
                    let whole = template.map(|template| template.around(0, len));
                    self.add_piece(piece, &whole.into_iter().collect::<Vec<_>>());
                }
                Op::Literal { .. } => self.add_literal(piece, old_at, template),
                Op::Copy { at, .. } => old_at = at,
                _ => {}
            }
            (at, old_at) = (at + op.len(), old_at + op.len());
        }
    }

    fn add_literal(&mut self, mut rest: Piece, mut old_at: u64, template: Option<Template>) {
        while rest.len > 0 {
            let piece_len = rest.len.min(PIECE_LEN_MAX);
            let room = self.references < MAX_REFERENCES / 2;
            let wanted: Vec<_> =
                template.filter(|_| room).map(|template| template.around(old_at, piece_len)).into_iter().collect();
            self.add_piece(Piece { len: piece_len, ..rest }, &wanted);
            old_at += piece_len;
            (rest.at, rest.len) = (rest.at + piece_len, rest.len - piece_len);
        }
    }

    /// Adds literal bytes to the frame, or to a new one when they do not fit.
    fn add_piece(&mut self, piece: Piece, wanted: &[Reference]) {
        let more_len = wanted.iter().map(|wanted| self.current.wanted.missing(wanted)).fold(0, u64::saturating_add);
        let gaps_len = wanted.len() as u64 * 2 * GAP_LEN_MAX;
        let reference_len = self.current.wanted.len() + more_len + gaps_len;
        let more = wanted.iter().map(|wanted| wanted.source).filter(|source| !self.inflated.contains(source));
        let inflated_len = more.map(|source| self.inflated_len_of(source)).fold(self.inflated_len, u64::saturating_add);
        let fits = self.current.len + piece.len <= self.lens.literal
            && reference_len <= MAX_REFERENCE_LEN
            && inflated_len <= MAX_INFLATED_LEN;
        // What is new in an executable leans on all of the old one.
        let is_enough = !piece.is_adapted && more_len > 0 && reference_len > self.lens.reference;
        if !fits || is_enough {
            self.close();
        }
        wanted.iter().for_each(|wanted| self.current.wanted.add(wanted));
        for source in wanted.iter().map(|wanted| wanted.source).filter(|source| *source >= self.files) {
            if self.inflated.insert(source) {
                self.inflated_len = self.inflated_len.saturating_add(self.inflated_len_of(source));
            }
        }
        self.current.len += piece.len;
        self.current.pieces.push(piece);
    }

    /// How many bytes a source holds that must be inflated for it: none of a file.
    fn inflated_len_of(&self, source: u32) -> u64 {
        let member = source.checked_sub(self.files).and_then(|number| self.members.get(number as usize));
        member.map_or(0, |member| member.raw_len)
    }

    fn close(&mut self) {
        let mut plan = std::mem::take(&mut self.current);
        self.inflated.clear();
        plan.inflated_len = std::mem::take(&mut self.inflated_len);
        plan.references = std::mem::take(&mut plan.wanted).into_references();
        if plan.len > 0 {
            self.references += plan.references.len() as u64;
            self.plans.push(plan);
        }
    }
}

impl Template {
    fn new(source: u32, len: u64) -> Self {
        Self { source, len, is_whole: len <= WHOLE_LEN_MAX }
    }

    /// The same, to make a file of which `literal_len` bytes are new: for a stamp in a file of MiB no frame should refer to all of it.
    fn for_literal(self, literal_len: u64) -> Self {
        Self { is_whole: self.is_whole && (literal_len > STAMPS_LEN_MAX || self.len <= SMALL_LEN_MAX), ..self }
    }

    /// The file: its number, its path and its length.
    pub(super) fn file<'m>(&self, old: &'m Manifest) -> Option<(u32, &'m TreePath, u64)> {
        old.entries().get(self.source as usize).map(|entry| (self.source, &entry.path, self.len))
    }

    /// What to compress `len` bytes against that stand for what is at `old_at`.
    fn around(&self, old_at: u64, len: u64) -> Reference {
        let (start, end) = if self.is_whole {
            (0, self.len)
        } else {
            let margin = (4 * len).min(MARGIN_MAX);
            (old_at.saturating_sub(margin).min(self.len), old_at.saturating_add(len + margin).min(self.len))
        };
        Reference { source: self.source, at: start, len: end - start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_of_executables_when_most_of_it_is() {
        let plan = |lens: [u64; 2]| {
            let pieces = [true, false].into_iter().zip(lens);
            let pieces = pieces.map(|(is_adapted, len)| Piece { draft: 0, member: None, at: 0, len, is_adapted }).collect();
            FramePlan { pieces, len: lens.iter().sum(), ..FramePlan::default() }
        };
        assert!(plan([3, 2]).is_adapted() && plan([1, 0]).is_adapted());
        assert!(!plan([2, 3]).is_adapted() && !plan([0, 1]).is_adapted());
    }

    #[test]
    fn frames_are_gathered_as_far_as_a_reader_takes_them() {
        let plan = |len, references: &[(u32, u64, u64)], is_adapted| FramePlan {
            pieces: vec![Piece { draft: 0, member: None, at: 0, len, is_adapted }],
            len,
            references: references.iter().map(|&(source, at, len)| Reference { source, at, len }).collect(),
            inflated_len: 1 << 20,
            ..FramePlan::default()
        };
        let mut gathered = plan(10, &[(1, 0, 1000), (3, 0, 50)], false);
        gathered.gather(plan(20, &[(1, 500, 1000), (2, 7, 70)], false));
        let references = [(1, 0, 1500), (2, 7, 70), (3, 0, 50)].map(|(source, at, len)| Reference { source, at, len });
        assert_eq!((gathered.len, gathered.inflated_len, gathered.pieces.len()), (30, 2 << 20, 2));
        assert_eq!(gathered.references, references);
        let takes = |other: FramePlan| gathered.takes(&other);
        assert!(takes(plan(MAX_FRAME_LEN - 30, &[(9, 0, MAX_REFERENCE_LEN - 1620)], false)));
        assert!(!takes(plan(MAX_FRAME_LEN - 29, &[], false)) && !takes(plan(1, &[(9, 0, MAX_REFERENCE_LEN - 1619)], false)));
        assert!(!takes(FramePlan { inflated_len: MAX_INFLATED_LEN - (2 << 20) + 1, ..plan(1, &[], false) }));
        assert!(!takes(plan(1, &[], true)) && !plan(1, &[], true).takes(&gathered));
    }

    #[test]
    fn a_stamp_in_a_long_file_leans_on_what_stands_around_it() {
        let reference = |file_len, literal_len| Template::new(7, file_len).for_literal(literal_len).around(1 << 20, 20);
        assert_eq!(reference(3 << 20, STAMPS_LEN_MAX), Reference { source: 7, at: (1 << 20) - 80, len: 180 });
        assert_eq!(reference(3 << 20, STAMPS_LEN_MAX + 1), Reference { source: 7, at: 0, len: 3 << 20 });
        assert_eq!(reference(SMALL_LEN_MAX, 20), Reference { source: 7, at: 0, len: SMALL_LEN_MAX });
    }
}
