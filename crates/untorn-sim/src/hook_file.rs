//! The open files of a [`HookFs`].

use std::{any::Any, io};

use untorn_fs::{File, Metadata, OpenMode, Permissions};

use crate::{Call, HookFs, Method, Verdict};

pub(crate) struct HookFile {
    fs: HookFs,
    inner: Box<dyn File>,
    path: String,
}

impl HookFile {
    pub(crate) fn new(fs: HookFs, inner: Box<dyn File>, path: &str) -> Self {
        Self { fs, inner, path: path.to_owned() }
    }

    fn call(&self, method: Method) -> Call<'_> {
        Call::new(method, &self.path)
    }

    /// Acts on this file, or, after a redirection, on another one.
    fn on<T>(&self, path: &str, act: impl Fn(&dyn File) -> io::Result<T>) -> io::Result<T> {
        if path == self.path { act(&*self.inner) } else { act(&*self.fs.inner().open(path, OpenMode::Write)?) }
    }
}

impl File for HookFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let call = Call { offset, len: buf.len() as u64, ..self.call(Method::ReadAt) };
        let verdict = self.fs.ask(call);
        if let Verdict::Answer(bytes) = &verdict {
            let n = bytes.len().min(buf.len());
            buf[..n].copy_from_slice(&bytes[..n]);
            return Ok(n);
        }
        let len = if let Verdict::Short(max) = verdict { max.clamp(1, buf.len().max(1)) } else { buf.len() };
        let len = len.min(buf.len());
        // The action may run twice, so it borrows the buffer anew each time.
        let buf = std::cell::RefCell::new(&mut buf[..len]);
        self.fs.judge(&call, verdict, |path| self.on(path, |file| file.read_at(&mut buf.borrow_mut(), offset)))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let call = Call { offset, len: buf.len() as u64, data: buf, ..self.call(Method::WriteAt) };
        let verdict = self.fs.ask(call);
        let part = match verdict {
            Verdict::Skip => return Ok(buf.len()),
            Verdict::Short(max) => &buf[..max.max(1).min(buf.len())],
            _ => buf,
        };
        self.fs.judge(&call, verdict, |path| self.on(path, |file| file.write_at(part, offset)))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let call = Call { offset: len, ..self.call(Method::SetLen) };
        self.fs.run(call, |path| self.on(path, |file| file.set_len(len)))
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        let call = Call { offset, len, ..self.call(Method::Allocate) };
        self.fs.run(call, |path| self.on(path, |file| file.allocate(offset, len)))
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.fs.answer(self.call(Method::FileMetadata), |path| self.on(path, |file| file.metadata()))
    }

    fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.fs.run(self.call(Method::SetPermissions), |path| self.on(path, |file| file.set_permissions(permissions)))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.fs.run(self.call(Method::SyncData), |path| self.on(path, |file| file.sync_data()))
    }

    fn sync(&self) -> io::Result<()> {
        self.fs.run(self.call(Method::Sync), |path| self.on(path, |file| file.sync()))
    }

    fn write_out(&self) -> io::Result<()> {
        self.fs.run(self.call(Method::WriteOut), |path| self.on(path, |file| file.write_out()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
