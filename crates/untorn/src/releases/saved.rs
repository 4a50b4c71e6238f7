//! Signed documents that were fetched in advance, to be read again without a network. They are checked as if they had just come.

use std::{collections::BTreeMap, io::Write, ops::Range};

use untorn_format::Hash;
use untorn_remote::{Error as NetError, Fault, Result as NetResult, Transport};
use untorn_txn::Fetched;

use crate::{Error, Result, index_at_hand::index_name};

/// Its name.
pub(crate) const NAME: &str = "documents";
/// All of them together.
const LEN_MAX: u64 = 64 << 20;

/// Documents by their names in a store.
pub(crate) type Saved = BTreeMap<String, Vec<u8>>;

/// Keeps documents: a hash, and then for each the lengths of name and bytes, name and bytes.
pub(crate) fn save(fetched: &Fetched, documents: &Saved) -> Result<()> {
    let mut body = Vec::new();
    for (name, bytes) in documents {
        for len in [name.len(), bytes.len()] {
            body.extend_from_slice(&(len as u64).to_le_bytes());
        }
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(bytes);
    }
    let file = fetched.make(NAME)?;
    let whole = [Hash::of(&body).0.as_slice(), &body].concat();
    let written = file.set_len(0).and_then(|()| file.write_all_at(&whole, 0));
    written.map_err(|source| Error::Io { doing: "keep", path: NAME.into(), source })
}

/// What was kept; nothing where it is not what was written.
pub(crate) fn load(fetched: &Fetched) -> Result<Saved> {
    let Some(file) = fetched.open(NAME)? else { return Ok(Saved::new()) };
    let len = file.metadata().map_or(0, |meta| meta.len);
    let mut bytes = vec![0; usize::try_from(len.min(LEN_MAX)).unwrap_or_default()];
    if file.read_exact_at(&mut bytes, 0).is_err() {
        return Ok(Saved::new());
    }
    let Some((hash, body)) = bytes.split_first_chunk::<32>() else { return Ok(Saved::new()) };
    Ok(if Hash::of(body).0 == *hash { read(body).unwrap_or_default() } else { Saved::new() })
}

fn read(mut body: &[u8]) -> Option<Saved> {
    let mut saved = Saved::new();
    let mut take = |len: u64| -> Option<Vec<u8>> {
        let (taken, rest) = body.split_at_checked(usize::try_from(len).ok()?)?;
        body = rest;
        Some(taken.to_vec())
    };
    while let Some(head) = take(16) {
        let number = |at: usize| head.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let name = String::from_utf8(take(number(0)?)?).ok()?;
        saved.insert(name, take(number(8)?)?);
    }
    Some(saved)
}

/// Removes what was fetched, but for the index of the build that is installed now.
pub(crate) fn forget(fetched: &Fetched, installed: Hash) {
    let index = index_name(installed);
    fetched.retain(|name| name == index);
}

/// Gives out what was kept, and nothing else.
#[derive(Debug)]
pub(crate) struct Kept(pub(crate) Saved);

impl Kept {
    fn find(&self, name: &str) -> NetResult<&[u8]> {
        let missing = || NetError::new(format!("what was fetched: {}", untorn_format::escape(name.as_bytes())), Fault::Missing);
        self.0.get(name).map(Vec::as_slice).ok_or_else(missing)
    }
}

impl Transport for Kept {
    fn base(&self) -> &'static str {
        "what was fetched"
    }

    fn get(&self, name: &str, limit: u64, sink: &mut dyn Write) -> NetResult<u64> {
        let bytes = self.find(name)?;
        if bytes.len() as u64 > limit {
            return Err(NetError::new(name, Fault::Length { limit, found: Some(bytes.len() as u64) }));
        }
        sink.write_all(bytes).map_err(|error| NetError::new(name, Fault::Sink(error)))?;
        Ok(bytes.len() as u64)
    }

    fn get_range(&self, name: &str, _: Range<u64>, _: &mut dyn Write) -> NetResult<Option<u64>> {
        self.find(name)?;
        Err(NetError::new(name, Fault::Missing))
    }

    fn len(&self, name: &str) -> NetResult<Option<u64>> {
        Ok(Some(self.find(name)?.len() as u64))
    }

    fn serves_ranges(&self) -> Option<bool> {
        Some(true)
    }
}
