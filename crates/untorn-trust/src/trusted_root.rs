//! The root that is believed.

use untorn_format::{
    Hash,
    release::{Channel, Release, Root, Signed},
};

use crate::{
    CHAIN_LEN_MAX, RoleName, RootChain, TrustError, Verified,
    role::check_root,
    verified::{check, verify},
};

/// A root that is believed: because somebody said so ([`TrustedRoot::pin`]), or because a root that was believed signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedRoot {
    root: Root,
    signed: Signed,
}

impl TrustedRoot {
    /// Believes a root because the caller says so: it came with the game, from a file the user named, or from a tree that believed it already.
    /// It must have signed itself, and no key of it may be weak.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn pin(signed: Signed) -> Result<Self, TrustError> {
        let root = Root::decode(&signed.document).map_err(|source| TrustError::Document { role: RoleName::Root, source })?;
        check_root(&root)?;
        check(RoleName::Root, &root.root, &signed)?;
        Ok(Self { root, signed })
    }

    /// What it says.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// As it came.
    #[must_use]
    pub const fn signed(&self) -> &Signed {
        &self.signed
    }

    /// What two people can compare over the phone: the hash of the document.
    #[must_use]
    pub fn fingerprint(&self) -> Hash {
        self.signed.id()
    }

    /// The root after this one.
    ///
    /// # Errors
    /// [`TrustError`]: it must be signed by thresholds of both, have the next version and the same product, and take nothing back.
    pub fn step(&self, next: &Signed) -> Result<Self, TrustError> {
        // Bytes are read only once keys that are believed have signed them.
        let signed_by_old = verify::<Root>(&self.root.root, next)?;
        let root = signed_by_old.document;
        check_root(&root)?;
        check(RoleName::Root, &root.root, next)?;
        self.check_next(&root)?;
        Ok(Self { root, signed: next.clone() })
    }

    fn check_next(&self, next: &Root) -> Result<(), TrustError> {
        if next.product != self.root.product {
            return Err(TrustError::Product { wanted: self.root.product.clone(), found: next.product.clone() });
        }
        if Some(next.version) != self.root.version.checked_add(1) {
            return Err(TrustError::Chain { have: self.root.version, found: next.version });
        }
        let falls = |role: RoleName| role.of(next).epoch < role.of(&self.root).epoch;
        if next.min_build < self.root.min_build || RoleName::ALL.into_iter().any(falls) {
            return Err(TrustError::TakenBack { version: next.version });
        }
        Ok(())
    }

    /// The last root of a chain. Those that came before this one are passed over.
    ///
    /// # Errors
    /// As [`TrustedRoot::step`]; [`TrustError::ChainLength`]; [`TrustError::Fork`] when the chain holds another root of this very version.
    pub fn follow(&self, chain: &RootChain) -> Result<Self, TrustError> {
        if chain.roots.len() > CHAIN_LEN_MAX {
            return Err(TrustError::ChainLength);
        }
        let mut last = self.clone();
        for (version, signed) in chain.numbered().skip_while(|(version, _)| *version < self.root.version) {
            if version > last.root.version {
                last = last.step(signed)?;
            } else if signed.document != last.signed.document {
                return Err(TrustError::Fork { what: format!("root {version}") });
            }
        }
        Ok(last)
    }

    /// A release, if it was signed by those who may, and is one of this product.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn release(&self, signed: &Signed) -> Result<Verified<Release>, TrustError> {
        let release = verify::<Release>(&self.root.release, signed)?;
        self.check_product(&release.document.product)?;
        Ok(release)
    }

    /// A channel, if it was signed by those who may, and is one of this product and of the epoch of this root.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn channel(&self, signed: &Signed) -> Result<Verified<Channel>, TrustError> {
        let channel = verify::<Channel>(&self.root.channel, signed)?;
        self.check_product(&channel.document.product)?;
        if channel.document.epoch != self.root.channel.epoch {
            return Err(TrustError::Epoch { wanted: self.root.channel.epoch, found: channel.document.epoch });
        }
        Ok(channel)
    }

    pub(crate) fn check_product(&self, product: &str) -> Result<(), TrustError> {
        if product == self.root.product {
            return Ok(());
        }
        Err(TrustError::Product { wanted: self.root.product.clone(), found: product.to_owned() })
    }
}
