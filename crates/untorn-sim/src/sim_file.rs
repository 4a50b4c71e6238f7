//! An open file of a simulated process.

use std::{
    any::Any,
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use untorn_fs::{File, Metadata, Permissions};

use crate::{
    content::Content,
    effect::{Barrier, Effect},
    inode::{Ino, granted},
    state::{Shared, State},
};

pub(crate) struct SimFile {
    shared: Arc<Shared>,
    process: u32,
    ino: Ino,
    writable: bool,
    /// Changes only under the lock of `shared`.
    errors_heard: AtomicU32,
}

impl SimFile {
    pub(crate) fn new(shared: Arc<Shared>, process: u32, ino: Ino, writable: bool, errors_heard: u32) -> Self {
        Self { shared, process, ino, writable, errors_heard: AtomicU32::new(errors_heard) }
    }

    fn with<T>(&self, call: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.shared.lock();
        state.check_alive(self.process)?;
        call(&mut state)
    }

    fn settle(&self, barrier: Barrier) -> io::Result<()> {
        self.with(|state| {
            let mut heard = self.errors_heard.load(Ordering::Relaxed);
            let answer = state.sync(barrier, &mut heard);
            self.errors_heard.store(heard, Ordering::Relaxed);
            answer
        })
    }

    fn with_writable<T>(&self, call: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.with(call)
    }
}

impl File for SimFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        check_offset(offset)?;
        self.with(|state| Ok(state.inode(self.ino)?.content()?.read(buf, offset)))
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.with_writable(|state| state.write(self.ino, buf, offset))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with_writable(|state| state.set_len(self.ino, len))
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.with_writable(|state| state.allocate(self.ino, offset, len))
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.with(|state| state.metadata(self.ino))
    }

    fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.with(|state| state.set_permissions(self.ino, permissions))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.settle(Barrier::Data(self.ino))
    }

    fn sync(&self) -> io::Result<()> {
        self.settle(Barrier::File(self.ino))
    }

    fn write_out(&self) -> io::Result<()> {
        if !self.shared.lock().options().write_out {
            return self.sync();
        }
        self.with(|state| {
            let mut heard = self.errors_heard.load(Ordering::Relaxed);
            let answer = state.write_out(Barrier::File(self.ino), &mut heard);
            self.errors_heard.store(heard, Ordering::Relaxed);
            answer
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimFile").field("process", &self.process).field("ino", &self.ino).finish_non_exhaustive()
    }
}

impl State {
    fn write(&mut self, ino: Ino, buf: &[u8], offset: u64) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.check_len(offset, buf.len() as u64)?;
        let buf = &buf[..self.room_for(ino, buf.len(), offset)?];
        let changed = self.tick();
        let end = offset + buf.len() as u64;
        let (grown, offset, sectors) = self.edit_content(ino, |content| {
            let grown = end > content.len();
            content.write(buf, offset);
            let (offset, sectors) = content.sectors_around(offset..end);
            (grown, offset, sectors)
        })?;
        self.stamp(ino, changed);
        let data = Effect::Data { ino, offset, sectors, changed };
        self.change_file(ino, std::iter::once(data).chain(grown.then_some(Effect::Len { ino, len: end, changed })));
        Ok(buf.len())
    }

    fn set_len(&mut self, ino: Ino, len: u64) -> io::Result<()> {
        self.check_len(len, 0)?;
        if self.inode(ino)?.content()?.len() == len {
            return Ok(());
        }
        let changed = self.tick();
        self.edit_content(ino, |content| content.set_len(len))?;
        self.stamp(ino, changed);
        self.change_file(ino, [Effect::Len { ino, len, changed }]);
        Ok(())
    }

    fn allocate(&mut self, ino: Ino, offset: u64, len: u64) -> io::Result<()> {
        if len == 0 {
            return Ok(());
        }
        self.check_len(offset, len)?;
        let end = offset + len;
        let allocated = self.inode(ino)?.content()?.allocated();
        self.need_space(end.saturating_sub(allocated), 0)?;
        self.edit_content(ino, |content| content.reserved = content.reserved.max(end))?;
        if self.options().capacity.is_some() {
            self.change_file(ino, [Effect::Reserve { ino, end }]);
        }
        Ok(())
    }

    fn set_permissions(&mut self, ino: Ino, permissions: Permissions) -> io::Result<()> {
        let (changed, permissions) = (self.tick(), granted(permissions));
        self.edit(ino, |inode| inode.permissions = permissions)?;
        self.stamp(ino, changed);
        self.change_file(ino, [Effect::Permissions { ino, permissions, changed }]);
        Ok(())
    }

    fn edit_content<T>(&mut self, ino: Ino, change: impl FnOnce(&mut Content) -> T) -> io::Result<T> {
        self.edit(ino, |inode| inode.content_mut().map(change))?.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    fn stamp(&mut self, ino: Ino, changed: u64) {
        if let Some(inode) = self.live.get_mut(ino) {
            inode.changed = changed;
        }
    }

    fn check_len(&self, offset: u64, len: u64) -> io::Result<()> {
        let end = offset.saturating_add(len);
        check_offset(end)?;
        if end > self.options().len_max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
    }

    /// How many of `len` bytes fit at `offset`; a disk that fills up in the middle of a write takes the beginning.
    fn room_for(&self, ino: Ino, len: usize, offset: u64) -> io::Result<usize> {
        let allocated = self.inode(ino)?.content()?.allocated();
        let wanted = len as u64;
        let growth = (offset + wanted).saturating_sub(allocated);
        let needed = if self.options().overwrite_allocates { growth.max(wanted) } else { growth };
        let missing = usize::try_from(needed.saturating_sub(self.available())).unwrap_or(usize::MAX);
        match len.saturating_sub(missing) {
            0 => Err(io::ErrorKind::StorageFull.into()),
            fits => Ok(fits),
        }
    }
}

/// Systems count in 63 bits.
fn check_offset(offset: u64) -> io::Result<()> {
    if i64::try_from(offset).is_err() { Err(io::ErrorKind::InvalidInput.into()) } else { Ok(()) }
}
