//! Whom the store says to believe, and whom the publisher does.

use untorn_format::release::{Channel, ROOT_LEN_MAX, Release, SIGNATURES_LEN_MAX, Signed};
use untorn_store::layout::Name;
use untorn_trust::{TrustError, TrustedRoot, Verified};

use crate::{
    Backend, Error, Result,
    objects::{get, put_new, put_signed},
};

/// The chain of roots of a store, from the first one on, each believed because of the one before.
#[derive(Debug)]
pub(crate) struct Roots(Vec<TrustedRoot>);

impl Roots {
    /// Reads the chain of the store and continues it with those of `given` that follow; with an empty store, begins with them. What the publisher
    /// gave is what he believes: a store with another chain is refused. `None` when there is no root anywhere.
    pub(crate) fn read(store: &dyn Backend, given: &[Signed]) -> Result<Option<Self>> {
        let mut chain: Vec<TrustedRoot> = Vec::new();
        loop {
            let version = chain.len() as u64 + 1;
            let own = given.iter().find(|signed| version_of(signed) == Some(version));
            let stored = read_root(store, version)?;
            if let (Some(own), Some(stored)) = (own, &stored)
                && own.document != stored.document
            {
                let source = TrustError::Fork { what: format!("root {version}") };
                return Err(Error::Trust { name: Name::Root(version).to_string(), source });
            }
            let Some(next) = stored.or_else(|| own.cloned()) else { break };
            let trusted = chain.last().map_or_else(|| TrustedRoot::pin(next.clone()), |last| last.step(&next));
            chain.push(trusted.map_err(|source| Error::Trust { name: Name::Root(version).to_string(), source })?);
        }
        Ok(Some(Self(chain)).filter(|roots| !roots.0.is_empty()))
    }

    /// Makes a place a store: with its mark and the first root, which takes nothing from anybody.
    pub(crate) fn begin(&self, store: &dyn Backend) -> Result<()> {
        put_new(store, &Name::Mark, mark(&self.newest().root().product).as_bytes())?;
        self.put(store, 1)
    }

    /// Puts those that are not there yet into the store.
    pub(crate) fn publish(&self, store: &dyn Backend) -> Result<()> {
        self.put(store, self.0.len())
    }

    fn put(&self, store: &dyn Backend, count: usize) -> Result<()> {
        for root in self.0.iter().take(count) {
            let version = root.root().version;
            put_signed(store, &Name::Root(version), &Name::RootSignatures(version), root.signed())?;
        }
        Ok(())
    }

    /// The one that holds.
    pub(crate) fn newest(&self) -> &TrustedRoot {
        // A chain is made with at least one.
        &self.0[self.0.len() - 1]
    }

    /// A release that any root of the chain believes: it may have been signed before keys were changed.
    pub(crate) fn release(&self, name: &Name, signed: &Signed) -> Result<Verified<Release>> {
        self.any(name, |root| root.release(signed))
    }

    /// A channel that any root of the chain believes.
    pub(crate) fn channel(&self, name: &Name, signed: &Signed) -> Result<Verified<Channel>> {
        self.any(name, |root| root.channel(signed))
    }

    /// The answer of the newest root that says yes; else that of the newest.
    fn any<T>(&self, name: &Name, ask: impl Fn(&TrustedRoot) -> Result<T, TrustError>) -> Result<T> {
        let mut answers = self.0.iter().rev().map(ask);
        let first = answers.next().unwrap_or(Err(TrustError::Envelope));
        first
            .or_else(|error| answers.find_map(Result::ok).ok_or(error))
            .map_err(|source| Error::Trust { name: name.to_string(), source })
    }
}

/// What stands in the mark of a store.
fn mark(product: &str) -> String {
    format!("untorn store 1\nproduct {product}\n")
}

fn version_of(signed: &Signed) -> Option<u64> {
    untorn_format::release::Root::decode(&signed.document).ok().map(|root| root.version)
}

fn read_root(store: &dyn Backend, version: u64) -> Result<Option<Signed>> {
    let Some(document) = get(store, &Name::Root(version), ROOT_LEN_MAX)? else { return Ok(None) };
    // The signatures are written first: without them it is not there.
    let name = Name::RootSignatures(version);
    let signatures = get(store, &name, SIGNATURES_LEN_MAX)?.ok_or_else(|| missing(&name))?;
    let signatures =
        String::from_utf8(signatures).map_err(|_| Error::Damaged { name: name.to_string(), what: "it is no text" })?;
    Ok(Some(Signed { signatures, document }))
}

fn missing(name: &Name) -> Error {
    Error::Damaged { name: name.to_string(), what: "it is not there" }
}
