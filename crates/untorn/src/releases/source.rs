//! Where releases come from.

use std::path::Path;

use untorn_remote::{Dir, Remote, RemoteOptions, Transport};

use crate::Result;

/// How releases are fetched.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SourceOptions {
    /// How mirrors are asked.
    pub remote: RemoteOptions,
    /// How web servers are talked to.
    #[cfg(feature = "http")]
    pub http: untorn_remote::HttpOptions,
}

/// The mirrors at these addresses: `https://`, `http://`, or a directory.
pub(crate) fn remote(sources: &[String], options: &SourceOptions) -> Result<Remote> {
    let mirrors: Vec<_> = sources.iter().map(|source| transport(source, options)).collect::<Result<_>>()?;
    Ok(Remote::new(mirrors, options.remote.clone())?)
}

fn transport(source: &str, options: &SourceOptions) -> Result<Box<dyn Transport>> {
    if is_url(source) { web(source, options) } else { Ok(Box::new(Dir::new(Path::new(source)))) }
}

/// Whether it is an address, and not the path of a directory.
pub(crate) fn is_url(source: &str) -> bool {
    let plain = |scheme: &str| scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    source.trim_start().split_once("://").is_some_and(|(scheme, _)| plain(scheme))
}

#[cfg(feature = "http")]
fn web(source: &str, options: &SourceOptions) -> Result<Box<dyn Transport>> {
    Ok(Box::new(untorn_remote::Http::new(source, options.http.clone())?))
}

#[cfg(not(feature = "http"))]
fn web(source: &str, _: &SourceOptions) -> Result<Box<dyn Transport>> {
    let why = "this program was built without HTTP";
    let shown = untorn_format::escape(source.rsplit_once('@').map_or(source, |(_, host)| host).as_bytes());
    Err(untorn_remote::Error::new(shown, untorn_remote::Fault::Url { why }).into())
}
