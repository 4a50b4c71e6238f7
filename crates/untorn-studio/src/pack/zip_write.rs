//! Writing a zip archive whose members have their places.
//!
//! A member is a header, its content, and perhaps a data descriptor; the directory at the end says where each begins. Between members there may be zeros: programs that read
//! the directory, as nearly all do, never look there.

use std::path::Path;

use untorn::Result;

use super::{
    Job, Output, PackReport,
    content::{self, Content, Fresh},
    list::{Entry, Kind},
    places::{How, Piece, Want, place},
};
use crate::zip::{Member, Packing, UTF8};

/// What 32 and 16 bits cannot say is said by a zip64 field.
const MAX32: u64 = 0xffff_ffff;
const MAX16: u64 = 0xffff;
/// Version of the format that readers need: 2.0 for directories and deflated members, 4.5 for zip64.
const VERSION: u16 = 20;
const VERSION64: u16 = 45;
/// Made by version 2.0 on Unix, so that the attributes are those of Unix.
const MADE_BY: u16 = 3 << 8 | VERSION;

/// A member of the new archive.
struct New<'n> {
    entry: &'n Entry,
    name: String,
    content: Content<'n>,
    /// Time and date, as MS-DOS writes them.
    time: u32,
}

/// Writes the archive, and does not publish it.
pub(super) fn write<'o>(job: &Job<'_>, entries: &[Entry], out: &'o Path) -> Result<(PackReport, Output<'o>)> {
    // Directories that hold something need no member of their own, but stay where they had one.
    let wanted = |entry: &&Entry| match entry.kind {
        Kind::Dir { is_empty } => is_empty || job.guide.find(&entry.name()).is_some(),
        _ => true,
    };
    let entries: Vec<&Entry> = entries.iter().filter(wanted).collect();
    let contents = content::all(job, &entries)?;
    let time = dos_time(job.options.time);
    let new: Vec<_> =
        entries.iter().zip(contents).map(|(entry, content)| New { entry, name: entry.name(), content, time }).collect();
    let pieces: Vec<_> = new.iter().map(|new| piece(job, new)).collect();
    let places = place(&pieces, job.options.align.max(1));
    let mut order: Vec<usize> = (0..new.len()).collect();
    order.sort_by_key(|number| (places[*number].0, *number));
    let mut output = Output::new(out)?;
    let mut report = PackReport { members: new.len() as u64, no_guide: job.guide.refused.clone(), ..PackReport::default() };
    let total = pieces.iter().map(|piece| piece.head_len + piece.body_len).fold(0, u64::saturating_add);
    for number in &order {
        let (at, how) = places[*number];
        output.hole(at)?;
        count(&mut report, how, &pieces[*number]);
        put(job, &new[*number], &mut output)?;
        job.tell(output.at, total)?;
    }
    let directory = order.iter().map(|number| (&new[*number], places[*number].0));
    put_directory(&mut output, directory, &job.guide.comment)?;
    (report.len, report.hole_len) = (output.at, output.hole_len);
    Ok((report, output))
}

fn count(report: &mut PackReport, how: How, piece: &Piece) {
    match how {
        How::Kept => {
            report.kept += 1;
            report.kept_len += piece.head_len + piece.body_len;
        }
        How::Replaced => report.replaced += 1,
        How::Filled => report.filled += 1,
        How::Appended => report.appended += 1,
    }
}

fn piece(job: &Job<'_>, new: &New<'_>) -> Piece {
    match &new.content {
        Content::Old(member, _) => {
            Piece { head_len: member.data_at - member.at, body_len: member.end - member.data_at, want: Want::Exactly(member.at) }
        }
        Content::Fresh(fresh) => {
            let old = job.guide.find(&new.name);
            let want = old.map_or(Want::Anywhere, |(member, _)| Want::Body(member.data_at));
            Piece { head_len: header(new, fresh).len() as u64, body_len: fresh.stored_len, want }
        }
    }
}

fn put(job: &Job<'_>, new: &New<'_>, output: &mut Output<'_>) -> Result<()> {
    match &new.content {
        Content::Old(member, file) => content::copy_old(job, new.entry, (member.at, member.end), *file, output),
        Content::Fresh(fresh) => {
            output.put(&header(new, fresh))?;
            content::write(job, new.entry, fresh, output)
        }
    }
}

fn flags(name: &str) -> u16 {
    if name.is_ascii() { 0 } else { UTF8 }
}

fn method(is_deflated: bool) -> u16 {
    if is_deflated { 8 } else { 0 }
}

/// What stands before the content of a new member.
fn header(new: &New<'_>, fresh: &Fresh) -> Vec<u8> {
    let is_long = fresh.len >= MAX32 || fresh.stored_len >= MAX32;
    let mut extra = Vec::new();
    if is_long {
        put16(&mut extra, &[1, 16]);
        put64(&mut extra, &[fresh.len, fresh.stored_len]);
    }
    let mut bytes = b"PK\x03\x04".to_vec();
    put16(&mut bytes, &[if is_long { VERSION64 } else { VERSION }, flags(&new.name), method(fresh.is_deflated)]);
    put32(&mut bytes, &[new.time.into(), fresh.crc.into()]);
    let said = |len: u64| if is_long { MAX32 } else { len };
    put32(&mut bytes, &[said(fresh.stored_len), said(fresh.len)]);
    put16(&mut bytes, &[short(new.name.len()), short(extra.len())]);
    bytes.extend_from_slice(new.name.as_bytes());
    bytes.extend_from_slice(&extra);
    bytes
}

/// What the directory says of a member.
struct Said<'s> {
    made_by: u16,
    flags: u16,
    method: u16,
    time: u32,
    crc: u32,
    len: u64,
    stored_len: u64,
    attributes: u32,
    comment: &'s [u8],
}

fn said<'s>(new: &'s New<'_>) -> Said<'s> {
    match &new.content {
        Content::Old(member, _) => of_old(new, member),
        Content::Fresh(fresh) => Said {
            made_by: MADE_BY,
            flags: flags(&new.name),
            method: method(fresh.is_deflated),
            time: new.time,
            crc: fresh.crc,
            len: fresh.len,
            stored_len: fresh.stored_len,
            attributes: attributes(&new.entry.kind),
            comment: &[],
        },
    }
}

fn of_old<'s>(new: &New<'_>, member: &'s Member) -> Said<'s> {
    let is_unix = member.made_by >> 8 == 3;
    let attributes = match new.entry.kind {
        Kind::File { executable, .. } if is_unix => {
            let mode = member.attributes >> 16;
            let mode = if executable { mode | 0o100 | (mode & 0o444) >> 2 } else { mode & !0o111 };
            mode << 16 | member.attributes & 0xffff
        }
        _ => member.attributes,
    };
    Said {
        made_by: member.made_by,
        flags: member.flags,
        method: method(member.packing == Packing::Deflated),
        time: member.time,
        crc: member.crc,
        len: member.len,
        stored_len: member.stored_len(),
        attributes,
        comment: &member.comment,
    }
}

/// Kind and permissions, as Unix has them; the low bits are those of MS-DOS.
fn attributes(kind: &Kind) -> u32 {
    match kind {
        Kind::File { executable: true, .. } => 0o100_755 << 16,
        Kind::File { .. } => 0o100_644 << 16,
        Kind::Symlink { .. } => 0o120_777 << 16,
        Kind::Dir { .. } => 0o040_755 << 16 | 0x10,
    }
}

fn put_directory<'n>(output: &mut Output<'_>, members: impl Iterator<Item = (&'n New<'n>, u64)>, comment: &[u8]) -> Result<()> {
    let (at, mut count) = (output.at, 0_u64);
    for (new, header_at) in members {
        output.put(&record(&new.name, &said(new), header_at))?;
        count += 1;
    }
    let len = output.at - at;
    let mut end = Vec::new();
    if count >= MAX16 || len >= MAX32 || at >= MAX32 {
        let end64_at = output.at;
        end.extend_from_slice(b"PK\x06\x06");
        put64(&mut end, &[44]);
        put16(&mut end, &[VERSION64, VERSION64]);
        put32(&mut end, &[0, 0]);
        put64(&mut end, &[count, count, len, at]);
        end.extend_from_slice(b"PK\x06\x07");
        put32(&mut end, &[0]);
        put64(&mut end, &[end64_at]);
        put32(&mut end, &[1]);
    }
    end.extend_from_slice(b"PK\x05\x06");
    put16(&mut end, &[0, 0]);
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    put16(&mut end, &[count, count]);
    put32(&mut end, &[len, at]);
    put16(&mut end, &[short(comment.len())]);
    end.extend_from_slice(comment);
    output.put(&end)
}

fn record(name: &str, said: &Said<'_>, header_at: u64) -> Vec<u8> {
    // What is too long, in the order in which zip64 lists it.
    let long: Vec<u64> = [said.len, said.stored_len, header_at].into_iter().filter(|number| *number >= MAX32).collect();
    let mut extra = Vec::new();
    if !long.is_empty() {
        put16(&mut extra, &[1, short(long.len() * 8)]);
        put64(&mut extra, &long);
    }
    let mut bytes = b"PK\x01\x02".to_vec();
    let version = if long.is_empty() { VERSION } else { VERSION64 };
    put16(&mut bytes, &[said.made_by, version, said.flags, said.method]);
    put32(&mut bytes, &[said.time.into(), said.crc.into(), said.stored_len, said.len]);
    put16(&mut bytes, &[short(name.len()), short(extra.len()), short(said.comment.len()), 0, 0]);
    put32(&mut bytes, &[said.attributes.into(), header_at]);
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(&extra);
    bytes.extend_from_slice(said.comment);
    bytes
}

fn put16(bytes: &mut Vec<u8>, numbers: &[u16]) {
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
}

/// What does not fit is said elsewhere, and all ones here.
fn put32(bytes: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|number| bytes.extend_from_slice(&u32::try_from(*number).unwrap_or(u32::MAX).to_le_bytes()));
}

fn put64(bytes: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
}

/// Lengths of names (paths of a tree are short), of comments that were read from as many bits, and of fields of ours.
fn short(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

/// Time and date in UTC, as MS-DOS writes them: from 1980 to 2107, in steps of two seconds.
fn dos_time(seconds: u64) -> u32 {
    const FIRST: u32 = 1 << 21 | 1 << 16;
    let (days, rest) = (seconds / 86_400, u32::try_from(seconds % 86_400).unwrap_or(0));
    // Civil date from days since 1970: years begin in March, eras have 400 years.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year_of_era + era * 400) } else { (month - 9, year_of_era + era * 400 + 1) };
    match u32::try_from(year.wrapping_sub(1980)) {
        Ok(years @ 0..=127) => {
            let date = years << 9 | u32::try_from(month << 5 | day).unwrap_or(0);
            date << 16 | (rest / 3600) << 11 | (rest / 60 % 60) << 5 | (rest % 60 / 2)
        }
        _ => FIRST,
    }
}

#[cfg(test)]
mod tests {
    use super::dos_time;

    #[test]
    fn times_are_those_of_the_calendar() {
        // 2026-11-28 12:34:56, the first instant that can be said, one before, and a leap day.
        let said = |date: [u32; 3], time: [u32; 3]| {
            ((date[0] - 1980) << 9 | date[1] << 5 | date[2]) << 16 | time[0] << 11 | time[1] << 5 | (time[2] / 2)
        };
        assert_eq!(dos_time(1_795_869_296), said([2026, 11, 28], [12, 34, 56]));
        assert_eq!(dos_time(315_532_800), said([1980, 1, 1], [0, 0, 0]));
        assert_eq!(dos_time(0), said([1980, 1, 1], [0, 0, 0]));
        assert_eq!(dos_time(951_827_696), said([2000, 2, 29], [12, 34, 56]));
        assert_eq!(dos_time(u64::MAX), said([1980, 1, 1], [0, 0, 0]));
    }
}
