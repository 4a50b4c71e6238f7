//! Reading and writing memory of callers. Nothing of it is kept longer than the call.

use std::{ffi::c_char, slice};

use crate::{
    boundary::types::{OPTIONS_SIZES, Options, Text, View},
    failure::Misuse,
    options::Choices,
};

/// The bytes at `data`. Null is fine where there are none.
///
/// # Safety
/// `data` is null, or `len` bytes there can be read as long as the result lives.
pub(crate) unsafe fn bytes<'a>(data: *const u8, len: usize, what: &'static str) -> Result<&'a [u8], Misuse> {
    match len {
        0 => Ok(&[]),
        _ if data.is_null() => Err(Misuse::Null(what)),
        _ if isize::try_from(len).is_err() => Err(Misuse::Length(what)),
        // SAFETY: not null, not too long; the caller of this function promises the rest. Bytes need no alignment.
        _ => Ok(unsafe { slice::from_raw_parts(data, len) }),
    }
}

/// The text at `data`.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(data: *const c_char, len: usize, what: &'static str) -> Result<&'a str, Misuse> {
    if data.is_null() {
        return Err(Misuse::Null(what));
    }
    // SAFETY: as promised by the caller of this function; a `c_char` is a byte.
    let found = unsafe { bytes(data.cast(), len, what) }?;
    str::from_utf8(found).map_err(|_| Misuse::NotUtf8(what))
}

/// The choices at `options`, copied.
///
/// # Safety
/// `options` is null, or as many bytes as its first field says can be read there, and the pointers in it are as the header wants them.
pub(crate) unsafe fn options(options: *const Options) -> Result<Choices, Misuse> {
    if options.is_null() {
        return Ok(Choices::default());
    }
    aligned(options, "options")?;
    // SAFETY: not null and aligned; every size that any header had begins with this field.
    let size = unsafe { options.cast::<u32>().read() };
    let len = usize::try_from(size).ok().filter(|len| OPTIONS_SIZES.contains(len)).ok_or(Misuse::Size(size))?;
    let mut whole = Options::ZERO;
    // SAFETY: the caller has `len` bytes there, as it says itself, and `whole` has at least as many (the list of sizes ends with its own); both are plain
    // data without padding that matters, and any bytes are a value of it but for the two functions, which are null or functions, as the header wants them.
    unsafe { std::ptr::copy_nonoverlapping(options.cast::<u8>(), (&raw mut whole).cast::<u8>(), len) };
    // SAFETY: the pointers in it are as the header wants them.
    unsafe { choices(&whole) }
}

/// # Safety
/// As [`options`], for the pointers.
unsafe fn choices(options: &Options) -> Result<Choices, Misuse> {
    // SAFETY: passed on.
    let root = unsafe { bytes(options.root, options.root_len, "root") }?;
    let mut sources = Vec::new();
    if options.sources_len > 0 {
        if options.sources.is_null() {
            return Err(Misuse::Null("sources"));
        }
        aligned(options.sources, "sources")?;
        if options.sources_len > isize::MAX.unsigned_abs() / size_of::<View>() {
            return Err(Misuse::Length("sources"));
        }
        // SAFETY: not null, aligned, not too long; the caller has as many there.
        for view in unsafe { slice::from_raw_parts(options.sources, options.sources_len) } {
            // SAFETY: passed on.
            sources.push(unsafe { text(view.data, view.len, "a source") }?.to_owned());
        }
    }
    // SAFETY: passed on.
    let (channel, platform) = unsafe { (optional(options.channel, "channel")?, optional(options.platform, "platform")?) };
    Ok(Choices {
        flags: options.flags,
        jobs: options.jobs,
        extent: options.extent,
        observer: super::user::observer(options),
        root: root.to_vec(),
        sources,
        channel,
        platform,
    })
}

/// # Safety
/// As [`bytes`].
unsafe fn optional(view: View, what: &'static str) -> Result<Option<String>, Misuse> {
    if view.len == 0 {
        return Ok(None);
    }
    // SAFETY: passed on.
    Ok(Some(unsafe { text(view.data, view.len, what) }?.to_owned()))
}

impl Options {
    const ZERO: Self = Self {
        struct_size: 0,
        flags: 0,
        jobs: 0,
        extent: 0,
        progress: None,
        should_stop: None,
        user: std::ptr::null_mut(),
        root: std::ptr::null(),
        root_len: 0,
        sources: std::ptr::null(),
        sources_len: 0,
        channel: View { data: std::ptr::null(), len: 0 },
        platform: View { data: std::ptr::null(), len: 0 },
    };
}

/// A place of the caller's for a result, before anything is done for it.
pub(crate) struct Place<T>(*mut T);

impl<T> Place<T> {
    /// # Safety
    /// `at` is null, or a `T` can be written there until the result is gone.
    pub(crate) unsafe fn new(at: *mut T, what: &'static str) -> Result<Self, Misuse> {
        if at.is_null() {
            return Err(Misuse::Null(what));
        }
        aligned(at, what)?;
        Ok(Self(at))
    }

    pub(crate) fn put(&self, value: T) {
        // SAFETY: not null and aligned; the caller of `new` promised the rest. What is there is plain data, and need not be dropped.
        unsafe { self.0.write(value) }
    }
}

/// Puts an answer where the caller wants it, if it wants one.
pub(crate) fn give(place: Option<&Place<Text>>, answer: String) {
    let Some(place) = place else { return };
    let bytes = answer.into_bytes().into_boxed_slice();
    let len = bytes.len();
    let data = if len == 0 { std::ptr::null_mut() } else { Box::into_raw(bytes).cast() };
    place.put(Text { data, len });
}

/// Frees what [`give`] gave.
///
/// # Safety
/// `text` is null, or a `Text` that `give` made and nobody freed, or zeros.
pub(crate) unsafe fn take_back(text: *mut Text) {
    if text.is_null() || !text.is_aligned() {
        return;
    }
    // SAFETY: not null and aligned, and a `Text`, as promised.
    let found = unsafe { text.replace(Text { data: std::ptr::null_mut(), len: 0 }) };
    if !found.data.is_null() && found.len > 0 {
        // SAFETY: it came from a box of that length, as promised, and nobody has it any more.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(found.data.cast::<u8>(), found.len)) });
    }
}

fn aligned<T>(at: *const T, what: &'static str) -> Result<(), Misuse> {
    if at.is_aligned() { Ok(()) } else { Err(Misuse::Misaligned(what)) }
}
