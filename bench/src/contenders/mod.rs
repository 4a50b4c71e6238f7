//! Those who make the change, one a file.

mod bare_in_place;
mod bare_journal;
mod bare_open;
mod batched;
mod copies;
mod fs_transaction;
mod fstx;
mod naive;
mod sqlite;
mod untorn;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files;
use crate::sample::Outcome;
use crate::workload::Workload;

/// Somebody who can make a change durable.
pub trait Contender: Sync {
    /// One line for the table: what it does, and what it does not promise.
    fn about(&self) -> &'static str;

    /// Why it cannot take part, if it cannot.
    fn missing(&self) -> Option<&'static str> {
        None
    }

    /// Makes the old state in the empty directory `dir`.
    fn prepare(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        files::write_old(workload, dir)
    }

    /// Whether a run starts from a commit that was cut.
    fn starts_cut(&self) -> bool {
        false
    }

    /// Commits, and kills this process after the commit point.
    fn cut(&self, _workload: &Workload, _dir: &Path) -> anyhow::Result<()> {
        anyhow::bail!("this contender cannot be cut")
    }

    /// Makes the change. After this returns it is durable.
    fn run(&self, workload: &Workload, dir: &Path) -> anyhow::Result<Outcome>;

    /// Compares what is in `dir` with the new state.
    fn verify(&self, workload: &Workload, dir: &Path) -> anyhow::Result<()> {
        files::verify_new(workload, dir)
    }
}

/// A contender by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    Naive,
    Batched,
    BareJournal,
    BareInPlace,
    BareOpen,
    PlainCopy,
    Copy,
    Clone,
    SqliteRollback,
    SqliteWal,
    Fstx,
    FsTransaction,
    Untorn,
    UntornPut,
    UntornInPlace,
    UntornOpen,
    UntornRecover,
}

impl Name {
    /// Who that is.
    pub fn contender(self) -> &'static dyn Contender {
        match self {
            Self::Naive => &naive::Naive,
            Self::Batched => &batched::Batched,
            Self::BareJournal => &bare_journal::BareJournal,
            Self::BareInPlace => &bare_in_place::BareInPlace,
            Self::BareOpen => &bare_open::BareOpen,
            Self::PlainCopy => &copies::PlainCopy,
            Self::Copy => &copies::CopyAndRename,
            Self::Clone => &copies::CloneAndRename,
            Self::SqliteRollback => &sqlite::Sqlite { journal: "DELETE" },
            Self::SqliteWal => &sqlite::Sqlite { journal: "WAL" },
            Self::Fstx => &fstx::Fstx,
            Self::FsTransaction => &fs_transaction::FsTransaction,
            Self::Untorn => &untorn::Commit { way: crate::untorn::Way::Auto },
            Self::UntornPut => &untorn::Commit { way: crate::untorn::Way::Put },
            Self::UntornInPlace => &untorn::Commit { way: crate::untorn::Way::InPlace },
            Self::UntornOpen => &untorn::Open,
            Self::UntornRecover => &untorn::Recover,
        }
    }

    /// Whether it is untorn as a user gets it, against which the others are compared.
    pub fn is_untorn(self) -> bool {
        matches!(self, Self::Untorn | Self::UntornOpen | Self::UntornRecover)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prepares, runs and verifies in a fresh directory; says so when the contender cannot take part here.
    fn leaves_the_new_state(name: Name, workload: &Workload) {
        let contender = name.contender();
        if let Some(reason) = contender.missing() {
            return eprintln!("skipped: {name}: {reason}");
        }
        let dir = tempfile::tempdir().unwrap();
        contender.prepare(workload, dir.path()).unwrap();
        match contender.run(workload, dir.path()) {
            Ok(_) => contender.verify(workload, dir.path()).unwrap(),
            Err(error) if name == Name::Clone => eprintln!("skipped: {name}: {error}"),
            Err(error) => panic!("{name}: {error:#}"),
        }
    }

    #[test]
    fn replacing_files_leaves_the_new_state() {
        use Name::{BareJournal, Batched, FsTransaction, Fstx, Naive, PlainCopy, SqliteRollback, SqliteWal, Untorn, UntornPut};
        let every = [BareJournal, Batched, FsTransaction, Fstx, Naive, PlainCopy, SqliteRollback, SqliteWal, Untorn, UntornPut];
        every.into_iter().for_each(|name| leaves_the_new_state(name, &Workload::replaced(120, 4096)));
    }

    #[test]
    fn editing_a_file_leaves_the_new_state() {
        use Name::{BareInPlace, BareJournal, Clone, Copy, Untorn, UntornInPlace};
        let every = [BareInPlace, BareJournal, Clone, Copy, Untorn, UntornInPlace];
        every.into_iter().for_each(|name| leaves_the_new_state(name, &Workload::edited(1_000_000, 7, 5_000)));
    }

    #[test]
    fn opening_a_clean_tree_changes_nothing() {
        let workload = Workload::replaced(3, 100);
        [Name::BareOpen, Name::UntornOpen].into_iter().for_each(|name| leaves_the_new_state(name, &workload));
    }
}
