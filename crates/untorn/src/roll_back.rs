//! Going back to the build before, without forgetting what was learned since.

use std::path::Path;

use untorn_format::release::{Following, Installed};
use untorn_trust::Trust;
use untorn_txn::{Options, Report, RollbackForecast, Tree};

use crate::{Error, Result, error::shown, record::Record};

/// Goes back to the build before the last update, offline, if that kept its undo. What the tree learned of releases since stays: numbers of channels, the least build
/// it may have, roots. It remembers the release it left, so that no update leads back there unasked.
///
/// After this returns, the tree is the build before, also after a power cut.
///
/// # Errors
/// [`Error::Trust`] when that build is below the least that may be installed; else as [`Tree::rollback`].
pub fn roll_back(tree: &mut Tree, dir: &Path, options: Options, force: bool) -> Result<Report> {
    let record = Record::of(tree, dir)?;
    let Some(following) = record.following() else { return Ok(tree.rollback(options, force)?) };
    let head = head_to_go_back_to(tree, following).map_err(|error| error.of(dir))?;
    Ok(tree.rollback_with_head(options, force, head)?)
}

/// What [`roll_back`] would write. Only reads.
///
/// # Errors
/// As [`roll_back`].
pub fn roll_back_forecast(tree: &Tree, dir: &Path, options: &Options, force: bool) -> Result<RollbackForecast> {
    if let Some(following) = Record::of(tree, dir)?.following() {
        head_to_go_back_to(tree, following).map_err(|error| error.of(dir))?;
    }
    Ok(tree.rollback_forecast(options, force)?)
}

/// The document of then with the knowledge of now.
fn head_to_go_back_to(tree: &Tree, following: &Following) -> std::result::Result<Option<Vec<u8>>, Failure> {
    let previous = tree.previous_head()?.map(|head| Installed::decode(&head)).transpose()?;
    let mut trust = Trust::resume(following)?;
    trust.go_back(previous.as_ref().and_then(|previous| previous.following.as_ref()))?;
    // A tree of which nothing was known then has no place to remember anything in.
    Ok(previous.map(|previous| Installed { following: Some(trust.following().clone()), ..previous }.encode()))
}

/// What failed, before it is said where.
enum Failure {
    Tree(untorn_txn::Error),
    Document(untorn_format::DecodeError),
    Trust(untorn_trust::TrustError),
}

impl Failure {
    fn of(self, dir: &Path) -> Error {
        match self {
            Self::Tree(error) => error.into(),
            Self::Document(source) => Error::Document { path: shown(dir), source },
            Self::Trust(source) => Error::Trust { what: shown(dir), source },
        }
    }
}

impl From<untorn_txn::Error> for Failure {
    fn from(error: untorn_txn::Error) -> Self {
        Self::Tree(error)
    }
}

impl From<untorn_format::DecodeError> for Failure {
    fn from(error: untorn_format::DecodeError) -> Self {
        Self::Document(error)
    }
}

impl From<untorn_trust::TrustError> for Failure {
    fn from(error: untorn_trust::TrustError) -> Self {
        Self::Trust(error)
    }
}
