//! Making roots: the first one, and those that follow it.

use untorn_format::release::{PublicKey, Role, Root, Signed};
use untorn_trust::{Document, RoleName, TrustedRoot, check_root};

use crate::{KeyError, SecretKey, sign::sign};

/// The first root of a product: one key, which may sign everything. It can be split later, and players need not do anything for it.
#[must_use]
pub fn first_root(product: &str, key: PublicKey) -> Root {
    let role = Role { epoch: 0, threshold: 1, keys: vec![key] };
    Root { product: product.to_owned(), version: 1, min_build: 0, root: role.clone(), release: role.clone(), channel: role }
}

/// New keys of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleChange {
    /// Which role.
    pub role: RoleName,
    /// Its keys from now on.
    pub keys: Vec<PublicKey>,
    /// How many of them must sign.
    pub threshold: u32,
}

/// A root that shall follow another one.
#[derive(Clone, Debug)]
pub struct Successor {
    root: Root,
    before: TrustedRoot,
}

impl Successor {
    /// The same root once more, as the next version.
    ///
    /// # Errors
    /// [`KeyError::NoRoom`].
    pub fn of(before: &TrustedRoot) -> Result<Self, KeyError> {
        let mut root = before.root().clone();
        root.version = root.version.checked_add(1).ok_or(KeyError::NoRoom)?;
        Ok(Self { root, before: before.clone() })
    }

    /// What it says so far.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// Gives a role other keys. Its epoch stays: those it had were not stolen.
    pub fn set_role(&mut self, change: RoleChange) {
        let role = role_mut(&mut self.root, change.role);
        (role.keys, role.threshold) = (sorted(change.keys), change.threshold);
    }

    /// Puts one key in the place of another in every role that has it. Epochs stay: for keys that were not stolen.
    ///
    /// # Errors
    /// [`KeyError::NotInRoot`].
    pub fn replace(&mut self, old: &PublicKey, new: &PublicKey) -> Result<(), KeyError> {
        self.exchange(old, Some(new), false)
    }

    /// Takes a stolen key out of every role that has it, puts a new one in its place where one is given, and raises the epochs of these roles: whatever
    /// numbers the thief signed end with that.
    ///
    /// # Errors
    /// [`KeyError::NotInRoot`]; [`KeyError::TooFewKeys`]; [`KeyError::NoRoom`].
    pub fn revoke(&mut self, stolen: &PublicKey, new: Option<&PublicKey>) -> Result<(), KeyError> {
        self.exchange(stolen, new, true)
    }

    /// Forbids builds below this one. It never falls.
    pub fn raise_min_build(&mut self, build: u64) {
        self.root.min_build = self.root.min_build.max(build);
    }

    fn exchange(&mut self, old: &PublicKey, new: Option<&PublicKey>, raises_epoch: bool) -> Result<(), KeyError> {
        let mut root = self.root.clone();
        let mut found = false;
        for name in RoleName::ALL {
            let role = role_mut(&mut root, name);
            let Some(at) = role.keys.iter().position(|key| key.key == old.key) else { continue };
            found = true;
            role.keys.remove(at);
            role.keys.extend(new);
            role.keys = sorted(std::mem::take(&mut role.keys));
            if role.keys.len() < usize::try_from(role.threshold).unwrap_or(usize::MAX) {
                return Err(KeyError::TooFewKeys { role: name });
            }
            if raises_epoch {
                role.epoch = role.epoch.checked_add(1).ok_or(KeyError::NoRoom)?;
            }
        }
        if !found {
            return Err(KeyError::NotInRoot { id: old.id });
        }
        self.root = root;
        Ok(())
    }

    /// Signs it with the keys at hand. It may take more of them: whoever has those adds their signatures ([`crate::add_signature`]).
    ///
    /// # Errors
    /// [`KeyError::Trust`] when the root could not be believed however many sign; [`KeyError::System`].
    pub fn sign(&self, keys: &[&SecretKey]) -> Result<Signed, KeyError> {
        check_root(&self.root)?;
        let may_sign = |key: &&&SecretKey| {
            let roles = [&self.root.root, &self.before.root().root];
            roles.iter().any(|role| role.keys.iter().any(|known| known.key == key.public().key))
        };
        let keys: Vec<&SecretKey> = keys.iter().filter(may_sign).copied().collect();
        sign(&Document::Root(self.root.clone()), &keys)
    }

    /// Checks, as a player would, that the signed root can be followed from the one before.
    ///
    /// # Errors
    /// [`KeyError::Trust`].
    pub fn finish(&self, signed: &Signed) -> Result<TrustedRoot, KeyError> {
        Ok(self.before.step(signed)?)
    }
}

fn role_mut(root: &mut Root, role: RoleName) -> &mut Role {
    match role {
        RoleName::Root => &mut root.root,
        RoleName::Release => &mut root.release,
        RoleName::Channel => &mut root.channel,
    }
}

/// As a root lists them: sorted, each once.
fn sorted(mut keys: Vec<PublicKey>) -> Vec<PublicKey> {
    keys.sort_by_key(|key| key.key);
    keys.dedup_by_key(|key| key.key);
    keys
}
