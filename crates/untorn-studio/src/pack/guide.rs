//! The archive before.

use std::{collections::HashMap, io::Read, path::Path};

use untorn::{Error, Result};
use untorn_fs::{File, Fs, OpenMode, OsFs};

use super::{Format, PackOptions, plain, shown};
use crate::zip::{self, Member, Packing, Zip};

/// The archive before, as far as it can be relied on.
#[derive(Default)]
pub(super) struct Guide {
    file: Option<Box<dyn File>>,
    pub(super) members: Vec<Member>,
    names: HashMap<Vec<u8>, usize>,
    pub(super) comment: Vec<u8>,
    /// Why it is none.
    pub(super) refused: Option<String>,
}

/// A list of a plain archive is no longer, in bytes.
const LIST_LEN_MAX: u64 = 256 << 20;

impl Guide {
    /// # Errors
    /// When there is no such file, or it cannot be read. What is wrong inside is no error.
    pub(super) fn open(options: &PackOptions) -> Result<Self> {
        let Some(path) = &options.like else { return Ok(Self::default()) };
        let (file, len) = open(path)?;
        let failed = |source| Error::Io { doing: "read", path: shown(path), source };
        let found = match options.format {
            Format::Zip => zip::read(&*file, len).map_err(failed)?.map_err(|why| why.to_string()),
            Format::Plain => {
                let (list, list_len) = open(&plain::list_path(path))?;
                let mut text = Vec::new();
                let read = zip::Part::new(&*list, 0, list_len.min(LIST_LEN_MAX + 1)).read_to_end(&mut text);
                read.map_err(failed)?;
                plain::parse(&text, len).map(|members| Zip { members, len, comment: Vec::new() })
            }
        };
        Ok(match found {
            Ok(zip) => Self::new(file, zip),
            Err(why) => Self { refused: Some(why), ..Self::default() },
        })
    }

    fn new(file: Box<dyn File>, zip: Zip) -> Self {
        let mut names = HashMap::new();
        for (number, member) in zip.members.iter().enumerate() {
            // Of two members of one name the last one counts, as for most programs.
            names.insert(member.name.clone(), number);
        }
        Self { file: Some(file), members: zip.members, names, comment: zip.comment, refused: None }
    }

    /// The member of a name that is spelled in UTF-8 here and there.
    pub(super) fn find(&self, name: &str) -> Option<(&Member, &dyn File)> {
        let member = self.members.get(*self.names.get(name.as_bytes())?)?;
        let is_known = name.is_ascii() || member.flags & zip::UTF8 != 0;
        Some((member, self.file.as_deref()?)).filter(|_| is_known)
    }

    /// Whether most bytes in it are deflated.
    pub(super) fn is_deflated(&self) -> bool {
        let bytes =
            |packing| self.members.iter().filter(move |member| member.packing == packing).map(|member| member.len).sum::<u64>();
        bytes(Packing::Deflated) > bytes(Packing::Stored)
    }
}

fn open(path: &Path) -> Result<(Box<dyn File>, u64)> {
    let failed = |source| Error::Io { doing: "open", path: shown(path), source };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str()).ok_or(std::io::ErrorKind::InvalidFilename);
    let file = OsFs::open(parent).and_then(|fs| fs.open(name?, OpenMode::Read)).map_err(failed)?;
    let len = file.metadata().map_err(failed)?.len;
    Ok((file, len))
}
