//! The comparisons: which change, and who makes it.

use crate::args::{Args, Selection};
use crate::contenders::Name;
use crate::workload::Workload;

/// One comparison.
#[derive(Clone, Debug)]
pub struct Case {
    /// Short and stable, for the JSON.
    pub name: String,
    /// A heading for people.
    pub title: String,
    /// What changes.
    pub workload: Workload,
    /// Who changes it, in the order of the table.
    pub contenders: Vec<Name>,
}

/// The comparisons that `selection` asks for.
pub fn cases(selection: Selection, args: &Args) -> Vec<Case> {
    use Selection::{All, Big, Flushes, Open, Pak, Recover, Small500, SmallFiles};
    let every = [SmallFiles, Small500, Big, Pak, Open, Recover, Flushes];
    let asked = if selection == All { &every[..] } else { &[selection][..] };
    asked.iter().flat_map(|one| expand(*one, args)).collect()
}

fn expand(selection: Selection, args: &Args) -> Vec<Case> {
    match selection {
        // Programs of their own, not contenders.
        Selection::All | Selection::Patches | Selection::Updates | Selection::Verify | Selection::Append => Vec::new(),
        Selection::SmallFiles => vec![small_files(args.small_files)],
        Selection::Small500 => vec![small_500()],
        Selection::Big => vec![big()],
        Selection::Pak => vec![pak(args.pak_bytes)],
        Selection::Open => vec![open(args.small_files)],
        Selection::Recover => vec![recover(args.recover_bytes)],
        Selection::Large => vec![large()],
        Selection::Flushes => [100, 1_000, 10_000].into_iter().map(flushes).collect(),
    }
}

fn small_files(count: u64) -> Case {
    use Name::{BareJournal, Batched, Naive, SqliteRollback, SqliteWal, Untorn, UntornPut};
    case(
        "small-files",
        Workload::replaced(count, 4096),
        &[Naive, Batched, BareJournal, SqliteRollback, SqliteWal, Untorn, UntornPut],
    )
}

fn small_500() -> Case {
    use Name::{BareJournal, FsTransaction, Fstx, Naive, Untorn};
    case("small-500", Workload::replaced(500, 4096), &[Naive, BareJournal, Fstx, FsTransaction, Untorn])
}

fn big() -> Case {
    use Name::{FsTransaction, Fstx, PlainCopy, Untorn};
    case("big-4x64", Workload::replaced(4, 64 << 20), &[PlainCopy, Fstx, FsTransaction, Untorn])
}

fn pak(len: u64) -> Case {
    use Name::{BareInPlace, BareJournal, Clone, Copy, Untorn, UntornInPlace};
    case("pak", Workload::edited(len, 40, 500_000), &[BareInPlace, BareJournal, Copy, Clone, Untorn, UntornInPlace])
}

fn open(count: u64) -> Case {
    case("open", Workload::replaced(count, 4096), &[Name::BareOpen, Name::UntornOpen])
}

fn recover(len: u64) -> Case {
    const EDIT_LEN: u64 = 1 << 20;
    let workload = Workload::edited(len.saturating_mul(4), len / EDIT_LEN, EDIT_LEN);
    case("recover", workload, &[Name::BareJournal, Name::UntornInPlace, Name::UntornRecover])
}

/// More than fits into memory; not among all of them, since it takes twenty gigabytes of disk.
fn large() -> Case {
    case("large", Workload::replaced(1, 10 << 30), &[Name::PlainCopy, Name::Untorn])
}

fn flushes(count: u64) -> Case {
    let name = format!("flushes-{count}");
    case(&name, Workload::replaced(count, 4096), &[Name::Batched, Name::Untorn, Name::UntornPut])
}

fn case(name: &str, workload: Workload, contenders: &[Name]) -> Case {
    Case { name: name.into(), title: format!("{name}: {workload}"), workload, contenders: contenders.to_vec() }
}
