//! Secret keys of the command line: from files or the environment, never from an argument.

use std::{env, path::Path};

use untorn_keys::{KeyError, SecretKey};
use untorn_publish::{PublicKey, Signed, Signer};

use crate::{documents, failure::Failure, keys::Password, studio_args::KeyArgs};

/// No key is longer.
const FILE_LEN_MAX: u64 = 1 << 20;

/// Keys to sign with.
pub(crate) struct Keys(Vec<SecretKey>);

impl Keys {
    /// None: for what signs nothing.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads the keys that the command line names, and asks for a password where it takes one.
    pub(crate) fn read(args: &KeyArgs) -> Result<Self, Failure> {
        let mut texts = Vec::new();
        for path in &args.keys {
            texts.push((path.display().to_string(), text(path)?));
        }
        if let Some(text) = env::var_os("UNTORN_KEY").filter(|_| texts.is_empty()) {
            texts.push(("UNTORN_KEY".to_owned(), text.to_string_lossy().into_owned()));
        }
        if texts.is_empty() {
            return Err(Failure::usage("name a key to sign with: --key FILE, or its text in UNTORN_KEY".into()));
        }
        let mut password = Password::new(args.password_stdin);
        let keys = texts.iter().map(|(name, text)| read(name, text, &mut password)).collect::<Result<_, _>>()?;
        Ok(Self(keys))
    }
}

impl Signer for Keys {
    fn keys(&self) -> Vec<PublicKey> {
        self.0.iter().map(SecretKey::public).collect()
    }

    fn sign(&self, document: &[u8], comment: &str) -> Result<String, String> {
        self.0.iter().map(|key| key.sign_bytes(document, comment).map_err(|error| error.to_string())).collect()
    }
}

/// Root documents with their signatures, as `untorn key new` writes them.
pub(crate) fn roots<'p>(paths: impl IntoIterator<Item = &'p std::path::PathBuf>) -> Result<Vec<Signed>, Failure> {
    paths.into_iter().map(|path| documents::read_signed(path)).collect()
}

/// One password serves all keys.
fn read(name: &str, text: &str, password: &mut Password) -> Result<SecretKey, Failure> {
    let failed = |error: KeyError| Failure::key(name, &error);
    let password = if SecretKey::is_encrypted(text).map_err(failed)? { Some(password.get(name)?) } else { None };
    SecretKey::read(text, password).map_err(failed)
}

fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(documents::read(path, FILE_LEN_MAX)?)
        .map_err(|_| Failure::key(&path.display().to_string(), &KeyError::NotAKey))
}
