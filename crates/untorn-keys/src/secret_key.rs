//! Secret keys, in minisign's files.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use minisign::{ErrorKind, KeyPair, PError, SecretKeyBox};
use untorn_format::release::PublicKey;
use untorn_trust::{Signature, key_id, key_line, public_key};

use crate::KeyError;

/// A secret key, ready to sign.
pub struct SecretKey {
    secret: minisign::SecretKey,
    public: PublicKey,
}

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::System`].
    pub fn generate(password: Option<&str>) -> Result<Self, KeyError> {
        Self::generate_with_text(password).map(|(key, _)| key)
    }

    /// A new key, and the text of its file: encrypted with the password by scrypt, as minisign does it; readable by anybody where there is none.
    ///
    /// # Errors
    /// [`KeyError::System`].
    pub fn generate_with_text(password: Option<&str>) -> Result<(Self, String), KeyError> {
        let pair = match password {
            Some(password) => KeyPair::generate_encrypted_keypair(Some(password.to_owned())),
            None => KeyPair::generate_unencrypted_keypair(),
        };
        let pair = pair.map_err(system)?;
        let public = public_key(&pair.pk.to_base64())?;
        let comment = format!("untorn secret key {}", key_id(&public.id));
        let text = pair.sk.to_box(Some(&comment)).map_err(system)?.into_string();
        Ok((Self::read(&text, password)?, text))
    }

    /// Reads the text of a file. The password is not used where the key is not encrypted.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`], [`KeyError::NeedsPassword`], [`KeyError::Password`]; [`KeyError::Trust`] for a weak key.
    pub fn read(text: &str, password: Option<&str>) -> Result<Self, KeyError> {
        let secret = match (Self::is_encrypted(text)?, password) {
            (false, _) => unencrypted(text)?,
            (true, None) => return Err(KeyError::NeedsPassword),
            (true, Some(password)) => {
                let sealed = SecretKeyBox::from_string(text).map_err(|_| KeyError::NotAKey)?;
                sealed.into_secret_key(Some(password.to_owned())).map_err(not_opened)?
            }
        };
        let public = minisign::PublicKey::from_secret_key(&secret).map_err(|_| KeyError::NotAKey)?;
        let key = Self { secret, public: public_key(&public.to_base64())? };
        key.check()?;
        Ok(key)
    }

    /// Whether the text of a file can be read with a password only.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn is_encrypted(text: &str) -> Result<bool, KeyError> {
        match decoded(text)?.as_slice() {
            [b'E', b'd', 0, 0, ..] => Ok(false),
            [b'E', b'd', b'S', b'c', ..] => Ok(true),
            _ => Err(KeyError::NotAKey),
        }
    }

    /// That its halves belong together: what the one signs, the other verifies.
    fn check(&self) -> Result<(), KeyError> {
        let probe = b"untorn";
        let signatures = Signature::read_all(&self.sign_bytes(probe, "probe")?)?;
        if signatures.iter().any(|signature| signature.is_of(&self.public, probe)) { Ok(()) } else { Err(KeyError::NotAKey) }
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// The text of the file `.pub`.
    #[must_use]
    pub fn public_text(&self) -> String {
        format!("untrusted comment: untorn public key {}\n{}\n", key_id(&self.public.id), key_line(&self.public))
    }

    /// A signature of bytes, in minisign's text. `comment` is signed, too.
    ///
    /// # Errors
    /// [`KeyError::System`].
    pub fn sign_bytes(&self, bytes: &[u8], comment: &str) -> Result<String, KeyError> {
        let untrusted = format!("signature of untorn key {}", key_id(&self.public.id));
        let signature = minisign::sign(None, &self.secret, bytes, Some(comment), Some(&untrusted)).map_err(system)?;
        Ok(signature.into_string())
    }
}

impl fmt::Debug for SecretKey {
    /// The secret half is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", key_id(&self.public.id))
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, KeyError> {
    let line = text.lines().nth(1).ok_or(KeyError::NotAKey)?;
    BASE64_STANDARD.decode(line.trim()).map_err(|_| KeyError::NotAKey)
}

/// Version 0.11 of minisign writes no checksum into keys without a password.
fn unencrypted(text: &str) -> Result<minisign::SecretKey, KeyError> {
    let bytes = decoded(text)?;
    let read = match bytes.last_chunk::<32>() {
        Some(checksum) if *checksum == [0; 32] => minisign::SecretKey::from_bytes(&bytes),
        _ => SecretKeyBox::from_string(text).and_then(SecretKeyBox::into_unencrypted_secret_key),
    };
    read.map_err(|_| KeyError::NotAKey)
}

fn not_opened(error: PError) -> KeyError {
    match error.kind() {
        ErrorKind::Verify => KeyError::Password,
        ErrorKind::KDF => system(error),
        _ => KeyError::NotAKey,
    }
}

fn system(error: PError) -> KeyError {
    KeyError::System(error.to_string())
}
