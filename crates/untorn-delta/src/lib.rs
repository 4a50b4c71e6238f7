//! Differences between two builds: making a patch, and reading one. Opens nothing: files are read through [`Files`], and nothing is written but the
//! patch.
//!
//! # Guarantees
//! - A patch read on the old tree gives the new one: every byte that is handed out was checked, or is followed by an error. Damage, a wrong
//!   old tree and a forged patch are told apart ([`PatchError`]).
//! - Memory is bounded whatever the files: [`Options::memory_len`] for making (more only where one frame alone needs it: 0.5 GiB at the highest
//!   level) and below 64 MiB a thread for reading a patch, plus what members of files take that are deflated again (at most 176 MiB in a patch made here; a reader knows it beforehand) and the index (about 100 bytes for each
//!   changed path and 24 for each operation; the caps of the format keep that of a forged patch to some hundred MiB).
//! - Files that stay are never opened; of those that are changed in place only what is replaced or copied is read.
//! - Equal builds and options give equal bytes.
//!
//! # Limitations
//! - Members of archives and pictures are diffed as what they hold ([`Options::recompress`]) up to about 17 MiB of that, when the old build has one of the same name in the same file;
//!   members that are new, or were renamed, are not.
//! - The files of both builds must not change while a patch is made. Some changes are noticed ([`DiffError::Changed`]); others give a patch that
//!   is refused when it is read on the right old tree.
//! - Bytes that stay in place are not read, so damage there is not noticed: that is what verifying a tree is for.
//! - Addresses are moved along in 64-bit ELF and PE executables for x86-64 of up to 64 MiB. Other executables are compressed like other files.
//!
//! ```
//! use std::collections::HashMap;
//! use std::io::{self, Cursor, Read};
//!
//! use untorn_delta::{Build, Files, Options, PatchReader, Way, diff};
//! use untorn_format::manifest::{Entry, Kind, Manifest};
//! use untorn_format::{Hash, TreePath};
//!
//! struct Memory(HashMap<TreePath, Vec<u8>>);
//!
//! impl Files for Memory {
//!     fn read_at(&self, path: &TreePath, buf: &mut [u8], offset: u64) -> io::Result<usize> {
//!         let bytes = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
//!         bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or(&[]).read(buf)
//!     }
//! }
//!
//! fn build(bytes: &[u8]) -> Result<(Manifest, Memory), Box<dyn std::error::Error>> {
//!     let path = TreePath::new("levels.pak")?;
//!     let kind = Kind::File { len: bytes.len() as u64, hash: Hash::of(bytes), executable: false };
//!     Ok((Manifest::new(vec![Entry { path: path.clone(), kind }])?, Memory(HashMap::from([(path, bytes.to_vec())]))))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (old, old_files) = build(b"one level")?;
//! let (new, new_files) = build(b"one level more")?;
//! let (old_build, new_build) = (Build { manifest: &old, files: &old_files }, Build { manifest: &new, files: &new_files });
//! let mut patch = Vec::new();
//! diff(old_build, new_build, &Options::default(), &mut Cursor::new(Vec::new()), &mut patch, &mut |_| {})?;
//!
//! let mut reader = PatchReader::new(&patch[..])?;
//! let mut content = Vec::new();
//! reader.next_file(&old_files, Way::Whole).ok_or("no file")?.read_to_end(&mut content)?;
//! let finished = reader.finish()?;
//! assert_eq!(finished.index.changes().apply_to(&old, &finished.made)?, new);
//! assert_eq!(content, b"one level more");
//! # Ok(())
//! # }
//! ```

mod adapt;
mod deflate;
mod diff;
mod error;
mod files;
mod merge;
mod read;
mod zstd_frame;

pub use diff::{Build, Options, Progress, Report, Search, diff};
pub use error::{DiffError, PatchError};
pub use files::Files;
pub use merge::{MergeError, MergeReport, merge, merge_uncompressed};
pub use read::{Cost, FileReader, Finished, PatchReader, Piece, SharedFiles, StretchReader, Unhashed, Way, check_replaced};
