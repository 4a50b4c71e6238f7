//! Objects in a directory of this machine, or of a network disk.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use crate::{Error, Fault, Result, Transport, check_name};

/// How much is copied at once.
const PIECE_LEN: usize = 64 << 10;

/// Objects in a directory.
#[derive(Debug)]
pub struct Dir {
    path: PathBuf,
    base: String,
}

impl Dir {
    /// Objects in the directory `path`, which is not looked at yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), base: untorn_format::escape(path.as_os_str().as_encoded_bytes()) }
    }

    fn open(&self, name: &str) -> Result<(File, u64)> {
        if !check_name(name) {
            return Err(self.error(name, Fault::Name));
        }
        let path = self.path.join(name);
        // Looked at before it is opened: a pipe would wait for somebody to write.
        let meta = std::fs::metadata(&path).map_err(|error| self.error(name, fault_of(error)))?;
        if !meta.is_file() {
            return Err(self.error(name, Fault::Missing));
        }
        let file = File::open(&path).map_err(|error| self.error(name, fault_of(error)))?;
        let len = file.metadata().map_err(|error| self.error(name, Fault::Read(error)))?.len();
        Ok((file, len))
    }

    fn copy(&self, name: &str, file: &mut File, len: u64, sink: &mut dyn Write) -> Result<()> {
        let (mut buffer, mut left) = (vec![0; PIECE_LEN], len);
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(PIECE_LEN).min(PIECE_LEN);
            let got = file.read(&mut buffer[..want]).map_err(|error| self.error(name, Fault::Read(error)))?;
            if got == 0 {
                return Err(self.error(name, Fault::Broken { got: len - left, of: Some(len) }));
            }
            sink.write_all(&buffer[..got]).map_err(|error| self.error(name, Fault::Sink(error)))?;
            left -= got as u64;
        }
        Ok(())
    }

    fn error(&self, name: &str, fault: Fault) -> Error {
        Error::new(format!("{}/{}", self.base, untorn_format::escape(name.as_bytes())), fault)
    }
}

fn fault_of(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Fault::Missing,
        _ => Fault::Read(error),
    }
}

impl Transport for Dir {
    fn base(&self) -> &str {
        &self.base
    }

    fn get(&self, name: &str, limit: u64, sink: &mut dyn Write) -> Result<u64> {
        let (mut file, len) = self.open(name)?;
        if len > limit {
            return Err(self.error(name, Fault::Length { limit, found: Some(len) }));
        }
        self.copy(name, &mut file, len, sink)?;
        Ok(len)
    }

    fn get_range(&self, name: &str, range: Range<u64>, sink: &mut dyn Write) -> Result<Option<u64>> {
        let (mut file, len) = self.open(name)?;
        if range.start > range.end || range.end > len {
            let came = format!("the file has {len} bytes");
            return Err(self.error(name, Fault::Range { asked: range, came }));
        }
        file.seek(SeekFrom::Start(range.start)).map_err(|error| self.error(name, Fault::Read(error)))?;
        self.copy(name, &mut file, range.end - range.start, sink)?;
        Ok(Some(len))
    }

    fn len(&self, name: &str) -> Result<Option<u64>> {
        Ok(Some(self.open(name)?.1))
    }

    fn serves_ranges(&self) -> Option<bool> {
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Blame;

    fn store() -> (tempfile::TempDir, Dir) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("pack")).unwrap();
        std::fs::write(dir.path().join("pack/aa"), b"0123456789").unwrap();
        let from = Dir::new(dir.path());
        (dir, from)
    }

    #[test]
    fn a_range_is_exactly_those_bytes() {
        let (_dir, from) = store();
        let mut bytes = Vec::new();
        assert_eq!(from.get_range("pack/aa", 3..7, &mut bytes).unwrap(), Some(10));
        assert_eq!(bytes, b"3456");
        let error = from.get_range("pack/aa", 3..11, &mut bytes).unwrap_err();
        assert_eq!((error.code(), error.blame(), bytes.len()), ("UNT-NET-RANGE", Blame::Content, 4));
    }

    #[test]
    fn what_is_missing_or_longer_than_allowed_is_said() {
        let (_dir, from) = store();
        let mut bytes = Vec::new();
        assert_eq!(from.get("pack/aa", 10, &mut bytes).unwrap(), 10);
        let code = |name: &str, limit| from.get(name, limit, &mut Vec::new()).unwrap_err().code();
        assert_eq!(code("pack/aa", 9), "UNT-NET-LENGTH");
        assert_eq!(code("pack/bb", 9), "UNT-NET-MISSING");
        assert_eq!(code("pack", 9), "UNT-NET-MISSING");
        assert_eq!(code("../pack/aa", 99), "UNT-NET-NAME");
    }
}
