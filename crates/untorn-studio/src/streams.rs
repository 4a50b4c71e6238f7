//! What keeps gzip files and pictures from being diffed as what they hold.

use std::io::{self, Read};

use flate2::bufread::DeflateDecoder;
use untorn_archive::{Format, Plain, Stream, streams};
use untorn_fs::File;

use crate::zip::Part;

/// Why a gzip file or a picture counts as plain bytes. `None` for what is sound, is neither, or cannot be read.
pub(crate) fn doubt(file: &dyn File, len: u64) -> Option<&'static str> {
    match streams(&|buf, at| file.read_at(buf, at), len).ok()? {
        Err(Plain::Doubtful(why)) => Some(why),
        Ok(found) if found.format == Format::Gzip => found.all.first().and_then(|stream| end_doubt(file, stream)),
        _ => None,
    }
}

/// Whether the stream of a gzip file ends where the file does.
fn end_doubt(file: &dyn File, stream: &Stream) -> Option<&'static str> {
    let end = stream.at + stream.len;
    let mut decoder = DeflateDecoder::new(io::BufReader::with_capacity(1 << 16, Part::new(file, stream.at, end)));
    match io::copy(&mut decoder.by_ref(), &mut io::sink()) {
        Ok(_) if decoder.total_in() == stream.len => None,
        Ok(_) => Some("something stands behind its end, as in a gzip file of several members"),
        Err(_) => Some("its deflated bytes cannot be read"),
    }
}
