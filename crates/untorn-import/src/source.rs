//! Where bytes come from that the old file does not have.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use untorn::{Remote, escape};

use crate::{
    caibx::{self, CHUNK_LEN_MAX, ChunkId},
    error::{Error, Result},
};

/// Where bytes come from: the new file, or a store of chunks; here or at an address.
pub(crate) enum Source {
    Here(PathBuf),
    There(Box<Remote>, String),
}

impl Source {
    /// Something with an address ends in the name that is asked for: that of the file, or of the store.
    pub(crate) fn open(from: &str) -> Result<Self> {
        let is_address = from.starts_with("https://") || from.starts_with("http://");
        if !is_address {
            return Ok(Self::Here(from.into()));
        }
        let (base, name) = from.trim_end_matches('/').rsplit_once('/').unwrap_or((from, ""));
        let remote = untorn::open_store(Path::new(base))?;
        match remote {
            Some(remote) => Ok(Self::There(Box::new(remote), name.to_owned())),
            None => Ok(Self::Here(from.into())),
        }
    }

    /// A part of the new file.
    pub(crate) fn range(&self, range: Range<u64>) -> Result<Vec<u8>> {
        match self {
            Self::Here(path) => read_range(path, &range).map_err(|source| failed(path, source)),
            Self::There(remote, name) => Ok(remote.get_range(name, range, &|_| Ok(())).map_err(untorn::Error::from)?),
        }
    }

    /// A chunk, if `is_right`.
    pub(crate) fn chunk(&self, id: &ChunkId, is_right: &dyn Fn(&[u8]) -> bool) -> Result<Vec<u8>> {
        let name = caibx::name(id);
        let chunk = match self {
            Self::Here(store) => {
                let path = store.join(&name);
                let packed = read_all(&path).map_err(|source| failed(&path, source))?;
                unpacked(&packed).map_err(|source| failed(&path, source))?
            }
            Self::There(remote, store) => {
                let name = format!("{store}/{name}");
                let check = |bytes: &[u8]| match unpacked(bytes) {
                    Ok(chunk) if is_right(&chunk) => Ok(()),
                    _ => Err("this is not the chunk of that name".to_owned()),
                };
                let packed = remote.get(&name, CHUNK_LEN_MAX, &check).map_err(untorn::Error::from)?;
                unpacked(&packed).map_err(|source| failed(Path::new(&name), source))?
            }
        };
        if is_right(&chunk) {
            Ok(chunk)
        } else {
            Err(Error::Mismatch { path: name, why: "this is not the chunk of that name", from: None })
        }
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Io { path: escape(path.as_os_str().as_encoded_bytes()), source }
}

fn read_range(path: &Path, range: &Range<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    let len = range.end - range.start;
    let mut bytes = Vec::new();
    file.take(len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(CHUNK_LEN_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A chunk as a store keeps it: Zstandard, as casync and desync do unless told otherwise, or XZ, as old ones did.
fn unpacked(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::new();
    match packed {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            zstd::stream::read::Decoder::new(packed)?.take(CHUNK_LEN_MAX).read_to_end(&mut chunk)?;
        }
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            lzma_rust2::XzReader::new(packed, false).take(CHUNK_LEN_MAX).read_to_end(&mut chunk)?;
        }
        _ => return Err(io::Error::new(ErrorKind::InvalidData, "it is compressed neither with Zstandard nor with XZ")),
    }
    Ok(chunk)
}
