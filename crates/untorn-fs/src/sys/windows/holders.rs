//! Who has a file open: the Restart Manager knows.
#![allow(unsafe_code)]

use std::ptr;

use windows_sys::Win32::System::RestartManager::{
    CCH_RM_SESSION_KEY, RM_PROCESS_INFO, RmEndSession, RmGetList, RmRegisterResources, RmStartSession,
};

/// More are not named.
const HOLDERS_MAX: u32 = 8;

/// The programs that have the file at `path` open, such as `game.exe (process 4711)`; none where that is not known.
pub(super) fn holders(path: &[u16]) -> Vec<String> {
    Session::start().map(|session| session.holders(path)).unwrap_or_default()
}

struct Session(u32);

impl Session {
    fn start() -> Option<Self> {
        let (mut session, mut key) = (0, [0; CCH_RM_SESSION_KEY as usize + 1]);
        // SAFETY: both are ours to be written, and the key is as long as the documents ask for.
        let answer = unsafe { RmStartSession(&raw mut session, 0, key.as_mut_ptr()) };
        (answer == 0).then_some(Self(session))
    }

    fn holders(&self, path: &[u16]) -> Vec<String> {
        let path: Vec<u16> = without_prefix(path).iter().copied().chain([0]).collect();
        let paths = [path.as_ptr()];
        // SAFETY: one path that ends in zero, and no programs or services.
        if unsafe { RmRegisterResources(self.0, 1, paths.as_ptr(), 0, ptr::null(), 0, ptr::null()) } != 0 {
            return Vec::new();
        }
        let mut found = [RM_PROCESS_INFO::default(); HOLDERS_MAX as usize];
        let (mut needed, mut count, mut reasons) = (0, HOLDERS_MAX, 0);
        // SAFETY: `count` is how many fit into `found`.
        let answer = unsafe { RmGetList(self.0, &raw mut needed, &raw mut count, found.as_mut_ptr(), &raw mut reasons) };
        let known = if answer == 0 { usize::try_from(count).unwrap_or(0).min(found.len()) } else { 0 };
        found[..known].iter().map(name_of).collect()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the session was started and is ended once.
        unsafe { RmEndSession(self.0) };
    }
}

/// `C:\a` of `\\?\C:\a`: the Restart Manager is documented for the former. Where only the latter can be used (long paths) it must do.
fn without_prefix(path: &[u16]) -> &[u16] {
    const PREFIX: [u16; 4] = [b'\\' as u16, b'\\' as u16, b'?' as u16, b'\\' as u16];
    const LEN_MAX: usize = 259;
    match path.strip_prefix(&PREFIX) {
        Some(plain) if plain.get(1) == Some(&u16::from(b':')) && plain.len() <= LEN_MAX => plain,
        _ => path,
    }
}

fn name_of(process: &RM_PROCESS_INFO) -> String {
    let units: Vec<u16> = process.strAppName.iter().copied().take_while(|&unit| unit != 0).collect();
    format!("{} (process {})", String::from_utf16_lossy(&units).escape_debug(), process.Process.dwProcessId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_paths_of_drives_lose_their_prefix() {
        let of = |path: &str| String::from_utf16(without_prefix(&path.encode_utf16().collect::<Vec<_>>())).unwrap();
        assert_eq!(of(r"\\?\C:\game\a.pak"), r"C:\game\a.pak");
        for same in [r"C:\a", r"\\?\UNC\server\share\a", r"\\?\", "", &format!(r"\\?\C:\{}", "x".repeat(300))] {
            assert_eq!(of(same), same);
        }
    }
}
