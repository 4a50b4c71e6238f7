//! Recipes: in what a stream differs from what was predicted.

use crate::adapt::{Coder, Decoder, Encoder, Numbers, Prob, Signed, Stretch, Symbols};

use super::{
    Bad,
    bits::BitWriter,
    block::{Block, Packing, Token, frequencies, push},
    old::{Follower, Old, STRETCH_LEN_MIN},
    parse::Parsed,
    trees::{Run, Trees, expand, least_inner_count, runs},
    write::put_block,
    zlib::{KINDS, Zlib},
};

/// How many tokens are looked at to find out which zlib it might have been.
const TRIAL_TOKENS: usize = 8 << 10;
/// The most tokens of a block that is restored: 4 MiB of memory.
pub(crate) const BLOCK_TOKENS_MAX: usize = 1 << 20;
/// How many bytes a recipe must be shorter when zlib alone is asked: so many, and one for every 16 KiB that it must look through.
const WORTH: usize = 8;
const TIME_WORTH: usize = 16 << 10;
/// One wrong prediction in so many tokens is good enough to look no further.
const GOOD_ENOUGH: usize = 256;

/// How a stream is predicted.
#[derive(Clone, Debug, Default)]
struct Plan {
    /// The kind of zlib, when it is asked.
    zlib: Option<usize>,
    /// Where the bytes stand in the old stream.
    stretches: Vec<Stretch>,
    /// How many tokens the first block has, unless it is the last.
    block_tokens: u64,
}

/// The recipe for a stream: [`restore`] makes that again of the bytes it holds. `hint` is the kind of zlib that was right for another stream of the same program; it takes
/// the one that was right for this. `None` where a stream cannot be told so: a block of it has too many tokens.
///
/// `stretches` say where the bytes stand in the old stream: none without one.
pub(crate) fn make_recipe(
    parsed: &Parsed,
    old: Option<&Old>,
    stretches: Vec<Stretch>,
    hint: &mut Option<usize>,
    zlib: &mut Zlib,
) -> Option<Vec<u8>> {
    let first = parsed.heads.first().map_or(0, |head| head.count as u64);
    let plan = Plan { zlib: None, stretches, block_tokens: if parsed.heads.len() > 1 { first } else { 0 } };
    let alike = old.and_then(|_| encode(parsed, old, plan.clone(), zlib));
    // Following the old stream is much quicker than what zlib does: it need not be the shorter one by a few bytes.
    let alike = match alike {
        Some(recipe) if recipe.len() <= 16 + parsed.tokens.len() / GOOD_ENOUGH => return Some(recipe),
        other => other,
    };
    let kind = choose(parsed, *hint, zlib);
    *hint = kind.or(*hint);
    let alone = encode(parsed, old, Plan { zlib: kind, stretches: Vec::new(), ..plan.clone() }, zlib);
    let both = encode(parsed, old, Plan { zlib: kind, ..plan }, zlib);
    // What takes less time comes first, and what comes later must be shorter by what the time is worth.
    let candidates = [(alike, 0), (both, 0), (alone, WORTH + parsed.raw.len() / TIME_WORTH)];
    candidates
        .into_iter()
        .filter_map(|(recipe, worth)| Some((recipe?, worth)))
        .min_by_key(|(recipe, worth)| recipe.len() + worth)
        .map(|(recipe, _)| recipe)
}

fn encode(parsed: &Parsed, old: Option<&Old>, mut plan: Plan, zlib: &mut Zlib) -> Option<Vec<u8>> {
    let mut coder = Encoder::new();
    plan.code(&mut coder, &parsed.raw, old).ok()?;
    let mut codes = Codes::new(&parsed.raw, old, &plan, zlib);
    for block in parsed.blocks() {
        codes.block(&mut coder, Some(block)).ok()?;
    }
    Some(coder.finish())
}

/// Makes the stream of `len` bytes that holds `raw`. Never more bytes, whatever the recipe.
pub(crate) fn restore(raw: &[u8], old: Option<&Old>, recipe: &[u8], len: usize, zlib: &mut Zlib) -> Result<Vec<u8>, Bad> {
    let (mut coder, mut bits, mut plan) = (Decoder::new(recipe), BitWriter::new(len, raw.len()), Plan::default());
    plan.code(&mut coder, raw, old)?;
    let mut codes = Codes::new(raw, old, &plan, zlib);
    loop {
        let start = codes.at;
        let (packing, tokens, is_last) = codes.block(&mut coder, None)?;
        let raw = &raw[start..codes.at];
        put_block(&mut bits, &Block { is_last, packing: &packing, tokens: &tokens, raw_len: raw.len() }, raw)?;
        if is_last {
            break;
        }
    }
    if codes.at < raw.len() {
        return Err(Bad("a recipe ends too early"));
    }
    bits.finish()
}

/// The kind of zlib that predicts the first tokens best, if any predicts most of them.
fn choose(parsed: &Parsed, hint: Option<usize>, zlib: &mut Zlib) -> Option<usize> {
    let mut trial = |kind: usize| {
        let (mut at, mut wrong, mut count) = (0, 0_usize, 0_usize);
        zlib.begin(kind, parsed.raw.len());
        for token in parsed.tokens.iter().take(TRIAL_TOKENS) {
            wrong += usize::from(zlib.predict(&parsed.raw, at) != *token);
            count += 1;
            zlib.pass(&parsed.raw, at, token.len());
            at += token.len();
        }
        (wrong, count)
    };
    // Where tokens stand is known only up to the first block without.
    if parsed.heads.first().is_none_or(|head| head.count == 0) {
        return None;
    }
    let mut best = None;
    // The usual ones first: 6, 9, 1, then the others; without the filter, then with it.
    let order = [10, 16, 0, 12, 14, 8, 6, 4, 2, 11, 17, 1, 13, 15, 9, 7, 5, 3];
    if let Some(kind) = hint {
        let (wrong, count) = trial(kind);
        if wrong * GOOD_ENOUGH <= count {
            return Some(kind);
        }
    }
    for kind in order {
        let (wrong, count) = trial(kind);
        if wrong == 0 {
            return Some(kind);
        }
        if best.is_none_or(|(least, _, _)| wrong < least) {
            best = Some((wrong, count, kind));
        }
    }
    best.filter(|(wrong, count, _)| wrong * 2 < *count).map(|(_, _, kind)| kind)
}

impl Plan {
    /// Codes the plan, and makes sure that it fits the bytes.
    fn code<C: Coder>(&mut self, coder: &mut C, raw: &[u8], old: Option<&Old>) -> Result<(), Bad> {
        let (mut kinds, mut numbers, mut distances) = (Symbols::<32>::default(), Numbers::default(), Signed::default());
        let kind = kinds.code(coder, self.zlib.map_or(0, |kind| kind + 1));
        self.zlib = kind.checked_sub(1);
        if kind > KINDS {
            return Err(Bad("a recipe of an unknown kind"));
        }
        self.block_tokens = numbers.code(coder, self.block_tokens);
        let count = numbers.code(coder, self.stretches.len() as u64);
        let (old_len, mut left) = (old.map_or(0, |old| old.raw.len() as u64), raw.len() as u64);
        let mut expected = 0_u64;
        for number in 0..count {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            let stretch = self.stretches.get(number).copied().unwrap_or(Stretch { literal_len: 0, at: 0, len: 0 });
            let literal_len = numbers.code(coder, stretch.literal_len);
            let len = numbers.code(coder, stretch.len.saturating_sub(STRETCH_LEN_MIN)).saturating_add(STRETCH_LEN_MIN);
            let from = expected.saturating_add(literal_len).cast_signed();
            let at = from.checked_add(distances.code(coder, stretch.at.cast_signed().wrapping_sub(from)));
            let at = at.and_then(|at| u64::try_from(at).ok()).ok_or(Bad("a stretch before the start"))?;
            let fits = at.checked_add(len).is_some_and(|end| end <= old_len);
            left = left
                .checked_sub(literal_len)
                .and_then(|left| left.checked_sub(len))
                .filter(|_| fits)
                .ok_or(Bad("a stretch beyond the end"))?;
            expected = at + len;
            if !C::ENCODES {
                self.stretches.push(Stretch { literal_len, at, len });
            }
        }
        Ok(())
    }
}

/// Codes the blocks of a stream, one after the other.
struct Codes<'a> {
    raw: &'a [u8],
    /// How many of its bytes are passed.
    at: usize,
    follower: Follower<'a>,
    zlib: Option<&'a mut Zlib>,
    /// How many tokens the block before had.
    block_tokens: u64,
    packing: usize,
    packings: [Symbols<4>; 4],
    is_last: Prob,
    stored: (Prob, Numbers),
    ends: Symbols<4>,
    counts: Numbers,
    tokens: Tokens,
    trees: TreeCodes,
}

/// What is learned about tokens.
#[derive(Default)]
struct Tokens {
    was_right: bool,
    as_old: [Prob; 4],
    as_zlib: [Prob; 4],
    is_back: [Prob; 2],
    lens: Symbols<256>,
    distances: Numbers,
}

/// What is learned about codes.
#[derive(Default)]
struct TreeCodes {
    choice: Symbols<4>,
    counts: [Symbols<32>; 2],
    is_same: [Prob; 4],
    lens: Symbols<16>,
    as_expected: [Prob; 3],
    run: Symbols<32>,
    more: Symbols<128>,
    inner: Symbols<8>,
    inner_count: Symbols<16>,
}

const STORED: usize = 0;
const FIXED: usize = 1;
const DYNAMIC: usize = 2;

/// How the end of a block is told.
const AT_END: usize = 0;
const AS_BEFORE: usize = 1;
const AS_OLD: usize = 2;
const COUNTED: usize = 3;

impl<'a> Codes<'a> {
    fn new(raw: &'a [u8], old: Option<&'a Old>, plan: &'a Plan, zlib: &'a mut Zlib) -> Self {
        if let Some(kind) = plan.zlib {
            zlib.begin(kind, raw.len());
        }
        Self {
            raw,
            at: 0,
            follower: Follower::new(old, &plan.stretches),
            zlib: plan.zlib.map(|_| zlib),
            block_tokens: plan.block_tokens,
            packing: DYNAMIC,
            packings: Default::default(),
            is_last: Prob::default(),
            stored: Default::default(),
            ends: Symbols::default(),
            counts: Numbers::default(),
            tokens: Tokens::default(),
            trees: TreeCodes::default(),
        }
    }

    /// Codes one block, which is `actual` when it is written: how it is written, its tokens, and whether it is the last.
    fn block<C: Coder>(&mut self, coder: &mut C, actual: Option<Block<'_>>) -> Result<(Packing, Vec<Token>, bool), Bad> {
        let start = self.at;
        let packing = actual.map_or(0, |block| match block.packing {
            Packing::Stored(_) => STORED,
            Packing::Fixed => FIXED,
            Packing::Dynamic(_) => DYNAMIC,
        });
        self.packing = self.packings[self.packing].code(coder, packing);
        let (packing, tokens) = match self.packing {
            STORED => (Packing::Stored(self.stored(coder, actual)?), Vec::new()),
            FIXED => (Packing::Fixed, self.tokens(coder, actual)?),
            DYNAMIC => {
                let tokens = self.tokens(coder, actual)?;
                let trees =
                    actual.and_then(|block| if let Packing::Dynamic(trees) = block.packing { Some(&**trees) } else { None });
                let old = self.follower.trees(start, self.at);
                (Packing::Dynamic(Box::new(self.trees.code(coder, trees, &tokens, old)?)), tokens)
            }
            _ => return Err(Bad("a block of unknown kind")),
        };
        let is_end = self.at == self.raw.len();
        let as_expected = coder.bit(&mut self.is_last, actual.is_some_and(|block| block.is_last == is_end));
        Ok((packing, tokens, is_end == as_expected))
    }

    fn stored<C: Coder>(&mut self, coder: &mut C, actual: Option<Block<'_>>) -> Result<u32, Bad> {
        let len = actual.map_or(0, |block| block.raw_len);
        let expected = (self.raw.len() - self.at).min(65535);
        let (is_expected, lens) = &mut self.stored;
        let len = if coder.bit(is_expected, len == expected) { expected as u64 } else { lens.code(coder, len as u64) };
        let len = usize::try_from(len).ok().filter(|len| *len <= expected).ok_or(Bad("a block beyond the end"))?;
        for at in self.at..self.at + len {
            if let Some(zlib) = &mut self.zlib {
                zlib.pass(self.raw, at, 1);
            }
        }
        self.at += len;
        Ok(u32::try_from(len).unwrap_or(0))
    }

    fn tokens<C: Coder>(&mut self, coder: &mut C, actual: Option<Block<'_>>) -> Result<Vec<Token>, Bad> {
        let (start, as_old) = (self.at, self.follower.end(self.at));
        let how = actual.map_or(0, |block| match start + block.raw_len {
            end if end == self.raw.len() => AT_END,
            _ if block.tokens.len() as u64 == self.block_tokens => AS_BEFORE,
            end if as_old == Some(end) => AS_OLD,
            _ => COUNTED,
        });
        let how = self.ends.code(coder, how);
        let count = match how {
            COUNTED => self.counts.code(coder, actual.map_or(0, |block| block.tokens.len() as u64)),
            AS_BEFORE => self.block_tokens,
            _ => u64::MAX,
        };
        let end = if how == AS_OLD { as_old.ok_or(Bad("a block that ends nowhere"))? } else { self.raw.len() };
        let mut tokens = Vec::new();
        while self.at < end && (tokens.len() as u64) < count {
            let token = self.token(coder, actual.and_then(|block| block.tokens.get(tokens.len()).copied()))?;
            if let Some(zlib) = &mut self.zlib {
                zlib.pass(self.raw, self.at, token.len());
            }
            self.at += token.len();
            push(&mut tokens, token);
            if tokens.len() > BLOCK_TOKENS_MAX {
                return Err(Bad("a block of too many tokens"));
            }
        }
        if how != AT_END {
            self.block_tokens = tokens.len() as u64;
        }
        Ok(tokens)
    }

    fn token<C: Coder>(&mut self, coder: &mut C, actual: Option<Token>) -> Result<Token, Bad> {
        let Self { raw, at, follower, zlib, tokens, .. } = self;
        let context = |guess: Token, was_right: bool| usize::from(guess.reference().is_some()) * 2 + usize::from(was_right);
        let old = follower.predict(raw, *at);
        if let Some(guess) = old {
            let context = context(guess, tokens.was_right);
            tokens.was_right = coder.bit(&mut tokens.as_old[context], actual == Some(guess));
            if tokens.was_right {
                return Ok(guess);
            }
        }
        let guess = zlib.as_mut().map(|zlib| zlib.predict(raw, *at)).filter(|guess| old != Some(*guess));
        if let Some(guess) = guess {
            let context = context(guess, tokens.was_right);
            let is_right = coder.bit(&mut tokens.as_zlib[context], actual == Some(guess));
            tokens.was_right = is_right && old.is_none();
            if is_right {
                return Ok(guess);
            }
        }
        let (len, distance) = actual.and_then(Token::reference).unwrap_or((0, 0));
        if !coder.bit(&mut tokens.is_back[usize::from(old.is_some())], len > 0) {
            return Ok(Token::literal(raw[*at]));
        }
        let len = tokens.lens.code(coder, len.saturating_sub(3) as usize) + 3;
        let distance = tokens.distances.code(coder, u64::from(distance).saturating_sub(1)).saturating_add(1);
        let fits = distance <= 32768 && distance <= *at as u64 && len <= 258 && len <= raw.len() - *at;
        match (u32::try_from(len), u32::try_from(distance)) {
            (Ok(len), Ok(distance)) if fits => Ok(Token::back(len, distance)),
            _ => Err(Bad("a recipe refers to what is not there")),
        }
    }
}

/// How codes are told.
const AS_ZLIB: usize = 0;
const AS_OLD_TREES: usize = 1;
const FROM_ZLIB: usize = 2;
const FROM_OLD: usize = 3;

impl TreeCodes {
    fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        actual: Option<&Trees>,
        tokens: &[Token],
        old: Option<&Trees>,
    ) -> Result<Trees, Bad> {
        let (literals, distances) = frequencies(tokens);
        let zlib = Trees::of(&literals, &distances);
        let choice = actual.map_or(0, |actual| match old {
            _ if *actual == zlib => AS_ZLIB,
            Some(old) if actual == old => AS_OLD_TREES,
            Some(old) if differences(actual, old) < differences(actual, &zlib) => FROM_OLD,
            _ => FROM_ZLIB,
        });
        let choice = self.choice.code(coder, choice);
        let missing = Bad("a recipe uses codes that are not there");
        match choice {
            AS_ZLIB => Ok(zlib),
            AS_OLD_TREES => old.cloned().ok_or(missing),
            FROM_ZLIB => self.from(coder, actual, &zlib),
            _ => self.from(coder, actual, old.ok_or(missing)?),
        }
    }

    fn from<C: Coder>(&mut self, coder: &mut C, actual: Option<&Trees>, base: &Trees) -> Result<Trees, Bad> {
        let literals = self.lens(coder, actual.map(|trees| &trees.literals[..]), &base.literals, (0, 257, 286))?;
        let distances = self.lens(coder, actual.map(|trees| &trees.distances[..]), &base.distances, (1, 1, 30))?;
        let expected = runs(&literals, &distances);
        let as_expected = actual.is_some_and(|trees| trees.runs == expected);
        let runs = if coder.bit(&mut self.as_expected[0], as_expected) {
            expected
        } else {
            self.runs(coder, actual, literals.len() + distances.len())?
        };
        let told = Trees::told(runs);
        let mut inner = told.inner;
        if !coder.bit(&mut self.as_expected[1], actual.is_some_and(|trees| trees.inner == inner)) {
            for (place, len) in inner.iter_mut().enumerate() {
                let wanted = actual.map_or(0, |trees| usize::from(trees.inner[place]));
                *len = u8::try_from(self.inner.code(coder, wanted)).unwrap_or(0);
            }
        }
        let mut inner_count = least_inner_count(&inner);
        if !coder.bit(&mut self.as_expected[2], actual.is_some_and(|trees| trees.inner_count == inner_count)) {
            inner_count = self.inner_count.code(coder, actual.map_or(0, |trees| trees.inner_count.saturating_sub(4))) + 4;
        }
        Ok(Trees { literals, distances, runs: told.runs, inner, inner_count: inner_count.min(19) })
    }

    fn lens<C: Coder>(
        &mut self,
        coder: &mut C,
        actual: Option<&[u8]>,
        base: &[u8],
        (list, least, most): (usize, usize, usize),
    ) -> Result<Vec<u8>, Bad> {
        let count = self.counts[list].code(coder, actual.map_or(0, |lens| lens.len().saturating_sub(least))) + least;
        if count > most {
            return Err(Bad("more codes than there can be"));
        }
        let (mut lens, mut was_same) = (Vec::with_capacity(count), true);
        for place in 0..count {
            let expected = base.get(place).copied().unwrap_or(0);
            let wanted = actual.and_then(|lens| lens.get(place)).copied().unwrap_or(0);
            let context = usize::from(expected == 0) * 2 + usize::from(was_same);
            was_same = coder.bit(&mut self.is_same[context], wanted == expected);
            lens.push(if was_same { expected } else { u8::try_from(self.lens.code(coder, wanted.into())).unwrap_or(0) });
        }
        Ok(lens)
    }

    fn runs<C: Coder>(&mut self, coder: &mut C, actual: Option<&Trees>, count: usize) -> Result<Vec<Run>, Bad> {
        let (mut runs, mut lens) = (Vec::new(), Vec::new());
        while lens.len() < count {
            let (symbol, more) = actual.and_then(|trees| trees.runs.get(runs.len())).copied().unwrap_or((0, 0));
            let symbol = self.run.code(coder, symbol.into());
            let more = if symbol >= 16 { self.more.code(coder, more.into()) } else { 0 };
            let (Ok(symbol @ 0..=18), Ok(more)) = (u8::try_from(symbol), u8::try_from(more)) else {
                return Err(Bad("a code that means nothing"));
            };
            expand((symbol, more), &mut lens)?;
            runs.push((symbol, more));
        }
        Ok(runs)
    }
}

/// How many lengths differ.
fn differences(one: &Trees, other: &Trees) -> usize {
    let count = |one: &[u8], other: &[u8]| {
        one.iter().zip(other).filter(|(one, other)| one != other).count() + one.len().abs_diff(other.len())
    };
    count(&one.literals, &other.literals) + count(&one.distances, &other.distances)
}
