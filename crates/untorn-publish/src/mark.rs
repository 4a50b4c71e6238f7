//! Marks by which those who publish and those who collect see each other, without clocks and without locks.
//!
//! Each side leaves its own mark first and looks for the other's then. A store shows what was written to whoever looks later, so at least one of two who
//! come at the same time sees the other, and gives way. A mark is removed by whoever left it.

use untorn_format::Hash;
use untorn_store::layout::{ChannelName, Name};

use crate::{Backend, Body, Error, Result, channel::pointed_seq, objects::get};

/// More than any mark has.
const MARK_LEN_MAX: u64 = 4096;

/// The mark of a publication. What is left when it is dropped stays: [`Mark::remove`] is the way to end it.
pub(crate) struct Mark<'s> {
    store: &'s dyn Backend,
    name: Name,
}

impl<'s> Mark<'s> {
    /// Begins a publication to `channel` on the word of the document with number `seq`, 0 for none.
    pub(crate) fn publishing(store: &'s dyn Backend, channel: &ChannelName, seq: u64) -> Result<Self> {
        let mark = Self::leave(store, Name::Publishing(number()?), &format!("channel {channel}\nseq {seq}\n"))?;
        let others = store.list("collecting/")?;
        let Some(other) = others.first() else { return Ok(mark) };
        mark.remove()?;
        Err(Error::Busy { what: format!("{}: somebody collects what nothing reaches, or was killed at it", other.name) })
    }

    /// Begins a collection. Marks of publications that can no longer succeed are removed; all others, too, if `forget` says that they are dead.
    pub(crate) fn collecting(store: &'s dyn Backend, forget: bool) -> Result<Self> {
        if forget {
            for other in store.list("collecting/")? {
                store.delete(&other.name)?;
            }
        }
        let mark = Self::leave(store, Name::Collecting(number()?), "")?;
        for other in store.list("publishing/")? {
            if forget || is_void(store, &other.name)? {
                store.delete(&other.name)?;
            } else {
                mark.remove()?;
                return Err(Error::Busy { what: format!("{}: somebody publishes, or was killed at it", other.name) });
            }
        }
        Ok(mark)
    }

    fn leave(store: &'s dyn Backend, name: Name, text: &str) -> Result<Self> {
        store.put_new(&name.to_string(), Body::Bytes(text.as_bytes()))?;
        Ok(Self { store, name })
    }

    /// The name of the mark.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// One that was left earlier, to end it.
    pub(crate) fn left(store: &'s dyn Backend, name: Name) -> Self {
        Self { store, name }
    }

    /// Ends it, after the channel has moved: then a mark that stays says nothing any more, and is no reason to report an error.
    pub(crate) fn outlive(self) {
        drop(self.remove());
    }

    /// Ends it.
    pub(crate) fn remove(self) -> Result<()> {
        Ok(self.store.delete(&self.name.to_string())?)
    }
}

/// Whether the channel has moved on since: then that publication would be refused in the end.
fn is_void(store: &dyn Backend, name: &str) -> Result<bool> {
    let Some(mark) = Name::parse(name) else { return Ok(false) };
    // Gone meanwhile: it has ended.
    let Some(bytes) = get(store, &mark, MARK_LEN_MAX)? else { return Ok(true) };
    let text = String::from_utf8_lossy(&bytes);
    let word = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ').map(str::to_owned));
    let (Some(channel), Some(seq)) = (word("channel"), word("seq").and_then(|seq| seq.parse::<u64>().ok())) else {
        return Ok(false);
    };
    let Some(channel) = ChannelName::new(&channel) else { return Ok(false) };
    Ok(pointed_seq(store, &channel)? > seq)
}

/// A number nobody else has.
fn number() -> Result<Hash> {
    let mut bytes = [0; 32];
    let filled = getrandom::fill(&mut bytes).map_err(std::io::Error::from);
    filled.map(|()| Hash(bytes)).map_err(|source| Error::Io { doing: "make a number", path: "random".into(), source })
}
