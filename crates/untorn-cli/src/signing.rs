//! Secret keys of the command line: from files or the environment, never from an argument.

use std::{
    env,
    io::{self, IsTerminal},
    path::Path,
};

use untorn_keys::{KeyError, SecretKey};
use untorn_publish::{PublicKey, Signed, Signer};

use crate::{failure::Failure, studio_args::KeyArgs};

/// No key and no root is longer.
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
        let mut password = None;
        let keys = texts.iter().map(|(name, text)| read(name, text, args, &mut password)).collect::<Result<_, _>>()?;
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
    paths.into_iter().map(|path| root(path)).collect()
}

/// A root document with its signatures.
pub(crate) fn root(path: &Path) -> Result<Signed, Failure> {
    let bytes = bytes(path)?;
    Signed::decode(&bytes)
        .map_err(|source| untorn::Error::Document { path: untorn::escape(path.as_os_str().as_encoded_bytes()), source }.into())
}

/// One password serves all keys.
fn read(name: &str, text: &str, args: &KeyArgs, password: &mut Option<String>) -> Result<SecretKey, Failure> {
    let failed = |error: KeyError| Failure::key(name, &error);
    if SecretKey::is_encrypted(text).map_err(failed)? && password.is_none() {
        *password = ask(name, args)?;
    }
    SecretKey::read(text, password.as_deref()).map_err(failed)
}

fn ask(name: &str, args: &KeyArgs) -> Result<Option<String>, Failure> {
    let failed = |source| Failure::io("read the password from", Path::new("standard input"), source);
    if args.password_stdin {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map_err(failed)?;
        return Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()));
    }
    if let Some(password) = env::var_os("UNTORN_KEY_PASSWORD") {
        return Ok(Some(password.to_string_lossy().into_owned()));
    }
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    rpassword::prompt_password(format!("password of {}: ", untorn::escape(name.as_bytes()))).map(Some).map_err(failed)
}

fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(path)?).map_err(|_| Failure::key(&path.display().to_string(), &KeyError::NotAKey))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = || {
        if std::fs::metadata(path)?.len() > FILE_LEN_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        std::fs::read(path)
    };
    read().map_err(|source| Failure::io("read", path, source))
}
