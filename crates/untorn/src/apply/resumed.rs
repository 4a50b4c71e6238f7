//! What an interrupted run had staged of the same patch.

use std::io::Read;

use untorn_delta::{FileReader, Way as Composition};
use untorn_format::{Hasher, patch::Header};
use untorn_txn::{Purpose, TakenUp, Transaction};

use super::{
    ApplyOptions,
    file_plan::FilePlan,
    left_out::{LeftOut, Mend},
};
use crate::Result;

/// A file of which something was staged before, and is found to be right as far as that can be known.
pub(super) struct Resumed {
    pub(super) taken: TakenUp,
    /// Whether nothing more comes.
    pub(super) is_whole: bool,
    /// Where making goes on.
    pub(super) at: u64,
    /// How many of the bytes to be made are made.
    pub(super) made_len: u64,
}

/// What a transaction that applies a patch is made for: the same patch, applied in the same way, stages the same bytes.
pub(super) fn purpose(
    header: &Header,
    options: &ApplyOptions,
    left_out: &LeftOut,
    total: u64,
    mend: Option<&dyn Mend>,
) -> Purpose {
    let mut hasher = Hasher::new();
    hasher.update(b"untorn apply 1");
    hasher.update(&header.encode());
    // A way that has another name in a later version only means that staging begins anew.
    hasher.update(format!("{:?} {} {}", options.way, options.keep_undo, options.unlocked_readers).as_bytes());
    for path in left_out.kept.keys() {
        hasher.update(path.as_str().as_bytes());
        hasher.update(&[0]);
    }
    if let Some(mend) = mend.filter(|_| !left_out.brought.is_empty() || !left_out.remade.is_empty()) {
        hasher.update(b"and chunks");
        for path in &left_out.remade {
            hasher.update(path.as_str().as_bytes());
            hasher.update(&[0]);
        }
        hasher.update(&[0]);
        mend.add_to_key(&mut hasher);
    }
    Purpose { key: hasher.finish(), to: header.to, total }
}

/// Takes up what was staged of a file, and has `file` go on behind it. `None`: nothing was, or not what is needed now.
pub(super) fn take_up<R: Read>(
    tx: &mut Transaction<'_>,
    file: &mut FileReader<'_, R>,
    plan: &FilePlan,
) -> Result<Option<Resumed>> {
    let path = file.change().path.clone();
    let Some(taken) = tx.take_up(path.as_str())? else { return Ok(None) };
    let fits = match plan.composition {
        // Part of a file that comes whole is of use only where it is the beginning of a staged one.
        Composition::Whole => taken.is_whole || taken.hasher.is_some(),
        Composition::InPlace => taken.hasher.is_none(),
    };
    let goes_on =
        if fits { file.go_on(taken.made, taken.hasher.clone(), |buf, at| tx.read(path.as_str(), buf, at))? } else { None };
    let Some(at) = goes_on else {
        tx.put_back(path.as_str())?;
        return Ok(None);
    };
    let is_whole = taken.is_whole && at == file.file().len;
    let made_len = match plan.composition {
        Composition::Whole => at,
        Composition::InPlace => file.file().written_ranges().map(|(from, len)| at.saturating_sub(from).min(len)).sum(),
    };
    Ok(Some(Resumed { taken, is_whole, at, made_len }))
}
