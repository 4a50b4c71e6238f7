//! A certificate for loopback, made for each host.

use std::{io, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// A certificate and what serves with it.
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    /// The certificate, in PEM, for the client to believe.
    pub(crate) pem: String,
}

/// A certificate for loopback and its secret key, in PEM, for a server of others.
///
/// # Errors
/// Of the system.
pub fn certificate() -> io::Result<(String, String)> {
    let CertifiedKey { cert, signing_key } = make()?;
    Ok((cert.pem(), signing_key.serialize_pem()))
}

fn make() -> io::Result<CertifiedKey<rcgen::KeyPair>> {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    generate_simple_self_signed(names).map_err(io::Error::other)
}

impl Tls {
    pub(crate) fn new() -> io::Result<Self> {
        let CertifiedKey { cert, signing_key } = make()?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .map_err(io::Error::other)?;
        Ok(Self { config: Arc::new(config), pem: cert.pem() })
    }
}
