//! The block device under a directory, and its counters.

use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::fs::{major, minor, stat};
use serde::{Deserialize, Serialize};

const SECTOR_LEN: u64 = 512;

/// A block device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Device {
    /// Its name in `/proc/diskstats`.
    pub name: String,
    /// Whose flushes count: the disk, when `name` is a partition of it (the kernel counts flushes for whole disks only).
    disk: String,
}

/// A mounted file system.
#[derive(Clone, Debug)]
pub struct Mount {
    /// Its type, as in `ext4`.
    pub kind: String,
    source: PathBuf,
    number: String,
}

/// What the device has done since it was attached.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Cache flushes.
    pub flushes: u64,
}

impl Device {
    /// The device that holds `mount`; `None` where there is none (memory, network).
    pub fn of(mount: &Mount) -> Option<Self> {
        let link = std::fs::canonicalize(format!("/sys/dev/block/{}", mount.device_number()?)).ok()?;
        let name = file_name(&link)?;
        let disk = if link.join("partition").exists() { file_name(link.parent()?)? } else { name.clone() };
        Some(Self { name, disk })
    }

    /// Its counters now.
    pub fn counters(&self) -> anyhow::Result<Counters> {
        let table = std::fs::read_to_string("/proc/diskstats")?;
        let own = fields(&table, &self.name)?;
        let disk = fields(&table, &self.disk)?;
        Ok(Counters { read_bytes: own[2] * SECTOR_LEN, written_bytes: own[6] * SECTOR_LEN, flushes: disk[15] })
    }

    /// Whether the device has a volatile cache; where it has none, the kernel sends no flushes and the count is 0.
    pub fn has_volatile_cache(&self) -> bool {
        let path = format!("/sys/block/{}/queue/write_cache", self.disk);
        std::fs::read_to_string(path).is_ok_and(|mode| mode.trim() == "write back")
    }
}

impl Mount {
    /// The file system that holds `dir`.
    pub fn of(dir: &Path) -> anyhow::Result<Self> {
        let dir = dir.canonicalize().with_context(|| format!("no directory {}", dir.display()))?;
        let table = std::fs::read_to_string("/proc/self/mountinfo")?;
        // The last line wins among equals: a later mount hides an earlier one.
        let mounts = table.lines().filter_map(parse_mount).filter(|(point, _)| dir.starts_with(point));
        let found = mounts.max_by_key(|(point, _)| point.as_os_str().len());
        Ok(found.with_context(|| format!("no mount holds {}", dir.display()))?.1)
    }

    /// As `major:minor`. Btrfs shows an anonymous number; the device it was mounted from has the real one.
    fn device_number(&self) -> Option<String> {
        if !self.number.starts_with("0:") {
            return Some(self.number.clone());
        }
        let special = stat(&self.source).ok().map(|stat| stat.st_rdev).filter(|number| *number != 0)?;
        Some(format!("{}:{}", major(special), minor(special)))
    }
}

/// A line of mountinfo: `36 35 98:0 /root /point options tags - type source options`.
fn parse_mount(line: &str) -> Option<(PathBuf, Mount)> {
    let (front, back) = line.split_once(" - ")?;
    let mut front = front.split(' ').skip(2);
    let (number, point) = (front.next()?, front.nth(1)?);
    let mut back = back.split(' ');
    let (kind, source) = (back.next()?, back.next()?);
    let mount = Mount { kind: kind.into(), source: unescape(source), number: number.into() };
    Some((unescape(point), mount))
}

/// Spaces, tabs, line ends and backslashes are written in octal there.
fn unescape(text: &str) -> PathBuf {
    let plain = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    plain.iter().fold(text.to_owned(), |text, (code, character)| text.replace(code, character)).into()
}

/// The numbers after the name; the kernel's `Documentation/admin-guide/iostats.rst` numbers them from 1.
fn fields(table: &str, name: &str) -> anyhow::Result<Vec<u64>> {
    let line = table.lines().find(|line| line.split_whitespace().nth(2) == Some(name));
    let line = line.with_context(|| format!("no device {name} in /proc/diskstats"))?;
    let fields: Vec<u64> = line.split_whitespace().skip(3).map(str::parse).collect::<Result<_, _>>()?;
    anyhow::ensure!(fields.len() >= 17, "this kernel does not count flushes (Linux 5.5 or newer does)");
    Ok(fields)
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_mountinfo_is_understood() {
        let line = "36 35 0:41 /sub /mnt/a\\040b rw,noatime master:1 shared:2 - btrfs /dev/loop3 rw,ssd";
        let (point, mount) = parse_mount(line).unwrap();
        assert_eq!(point, Path::new("/mnt/a b"));
        assert_eq!(
            (mount.kind.as_str(), mount.source.as_path(), mount.number.as_str()),
            ("btrfs", Path::new("/dev/loop3"), "0:41")
        );
    }

    #[test]
    fn the_counters_are_the_fields_of_the_named_device() {
        let table = "254 0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n254 1 vda1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
        let fields = fields(table, "vda").unwrap();
        assert_eq!((fields[2], fields[6], fields[15]), (3, 7, 16));
        assert!(super::fields(table, "vdb").is_err());
    }
}
