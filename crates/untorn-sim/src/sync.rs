//! Syncs of a running file system: success settles, failure loses.

use std::io;

use crate::{
    effect::{Barrier, Effect, Event},
    inode::Ino,
    state::State,
};

impl State {
    /// A sync through a handle on one file, or on everything, that has heard of the errors up to `heard`.
    pub(crate) fn sync(&mut self, barrier: Barrier, heard: &mut u32) -> io::Result<()> {
        let of = barrier.file();
        let failure = self.fail_if_told(barrier);
        let earlier = self.sync_errors.hear(of, heard);
        failure.and(earlier)?;
        self.record(Event::Settled(barrier));
        for written_out in std::mem::take(&mut self.written_out) {
            self.record(Event::Settled(written_out));
        }
        Ok(())
    }

    /// As [`State::sync`], but for the flush of the device.
    pub(crate) fn write_out(&mut self, barrier: Barrier, heard: &mut u32) -> io::Result<()> {
        let failure = self.fail_if_told(barrier);
        let earlier = self.sync_errors.hear(barrier.file(), heard);
        failure.and(earlier)?;
        self.written_out.retain(|other| *other != barrier);
        self.written_out.push(barrier);
        Ok(())
    }

    pub(crate) fn write_out_dir(&mut self, dir: Ino) -> io::Result<()> {
        let barrier = Barrier::Dir(dir);
        self.fail_if_told(barrier)?;
        self.written_out.retain(|other| *other != barrier);
        self.written_out.push(barrier);
        Ok(())
    }

    pub(crate) fn sync_dir(&mut self, dir: Ino) -> io::Result<()> {
        self.fail_if_told(Barrier::Dir(dir))?;
        self.record(Event::Settled(Barrier::Dir(dir)));
        Ok(())
    }

    /// What `barrier` covers is neither durable nor waiting for a sync from now on.
    pub(crate) fn lose(&mut self, barrier: Barrier) {
        let files = self.files_waiting(barrier);
        self.record(Event::Failed(barrier));
        self.sync_errors.add(&files);
    }

    fn fail_if_told(&mut self, barrier: Barrier) -> io::Result<()> {
        let Some(kind) = self.failing_sync.take() else { return Ok(()) };
        self.lose(barrier);
        // What was in the cache of the device is gone with its flush. Of that only whoever asked for the flush is told: the files were written out well.
        for written_out in std::mem::take(&mut self.written_out) {
            self.record(Event::Failed(written_out));
        }
        self.sync_errors.set_heard();
        Err(error_of(kind))
    }

    fn files_waiting(&self, barrier: Barrier) -> Vec<Ino> {
        let mut files = Vec::new();
        for event in self.log.iter() {
            match event {
                Event::Effect(Effect::Data { ino, .. } | Effect::Len { ino, .. }) if !files.contains(ino) => files.push(*ino),
                Event::Settled(Barrier::All) | Event::Failed(Barrier::All) => files.clear(),
                Event::Settled(Barrier::Data(of) | Barrier::File(of)) | Event::Failed(Barrier::Data(of) | Barrier::File(of)) => {
                    files.retain(|ino| ino != of);
                }
                _ => {}
            }
        }
        files.retain(|&ino| barrier == Barrier::All || barrier.file() == Some(ino));
        files
    }
}

/// The error of this kind; an I/O error of the medium has no kind of its own, and what is busy is a file that a program has open.
pub(crate) fn error_of(kind: io::ErrorKind) -> io::Error {
    match kind {
        io::ErrorKind::Other => io::Error::other("simulated input/output error"),
        io::ErrorKind::ResourceBusy => untorn_fs::in_use(Vec::new()),
        kind => kind.into(),
    }
}
