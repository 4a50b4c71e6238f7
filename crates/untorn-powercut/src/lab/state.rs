//! What a power cut may leave: which states are made of a recording.

use std::{collections::BTreeSet, fmt};

use untorn_sim::Rng;

/// Something that happened to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Bytes were written.
    Write { offset: u64, len: usize },
    /// All writes before it are on the medium.
    Flush,
    /// The first says that the work began, each further one that a step of it was reported done.
    Mark,
}

/// One disk that a power cut could have left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    /// All events before this one are on the medium.
    pub(super) flushed: usize,
    /// Of the writes between there and the next flush, these are, too. (Of two writes to one place the later wins: a disk's cache is no queue.)
    pub(super) kept: Vec<usize>,
    /// Of this one some sectors are; the seed says which.
    pub(super) torn: Option<(usize, u64)>,
    /// How many steps had been reported done when the power failed.
    pub(super) done: usize,
}

/// Up to so many writes between two flushes, all subsets are taken.
const EXHAUSTIVE_MAX: usize = 6;

/// With more, so many of each kind of subset are.
const SAMPLES: u64 = 12;

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.flushed)?;
        for number in &self.kept {
            write!(f, "+{number}")?;
        }
        self.torn.map_or(Ok(()), |(number, seed)| write!(f, "~{number}/{seed}"))
    }
}

/// At most `states_max` states of a recording, in the order of their flushes.
pub(super) fn states(events: &[Event], seed: u64, states_max: usize) -> Vec<State> {
    let mut rng = Rng::new(seed);
    let mut all = Vec::new();
    for (start, end) in epochs(events) {
        add_epoch(events, start, end, &mut rng, &mut all);
    }
    while all.len() > states_max {
        let gone = below(&mut rng, all.len());
        all.swap_remove(gone);
    }
    all.sort();
    all
}

/// From each flush to the next, as far as they belong to the work.
fn epochs(events: &[Event]) -> Vec<(usize, usize)> {
    let began = events.iter().position(|event| *event == Event::Mark).unwrap_or(0);
    let flushes = events.iter().enumerate().filter(|(_, event)| **event == Event::Flush).map(|(at, _)| at);
    let ends: Vec<usize> = flushes.chain([events.len()]).collect();
    let starts = [0].into_iter().chain(ends.iter().map(|end| end + 1));
    starts.zip(ends.iter().copied()).filter(|(start, end)| start <= end && *end >= began).collect()
}

fn add_epoch(events: &[Event], start: usize, end: usize, rng: &mut Rng, all: &mut Vec<State>) {
    let writes: Vec<usize> = (start..end).filter(|at| matches!(events[*at], Event::Write { .. })).collect();
    let done = events[..end].iter().filter(|event| **event == Event::Mark).count().saturating_sub(1);
    let state = |kept: Vec<usize>, torn| State { flushed: start, kept, torn, done };
    let mut subsets: BTreeSet<Vec<usize>> = [Vec::new(), writes.clone()].into();
    if writes.len() <= EXHAUSTIVE_MAX {
        subsets.extend((0..1_usize << writes.len()).map(|bits| subset(&writes, |at| bits >> at & 1 == 1)));
    } else {
        for _ in 0..SAMPLES {
            let one = below(rng, writes.len());
            subsets.insert(writes[..one].to_vec());
            subsets.insert(vec![writes[one]]);
            subsets.insert(subset(&writes, |at| at != one));
            let eighths = 1 + rng.below(7);
            subsets.insert(subset(&writes, |_| rng.eighths(eighths)));
        }
    }
    all.extend(subsets.into_iter().map(|kept| state(kept, None)));
    for _ in 0..SAMPLES.min(4 * writes.len() as u64) {
        let torn = writes[below(rng, writes.len())];
        // What came before it, or anything.
        let kept = if rng.eighths(4) {
            (start..torn).filter(|at| writes.contains(at)).collect()
        } else {
            subset(&writes, |_| rng.eighths(4))
        };
        let kept = kept.into_iter().filter(|at| *at != torn).collect();
        all.push(state(kept, Some((torn, rng.next_u64()))));
    }
}

fn subset(writes: &[usize], mut keep: impl FnMut(usize) -> bool) -> Vec<usize> {
    writes.iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, write)| *write).collect()
}

fn below(rng: &mut Rng, end: usize) -> usize {
    usize::try_from(rng.below(end as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const W: Event = Event::Write { offset: 0, len: 4096 };

    #[test]
    fn every_subset_of_a_few_writes_is_a_state_and_steps_count_from_their_marks() {
        let events = [W, Event::Flush, Event::Mark, W, W, Event::Mark, W, Event::Flush, W];
        let states = states(&events, 1, 1000);
        let whole: BTreeSet<_> =
            states.iter().filter(|state| state.torn.is_none()).map(|state| (state.flushed, state.kept.clone())).collect();
        assert_eq!(whole.len(), 8 + 2, "{whole:?}");
        assert!(states.iter().all(|state| state.flushed >= 2 && state.done == 1));
        assert!(states.iter().any(|state| state.torn.is_some()));
    }

    #[test]
    fn before_a_step_was_reported_it_is_not_demanded() {
        let events = [Event::Mark, W, Event::Flush, W, Event::Mark, Event::Flush];
        let states = states(&events, 1, 1000);
        assert!(states.iter().all(|state| state.done == usize::from(state.flushed >= 3)));
    }

    #[test]
    fn many_writes_are_sampled_and_the_same_seed_gives_the_same_states() {
        let events: Vec<Event> = [Event::Mark].into_iter().chain([W; 50]).collect();
        let some = states(&events, 7, 20);
        assert_eq!(some.len(), 20);
        assert_eq!(some, states(&events, 7, 20));
        assert_ne!(some, states(&events, 8, 20));
    }
}
