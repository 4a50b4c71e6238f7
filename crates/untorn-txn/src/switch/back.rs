//! Going back: the same exchange, with the tree that the last switch kept.

use std::{path::Path, sync::Arc, time::Instant};

use untorn_fs::{Fs, OpenMode};

use super::{
    Switch,
    beneath::Syncs,
    carry::{Trees, carry_over},
    hold::{Hold, is_tree},
    listing::{Handover, Listing},
    options::SwitchOptions,
    place::Place,
    report::SwitchReport,
    ticket::Origin,
};
use crate::{
    error::{Cause, Context, Error, Result},
    layout::{LISTING, PREVIOUS},
    lock,
    options::Readers,
    recover::read_document,
    tree::Tree,
};

impl Switch {
    /// Exchanges the tree in `dir` with the one that the last switch kept. What others changed since, such as saved games, is carried over or refused as
    /// `options` say. With `keep_previous` the tree that was left can be gone back to in turn.
    ///
    /// After this returns, the tree is the previous one, also after a power cut.
    ///
    /// # Errors
    /// [`Cause::NoUndo`] when no tree is kept; [`Cause::Conflict`]; [`Cause::JournalDamaged`] when it is not known any more what the tree looked like after the
    /// switch; else as [`Switch::begin`] and [`Switch::commit`].
    pub fn back(dir: &Path, options: &SwitchOptions) -> Result<SwitchReport> {
        back(Place::of(dir)?, options)
    }

    /// As [`Switch::back`], for the tree `name` in the root of any file system.
    ///
    /// # Errors
    /// As [`Switch::back`].
    pub fn back_on(parent: Arc<dyn Fs>, name: &str, options: &SwitchOptions) -> Result<SwitchReport> {
        back(Place::on(parent, name), options)
    }
}

fn back(place: Place, options: &SwitchOptions) -> Result<SwitchReport> {
    let started = Instant::now();
    place.refuse()?;
    let mut hold = Hold::open(place)?;
    if !is_tree(&hold.place, PREVIOUS)? {
        return Err(Error::new(Cause::NoUndo));
    }
    let (now, next) = (hold.place.fs("", Syncs::Done), hold.place.fs(PREVIOUS, Syncs::Done));
    let previous = Tree::open_on(next.clone())?.into_lock();
    let ticket = hold.announce(Origin::Previous, options.keep_previous)?;
    hold.hand_out(PREVIOUS, &ticket)?;
    let readers = (lock::exclude_readers(&*now, options.readers == Readers::Wait)?, lock::exclude_readers(&*next, false)?);
    let mut report = SwitchReport::default();
    carry(&hold.place, options, &mut report)?;
    hold.exchange(PREVIOUS, &mut report)?;
    drop((readers, previous));
    report.elapsed = started.elapsed();
    Ok(report)
}

fn carry(place: &Place, options: &SwitchOptions, report: &mut SwitchReport) -> Result<()> {
    let (now, next) = (Listing::of(&*place.fs("", Syncs::Done))?, Listing::of(&*place.fs(PREVIOUS, Syncs::Done))?);
    let Handover { listing: was, touched } = read(place)?;
    let trees = Trees { was: &was, now: &now, next: &next, touched: &touched };
    carry_over(&*place.parent, (&place.name, &place.path(PREVIOUS)), &trees, options.meanwhile, report)?;
    write(place, PREVIOUS, options.keep_previous, touched)
}

fn read(place: &Place) -> Result<Handover> {
    let path = place.path(LISTING);
    let bytes = read_document(&*place.parent, &path)?;
    Handover::decode(&bytes).ok_or_else(|| Error::damaged("the list of what the switch left").at(path))
}

/// Writes down, in the new tree `next`, what it looks like, for the way back from it.
pub(crate) fn write(place: &Place, next: &str, keep: bool, touched: std::collections::BTreeSet<String>) -> Result<()> {
    if !keep {
        return Ok(());
    }
    let listing = Listing::of(&*place.fs(next, Syncs::Done))?;
    let (fs, path) = (&*place.parent, place.path(&format!("{next}/{LISTING}")));
    let file = fs.open(&path, OpenMode::CreateNew { executable: false }).context("make", &path)?;
    file.write_all_at(&Handover { listing, touched }.encode(), 0).context("write", &path)
}
