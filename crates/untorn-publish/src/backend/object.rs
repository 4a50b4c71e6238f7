//! A store in a bucket.

use std::{io, ops::Range};

use futures_util::TryStreamExt;
use object_store::{
    Attribute, Attributes, Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, UpdateVersion,
    aws::{AmazonS3Builder, S3ConditionalPut},
    azure::MicrosoftAzureBuilder,
    gcp::GoogleCloudStorageBuilder,
    path::Path,
};
use tokio::runtime::{Builder, Runtime};

use super::{Backend, BackendError, Body, Listed, Object, Put, Result, Trouble, Version, check_name, location::unsupported};

/// From this length on, in bytes, an object is sent in parts.
const MULTIPART_LEN_MIN: u64 = 16 << 20;

/// A store in a bucket: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.
///
/// Credentials and endpoints come from the environment, by the usual names: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`,
/// `AWS_ENDPOINT_URL`, `AWS_ALLOW_HTTP`; `GOOGLE_APPLICATION_CREDENTIALS`; `AZURE_STORAGE_ACCOUNT_NAME`, `AZURE_STORAGE_ACCOUNT_KEY`.
///
/// # How it keeps its promises
/// The services answer a write when it is durable, and show whole objects only. Conditions are theirs, too: `If-None-Match` and `If-Match` with the
/// entity tag. An object that is sent in parts is looked at first instead; such objects are named by their hash, so two writers write the same.
/// A lost answer makes the client ask again, and then its own write is in the way: what is there is compared.
pub struct ObjectStoreBackend {
    store: Box<dyn ObjectStore>,
    prefix: Path,
    place: String,
    /// No future leaves this type.
    runtime: Runtime,
}

impl ObjectStoreBackend {
    /// The store at `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`.
    ///
    /// # Errors
    /// [`Trouble::Unsupported`] for any other address; [`Trouble::Service`] when the environment does not say how to reach it.
    pub fn open(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| unsupported(url, "that is no address"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        if bucket.is_empty() || (!prefix.is_empty() && check_name(prefix).is_err()) {
            return Err(unsupported(url, "it names no bucket, or a prefix that is no name of an object"));
        }
        let fail = |trouble| BackendError { doing: "open the store", name: String::new(), place: url.into(), trouble };
        let store = client(scheme, bucket).map_err(|error| fail(said(&error)))?;
        let store = store.ok_or_else(|| unsupported(url, "a store is a directory, or s3://, gs:// or az:// with a bucket"))?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| fail(error.into()))?;
        Ok(Self { store, prefix: Path::from(prefix), place: url.trim_end_matches('/').into(), runtime })
    }

    fn answer<T>(&self, doing: &'static str, name: &str, result: Result<T, Trouble>) -> Result<T> {
        result.map_err(|trouble| BackendError { doing, name: name.into(), place: self.place.clone(), trouble })
    }

    fn path(&self, name: &str) -> Result<Path, Trouble> {
        check_name(name)?;
        Ok(self.prefix.parts().chain(Path::from(name).parts()).collect())
    }

    fn read(&self, name: &str, len_max: u64) -> Result<Option<Object>, Trouble> {
        let path = self.path(name)?;
        self.runtime.block_on(async {
            let Some(found) = absent(self.store.get(&path).await)? else { return Ok(None) };
            let version = Version { etag: found.meta.e_tag.clone(), number: found.meta.version.clone() };
            if found.meta.size > len_max {
                return Err(Trouble::TooLong { len: found.meta.size });
            }
            let bytes = found.bytes().await.map_err(|error| said(&error))?.to_vec();
            Ok(Some(Object { bytes, version }))
        })
    }

    fn read_range(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>, Trouble> {
        let path = self.path(name)?;
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let bytes = self.runtime.block_on(self.store.get_range(&path, range.clone()));
        let bytes = absent(bytes)?.ok_or(Trouble::Missing)?;
        if bytes.len() as u64 == range.end - range.start { Ok(bytes.to_vec()) } else { Err(Trouble::Missing) }
    }

    fn len_of(&self, name: &str) -> Result<Option<u64>, Trouble> {
        let path = self.path(name)?;
        Ok(absent(self.runtime.block_on(self.store.head(&path)))?.map(|meta| meta.size))
    }

    fn make(&self, name: &str, body: Body<'_>) -> Result<Put, Trouble> {
        if body.len() >= MULTIPART_LEN_MIN {
            return self.make_in_parts(name, body);
        }
        let (path, bytes) = (self.path(name)?, whole(body)?);
        match self.put(&path, name, bytes.clone(), PutMode::Create) {
            Ok(()) => Ok(Put::Made),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => self.compare(name, &bytes),
            Err(error) => Err(said(&error)),
        }
    }

    fn compare(&self, name: &str, bytes: &[u8]) -> Result<Put, Trouble> {
        match self.read(name, bytes.len() as u64) {
            Ok(Some(there)) if there.bytes == bytes => Ok(Put::Present),
            Ok(_) | Err(Trouble::TooLong { .. }) => Err(Trouble::Differs),
            Err(error) => Err(error),
        }
    }

    fn make_in_parts(&self, name: &str, body: Body<'_>) -> Result<Put, Trouble> {
        match self.len_of(name)? {
            Some(len) if len == body.len() => return Ok(Put::Present),
            Some(_) => return Err(Trouble::Differs),
            None => {}
        }
        let path = self.path(name)?;
        let options = PutMultipartOptions { attributes: attributes(name), ..PutMultipartOptions::default() };
        let mut upload = self.runtime.block_on(self.store.put_multipart_opts(&path, options)).map_err(|error| said(&error))?;
        let sent = self.send(upload.as_mut(), body);
        if sent.is_err() {
            // Parts that stay are removed by the bucket's own rules; the first error is the one to tell.
            drop(self.runtime.block_on(upload.abort()));
        }
        sent.map(|()| Put::Made)
    }

    fn send(&self, upload: &mut dyn MultipartUpload, body: Body<'_>) -> Result<(), Trouble> {
        body.for_each(|piece| {
            let part = upload.put_part(PutPayload::from(piece.to_vec()));
            self.runtime.block_on(part).map_err(|error| said(&error))
        })?;
        self.runtime.block_on(upload.complete()).map(drop).map_err(|error| said(&error))
    }

    fn replace(&self, name: &str, version: Option<&Version>, bytes: &[u8]) -> Result<(), Trouble> {
        let mode = match version {
            None => PutMode::Create,
            Some(version) => PutMode::Update(UpdateVersion { e_tag: version.etag.clone(), version: version.number.clone() }),
        };
        match self.put(&self.path(name)?, name, bytes.to_vec(), mode) {
            Ok(()) => Ok(()),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotFound { .. }) => {
                // Perhaps it was this very write, and only its answer got lost.
                self.compare(name, bytes).map(drop).map_err(|trouble| match trouble {
                    Trouble::Differs => Trouble::Conflict,
                    other => other,
                })
            }
            Err(error) => Err(said(&error)),
        }
    }

    fn put(&self, path: &Path, name: &str, bytes: Vec<u8>, mode: PutMode) -> Result<(), Error> {
        let options = PutOptions { mode, attributes: attributes(name), ..PutOptions::default() };
        self.runtime.block_on(self.store.put_opts(path, bytes.into(), options)).map(drop)
    }

    fn all(&self, prefix: &str) -> Result<Vec<Listed>, Trouble> {
        let dir = prefix.trim_end_matches('/');
        let path = if dir.is_empty() { self.prefix.clone() } else { self.path(dir)? };
        let metas: Vec<_> =
            self.runtime.block_on(self.store.list(Some(&path)).try_collect()).map_err(|error: Error| said(&error))?;
        let own = |meta: object_store::ObjectMeta| {
            let parts: Vec<String> = meta.location.prefix_match(&self.prefix)?.map(|part| part.as_ref().to_owned()).collect();
            Some(Listed { name: parts.join("/"), len: meta.size })
        };
        let mut found: Vec<_> = metas.into_iter().filter_map(own).filter(|listed| check_name(&listed.name).is_ok()).collect();
        found.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(found)
    }

    fn remove(&self, name: &str) -> Result<(), Trouble> {
        let path = self.path(name)?;
        absent(self.runtime.block_on(self.store.delete(&path))).map(drop)
    }
}

impl Backend for ObjectStoreBackend {
    fn place(&self) -> &str {
        &self.place
    }

    fn get(&self, name: &str, len_max: u64) -> Result<Option<Object>> {
        self.answer("read", name, self.read(name, len_max))
    }

    fn get_range(&self, name: &str, start: u64, len: usize) -> Result<Vec<u8>> {
        let read = || self.read_range(name, start..start.checked_add(len as u64).ok_or(Trouble::Missing)?);
        self.answer("read", name, read())
    }

    fn head(&self, name: &str) -> Result<Option<u64>> {
        self.answer("look at", name, self.len_of(name))
    }

    fn put_new(&self, name: &str, body: Body<'_>) -> Result<Put> {
        self.answer("write", name, self.make(name, body))
    }

    fn put_if(&self, name: &str, version: Option<&Version>, bytes: &[u8]) -> Result<()> {
        self.answer("replace", name, self.replace(name, version, bytes))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>> {
        self.answer("list", prefix, self.all(prefix))
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.answer("remove", name, self.remove(name))
    }
}

/// The client for a bucket, with what the environment says; `None` for an address of another kind.
fn client(scheme: &str, bucket: &str) -> Result<Option<Box<dyn ObjectStore>>, Error> {
    // Whoever embeds this crate may have chosen another one already: then that one stays.
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(Some(match scheme {
        "s3" => {
            let builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
            Box::new(builder.with_conditional_put(S3ConditionalPut::ETagMatch).build()?)
        }
        "gs" => Box::new(GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).build()?),
        "az" => Box::new(MicrosoftAzureBuilder::from_env().with_container_name(bucket).build()?),
        _ => return Ok(None),
    }))
}

/// What caches are told: only pointers ever change.
fn attributes(name: &str) -> Attributes {
    let cache = if name.starts_with("channel/") { "public, max-age=60" } else { "public, max-age=31536000, immutable" };
    [(Attribute::CacheControl, cache), (Attribute::ContentType, "application/octet-stream")].into_iter().collect()
}

fn whole(body: Body<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(body.len()).unwrap_or(0));
    body.for_each(|piece| {
        bytes.extend_from_slice(piece);
        Ok::<_, io::Error>(())
    })?;
    Ok(bytes)
}

/// Not being there is an answer.
fn absent<T>(result: Result<T, Error>) -> Result<Option<T>, Trouble> {
    match result {
        Err(Error::NotFound { .. }) => Ok(None),
        other => other.map(Some).map_err(|error| said(&error)),
    }
}

/// The whole chain of causes on one line: the outermost one names no reason.
fn said(error: &dyn std::error::Error) -> Trouble {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    let mut texts: Vec<String> = Vec::new();
    for cause in causes {
        if texts.last().is_none_or(|last| !last.contains(&cause)) {
            texts.push(cause);
        }
    }
    Trouble::Service(untorn_format::escape(texts.join(": ").as_bytes()))
}
