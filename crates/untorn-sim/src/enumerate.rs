//! Which of the pending effects a crash keeps.

use crate::{Rng, bits::Bits, rng::mix};

/// How many crash states to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// With up to this many pending effects all subsets are taken (at most 20 are allowed).
    pub exhaustive_max: usize,
    /// With more: this many random subsets, besides none, all, each one alone, and all but each one. Taken where the most effects are pending:
    /// before each sync and each mark, and at the end.
    pub samples: usize,
    /// With more, after every other effect: this many random subsets, besides none, all, the newest alone, and all but the newest.
    pub samples_between: usize,
    /// At each crash point: this many states in which writes are torn.
    pub torn: usize,
    /// What the random choices depend on.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { exhaustive_max: 10, samples: 128, samples_between: 8, torn: 16, seed: 1 }
    }
}

impl Sampling {
    /// All subsets of 20 effects are a million; nobody means more.
    pub(crate) fn all_up_to(&self) -> usize {
        self.exhaustive_max.min(20)
    }
}

/// What one crash keeps: some of the effects, and, where `tear` is not 0, which way the writes are torn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) kept: Bits,
    pub(crate) tear: u64,
}

/// The choices at one crash point, in order.
#[derive(Debug)]
pub(crate) struct Choices {
    needs: Vec<Vec<usize>>,
    steps: Vec<Step>,
    step: usize,
    at: u64,
    rng: Rng,
}

/// A run of choices of one sort, and how many there are.
#[derive(Clone, Copy, Debug)]
enum Step {
    Subsets(u64),
    NoneAndAll,
    Singles { from: usize },
    AllBut { from: usize },
    Random(u64),
    Torn(u64),
}

impl Choices {
    /// `needs[i]` are the effects that effect `i` needs, all before it. `between` asks for the short list.
    pub(crate) fn new(needs: Vec<Vec<usize>>, sampling: &Sampling, point: u64, between: bool) -> Self {
        let newest = needs.len().saturating_sub(1);
        let (from, samples) = if between { (newest, sampling.samples_between) } else { (0, sampling.samples) };
        let torn = Step::Torn(sampling.torn as u64);
        let steps = if needs.len() <= sampling.all_up_to() {
            vec![Step::Subsets(1 << needs.len()), torn]
        } else {
            vec![Step::NoneAndAll, Step::Singles { from }, Step::AllBut { from }, Step::Random(samples as u64), torn]
        };
        Self { needs, steps, step: 0, at: 0, rng: Rng::new(mix(sampling.seed, point)) }
    }

    fn step_choice(&mut self, step: Step) -> Option<Choice> {
        let count = self.needs.len();
        let at = self.at;
        self.at += 1;
        let index = usize::try_from(at).unwrap_or(usize::MAX);
        let kept = match step {
            Step::Subsets(end) => return self.next_subset(at, end),
            Step::NoneAndAll if at < 2 => self.closed(|_| at == 1),
            Step::Singles { from } if index < count - from => self.with_its_needs(from + index),
            Step::AllBut { from } if index < count - from => self.closed(|i| i != from + index),
            Step::Random(end) if at < end => self.random(),
            Step::Torn(end) if at < end => return Some(Choice { kept: self.random(), tear: self.rng.next_u64() | 1 }),
            _ => return None,
        };
        Some(Choice { kept, tear: 0 })
    }

    fn next_subset(&mut self, from: u64, end: u64) -> Option<Choice> {
        let low = (from..end).find(|&low| self.is_closed(low))?;
        self.at = low + 1;
        Some(Choice { kept: Bits::from_low(low), tear: 0 })
    }

    fn is_closed(&self, low: u64) -> bool {
        let has = |at: usize| low >> at & 1 == 1;
        self.needs.iter().enumerate().all(|(at, needs)| !has(at) || needs.iter().all(|&need| has(need)))
    }

    /// Those that are wanted and have all they need.
    fn closed(&self, mut wanted: impl FnMut(usize) -> bool) -> Bits {
        let mut kept = Bits::default();
        for (at, needs) in self.needs.iter().enumerate() {
            if wanted(at) && needs.iter().all(|&need| kept.has(need)) {
                kept.set(at, true);
            }
        }
        kept
    }

    fn with_its_needs(&self, single: usize) -> Bits {
        let mut kept = Bits::default();
        kept.set(single, true);
        for at in (0..=single).rev().filter(|&at| !self.needs[at].is_empty()) {
            if kept.has(at) {
                self.needs[at].iter().for_each(|&need| kept.set(need, true));
            }
        }
        kept
    }

    /// Crashes that keep little and crashes that keep nearly all find different mistakes, so the share varies.
    fn random(&mut self) -> Bits {
        let share = self.rng.below(9);
        let mut rng = self.rng.clone();
        let kept = self.closed(|_| rng.eighths(share));
        self.rng = rng;
        kept
    }
}

impl Iterator for Choices {
    type Item = Choice;

    fn next(&mut self) -> Option<Choice> {
        while let Some(&step) = self.steps.get(self.step) {
            if let Some(choice) = self.step_choice(step) {
                return Some(choice);
            }
            self.step += 1;
            self.at = 0;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(needs: Vec<Vec<usize>>, sampling: &Sampling) -> Vec<String> {
        Choices::new(needs, sampling, 0, false).filter(|choice| choice.tear == 0).map(|choice| choice.kept.to_string()).collect()
    }

    #[test]
    fn few_effects_give_every_closed_subset_once() {
        assert_eq!(kept(vec![vec![], vec![0], vec![]], &Sampling::default()), ["0", "1", "3", "4", "5", "7"]);
    }

    #[test]
    fn many_effects_give_none_all_each_alone_and_all_but_each() {
        let sampling = Sampling { exhaustive_max: 1, samples: 0, ..Sampling::default() };
        let needs = vec![vec![], vec![0], vec![]];
        assert_eq!(kept(needs, &sampling), ["0", "7", "1", "3", "4", "4", "5", "3"]);
    }

    #[test]
    fn random_subsets_are_closed_and_replay() {
        let needs: Vec<Vec<usize>> = (0..100).map(|at: usize| at.checked_sub(7).into_iter().collect()).collect();
        let run = || Choices::new(needs.clone(), &Sampling::default(), 3, false).collect::<Vec<_>>();
        assert_eq!(run(), run());
        for choice in run() {
            assert!((7..100).all(|at| !choice.kept.has(at) || choice.kept.has(at - 7)), "{}", choice.kept);
        }
    }
}
