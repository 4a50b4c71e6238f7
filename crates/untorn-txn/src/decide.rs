//! The decision of recovery: from what is found to what is to be done. Pure, so that it can be tested over all evidence.

use untorn_format::journal::{Record, SlotState};

use crate::slots::{self, SlotRead, SlotReads};

/// What recovery looks at before it decides. Gathering it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// The slots.
    pub(crate) slots: SlotReads,
    /// The transaction folders that are there.
    pub(crate) folders: Vec<u64>,
    /// Whether the journal is being removed: see `start_over`.
    pub(crate) is_given_up: bool,
    /// Identity of the state directory now; 0 where identities do not last.
    pub(crate) home: u128,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There never was a transaction: lay out the state directory.
    Init,
    /// No transaction is open: delete leftovers.
    Clean(Record),
    /// A transaction is decided: complete it.
    Forward(Record),
    /// A slot holds no record, as none has since B0, and the folder of a transaction newer than the ruling record exists. Its record may have been lost in being written
    /// (then the tree is untouched) or rotted since (then the tree may be half changed). What was staged tells: see `recover`.
    Doubtful {
        /// The record that rules among those that can be read.
        ruling: Record,
        /// The newest transaction that has a folder.
        txid: u64,
    },
    /// Change nothing.
    Refuse(Refusal),
}

/// Why nothing may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A newer version wrote a record.
    Newer(u32),
    /// The journal belongs to another tree, and a transaction is open in it.
    Foreign,
    /// Contradiction.
    Damaged(&'static str),
}

/// Decides. The order of the questions matters: whatever is not understood is asked first.
pub(crate) fn decide(evidence: &Evidence) -> Verdict {
    if let Some(format) = evidence.slots.iter().find_map(|slot| match slot {
        SlotRead::Newer(format) => Some(*format),
        _ => None,
    }) {
        return Verdict::Refuse(Refusal::Newer(format));
    }
    if evidence.is_given_up {
        return Verdict::Refuse(Refusal::Damaged("it is being given up, and the rest of it was not removed yet"));
    }
    if contradictory(&evidence.slots) {
        return Verdict::Refuse(Refusal::Damaged("its records contradict each other"));
    }
    let Some(ruling) = slots::ruling(&evidence.slots).cloned() else {
        return without_record(evidence);
    };
    let newest = evidence.folders.iter().copied().max().unwrap_or(0);
    // Every slot holds a record from the beginning: one without was lost.
    let unreadable = !slots::are_sound(&evidence.slots);
    match ruling.state {
        SlotState::Committed if moved(&ruling, evidence.home) => Verdict::Refuse(Refusal::Foreign),
        SlotState::Committed => Verdict::Forward(ruling),
        SlotState::Idle | SlotState::Aborted if unreadable && newest > ruling.txid => {
            if moved(&ruling, evidence.home) {
                Verdict::Refuse(Refusal::Foreign)
            } else {
                Verdict::Doubtful { ruling, txid: newest }
            }
        }
        SlotState::Idle | SlotState::Aborted => Verdict::Clean(ruling),
    }
}

/// No record at all: nothing ever happened here, unless a transaction has left its folder.
fn without_record(evidence: &Evidence) -> Verdict {
    // Transactions are counted from 1; 0 is what B0 leaves for the opening after one that failed.
    if evidence.folders.iter().all(|&folder| folder == 0) {
        Verdict::Init
    } else {
        Verdict::Refuse(Refusal::Damaged("no record is readable, and a transaction was open"))
    }
}

/// Two records of different trees, or two of one number.
fn contradictory(slots: &SlotReads) -> bool {
    let records: Vec<&Record> = slots
        .iter()
        .filter_map(|slot| match slot {
            SlotRead::Valid(record) => Some(record),
            _ => None,
        })
        .collect();
    records.iter().enumerate().any(|(at, a)| records[at + 1..].iter().any(|b| a.tree_id != b.tree_id || a.seq == b.seq))
}

/// Whether the state directory is not the one the record was written in.
fn moved(record: &Record, home: u128) -> bool {
    record.home != 0 && home != 0 && record.home != home
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64, state: SlotState, txid: u64) -> Record {
        Record { seq, state, txid, ..slots::first_record([7; 16], 5) }
    }

    /// Every kind of slot, with records of two trees, small numbers and each state.
    fn all_slots() -> Vec<SlotRead> {
        let mut all = vec![SlotRead::Blank, SlotRead::Bad, SlotRead::Newer(9)];
        for seq in 1..=3 {
            for state in [SlotState::Idle, SlotState::Committed, SlotState::Aborted] {
                for txid in 0..=2 {
                    all.push(SlotRead::Valid(record(seq, state, txid)));
                }
            }
        }
        all.push(SlotRead::Valid(Record { tree_id: [8; 16], ..record(2, SlotState::Committed, 1) }));
        // Where identities do not last.
        all.push(SlotRead::Valid(Record { home: 0, ..record(3, SlotState::Committed, 1) }));
        all.push(SlotRead::Valid(Record { home: 0, ..record(3, SlotState::Idle, 1) }));
        all
    }

    fn every_evidence(mut check: impl FnMut(&Evidence)) {
        let all = all_slots();
        for a in &all {
            for b in &all {
                for c in &all {
                    for folders in [vec![], vec![0], vec![1], vec![2], vec![2, 1], vec![0, 1, 2]] {
                        for home in [0, 5, 6] {
                            let slots = [a.clone(), b.clone(), c.clone()];
                            check(&Evidence { slots, folders: folders.clone(), is_given_up: false, home });
                        }
                    }
                }
            }
        }
    }

    fn valid(evidence: &Evidence) -> Vec<&Record> {
        evidence
            .slots
            .iter()
            .filter_map(|slot| match slot {
                SlotRead::Valid(record) => Some(record),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_verdict_follows_from_the_highest_record_over_all_evidence() {
        every_evidence(|evidence| {
            let highest = valid(evidence).iter().map(|record| record.seq).max();
            match decide(evidence) {
                Verdict::Forward(record) => {
                    assert_eq!((Some(record.seq), record.state), (highest, SlotState::Committed));
                }
                Verdict::Clean(record) => {
                    assert_eq!(Some(record.seq), highest);
                    assert_ne!(record.state, SlotState::Committed);
                    let doubt = !slots::are_sound(&evidence.slots) && evidence.folders.iter().any(|&id| id > record.txid);
                    assert!(!doubt, "leftovers of a transaction that may have been decided must not be deleted: {evidence:?}");
                }
                Verdict::Doubtful { ruling, txid } => {
                    assert_eq!(Some(ruling.seq), highest);
                    assert!(txid > ruling.txid && !slots::are_sound(&evidence.slots));
                }
                Verdict::Init => assert!(highest.is_none() && evidence.folders.iter().all(|&folder| folder == 0)),
                Verdict::Refuse(_) => {}
            }
        });
    }

    /// The verdict as a table, row after row; the first row that fits counts.
    #[test]
    fn the_verdict_is_that_of_the_table_over_all_evidence() {
        let mut seen = std::collections::HashSet::new();
        every_evidence(|evidence| {
            let (mut records, folders) = (valid(evidence), &evidence.folders);
            records.sort_by_key(|record| record.seq);
            let is_mixed = records.windows(2).any(|pair| pair[0].seq == pair[1].seq || pair[0].tree_id != pair[1].tree_id);
            let newest = folders.iter().copied().max().unwrap_or(0);
            let has_newer = evidence.slots.contains(&SlotRead::Newer(9));
            let wanted = match records.last() {
                _ if has_newer => Verdict::Refuse(Refusal::Newer(9)),
                _ if is_mixed => Verdict::Refuse(Refusal::Damaged("its records contradict each other")),
                None if newest > 0 => Verdict::Refuse(Refusal::Damaged("no record is readable, and a transaction was open")),
                None => Verdict::Init,
                Some(&last) => {
                    let is_open = last.state == SlotState::Committed;
                    let is_doubtful = !is_open && records.len() < 3 && newest > last.txid;
                    let is_elsewhere = ![0, last.home].contains(&evidence.home) && last.home != 0;
                    match (is_open, is_doubtful, is_elsewhere) {
                        (true, _, true) | (_, true, true) => Verdict::Refuse(Refusal::Foreign),
                        (true, _, false) => Verdict::Forward(last.clone()),
                        (_, true, false) => Verdict::Doubtful { ruling: last.clone(), txid: newest },
                        (false, false, _) => Verdict::Clean(last.clone()),
                    }
                }
            };
            seen.insert(std::mem::discriminant(&wanted));
            assert_eq!(decide(evidence), wanted, "{evidence:?}");
        });
        assert_eq!(seen.len(), 5, "each kind of verdict was wanted");
    }

    #[test]
    fn nothing_counts_in_a_journal_that_is_being_given_up() {
        every_evidence(|evidence| {
            let verdict = decide(&Evidence { is_given_up: true, ..evidence.clone() });
            assert!(matches!(verdict, Verdict::Refuse(Refusal::Damaged(_) | Refusal::Newer(_))), "{evidence:?}");
        });
    }

    #[test]
    fn what_is_not_understood_is_never_acted_upon() {
        every_evidence(|evidence| {
            let records = valid(evidence);
            let newer = evidence.slots.iter().any(|slot| matches!(slot, SlotRead::Newer(_)));
            let mixed = records.iter().any(|record| record.tree_id != records[0].tree_id);
            let lost = records.is_empty() && evidence.folders.iter().any(|&folder| folder > 0);
            if newer || mixed || lost {
                assert!(matches!(decide(evidence), Verdict::Refuse(_)), "{evidence:?}");
            }
        });
    }

    #[test]
    fn an_open_transaction_of_another_place_is_refused_and_a_closed_one_is_adopted() {
        let slots = |state| [SlotRead::Valid(record(2, state, 1)), SlotRead::Blank, SlotRead::Blank];
        let at = |state, home| decide(&Evidence { slots: slots(state), folders: vec![1], is_given_up: false, home });
        assert_eq!(at(SlotState::Committed, 6), Verdict::Refuse(Refusal::Foreign));
        assert!(matches!(at(SlotState::Committed, 5), Verdict::Forward(_)));
        assert!(matches!(at(SlotState::Committed, 0), Verdict::Forward(_)));
        assert!(matches!(at(SlotState::Idle, 6), Verdict::Clean(_)));
    }
}
