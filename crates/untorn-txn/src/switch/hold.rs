//! A tree held for a switch: everything up to where the new tree is made, and the exchange itself, which is the same for going forward and back.

use untorn_fs::{FileKind, Fs, OpenMode, Permissions};

use super::{
    beneath::Syncs,
    claim,
    place::Place,
    report::{SwitchRecovery, SwitchReport},
    ticket::{Half, Origin, Ticket},
    tidy::{exists, tidy},
};
use crate::{
    barrier::{Syncer, Unsynced},
    error::{Cause, Context, Error, Result, TreeState},
    layout::{DISCARD, LOCK, PREVIOUS, STATE, SWITCH, TICKET},
    tree::{Tree, sync_jobs},
};

/// How often a tree that was switched away between looking and locking is looked for again.
const TRIES: usize = 8;

/// The tree that stands under the name, locked, with nothing left of earlier switches.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) place: Place,
    pub(crate) tree: Tree,
    pub(crate) recovery: SwitchRecovery,
    /// Opened before anything is written: see `SyncAll`.
    syncer: Syncer,
    ticket: Option<Ticket>,
}

impl Hold {
    /// Opens the tree, recovers it, and tidies up after earlier switches.
    pub(crate) fn open(place: Place) -> Result<Self> {
        for _ in 0..TRIES {
            let before = place.id()?;
            let syncer = Syncer::new(&*place.parent, sync_jobs(place.repeatable))?;
            let tree = Tree::open_with(place.fs("", Syncs::Done), place.repeatable)?;
            if place.id()? == before {
                let recovery = tidy(&place)?;
                return Ok(Self { place, tree, recovery, syncer, ticket: None });
            }
        }
        Err(Error::new(Cause::Busy { holder: None }))
    }

    /// Says, durably, that a switch is under way, and reserves the name beside the tree.
    pub(crate) fn announce(&mut self, origin: Origin, keep: bool) -> Result<Ticket> {
        let (fs, sibling) = (&*self.place.parent, self.place.sibling());
        if exists(fs, &sibling)? {
            return Err(Error::new(Cause::Exists).at(sibling));
        }
        let id = fs.random_id().context("ask for a random number for", "")?;
        let ticket = Ticket { half: Half::Old, origin, keep, id };
        self.ticket = Some(ticket);
        make_folder(fs, &self.place.path(SWITCH))?;
        let path = self.place.path(TICKET);
        ticket.write(fs, &path)?;
        fs.open(&path, OpenMode::Write).context("open", &path)?.sync_data().context("sync", &path)?;
        for dir in [SWITCH, STATE] {
            let dir = self.place.path(dir);
            fs.sync_dir(&dir).context("sync", &dir)?;
        }
        claim::make(&self.place, &ticket)?;
        Ok(ticket)
    }

    /// Puts the new tree's half of the ticket into it.
    pub(crate) fn hand_out(&self, next: &str, ticket: &Ticket) -> Result<()> {
        let fs = &*self.place.parent;
        make_folder(fs, &self.place.path(&format!("{next}/{SWITCH}")))?;
        ticket.other().write(fs, &self.place.path(&format!("{next}/{TICKET}")))
    }

    /// The two barriers and the exchange between them. `next` is the new tree, in the state directory of the old one. Its lock must be held.
    pub(crate) fn exchange(&mut self, next: &str, report: &mut SwitchReport) -> Result<()> {
        let Some(ticket) = self.ticket else { return Err(Error::damaged("no switch was announced")) };
        let (fs, name, sibling) = (self.place.parent.clone(), self.place.name.clone(), self.place.sibling());
        // B1: the new tree, its state directory and its half of the ticket are durable, wherever they are found.
        report.syncs += self.sync(&self.place.path(next))?;
        // The name is free for an instant. Whatever is put there in it stops the rename, an empty directory excepted.
        claim::release(&self.place, &ticket)?;
        fs.rename(&self.place.path(next), &sibling).context("move out", &sibling)?;
        if let Err(error) = fs.exchange(&name, &sibling) {
            self.refuse_unless_exchanged(&ticket, Error::io("exchange", &name, error))?;
        }
        // From here on the tree under the name is the new one, and only a failed sync leaves a doubt. Nothing is tidied then.
        self.ticket = None;
        fs.sync_dir("").context("sync", "").map_err(|error| error.with_state(TreeState::InDoubt))?;
        report.syncs += 1;
        let stands = |inside| exists(&*fs, &self.place.path(inside)).unwrap_or(true);
        report.leftovers = tidy(&self.place).is_err() || stands(TICKET) || stands(DISCARD);
        report.previous_kept = ticket.keep && stands(PREVIOUS);
        Ok(())
    }

    /// An answer may get lost on its way: the ticket under the name tells which tree stands there.
    fn refuse_unless_exchanged(&mut self, ticket: &Ticket, error: Error) -> Result<()> {
        match Ticket::read(&*self.place.parent, &self.place.path(TICKET)) {
            Ok(Some(there)) if there == ticket.other() => Ok(()),
            Ok(Some(there)) if there == *ticket => Err(error),
            _ => {
                self.ticket = None;
                Err(error.with_state(TreeState::InDoubt))
            }
        }
    }

    fn sync(&self, dir: &str) -> Result<u64> {
        let fs = &*self.place.parent;
        if self.syncer.syncs_all() {
            return self.syncer.sync(fs, &Unsynced::default());
        }
        sync_below(fs, dir)
    }
}

impl Drop for Hold {
    /// A switch that did not happen is given up. What cannot be removed now is removed when the tree is opened next.
    fn drop(&mut self) {
        if self.ticket.is_some() {
            drop(tidy(&self.place));
        }
    }
}

fn make_folder(fs: &dyn Fs, path: &str) -> Result<()> {
    match fs.create_dir(path, Some(Permissions::from_bits(0o700))) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.context("make", path),
    }
}

/// Syncs every file and directory below `dir`, and itself, one by one. Files are opened for reading: most are shared with the old tree, and some must
/// not be written.
fn sync_below(fs: &dyn Fs, dir: &str) -> Result<u64> {
    let mut syncs = 1;
    for entry in fs.read_dir(dir).context("list", dir)? {
        let name = entry.name.map_err(|escaped| Error::new(Cause::Foreign { what: escaped }).at(dir))?;
        let path = format!("{dir}/{name}");
        match fs.metadata(&path).context("look at", &path)?.kind {
            FileKind::Dir => syncs += sync_below(fs, &path)?,
            FileKind::File => {
                fs.open(&path, OpenMode::Read).context("open", &path)?.sync().context("sync", &path)?;
                syncs += 1;
            }
            FileKind::Symlink | FileKind::Other => {}
        }
    }
    fs.sync_dir(dir).context("sync", dir)?;
    Ok(syncs)
}

/// Whether a tree was ever put under care at `inside` of the place.
pub(crate) fn is_tree(place: &Place, inside: &str) -> Result<bool> {
    exists(&*place.parent, &place.path(&format!("{inside}/{LOCK}")))
}
