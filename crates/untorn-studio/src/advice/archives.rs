//! Archives whose members were compressed again, or change a little under their compression.

use std::collections::HashMap;

use untorn_fs::File;

use super::{Advice, Basis, Topic, count, how, raw, size};
use crate::{
    builds::Builds,
    report::{MemberKind, Subject},
    zip::{Member, Packing, Zip, inflate, shown},
};

/// A member larger than that is not tried, in bytes.
const MEMBER_MAX: u64 = 16 << 20;

/// Advice for one archive. `left` is how many bytes may still be unpacked.
pub(super) fn advise(subject: &Subject, builds: &Builds, least: u64, left: &mut u64, advice: &mut Vec<Advice>) {
    let (Some((old, new)), item) = (&subject.zips, &subject.item) else { return };
    let old_file = builds.old.file(&item.path, item.old_len);
    let new_file = builds.new.file(&item.path, item.new_len);
    let (Some(old_file), Some(new_file)) = (old_file, new_file) else { return };
    let mut tried = Tried { files: (&*old_file, &*new_file), left };
    let pairs = pairs(subject, old, new);
    let of_kind = |kind| pairs.iter().filter(move |pair| pair.kind == kind).collect::<Vec<_>>();
    advice.extend(recompressed(&item.path, &of_kind(MemberKind::Recompressed), least, &mut tried));
    let deflated: Vec<_> = of_kind(MemberKind::Changed).into_iter().filter(|pair| pair.is_deflated()).collect();
    advice.extend(changed(&item.path, &deflated, least, &mut tried).map(|(mut found, text)| {
        let unpacked = new.members.iter().map(|member| member.len).fold(0, u64::saturating_add);
        found.text = format!("{text} The archive itself would have about {} instead of {}.", size(unpacked), size(item.new_len));
        found
    }));
}

/// A member, as it was and as it is.
struct Pair<'z> {
    kind: MemberKind,
    old: &'z Member,
    new: &'z Member,
    /// Bytes of the patch.
    bytes: u64,
}

impl Pair<'_> {
    fn is_deflated(&self) -> bool {
        self.old.packing == Packing::Deflated && self.new.packing == Packing::Deflated
    }
}

/// What may be unpacked, and from where.
struct Tried<'t> {
    files: (&'t dyn File, &'t dyn File),
    left: &'t mut u64,
}

impl Tried<'_> {
    /// The old and the new content, as long as there is budget for it.
    fn contents(&mut self, pair: &Pair<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
        let len = pair.old.len.saturating_add(pair.new.len);
        *self.left = self.left.checked_sub(len)?;
        Some((inflate(self.files.0, pair.old, MEMBER_MAX)?, inflate(self.files.1, pair.new, MEMBER_MAX)?))
    }
}

/// The members that both archives have, those that cost most first.
fn pairs<'z>(subject: &Subject, old: &'z Zip, new: &'z Zip) -> Vec<Pair<'z>> {
    let by_name = |zip: &'z Zip| zip.members.iter().map(|member| (shown(member), member)).collect::<HashMap<_, _>>();
    let (old, new) = (by_name(old), by_name(new));
    let pair = |cost: &crate::Member| {
        Some(Pair { kind: cost.kind, old: old.get(&cost.name)?, new: new.get(&cost.name)?, bytes: cost.bytes })
    };
    let mut pairs: Vec<_> = subject.item.members.iter().filter_map(pair).collect();
    pairs.sort_by(|one, other| other.bytes.cmp(&one.bytes).then(one.new.at.cmp(&other.new.at)));
    pairs
}

/// Members whose content is the same. That is compared, as far as the budget goes; those that turn out to differ do not count.
fn recompressed(path: &str, pairs: &[&Pair<'_>], least: u64, tried: &mut Tried<'_>) -> Option<Advice> {
    if sum(pairs) < least {
        return None;
    }
    let (mut equal, mut equal_bytes, mut different, mut unknown_bytes) = (0_u64, 0_u64, 0_u64, 0_u64);
    for pair in pairs {
        match tried.contents(pair) {
            Some((old, new)) if old == new => (equal, equal_bytes) = (equal + 1, equal_bytes.saturating_add(pair.bytes)),
            Some(_) => different += 1,
            None => unknown_bytes = unknown_bytes.saturating_add(pair.bytes),
        }
    }
    let (all, looked) = (pairs.len() as u64, equal + different);
    // Nothing is said of members of which none was compared.
    let basis = if looked == all { Basis::Measured } else { Basis::Estimated { tried: looked, of: all } };
    let now = equal_bytes.saturating_add(if different == 0 && equal > 0 { unknown_bytes } else { 0 });
    if equal == 0 || now < least {
        return None;
    }
    let members = all - different;
    let text = format!(
        "{} of this archive {} compressed again, with the same content: that is {} of the patch{}. `untorn pack --like` keeps the compressed bytes of the old archive, and they cost nothing.",
        count(members, "member"),
        if members == 1 { "was" } else { "were" },
        size(now),
        how(basis),
    );
    let paths = vec![path.to_owned()];
    Some(Advice { topic: Topic::Recompressed, paths, count: members, is_written: false, now, then: Some(0), basis, text })
}

/// Members that changed: what their content would cost, were it not compressed.
fn changed(path: &str, pairs: &[&Pair<'_>], least: u64, tried: &mut Tried<'_>) -> Option<(Advice, String)> {
    let now = sum(pairs);
    if now < least {
        return None;
    }
    let (mut looked, mut looked_now, mut looked_then) = (0_u64, 0_u64, 0_u64);
    for pair in pairs {
        if let Some((old, new)) = tried.contents(pair) {
            looked += 1;
            looked_now = looked_now.saturating_add(pair.bytes);
            looked_then = looked_then.saturating_add(raw::cost(&new, &old));
        }
    }
    if looked_now == 0 {
        return None;
    }
    let then = u128::from(now) * u128::from(looked_then) / u128::from(looked_now);
    let then = u64::try_from(then).unwrap_or(u64::MAX);
    // A fifth less is not worth a larger archive.
    if then > now / 5 * 4 || now - then < least {
        return None;
    }
    let all = pairs.len() as u64;
    let basis = Basis::Estimated { tried: looked, of: all };
    let text = format!(
        "{} of this archive changed, and with them all of their compressed bytes. Stored uncompressed, they would cost about {} instead of {}{}.",
        count(all, "member"),
        size(then),
        size(now),
        how(basis),
    );
    let paths = vec![path.to_owned()];
    let advice = Advice {
        topic: Topic::Deflated,
        paths,
        count: all,
        is_written: false,
        now,
        then: Some(then),
        basis,
        text: String::new(),
    };
    Some((advice, text))
}

fn sum(pairs: &[&Pair<'_>]) -> u64 {
    pairs.iter().map(|pair| pair.bytes).fold(0, u64::saturating_add)
}
