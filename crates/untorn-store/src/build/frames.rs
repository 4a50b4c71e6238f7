//! New chunks become frames, and frames packs.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::Scope,
};

use untorn_format::{
    Hash,
    index::{FRAME_LEN_MAX, Frame},
};

use super::{Pack, Sink};
use crate::{Error, frame::compress};

/// How many frames for each thread are under way at most.
const FRAMES_AHEAD: usize = 4;

/// A frame with its number, not compressed or compressed.
type Numbered<T> = (u32, T);

/// Collects new chunks into frames, has them compressed on other threads, and puts them into packs in order.
pub(super) struct Frames<'s> {
    sink: &'s mut dyn Sink,
    pack_len: u32,
    /// The chunks of the next frame.
    bytes: Vec<u8>,
    /// How many frames have been begun before it.
    count: u32,
    /// How long each frame of which the compressed form has not come yet is.
    lens: BTreeMap<u32, u32>,
    work: SyncSender<Numbered<Vec<u8>>>,
    done: Receiver<Numbered<Result<Vec<u8>, Error>>>,
    under_way: usize,
    under_way_max: usize,
    /// Compressed, but not yet at the turn.
    early: BTreeMap<u32, Vec<u8>>,
    pack: Pack,
    frames: Vec<Frame>,
    /// Number, hash and length of each pack.
    pub(super) packs: Vec<super::PackInfo>,
}

impl<'s> Frames<'s> {
    pub(super) fn new<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        options: &super::BuildOptions,
        sink: &'s mut dyn Sink,
    ) -> Self {
        let jobs = super::threads(options.jobs);
        let (work, jobs_to_do) = sync_channel::<Numbered<Vec<u8>>>(jobs * FRAMES_AHEAD);
        let (results, done) = channel();
        let (jobs_to_do, level) = (Arc::new(Mutex::new(jobs_to_do)), options.level);
        for _ in 0..jobs {
            let (jobs_to_do, results) = (jobs_to_do.clone(), results.clone());
            scope.spawn(move || compress_all(&jobs_to_do, &results, level));
        }
        Self {
            sink,
            pack_len: options.pack_len,
            bytes: Vec::new(),
            count: 0,
            lens: BTreeMap::new(),
            work,
            done,
            under_way: 0,
            under_way_max: jobs * FRAMES_AHEAD,
            early: BTreeMap::new(),
            pack: Pack { number: options.first_pack, hash: Hash::NONE, bytes: Vec::new() },
            frames: Vec::new(),
            packs: Vec::new(),
        }
    }

    /// Adds a chunk. Gives the number of the frame, from 0 on, and where in it the chunk begins.
    pub(super) fn add(&mut self, chunk: &[u8]) -> Result<(u32, u32), Error> {
        let len_max = usize::try_from(FRAME_LEN_MAX).unwrap_or(usize::MAX);
        if self.bytes.len() + chunk.len() > len_max {
            self.end_frame()?;
        }
        let at = u32::try_from(self.bytes.len()).map_err(|_| Error::TooLarge("a frame"))?;
        self.bytes.extend_from_slice(chunk);
        Ok((self.count, at))
    }

    /// After the last chunk: the frames by their numbers.
    pub(super) fn finish(mut self) -> Result<(Vec<Frame>, Vec<super::PackInfo>), Error> {
        self.end_frame()?;
        while self.under_way > 0 {
            self.collect()?;
        }
        self.end_pack()?;
        Ok((self.frames, self.packs))
    }

    fn end_frame(&mut self) -> Result<(), Error> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        while self.under_way >= self.under_way_max {
            self.collect()?;
        }
        let bytes = std::mem::take(&mut self.bytes);
        self.lens.insert(self.count, u32::try_from(bytes.len()).map_err(|_| Error::TooLarge("a frame"))?);
        self.work.send((self.count, bytes)).map_err(|_| Error::Compress("a thread ended"))?;
        self.count = self.count.checked_add(1).ok_or(Error::TooLarge("number of frames"))?;
        self.under_way += 1;
        Ok(())
    }

    /// Waits for one compressed frame, and puts those into the pack whose turn it is.
    fn collect(&mut self) -> Result<(), Error> {
        let (number, stored) = self.done.recv().map_err(|_| Error::Compress("a thread ended"))?;
        self.under_way -= 1;
        self.early.insert(number, stored?);
        while let Some(stored) = u32::try_from(self.frames.len()).ok().and_then(|next| self.early.remove(&next)) {
            self.put(&stored)?;
        }
        Ok(())
    }

    fn put(&mut self, stored: &[u8]) -> Result<(), Error> {
        let too_large = |_| Error::TooLarge("a pack");
        let stored_len = u32::try_from(stored.len()).map_err(too_large)?;
        if self.pack.bytes.len() + stored.len() > usize::try_from(self.pack_len).map_err(too_large)? {
            self.end_pack()?;
        }
        let at = u32::try_from(self.pack.bytes.len()).map_err(too_large)?;
        let number = u32::try_from(self.frames.len()).map_err(too_large)?;
        let len = self.lens.remove(&number).ok_or(Error::Compress("a frame was lost"))?;
        self.pack.bytes.extend_from_slice(stored);
        self.frames.push(Frame { pack: self.pack.number, at, stored_len, len, hash: Hash::of(stored) });
        Ok(())
    }

    fn end_pack(&mut self) -> Result<(), Error> {
        if self.pack.bytes.is_empty() {
            return Ok(());
        }
        let next = self.pack.number.checked_add(1).ok_or(Error::TooLarge("number of packs"))?;
        let mut pack = std::mem::replace(&mut self.pack, Pack { number: next, hash: Hash::NONE, bytes: Vec::new() });
        pack.hash = Hash::of(&pack.bytes);
        self.packs.push(super::PackInfo { number: pack.number, hash: pack.hash, len: pack.bytes.len() as u64 });
        self.sink.pack(pack).map_err(Error::Sink)
    }
}

fn compress_all(work: &Mutex<Receiver<Numbered<Vec<u8>>>>, results: &Sender<Numbered<Result<Vec<u8>, Error>>>, level: i32) {
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, bytes)) = next else { return };
        if results.send((number, compress(&bytes, level))).is_err() {
            return;
        }
    }
}
