//! Moving the pointer of a channel to releases that are in the store already.

use untorn_format::release::Pointer;
use untorn_trust::RoleName;

use crate::{
    Backend, Error, PointerOptions, Result, Signer,
    channel::{Head, channel_name},
    mark::Mark,
    release::{read_current, require_objects},
    roots::Roots,
    signer::check,
};

/// What moving a pointer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MoveReport {
    /// The number of the channel document; that of the current one where nothing moved.
    pub seq: u64,
    /// Each platform whose pointer moved: its name, the build players had (0 for none), and the build they get.
    pub moved: Vec<(String, u64, u64)>,
}

/// Points the channel `to` to what the channel `from` has, for one platform or for all. Nothing is sent but the pointer.
///
/// After this returns, players of `to` see it.
///
/// # Errors
/// [`Error::NotFound`] when there is no such channel, or it has nothing for the platform; [`Error::Choice`] when a build is older than the one that `to` has:
/// [`roll_back`] is the way to go back. Else as [`crate::publish`].
pub fn promote(
    store: &dyn Backend,
    from: &str,
    to: &str,
    platform: Option<&str>,
    signer: &dyn Signer,
    options: &PointerOptions,
) -> Result<MoveReport> {
    let (source, target) = (channel_name(from)?, channel_name(to)?);
    moving(store, &target, signer, options, false, |roots, head| {
        let other = Head::read(store, roots, &source)?;
        let channel = other.channel().ok_or_else(|| Error::NotFound(format!("there is no channel {source}")))?;
        let wanted: Vec<Pointer> =
            channel.platforms.iter().filter(|pointer| platform.is_none_or(|name| name == pointer.platform)).cloned().collect();
        if wanted.is_empty() {
            return Err(Error::NotFound(format!("the channel {source} has nothing for that platform")));
        }
        for pointer in &wanted {
            let current = head.pointer(&pointer.platform).map_or(0, |current| current.build);
            if pointer.build < current {
                let (name, build) = (&head.name, pointer.build);
                return Err(Error::Choice(format!("build {build} is older than build {current}, which the channel {name} has")));
            }
        }
        Ok(wanted)
    })
}

/// Points a channel back: for each platform, or the one that is named, to the release before, or to build `to`. Players get a newer channel document that names
/// the older build.
///
/// After this returns, players see it.
///
/// # Errors
/// [`Error::NotFound`] when there is no such release; [`Error::Damaged`] when something of it was collected; [`Error::Choice`] when it is below the least build that
/// players may have. Else as [`crate::publish`].
pub fn roll_back(
    store: &dyn Backend,
    channel: &str,
    platform: Option<&str>,
    to: Option<u64>,
    signer: &dyn Signer,
    options: &PointerOptions,
) -> Result<MoveReport> {
    let name = channel_name(channel)?;
    moving(store, &name, signer, options, false, |_, head| {
        let channel = head.channel().ok_or_else(|| Error::NotFound(format!("there is no channel {name}")))?;
        let mut wanted = Vec::new();
        for current in channel.platforms.iter().filter(|pointer| platform.is_none_or(|name| name == pointer.platform)) {
            let older = head.history(store, &current.platform)?.into_iter().find(|old| match to {
                Some(build) => old.build == build,
                None => old.build < current.build,
            });
            wanted.extend(older);
        }
        if wanted.is_empty() {
            return Err(Error::NotFound(format!("the channel {name} had no such build before")));
        }
        Ok(wanted)
    })
}

/// Says the same once more: with another time of expiry, for more players, or signed by the keys that may sign now.
///
/// After this returns, players see it.
///
/// # Errors
/// [`Error::NotFound`] when there is no such channel; [`Error::Trust`] when the keys that signed a release it names may not any more: publish that build again. Else
/// as [`crate::publish`].
pub fn refresh(store: &dyn Backend, channel: &str, signer: &dyn Signer, options: &PointerOptions) -> Result<MoveReport> {
    let name = channel_name(channel)?;
    moving(store, &name, signer, options, true, |_, head| {
        let channel = head.channel().ok_or_else(|| Error::NotFound(format!("there is no channel {name}")))?;
        Ok(channel.platforms.clone())
    })
}

/// Points the channel to what `choose` wants, once all of that is known to be there.
fn moving(
    store: &dyn Backend,
    name: &untorn_store::layout::ChannelName,
    signer: &dyn Signer,
    options: &PointerOptions,
    anew: bool,
    choose: impl FnOnce(&Roots, &Head) -> Result<Vec<Pointer>>,
) -> Result<MoveReport> {
    let roots = Roots::read(store, &options.roots)?.ok_or(Error::NoRoot)?;
    if !options.dry_run {
        check(signer, RoleName::Channel, &roots)?;
    }
    let head = Head::read(store, &roots, name)?;
    let mark = if options.dry_run { None } else { Some(Mark::publishing(store, name, head.seq())?) };
    let done = choose(&roots, &head).and_then(|wanted| move_to(store, &roots, &head, signer, options, wanted, anew));
    if let Some(mark) = mark {
        match &done {
            Ok(report) if report.moved.is_empty() => mark.remove()?,
            _ => mark.outlive(),
        }
    }
    done
}

fn move_to(
    store: &dyn Backend,
    roots: &Roots,
    head: &Head,
    signer: &dyn Signer,
    options: &PointerOptions,
    wanted: Vec<Pointer>,
    anew: bool,
) -> Result<MoveReport> {
    let is_new = |pointer: &&Pointer| head.pointer(&pointer.platform) != Some(*pointer);
    let before = |pointer: &Pointer| head.pointer(&pointer.platform).map_or(0, |old| old.build);
    let told = |pointer: &Pointer| (pointer.platform.clone(), before(pointer), pointer.build);
    let moved: Vec<_> = wanted.iter().filter(is_new).map(told).collect();
    // A document that players do not believe is not left as it is.
    if moved.is_empty() && !anew && head.is_current(roots) {
        return Ok(MoveReport { seq: head.seq(), moved });
    }
    for pointer in &wanted {
        require_objects(store, &read_current(store, roots, pointer.release)?)?;
    }
    let mut pointers = head.channel().map(|channel| channel.platforms.clone()).unwrap_or_default();
    pointers.retain(|old| wanted.iter().all(|new| new.platform != old.platform));
    pointers.extend(wanted);
    pointers.sort_by(|left, right| left.platform.cmp(&right.platform));
    let next = head.next(store, roots, pointers, options)?;
    if options.dry_run {
        return Ok(MoveReport { seq: head.seq(), moved });
    }
    Ok(MoveReport { seq: head.advance(store, roots, signer, &next)?.document.seq, moved })
}
