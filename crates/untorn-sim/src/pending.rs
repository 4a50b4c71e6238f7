//! Effects that a crash may still take back, and what settles them.

use crate::{
    Image,
    effect::{Barrier, Effect, Event, Names},
    inode::Ino,
};

/// What is known about an effect that is not simply durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// A crash decides; a sync settles.
    Open,
    /// Its sync failed: a crash decides, and no later sync changes that.
    Lost,
    /// Settled, but kept in line because a lost effect came before it.
    Settled,
}

/// An effect that needs another one, named by its place in the log.
#[derive(Clone, Copy, Debug)]
struct Need {
    event: usize,
    /// Holds even when the other one was lost; else the other one is merely older.
    hard: bool,
}

#[derive(Clone, Debug)]
struct Item {
    event: usize,
    needs: Vec<Need>,
    status: Status,
}

/// The effects in line for the medium, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    items: Vec<Item>,
}

impl Pending {
    /// Effects that a crash decides about.
    pub(crate) fn choices(&self) -> usize {
        self.items.iter().filter(|item| item.status != Status::Settled).count()
    }

    /// For each choice, which earlier choices it needs.
    pub(crate) fn needs(&self) -> Vec<Vec<usize>> {
        let open: Vec<&Item> = self.items.iter().filter(|item| item.status != Status::Settled).collect();
        let place = |need: &Need| {
            let at = open.binary_search_by_key(&need.event, |item| item.event).ok()?;
            (need.hard || open[at].status == Status::Open).then_some(at)
        };
        open.iter().map(|item| item.needs.iter().filter_map(place).collect()).collect()
    }

    /// All that are in line: the place in the log, and whether it is settled.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, bool)> {
        self.items.iter().map(|item| (item.event, item.status == Status::Settled))
    }

    /// Puts the effect at `event` in line.
    pub(crate) fn push(&mut self, log: &[Event], event: usize, image: &Image) {
        let needs = match log.get(event) {
            Some(Event::Effect(Effect::Names(names))) => self.needs_of(log, names, image),
            _ => Vec::new(),
        };
        self.items.push(Item { event, needs, status: Status::Open });
    }

    /// A sync failed: what it covered is neither durable nor waiting any more; only what a journal keeps goes on waiting.
    pub(crate) fn lose(&mut self, log: &[Event], barrier: Barrier, has_journal: bool) {
        let lost = |effect: &Effect| barrier.covers(effect) && (!has_journal || matches!(effect, Effect::Data { .. }));
        for item in self.items.iter_mut().filter(|item| item.status == Status::Open) {
            if effect_at(log, item.event).is_some_and(lost) {
                item.status = Status::Lost;
            }
        }
    }

    /// A sync succeeded: lets what it covers, and what that needs, reach `durable`.
    pub(crate) fn settle(&mut self, log: &[Event], barrier: Barrier, durable: &mut Image) {
        let all_names = durable.options.ordered_names;
        let covered = |effect: &Effect| barrier.covers(effect) || (all_names && matches!(effect, Effect::Names(_)));
        for item in self.items.iter_mut().filter(|item| item.status == Status::Open) {
            if effect_at(log, item.event).is_some_and(covered) {
                item.status = Status::Settled;
            }
        }
        self.settle_what_is_needed();
        self.flush(log, durable);
    }

    /// Needs point backwards, so one walk from the youngest to the oldest is enough.
    fn settle_what_is_needed(&mut self) {
        for at in (0..self.items.len()).rev() {
            if self.items[at].status != Status::Settled {
                continue;
            }
            for need in std::mem::take(&mut self.items[at].needs) {
                let Ok(needed) = self.items.binary_search_by_key(&need.event, |item| item.event) else { continue };
                if need.hard || self.items[needed].status == Status::Open {
                    self.items[needed].status = Status::Settled;
                }
            }
        }
    }

    /// Settled effects leave the line, except behind a lost one: were that one chosen later, it would undo a younger one.
    fn flush(&mut self, log: &[Event], durable: &mut Image) {
        let line = self.items.iter().position(|item| item.status == Status::Lost).unwrap_or(self.items.len());
        let mut at = 0;
        self.items.retain(|item| {
            let leaves = at < line && item.status == Status::Settled;
            at += 1;
            if leaves && let Some(effect) = effect_at(log, item.event) {
                durable.settle(effect);
            }
            !leaves
        });
    }

    fn needs_of(&self, log: &[Event], names: &Names, image: &Image) -> Vec<Need> {
        let mut needs = Vec::new();
        let mut latest = |hard: bool, matches: &dyn Fn(&Names) -> bool| {
            let found = self.items.iter().rev().find(|item| names_at(log, item.event).is_some_and(matches));
            needs.extend(found.map(|item| Need { event: item.event, hard }));
        };
        for change in names.changes() {
            latest(false, &|other| {
                other.changes().any(|c| c.dir == change.dir && image.options.same_name(&c.name, &change.name))
            });
        }
        for &dir in &names.needs.reachable {
            latest(true, &|other| other.changes().any(|c| c.to == Some(dir)));
        }
        if names.needs.previous || image.options.ordered_names {
            latest(true, &|_| true);
        }
        needs.extend(names.needs.emptied.into_iter().flat_map(|dir| self.in_dir(log, dir)));
        needs
    }

    fn in_dir<'a>(&'a self, log: &'a [Event], dir: Ino) -> impl Iterator<Item = Need> + 'a {
        let touches = move |item: &&Item| names_at(log, item.event).is_some_and(|n| n.changes().any(|c| c.dir == dir));
        self.items.iter().filter(touches).map(|item| Need { event: item.event, hard: true })
    }
}

pub(crate) fn effect_at(log: &[Event], event: usize) -> Option<&Effect> {
    if let Some(Event::Effect(effect)) = log.get(event) { Some(effect) } else { None }
}

fn names_at(log: &[Event], event: usize) -> Option<&Names> {
    if let Some(Effect::Names(names)) = effect_at(log, event) { Some(names) } else { None }
}
