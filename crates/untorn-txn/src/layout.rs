//! Every name in the state directory. Nothing else in the crate spells one.
//!
//! ```text
//! .untorn/
//!   lock             held exclusively by the updater, from open to drop
//!   readers          held shared by the running game, exclusively while a transaction is applied
//!   holder           who took `lock` last: only for messages
//!   slot.0 .1 .2     the records that decide
//!   given-up         nothing here counts: a journal that could not be understood is being removed
//!   head             the document that says what is installed, if any
//!   verified         files that were found intact, for `verify --quick`: a hint; verified.part while it is written
//!   tx/<id>/plan     the steps                     tx/<id>/undo.plan  the way back
//!   tx/<id>/redo     bytes to write in place       tx/<id>/undo       bytes that were overwritten in place
//!   tx/<id>/s/NNNN   staged files                  tx/<id>/u/NNNN     files kept whole
//!   tx/<id>/head     the next head document        tx/<id>/u/head     the previous one
//!   tx/<id>/ballast  space set aside for names and growth
//!   tx/<id>/progress what of the stage is durable: a hint
//!   interrupted/     a stage that was interrupted, as far as its progress says: progress, redo, s/NNNN
//!   fetched/<name>   what was fetched for an update: may be removed at any time
//!   switch/ticket    a whole-tree switch is under way   switch/next      the new tree
//!   switch/listing   what the last one left             switch/previous  the tree before it, if kept
//!   switch/discard   a tree being removed               switch/probe     for a trial
//! ```

/// The state directory itself.
pub(crate) const STATE: &str = ".untorn";
/// The updater's lock.
pub(crate) const LOCK: &str = ".untorn/lock";
/// The readers' lock.
pub(crate) const READERS: &str = ".untorn/readers";
/// Who holds the updater's lock.
pub(crate) const HOLDER: &str = ".untorn/holder";
/// The mark of a journal that is being removed.
pub(crate) const GIVEN_UP: &str = ".untorn/given-up";
/// The head document.
pub(crate) const HEAD: &str = ".untorn/head";
/// What a verification noted for the next one.
pub(crate) const VERIFIED: &str = ".untorn/verified";
/// The same, being written.
pub(crate) const VERIFIED_PART: &str = ".untorn/verified.part";
/// All transactions.
pub(crate) const TRANSACTIONS: &str = ".untorn/tx";
/// A stage that was interrupted, to be taken up again.
pub(crate) const INTERRUPTED: &str = ".untorn/interrupted";
/// The record of progress, in the folder of a transaction or of what was interrupted.
pub(crate) const PROGRESS: &str = "progress";
/// The redo file, there.
pub(crate) const REDO: &str = "redo";
/// The folder of staged objects, there.
pub(crate) const OBJECTS: &str = "s";
/// The name of a staged object, in that folder.
pub(crate) fn object_name(number: u32) -> String {
    format!("{number:04}")
}
/// What was fetched for updates.
pub(crate) const FETCHED: &str = ".untorn/fetched";
/// Something that was fetched.
pub(crate) fn fetched(name: &str) -> String {
    format!("{FETCHED}/{name}")
}
/// The slots.
pub(crate) const SLOTS: [&str; 3] = [".untorn/slot.0", ".untorn/slot.1", ".untorn/slot.2"];

/// Everything about whole-tree switches.
pub(crate) const SWITCH: &str = ".untorn/switch";
/// The half of a switch's ticket that lies in this tree.
pub(crate) const TICKET: &str = ".untorn/switch/ticket";
/// The new tree, until it is moved out.
pub(crate) const NEXT: &str = ".untorn/switch/next";
/// The tree before the last switch.
pub(crate) const PREVIOUS: &str = ".untorn/switch/previous";
/// A tree that is being removed.
pub(crate) const DISCARD: &str = ".untorn/switch/discard";
/// What the last switch left.
pub(crate) const LISTING: &str = ".untorn/switch/listing";
/// What the claim is exchanged with.
pub(crate) const PROBE: &str = ".untorn/switch/probe";

/// The name beside the tree `name` that a switch uses.
pub(crate) fn sibling_of(name: &str) -> String {
    format!(".{name}.untorn-switch")
}

/// The highest number of a transaction or a record that is believed.
pub(crate) const NUMBER_MAX: u64 = u64::MAX / 2;

/// The names of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TxLayout(pub(crate) u64);

impl TxLayout {
    /// Its folder.
    pub(crate) fn dir(self) -> String {
        format!("{TRANSACTIONS}/{}", self.0)
    }
    fn below(self, name: &str) -> String {
        format!("{TRANSACTIONS}/{}/{name}", self.0)
    }
    /// The plan.
    pub(crate) fn plan(self) -> String {
        self.below("plan")
    }
    /// The redo file.
    pub(crate) fn redo(self) -> String {
        self.below(REDO)
    }
    /// The next head document.
    pub(crate) fn head(self) -> String {
        self.below("head")
    }
    /// What of the stage is durable.
    pub(crate) fn progress(self) -> String {
        self.below(PROGRESS)
    }
    /// The ballast.
    pub(crate) fn ballast(self) -> String {
        self.below("ballast")
    }
    /// The folder of staged objects.
    pub(crate) fn objects(self) -> String {
        self.below(OBJECTS)
    }
    /// A staged object.
    pub(crate) fn object(self, number: u32) -> String {
        self.below(&format!("{OBJECTS}/{}", object_name(number)))
    }
    /// The second name of a staged object, the one that is renamed into the tree.
    pub(crate) fn passing(self) -> String {
        self.below("s/passing")
    }
    /// A file of the old tree that a program keeps from being removed: it stays here until nobody has it open.
    pub(crate) fn in_use(self, number: u64) -> String {
        self.below(&format!("in-use.{number}"))
    }
    /// The way back.
    pub(crate) fn undo_plan(self) -> String {
        self.below("undo.plan")
    }
    /// The bytes that were overwritten in place.
    pub(crate) fn undo(self) -> String {
        self.below("undo")
    }
    /// The folder of files kept whole.
    pub(crate) fn kept_dir(self) -> String {
        self.below("u")
    }
    /// A file kept whole.
    pub(crate) fn kept(self, number: u32) -> String {
        self.below(&format!("u/{number:04}"))
    }
    /// The head document before the transaction.
    pub(crate) fn kept_head(self) -> String {
        self.below("u/head")
    }
    /// The names in its folder that outlive the transaction when its undo is kept.
    pub(crate) const KEPT: [&'static str; 3] = ["undo.plan", "undo", "u"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_inside_the_state_directory() {
        let tx = TxLayout(7);
        let names = [
            tx.dir(),
            tx.plan(),
            tx.redo(),
            tx.head(),
            tx.ballast(),
            tx.progress(),
            tx.in_use(0),
            tx.object(3),
            tx.undo_plan(),
            tx.undo(),
            tx.kept(9),
            tx.kept_head(),
        ];
        assert!(names.iter().all(|name| name.starts_with(".untorn/tx/7")));
        assert!(fetched("objects").starts_with(".untorn/"));
        assert!([LOCK, READERS, HOLDER, HEAD].iter().chain(&SLOTS).all(|name| name.starts_with(".untorn/")));
    }
}
