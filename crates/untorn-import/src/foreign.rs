//! A description, whatever tool it is from.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use untorn::escape;

use crate::{
    caibx::Caibx,
    error::{Error, Result},
    vcdiff,
    zsync::Zsync,
};

/// Which tool made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A delta, RFC 3284, as xdelta3 writes it.
    Vcdiff,
    /// A list of blocks.
    Zsync,
    /// A list of chunks, of casync or desync.
    Caibx,
}

/// A description.
pub(crate) enum Foreign {
    Vcdiff(BufReader<File>),
    Zsync(Zsync),
    Caibx(Caibx),
}

/// The longest list that is read: one of a file of some terabytes.
const LIST_LEN_MAX: u64 = 1 << 28;

/// Why a description cannot be used.
#[derive(Debug)]
pub(crate) enum Fault {
    Wrong(&'static str),
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Wrong("it ends too early") } else { Self::Io(error) }
    }
}

impl Fault {
    pub(crate) fn of(self, file: &Path) -> Error {
        let path = escape(file.as_os_str().as_encoded_bytes());
        match self {
            Self::Wrong(why) => Error::Description { path, why },
            Self::Io(source) => Error::Io { path, source },
        }
    }
}

impl Foreign {
    /// Opens one, and tells its kind by how it begins.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::read(path).map_err(|fault| fault.of(path))
    }

    fn read(path: &Path) -> Result<Self, Fault> {
        let mut file = BufReader::new(File::open(path).map_err(Fault::Io)?);
        let mut magic = Vec::new();
        file.by_ref().take(16).read_to_end(&mut magic).map_err(Fault::Io)?;
        file.rewind().map_err(Fault::Io)?;
        if magic.starts_with(&vcdiff::MAGIC) {
            return Ok(Self::Vcdiff(file));
        }
        let is_zsync = magic.starts_with(b"zsync:");
        if !is_zsync && !Caibx::begins(&magic) {
            return Err(Fault::Wrong("this is neither a VCDIFF delta, nor a .zsync file, nor a .caibx index"));
        }
        let mut bytes = Vec::new();
        file.take(LIST_LEN_MAX + 1).read_to_end(&mut bytes).map_err(Fault::Io)?;
        if bytes.len() as u64 > LIST_LEN_MAX {
            return Err(Fault::Wrong("it is longer than 256 MiB"));
        }
        if is_zsync { Zsync::parse(&bytes).map(Self::Zsync) } else { Caibx::parse(&bytes).map(Self::Caibx) }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Vcdiff(_) => Kind::Vcdiff,
            Self::Zsync(_) => Kind::Zsync,
            Self::Caibx(_) => Kind::Caibx,
        }
    }
}
