//! Disks as sparse files.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use rustix::fs::{SeekFrom, seek};

use super::media::Media;

/// How much is read at once.
const PIECE: usize = 1 << 20;

/// Makes the disk what the file holds; its holes are not read.
pub(super) fn load(media: &mut Media, path: &Path) -> io::Result<()> {
    media.clear();
    let file = File::open(path)?;
    let mut buf = vec![0; PIECE];
    let mut at = 0;
    // Beyond the last data there is none to seek to.
    while let Ok(start) = seek(&file, SeekFrom::Data(at)) {
        let end = seek(&file, SeekFrom::Hole(start))?;
        at = start;
        while at < end {
            let part = usize::try_from(end - at).unwrap_or(PIECE).min(PIECE);
            file.read_exact_at(&mut buf[..part], at)?;
            media.write(at, &buf[..part])?;
            at += part as u64;
        }
    }
    Ok(())
}

/// Writes it to a file, with holes for what was never written.
pub(super) fn save(media: &Media, path: &Path) -> io::Result<()> {
    let file = File::create_new(path)?;
    for (offset, block) in media.written() {
        file.write_all_at(block, offset)?;
    }
    Ok(())
}
