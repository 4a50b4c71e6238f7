//! Transactions made of the operations of the crash tests.

use untorn_crash::{OPS, Workload as Transaction, World};
use untorn_sim::{Rng, Snapshot};
use untorn_txn::WayChoice;

use super::{Workload, act, untorn};

const WAYS: [WayChoice; 4] = [WayChoice::Auto, WayChoice::Put, WayChoice::Patch, WayChoice::Clone];

/// The tree that they start from.
pub(in crate::lab) fn start() -> Result<Snapshot, String> {
    let disk = World::strict().unmanaged().map_err(|error| error.to_string())?;
    Ok(Snapshot::of_image(&disk.image(), ""))
}

/// The transaction of that name: `<commit|rollback>/strict/<way>/<keep|drop>/<operation>+...`.
pub(super) fn named(name: &str) -> Result<Workload, String> {
    let transaction: Transaction = name.parse().map_err(|error| format!("{name}: {error}"))?;
    let start = start()?;
    let other = transaction.expected(&start).ok_or_else(|| format!("{name} must be refused"))?;
    let is_commit = transaction.kind == untorn_crash::Kind::Commit;
    let (prepare, trees) = if is_commit {
        (vec![untorn(&["recover", "{tree}"])], vec![start.clone(), other])
    } else {
        let mut before = Transaction::new(transaction.world, &transaction.ops);
        before.world.keep_undo = true;
        (vec![act(&["{tree}", &before.to_string()])], vec![other, start.clone()])
    };
    let steps = vec![act(&["{tree}", name])];
    Ok(Workload { name: name.into(), start, prepare, steps, trees, dir: std::env::temp_dir(), goes_on: None, is_control: false })
}

/// A transaction that depends on the seed only: one to three operations, in any way, committed or rolled back.
pub(super) fn of_seed(seed: u64) -> Result<Workload, String> {
    let mut rng = Rng::new(seed);
    let start = start()?;
    let mut below = |end: usize| usize::try_from(rng.below(end as u64)).unwrap_or(0);
    loop {
        let world = World { way: WAYS[below(WAYS.len())], keep_undo: below(2) == 0, ..World::strict() };
        let ops: Vec<&str> = (0..=below(3)).map(|_| OPS[below(OPS.len())].0).collect();
        let transaction = if below(4) == 0 { Transaction::roll_back(world, &ops) } else { Transaction::new(world, &ops) };
        if transaction.expected(&start).is_some() {
            return named(&transaction.to_string());
        }
    }
}

/// Each operation by itself.
pub(super) fn single() -> Vec<String> {
    let start = start().unwrap_or_default();
    let transactions = OPS.iter().map(|(name, _)| Transaction::new(World::strict(), &[name]));
    transactions.filter(|transaction| transaction.expected(&start).is_some()).map(|transaction| transaction.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_transaction_that_can_be_named_again() {
        for seed in 0..50 {
            let one = of_seed(seed).unwrap();
            assert_eq!(one.name, of_seed(seed).unwrap().name);
            assert_eq!(one.trees, named(&one.name).unwrap().trees);
        }
        assert!(single().len() > 30);
    }
}
