//! The codes of what is imported from other tools.

/// Codes and meanings.
pub(super) const IMPORT_CODES: [(&str, &str); 5] = [
    (
        "UNT-IMPORT-BUILD",
        "The file belongs to the build that is installed, and would be called damaged afterwards.
Nothing was changed. Files of a build change by `untorn update`, `apply` and `repair`.",
    ),
    (
        "UNT-IMPORT-KIND",
        "The description is damaged, or of a kind that is not understood: no VCDIFF delta, .zsync file or .caibx index, or one with options that are not supported.
Nothing was changed. Fetch it again, or make it again without these options (xdelta3: -S lzma or -S none).",
    ),
    (
        "UNT-IMPORT-OTHER",
        "What came out is not what the description promises: the file is not the version it starts from, or the source not the one it leads to.
Nothing was changed. Check both.",
    ),
    (
        "UNT-IMPORT-SOURCE",
        "The new file has bytes that the old one has not, and nothing was named that they could come from.
Nothing was changed. Name the new file, its address, or the store of chunks with --from.",
    ),
    (
        "UNT-IMPORT-UNCHECKED",
        "The delta has no checksums, as xdelta3 -n makes it: nothing would tell a file that it starts from from any other one.
Nothing was changed. Name the BLAKE3 hash of what must come out with --new-hash, or that of the file as it is with --old-hash.",
    ),
];
