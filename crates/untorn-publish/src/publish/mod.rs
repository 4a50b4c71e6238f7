//! From a build to what players are pointed to.

mod bridges;
mod cut;
mod manifests;
mod patches;

use std::{path::Path, time::Instant};

use untorn::{Manifest, ScanOptions};
use untorn_format::{
    Hash,
    release::{IndexObject, Pack, Pointer, Release, Signed, is_label, is_name},
};
use untorn_store::layout::Name;
use untorn_trust::{Document, RoleName};

use crate::{
    Backend, Body, Error, Outcome, PatchReport, PublishOptions, PublishReport, Result, Signer,
    base::Base,
    channel::{Head, channel_name},
    mark::Mark,
    objects::put_signed,
    release,
    resume::leave,
    roots::Roots,
    sender::Sender,
    signer::{check, sign},
};

/// Publishes the directory `build` to the channel `channel` of `store`: sends what is new, and then moves the pointer.
///
/// After this returns `Ok` with [`Outcome::Published`], players who ask see the new release, and everything it names is in the store and durable. After an
/// error, and after a kill at any instant, they see what they saw before, or, where only the answer got lost, the new release. Doing the same again sends only what
/// is not there yet.
///
/// # Errors
/// [`Error::Raced`] when somebody else moved the channel meanwhile: nothing of theirs is lost. [`Error::Busy`] while somebody collects. [`Error::Trust`] when the store, or
/// the key, is not to be believed. [`Error::Build`], [`Error::Chunks`] when the build cannot be read, or changes. [`Error::Backend`], [`Error::Patch`], [`Error::Stopped`].
pub fn publish(
    build: &Path,
    store: &dyn Backend,
    channel: &str,
    signer: &dyn Signer,
    options: &PublishOptions,
) -> Result<PublishReport> {
    let started = Instant::now();
    let name = channel_name(channel)?;
    check_choice(options)?;
    let roots = Roots::read(store, &options.pointer.roots)?.ok_or(Error::NoRoot)?;
    check_keys(signer, &roots, options)?;
    let dry_run = options.pointer.dry_run;
    if !dry_run {
        roots.begin(store)?;
    }
    let head = Head::read(store, &roots, &name)?;
    let mark = if dry_run { None } else { Some(Mark::publishing(store, &name, head.seq())?) };
    let work = Work { build, store, roots: &roots, head: &head, signer, options, sender: Sender::new(store, dry_run) };
    let done = work.publish(mark.as_ref());
    if let Some(mark) = mark {
        match done.as_ref().map(|report| report.outcome) {
            // What waits for a signature must not be collected meanwhile.
            Ok(Outcome::Unsigned) => {}
            Ok(Outcome::Present) => mark.remove()?,
            // Of two errors, the first one is to be told.
            Ok(_) | Err(_) => mark.outlive(),
        }
    }
    done.map(|report| PublishReport { elapsed: started.elapsed(), ..report })
}

fn check_choice(options: &PublishOptions) -> Result<()> {
    let platform = &options.platform;
    if !is_name(platform) {
        return Err(Error::Choice(format!(
            "{platform:?} cannot be the name of a platform: lower-case letters, digits, `.`, `-`, `_`"
        )));
    }
    match &options.label {
        Some(label) if !is_label(label) => Err(Error::Choice("the label is too long, or holds what cannot be shown".into())),
        _ => Ok(()),
    }
}

fn check_keys(signer: &dyn Signer, roots: &Roots, options: &PublishOptions) -> Result<()> {
    let product = &roots.newest().root().product;
    if let Some(wanted) = options.product.as_ref().filter(|wanted| *wanted != product) {
        return Err(Error::Choice(format!("the store is that of the product {product}, not of {wanted}")));
    }
    if options.pointer.dry_run || options.unsigned_out.is_some() {
        return Ok(());
    }
    check(signer, RoleName::Release, roots)?;
    check(signer, RoleName::Channel, roots)
}

/// A publication.
struct Work<'a> {
    build: &'a Path,
    store: &'a dyn Backend,
    roots: &'a Roots,
    head: &'a Head,
    signer: &'a dyn Signer,
    options: &'a PublishOptions,
    sender: Sender<'a>,
}

impl Work<'_> {
    /// In order: nothing is named before it is there.
    fn publish(&self, mark: Option<&Mark<'_>>) -> Result<PublishReport> {
        let options = self.options;
        let mut scan = ScanOptions::default();
        (scan.jobs, scan.observer) = (options.jobs, options.observer.clone());
        let manifest = untorn::scan(self.build, &scan)?;
        // Manifests are compressed against those of the last few releases, whether there are patches or not.
        let depth = options.patch_from.max(manifests::DELTAS_MAX);
        let base = Base::read(self.store, self.roots, self.head, &options.platform, depth)?;
        if let Some(report) = self.present(&manifest, &base)? {
            return Ok(report);
        }
        let number = self.number(&base)?;

        let cut = cut::cut(self, &manifest, &base)?;
        self.sender.send(&Name::Index(cut.index.hash), Body::Bytes(&cut.index.bytes))?;
        let (object, manifest_deltas) = manifests::send(self, &manifest, &base)?;
        let bridge = bridges::make(self, &manifest, &base, &cut)?;
        let (patches, patch_reports) = patches::make(self, &manifest, &base)?;

        let root = self.roots.newest().root();
        let release = Release {
            product: root.product.clone(),
            platform: options.platform.clone(),
            build: number,
            label: options.label.clone().unwrap_or_default(),
            created: options.pointer.now,
            manifest: object,
            manifest_deltas,
            index: IndexObject {
                hash: cut.index.hash,
                len: cut.index.bytes.len() as u64,
                head_hash: cut.index.head_hash,
                head_len: cut.index.head_len,
            },
            packs: [cut.packs.clone(), bridge.packs].concat(),
            patches,
            bridges: bridge.bridges,
        };
        let (outcome, seq) = self.name(&release, mark)?;
        let report = self.report(outcome, &release, seq, &manifest, patch_reports);
        Ok(PublishReport {
            new_chunks: cut.new_chunks,
            new_len: cut.new_len,
            packs_len: cut.packs_len,
            bridge_len: bridge.len,
            ..report
        })
    }

    /// Signs the release, and moves the pointer to it.
    fn name(&self, release: &Release, mark: Option<&Mark<'_>>) -> Result<(Outcome, u64)> {
        let Some(mark) = mark else { return Ok((Outcome::DryRun, 0)) };
        if let Some(out) = &self.options.unsigned_out {
            leave(out, release, mark.name())?;
            return Ok((Outcome::Unsigned, 0));
        }
        let signatures = sign(self.signer, &Document::Release(release.clone()), self.roots)?;
        let signed = Signed { signatures, document: release.encode() };
        let seq = point(self.store, self.roots, self.head, self.signer, &signed, &self.options.pointer)?;
        Ok((Outcome::Published, seq))
    }

    /// The number of the build.
    fn number(&self, base: &Base) -> Result<u64> {
        let number = self.options.build.unwrap_or(base.next_build);
        let current = self.head.pointer(&self.options.platform).map_or(0, |pointer| pointer.build);
        if number > current {
            return Ok(number);
        }
        Err(Error::Choice(format!("build {number} is not newer than build {current}, which the channel {} has", self.head.name)))
    }

    /// What there is to say when the channel has this very build already.
    fn present(&self, manifest: &Manifest, base: &Base) -> Result<Option<PublishReport>> {
        let (Some(old), Some(current)) = (base.history.first(), self.head.pointer(&self.options.platform)) else {
            return Ok(None);
        };
        let holds = self.head.is_current(self.roots) && release::read_current(self.store, self.roots, current.release).is_ok();
        let is_other = !holds
            || self.options.build.is_some_and(|build| build != old.release.build)
            || self.options.label.as_ref().is_some_and(|label| *label != old.release.label);
        if old.pointer.release != current.release || old.release.manifest.hash != manifest.hash() || is_other {
            return Ok(None);
        }
        if !self.sender.is_dry() {
            self.head.write_log(self.store)?;
        }
        Ok(Some(self.report(Outcome::Present, &old.release, self.head.seq(), manifest, Vec::new())))
    }

    fn report(
        &self,
        outcome: Outcome,
        release: &Release,
        seq: u64,
        manifest: &Manifest,
        patches: Vec<PatchReport>,
    ) -> PublishReport {
        let (sent_objects, sent_len, present_objects) = self.sender.counts();
        PublishReport {
            outcome,
            build: release.build,
            label: release.label.clone(),
            release: release.id(),
            manifest: manifest.hash(),
            seq,
            build_len: manifest.total_bytes(),
            new_chunks: 0,
            new_len: 0,
            packs_len: 0,
            bridge_len: 0,
            sent_objects,
            sent_len,
            present_objects,
            patches,
            elapsed: std::time::Duration::ZERO,
        }
    }

    fn should_stop(&self) -> bool {
        self.options.observer.as_deref().is_some_and(untorn::Observer::should_stop)
    }
}

/// Puts a signed release into the store and moves the channel to it. Gives the number of the channel document.
pub(crate) fn point(
    store: &dyn Backend,
    roots: &Roots,
    head: &Head,
    signer: &dyn Signer,
    signed: &Signed,
    options: &crate::PointerOptions,
) -> Result<u64> {
    let id = signed.id();
    let name = Name::Release(id);
    let release = roots.newest().release(signed).map_err(|source| Error::Trust { name: name.to_string(), source })?.document;
    let pointer = Pointer { platform: release.platform.clone(), release: id, build: release.build };
    let next = head.next(store, roots, with(head, pointer), options)?;
    put_signed(store, &name, &Name::ReleaseSignatures(id), signed)?;
    Ok(head.advance(store, roots, signer, &next)?.document.seq)
}

/// What the channel points to, with another pointer for one platform.
fn with(head: &Head, pointer: Pointer) -> Vec<Pointer> {
    let mut pointers = head.channel().map(|channel| channel.platforms.clone()).unwrap_or_default();
    pointers.retain(|other| other.platform != pointer.platform);
    pointers.push(pointer);
    pointers.sort_by(|left, right| left.platform.cmp(&right.platform));
    pointers
}

/// Packs as a release lists them.
fn pack_of(info: &untorn_store::PackInfo) -> Pack {
    Pack { number: info.number, hash: info.hash, len: info.len }
}

fn hash_text(hash: &Hash) -> String {
    hash.to_string()
}
