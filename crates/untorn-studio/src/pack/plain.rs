//! A plain archive: files one behind the other, and a list beside it.
//!
//! The list is text: a first line that names the format, then a line for each file with offset, length, checksum (CRC-32, hexadecimal) and path, separated by blanks; sorted by
//! path, which is the rest of the line.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use untorn::{Result, TreePath};

use super::{
    Job, Output, PackReport,
    content::{self, Content},
    list::{Entry, Kind},
    places::{How, Piece, Want, place},
};
use crate::zip::{MEMBERS_MAX, Member, Packing, UTF8};

const FIRST_LINE: &str = "untorn plain archive 1";

/// Where the list of an archive stands.
pub(super) fn list_path(archive: &Path) -> PathBuf {
    let mut name = OsString::from(archive.as_os_str());
    name.push(".list");
    name.into()
}

/// The members that a list names, in an archive of `len` bytes.
pub(super) fn parse(text: &[u8], len: u64) -> Result<Vec<Member>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "its list is not text")?;
    let mut lines = text.lines();
    if lines.next() != Some(FIRST_LINE) {
        return Err("its list does not begin as one does".into());
    }
    let mut members = Vec::new();
    for line in lines {
        members.push(member(line).filter(|member| member.end <= len).ok_or("its list names what it does not hold")?);
        if members.len() as u64 > MEMBERS_MAX {
            return Err("it has more than a million members".into());
        }
    }
    members.sort_by_key(|member: &Member| (member.at, member.end));
    let overlap = members.windows(2).any(|pair| pair[0].end > pair[1].at);
    if overlap { Err("members overlap".into()) } else { Ok(members) }
}

fn member(line: &str) -> Option<Member> {
    let mut words = line.splitn(4, ' ');
    let at: u64 = words.next()?.parse().ok()?;
    let len: u64 = words.next()?.parse().ok()?;
    let crc = u32::from_str_radix(words.next()?, 16).ok()?;
    let path = TreePath::new(words.next()?).ok()?;
    let end = at.checked_add(len)?;
    Some(Member {
        name: path.as_str().as_bytes().to_vec(),
        at,
        data_at: at,
        data_end: end,
        end,
        len,
        crc,
        packing: Packing::Stored,
        flags: UTF8,
        made_by: 0,
        time: 0,
        attributes: 0,
        comment: Vec::new(),
    })
}

/// Writes archive and list, and publishes the list only: it is there before the archive.
pub(super) fn write<'o>(job: &Job<'_>, entries: &[Entry], out: &'o Path) -> Result<(PackReport, Output<'o>)> {
    let entries: Vec<&Entry> = entries.iter().filter(|entry| matches!(entry.kind, Kind::File { .. })).collect();
    let contents = content::all(job, &entries)?;
    let pieces: Vec<_> = entries.iter().zip(&contents).map(|(entry, content)| piece(job, entry, content)).collect();
    let places = place(&pieces, job.options.align.max(1));
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|number| (places[*number].0, *number));
    let mut output = Output::new(out)?;
    let mut report = PackReport { members: entries.len() as u64, no_guide: job.guide.refused.clone(), ..PackReport::default() };
    let total = pieces.iter().map(|piece| piece.body_len).fold(0, u64::saturating_add);
    for number in &order {
        let (at, how) = places[*number];
        output.hole(at)?;
        match how {
            How::Kept => (report.kept, report.kept_len) = (report.kept + 1, report.kept_len + pieces[*number].body_len),
            How::Replaced => report.replaced += 1,
            How::Filled => report.filled += 1,
            How::Appended => report.appended += 1,
        }
        content::write_plain(job, entries[*number], &contents[*number], &mut output)?;
        job.tell(output.at, total)?;
    }
    (report.len, report.hole_len) = (output.at, output.hole_len);
    untorn::write_document(&list_path(out), list(&entries, &contents, &places).as_bytes())?;
    Ok((report, output))
}

fn piece(job: &Job<'_>, entry: &Entry, content: &Content<'_>) -> Piece {
    let old = job.guide.find(&entry.name()).map(|(member, _)| member.at);
    let want = match (content, old) {
        (Content::Old(member, _), _) => Want::Exactly(member.at),
        (Content::Fresh(_), Some(at)) => Want::Body(at),
        (Content::Fresh(_), None) => Want::Anywhere,
    };
    Piece { head_len: 0, body_len: entry.len(), want }
}

fn list(entries: &[&Entry], contents: &[Content<'_>], places: &[(u64, How)]) -> String {
    let mut text = format!("{FIRST_LINE}\n");
    for ((entry, content), (at, _)) in entries.iter().zip(contents).zip(places) {
        let crc = match content {
            Content::Old(member, _) => member.crc,
            Content::Fresh(fresh) => fresh.crc,
        };
        text.push_str(&format!("{at} {} {crc:08x} {}\n", entry.len(), entry.path));
    }
    text
}
