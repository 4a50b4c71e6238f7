//! Sections that xdelta3 compressed once more: each kind of section is one XZ stream through all windows, flushed at the end of each.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, Read},
    rc::Rc,
};

use lzma_rust2::XzReader;

use super::{bytes, number};
use crate::foreign::Fault;

/// The kinds of sections.
#[derive(Clone, Copy, Debug)]
pub(super) enum Section {
    Data,
    Instructions,
    Addresses,
}

/// The streams, as far as they were read.
#[derive(Default)]
pub(super) struct Secondary([Option<Stream>; 3]);

struct Stream {
    fed: Fed,
    reader: XzReader<Fed>,
}

/// What was fed and not yet read.
#[derive(Clone, Default)]
struct Fed(Rc<RefCell<VecDeque<u8>>>);

impl Read for Fed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buf)
    }
}

impl Secondary {
    /// What `section` is, uncompressed.
    pub(super) fn expand(&mut self, kind: Section, mut section: &[u8], len_max: u64) -> Result<Vec<u8>, Fault> {
        let len = number(&mut section)?;
        let stream = self.0[kind as usize].get_or_insert_with(|| {
            let fed = Fed::default();
            Stream { reader: XzReader::new(fed.clone(), false), fed }
        });
        stream.fed.0.borrow_mut().extend(section);
        bytes(&mut stream.reader, len, len_max).map_err(|fault| match fault {
            // The library calls damage by many names.
            Fault::Io(_) => Fault::Wrong("a compressed part of it is damaged"),
            wrong => wrong,
        })
    }
}
