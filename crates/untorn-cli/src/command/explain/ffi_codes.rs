//! What the codes of the C interface mean, sorted by code. They say that the calling program has a mistake.

pub(super) const FFI_CODES: &[(&str, &str)] = &[
    (
        "UNT-FFI-ALIGN",
        "A program handed over a pointer that is not aligned.
Nothing was changed. Mend the program: the struct, or the place for a result, must lie where C would put it.",
    ),
    (
        "UNT-FFI-BEGUN",
        "A program began a transaction on a tree that has one.
Nothing was changed. Commit or discard it first.",
    ),
    (
        "UNT-FFI-CONCURRENT",
        "A program used a handle while it was in use: on two threads at once, or in a callback of a call with the same handle.
Nothing was changed. Use a handle on one thread at a time.",
    ),
    (
        "UNT-FFI-HANDLE",
        "A program used a handle that is closed, or of another kind.
Nothing was changed. Handles are numbers that are never used twice; zero is none.",
    ),
    (
        "UNT-FFI-LENGTH",
        "A program handed over a length that no memory has.
Nothing was changed. A negative number was converted, most likely.",
    ),
    (
        "UNT-FFI-NONE",
        "A program changed, committed or discarded where no transaction had begun.
Nothing was changed. Begin one. A commit ends it, also when it fails.",
    ),
    (
        "UNT-FFI-NULL",
        "A program handed over a null pointer where something is needed.
Nothing was changed. Mend the program.",
    ),
    (
        "UNT-FFI-OPTION",
        "A program asked for something that the function does not know.
Nothing was changed. The header says which flags and fields belong to which function.",
    ),
    (
        "UNT-FFI-SIZE",
        "A program handed over a struct of a size that no header of this library has.
Nothing was changed. Set struct_size to sizeof the struct, and use the header that came with the library.",
    ),
    (
        "UNT-FFI-THREAD",
        "A program used a handle on another thread than the one it is bound to.
Nothing was changed. Open the tree without UNTORN_THREAD_BOUND, or stay on its thread.",
    ),
    (
        "UNT-FFI-UTF8",
        "A program handed over text that is not UTF-8.
Nothing was changed. Convert it; on Windows, from UTF-16.",
    ),
];
