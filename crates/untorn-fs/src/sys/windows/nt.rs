//! The calls of the system, made safe: every unsafe block of the Windows side is here and in `holders.rs`.
//!
//! The native calls (`Nt...`) are used where the others cannot do it: opening a name from the handle of its directory, renaming and linking to a name in a directory
//! that is held, flushing without the device.
#![allow(unsafe_code)]

use std::{
    os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle},
    ptr,
};

use windows_sys::{
    Wdk::{
        Foundation::OBJECT_ATTRIBUTES,
        Storage::FileSystem::{
            FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, FILE_SYNCHRONOUS_IO_NONALERT, FileNamesInformation,
            NtCreateFile, NtFlushBuffersFileEx, NtFsControlFile, NtQueryDirectoryFile, NtQueryInformationFile,
            NtQueryVolumeInformationFile, NtSetInformationFile,
        },
    },
    Win32::{
        Foundation::{HANDLE, RtlNtStatusToDosError, UNICODE_STRING},
        Storage::FileSystem::{
            FILE_ATTRIBUTE_NORMAL, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, GetFinalPathNameByHandleW, SYNCHRONIZE,
        },
        System::IO::IO_STATUS_BLOCK,
    },
};

use super::status::Status;

/// Everybody may read, write, rename and remove what we have open.
const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// How a name is opened.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    pub(super) access: u32,
    /// `FILE_OPEN` or `FILE_CREATE`.
    pub(super) disposition: u32,
    /// `FILE_DIRECTORY_FILE`, `FILE_NON_DIRECTORY_FILE`, or neither.
    pub(super) options: u32,
}

/// Opens or makes one name in a directory that is held; of a link, the link itself.
pub(super) fn open(dir: BorrowedHandle<'_>, name: &str, how: Opening) -> Result<OwnedHandle, Status> {
    let mut units: Vec<u16> = name.encode_utf16().collect();
    let len = u16::try_from(units.len() * 2).map_err(|_| Status::NAME_INVALID)?;
    let name = UNICODE_STRING { Length: len, MaximumLength: len, Buffer: units.as_mut_ptr() };
    let attributes = OBJECT_ATTRIBUTES {
        Length: bytes_of(size_of::<OBJECT_ATTRIBUTES>()),
        RootDirectory: dir.as_raw_handle(),
        ObjectName: &raw const name,
        Attributes: OBJ_CASE_INSENSITIVE,
        SecurityDescriptor: ptr::null(),
        SecurityQualityOfService: ptr::null(),
    };
    let mut handle: HANDLE = ptr::null_mut();
    let mut io = IO_STATUS_BLOCK::default();
    // SAFETY: `attributes` points to `name`, `name` to `units`, and all three live until the call returns; `handle` and `io` are ours to be written.
    let status = unsafe {
        NtCreateFile(
            &raw mut handle,
            how.access | SYNCHRONIZE,
            &raw const attributes,
            &raw mut io,
            ptr::null(),
            FILE_ATTRIBUTE_NORMAL,
            SHARE_ALL,
            how.disposition,
            how.options | FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT | FILE_SYNCHRONOUS_IO_NONALERT,
            ptr::null(),
            0,
        )
    };
    Status::check(status)?;
    // SAFETY: the call succeeded, so the handle is open, and nobody else knows it.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Lengths as the system counts them. One that does not fit would be refused as too short.
fn bytes_of(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(0)
}

/// Names ignore case, as for every other program.
const OBJ_CASE_INSENSITIVE: u32 = 0x40;

/// A structure of the system that any bytes are a value of.
///
/// # Safety
/// It is made of integers, arrays and structures of such; a field that is not read may be anything that zero bytes are a value of.
pub(super) unsafe trait Plain: Copy + Default {}

// SAFETY: integers; of those with flags of one byte (`bool`) the kernel writes 0 or 1 only.
unsafe impl Plain for windows_sys::Wdk::Storage::FileSystem::FILE_ALL_INFORMATION {}
// SAFETY: integers.
unsafe impl Plain for windows_sys::Wdk::Storage::FileSystem::FILE_BASIC_INFORMATION {}
// SAFETY: an integer: flags, which Windows (and not wine) wants at an address for integers.
unsafe impl Plain for u32 {}
// SAFETY: an integer: a flag.
unsafe impl Plain for u8 {}
// SAFETY: integers.
unsafe impl Plain for VolumeSize {}
// SAFETY: integers.
unsafe impl Plain for windows_sys::Win32::Storage::FileSystem::FILE_ATTRIBUTE_TAG_INFO {}
// SAFETY: integers and an array of integers.
unsafe impl Plain for FileSystemName {}
// SAFETY: integers.
unsafe impl Plain for DeviceKind {}

/// `FILE_FS_ATTRIBUTE_INFORMATION` with room for the name.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct FileSystemName {
    pub(super) attributes: u32,
    pub(super) component_len_max: i32,
    pub(super) name_len: u32,
    pub(super) name: [u16; 16],
}

/// `FILE_FS_DEVICE_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct DeviceKind {
    pub(super) device: u32,
    pub(super) characteristics: u32,
}

impl DeviceKind {
    /// Whether a server stands between, whatever file system it says it has.
    pub(super) const fn is_remote(self) -> bool {
        const FILE_REMOTE_DEVICE: u32 = 0x10;
        self.characteristics & FILE_REMOTE_DEVICE != 0
    }
}

/// `FILE_FS_FULL_SIZE_INFORMATION`, which `windows-sys` leaves out.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct VolumeSize {
    pub(super) total_units: i64,
    pub(super) caller_available_units: i64,
    pub(super) available_units: i64,
    pub(super) sectors_per_unit: u32,
    pub(super) bytes_per_sector: u32,
}

/// What the system says about an open file. An answer that is cut short (a name that does not fit) counts: the fixed part is there.
pub(super) fn query<T: Plain>(file: BorrowedHandle<'_>, class: i32) -> Result<T, Status> {
    let (mut found, mut io) = (T::default(), IO_STATUS_BLOCK::default());
    // SAFETY: the length given is that of `found`, whose type any bytes the kernel writes are a value of (`Plain`).
    let status = unsafe {
        NtQueryInformationFile(file.as_raw_handle(), &raw mut io, (&raw mut found).cast(), bytes_of(size_of::<T>()), class)
    };
    Status::check_cut_short(status).map(|()| found)
}

/// What the system says about the file system that an open file is on.
pub(super) fn query_volume<T: Plain>(file: BorrowedHandle<'_>, class: i32) -> Result<T, Status> {
    let (mut found, mut io) = (T::default(), IO_STATUS_BLOCK::default());
    // SAFETY: as in `query`.
    let status = unsafe {
        NtQueryVolumeInformationFile(file.as_raw_handle(), &raw mut io, (&raw mut found).cast(), bytes_of(size_of::<T>()), class)
    };
    Status::check_cut_short(status).map(|()| found)
}

/// Sets what a structure says.
pub(super) fn set<T: Plain>(file: BorrowedHandle<'_>, class: i32, what: &T) -> Result<(), Status> {
    let mut io = IO_STATUS_BLOCK::default();
    // SAFETY: the call reads `what`, as long as its type is, whose bytes came from zeros, from us or from the system; it lies as its type must.
    let status = unsafe {
        NtSetInformationFile(file.as_raw_handle(), &raw mut io, (&raw const *what).cast(), bytes_of(size_of::<T>()), class)
    };
    Status::check(status)
}

/// Sets a name in a directory that is held: a rename or a link. `FILE_RENAME_INFORMATION` and `FILE_LINK_INFORMATION` are alike.
pub(super) fn set_name(
    file: BorrowedHandle<'_>,
    class: i32,
    flags: u32,
    dir: BorrowedHandle<'_>,
    name: &str,
) -> Result<(), Status> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_ne_bytes).collect();
    let len = u32::try_from(name.len()).map_err(|_| Status::NAME_INVALID)?;
    let mut bytes = [u64::from(flags).to_le_bytes(), (dir.as_raw_handle() as u64).to_le_bytes()].concat();
    bytes.extend(len.to_le_bytes());
    bytes.extend(name);
    // No shorter than the structure, which ends in a name of one unit and padding.
    bytes.resize(bytes.len().max(24), 0);
    // Aligned as the structure is.
    let mut aligned: Vec<u64> = vec![0; bytes.len().div_ceil(8)];
    for (word, chunk) in aligned.iter_mut().zip(bytes.chunks(8)) {
        let mut whole = [0; 8];
        whole[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(whole);
    }
    let (mut io, len) = (IO_STATUS_BLOCK::default(), u32::try_from(bytes.len()).map_err(|_| Status::NAME_INVALID)?);
    // SAFETY: the call reads `len` bytes of `aligned`, which is at least as long.
    Status::check(unsafe { NtSetInformationFile(file.as_raw_handle(), &raw mut io, aligned.as_ptr().cast(), len, class) })
}

/// Flushes. With `FLUSH_FLAGS_NO_SYNC` what is cached goes to the device, but the device is not told to flush its own cache.
pub(super) fn flush(file: BorrowedHandle<'_>, flags: u32) -> Result<(), Status> {
    let mut io = IO_STATUS_BLOCK::default();
    // SAFETY: no parameters are given, so none are read; `io` is ours to be written.
    Status::check(unsafe { NtFlushBuffersFileEx(file.as_raw_handle(), flags, ptr::null(), 0, &raw mut io) })
}

/// The next names of an open directory, as UTF-16; none at its end.
pub(super) fn next_names(dir: BorrowedHandle<'_>, restart: bool) -> Result<Vec<Vec<u16>>, Status> {
    let mut buffer: Vec<u64> = vec![0; 8192];
    let mut io = IO_STATUS_BLOCK::default();
    let buffer_len = buffer.len() * 8;
    // SAFETY: the length given is that of `buffer`; no event, no callback, no pattern; the handle is synchronous, so the call is over when it returns.
    let status = unsafe {
        NtQueryDirectoryFile(
            dir.as_raw_handle(),
            ptr::null_mut(),
            None,
            ptr::null(),
            &raw mut io,
            buffer.as_mut_ptr().cast(),
            bytes_of(buffer_len),
            FileNamesInformation,
            false,
            ptr::null(),
            restart,
        )
    };
    match Status::check(status) {
        // The second is said of the root of a volume that holds nothing: it has not even names for itself.
        Err(Status::NO_MORE_FILES | Status::NO_SUCH_FILE) => return Ok(Vec::new()),
        other => other?,
    }
    // SAFETY: all of the buffer is initialised, and nothing else refers to it.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), io.Information.min(buffer_len)) };
    Ok(names_of(bytes))
}

/// `FILE_NAMES_INFORMATION`, one after the other: how far to the next one, an index, the length of the name, the name.
fn names_of(bytes: &[u8]) -> Vec<Vec<u16>> {
    let (mut names, mut at) = (Vec::new(), 0);
    while let Some(entry) = bytes.get(at..) {
        let (Some(next), Some(len)) = (u32_at(entry, 0), u32_at(entry, 8)) else { break };
        let Some(name) = entry.get(12..12 + len) else { break };
        names.push(name.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect());
        if next == 0 {
            break;
        }
        at += next;
    }
    names
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..at + 4)?.try_into().ok().and_then(|bytes| usize::try_from(u32::from_le_bytes(bytes)).ok())
}

/// The reparse data of an open link.
pub(super) fn reparse_data(link: BorrowedHandle<'_>) -> Result<Vec<u8>, Status> {
    const FSCTL_GET_REPARSE_POINT: u32 = 0x0009_00a8;
    let mut data = vec![0; 16 << 10];
    let mut io = IO_STATUS_BLOCK::default();
    // SAFETY: nothing is read, and at most the length of `data` is written to it; the handle is synchronous.
    let status = unsafe {
        NtFsControlFile(
            link.as_raw_handle(),
            ptr::null_mut(),
            None,
            ptr::null(),
            &raw mut io,
            FSCTL_GET_REPARSE_POINT,
            ptr::null(),
            0,
            data.as_mut_ptr().cast(),
            bytes_of(data.len()),
        )
    };
    Status::check(status)?;
    data.truncate(io.Information);
    Ok(data)
}

/// The path by which other programs reach what is open; only for telling people, and for asking who has it open.
pub(super) fn path_of(file: BorrowedHandle<'_>) -> Option<Vec<u16>> {
    let mut path = vec![0; 32 << 10];
    // SAFETY: the length given is that of `path`.
    let len = unsafe { GetFinalPathNameByHandleW(file.as_raw_handle(), path.as_mut_ptr(), bytes_of(path.len()), 0) };
    let len = usize::try_from(len).ok().filter(|&len| len > 0 && len < path.len())?;
    path.truncate(len);
    Some(path)
}

/// The number of the classic calls for a status, which the standard library knows the kind of.
pub(super) fn number_of(status: i32) -> u32 {
    // SAFETY: a function of its argument.
    unsafe { RtlNtStatusToDosError(status) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_out_of_any_bytes_without_going_over_the_end() {
        let entry = |next: u32, name: &str| {
            let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            [&next.to_le_bytes()[..], &[0; 4], &u32::try_from(units.len()).unwrap().to_le_bytes(), &units].concat()
        };
        let mut two = entry(16, "ab");
        two.extend(entry(0, "c"));
        let names: Vec<String> = names_of(&two).iter().map(|name| String::from_utf16(name).unwrap()).collect();
        assert_eq!(names, ["ab", "c"]);
        for end in 0..two.len() {
            assert!(names_of(&two[..end]).len() < 2);
        }
        assert!(names_of(&entry(u32::MAX, "x")).len() == 1);
    }
}
