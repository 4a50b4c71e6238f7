//! Reading and writing objects by their names in the layout.

use untorn_format::release::{SIGNATURES_LEN_MAX, Signed};
use untorn_store::layout::Name;

use crate::{Backend, Body, Error, Put, Result, Trouble};

/// The bytes of an object, if it is there.
pub(crate) fn get(store: &dyn Backend, name: &Name, len_max: u64) -> Result<Option<Vec<u8>>> {
    Ok(store.get(&name.to_string(), len_max)?.map(|object| object.bytes))
}

/// The bytes of an object that must be there.
pub(crate) fn need(store: &dyn Backend, name: &Name, len_max: u64) -> Result<Vec<u8>> {
    get(store, name, len_max)?.ok_or_else(|| Error::Damaged { name: name.to_string(), what: "it is not there" })
}

/// Makes an object that never changes.
pub(crate) fn put_new(store: &dyn Backend, name: &Name, bytes: &[u8]) -> Result<Put> {
    Ok(store.put_new(&name.to_string(), Body::Bytes(bytes))?)
}

/// Makes an object that is named by the hash of its bytes. One that is there with the right length is left alone; anything else under that name
/// is damage, and is replaced.
pub(crate) fn put_hashed(store: &dyn Backend, name: &Name, body: Body<'_>) -> Result<Put> {
    let text = name.to_string();
    match store.head(&text)? {
        Some(len) if len == body.len() => return Ok(Put::Present),
        Some(_) => store.delete(&text)?,
        None => {}
    }
    match store.put_new(&text, body) {
        Err(error) if matches!(error.trouble, Trouble::Differs) => {
            store.delete(&text)?;
            Ok(store.put_new(&text, body)?)
        }
        other => Ok(other?),
    }
}

/// Makes a document and its signatures; these first, so that a document is never without. Signatures that are there already stay, if the document is
/// the same: others may have signed it, too.
pub(crate) fn put_signed(store: &dyn Backend, document: &Name, signatures: &Name, signed: &Signed) -> Result<()> {
    match store.put_new(&signatures.to_string(), Body::Bytes(signed.signatures.as_bytes())) {
        Err(error) if matches!(error.trouble, Trouble::Differs) => {}
        other => drop(other?),
    }
    put_new(store, document, &signed.document).map(drop)
}

/// A document with its signatures, if it is there.
pub(crate) fn get_signed(store: &dyn Backend, document: &Name, signatures: &Name, len_max: u64) -> Result<Option<Signed>> {
    let Some(bytes) = get(store, document, len_max)? else { return Ok(None) };
    let text = String::from_utf8(need(store, signatures, SIGNATURES_LEN_MAX)?);
    let text = text.map_err(|_| Error::Damaged { name: signatures.to_string(), what: "it is no text" })?;
    Ok(Some(Signed { signatures: text, document: bytes }))
}
