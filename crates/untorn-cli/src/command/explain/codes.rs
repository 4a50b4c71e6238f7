//! What each error code means, sorted by code. The first line says what happened, the rest what to do.

pub(super) const CODES: &[(&str, &str)] = &[
    (
        "UNT-BASE",
        "The tree is not the build the patch starts from.
Nothing was changed. The message lists every file that differs. Either the patch is for another build (`untorn status` says which one is
installed), or somebody changed these files: bring them back, then try again.",
    ),
    (
        "UNT-BUG",
        "Something happened in untorn that should be impossible.
Please report it, with the message and what you did.",
    ),
    (
        "UNT-BUSY",
        "Another updater holds the tree.
Only one process may change a tree at a time. Wait until the other is done, or use --wait. The lock cannot be left behind: it is gone as soon as
its holder is.",
    ),
    (
        "UNT-CHANGED",
        "A file changed while it was being worked with.
Nothing was changed by untorn. Make sure nothing else writes there, then try again.",
    ),
    (
        "UNT-CHANGED-SINCE",
        "Somebody changed a file since the update that is to be rolled back.
Nothing was changed. Rolling back would lose that change: keep a copy of the file, then use --force.",
    ),
    (
        "UNT-CONFLICT",
        "Somebody changed files while a whole-tree switch was being prepared, or since the switch that is to be undone.
Nothing was changed. The message names the files: keep copies of them elsewhere, put the old ones back or remove them, then try again.",
    ),
    (
        "UNT-DIFF-COMPRESS",
        "The compressor failed.
No patch was written. Try another --level.",
    ),
    (
        "UNT-DIFF-SIZE",
        "The builds differ in more than one patch can hold.
No patch was written. Pack small files together, or update in two steps.",
    ),
    (
        "UNT-EXISTS",
        "Something of that name is there already.
Nothing was changed. Check the path.",
    ),
    (
        "UNT-EXPECT",
        "A precondition of the change does not hold.
Nothing was changed. The tree is not the one this change was made for: verify it.",
    ),
    (
        "UNT-FOREIGN",
        "Something untorn never touches is in the way.
Nothing was changed. It is a device, a name that not every system can hold, a link or a mount point that leads out of the tree, or a file nobody
listed in a directory that is to become a file. Move it away, then try again.",
    ),
    (
        "UNT-FORMAT-CHECKSUM",
        "A patch or manifest is damaged: its checksum does not fit.
Nothing was changed. Get it again.",
    ),
    (
        "UNT-FORMAT-FEATURES",
        "A patch or manifest uses features this version does not know.
Nothing was changed. Use a newer untorn.",
    ),
    (
        "UNT-FORMAT-FIELD",
        "A patch or manifest is whole but says what no version of untorn writes.
Nothing was changed. It was not made by untorn, or made to do harm. Get it from a place you trust.",
    ),
    (
        "UNT-FORMAT-LENGTH",
        "A patch or manifest ends too early or goes on too long.
Nothing was changed. Get it again.",
    ),
    (
        "UNT-FORMAT-MAGIC",
        "This file is another kind of document.
Nothing was changed. Check that you named the right file; a web server's error page is a frequent find.",
    ),
    (
        "UNT-FORMAT-NEWER",
        "A patch or manifest was written in a format this version cannot read.
Nothing was changed. Use a newer untorn.",
    ),
    (
        "UNT-IN-USE",
        "A program that uses the tree is running.
The tree is unchanged. Close the program (it was started with `untorn run`, or holds the reader's lock), or use --wait.",
    ),
    (
        "UNT-INTO-ITSELF",
        "A directory cannot move into itself.
Nothing was changed. Check the paths.",
    ),
    (
        "UNT-INDEX-DAMAGED",
        "The chunk index is not what the release, or its own head, promises.
Nothing was changed. It was damaged on the way or on the host, or it rotted in a file: fetch it again, from another place if need be.",
    ),
    (
        "UNT-INDEX-OTHER",
        "The chunk index belongs to another build.
Nothing was changed. Name the index that was made together with the manifest (`untorn manifest DIR -o MANIFEST --index INDEX`).",
    ),
    (
        "UNT-IO",
        "The system refused an operation.
The message says which one on which file, and which tree there is now. Check the path, the permissions, the disk and its cable. Whatever happened,
`untorn recover` brings the tree to exactly the old or exactly the new state.",
    ),
    (
        "UNT-JOURNAL-DAMAGED",
        "The journal contradicts itself or does not fit its hashes.
Nothing was changed, since nobody can know what would be right. Where the build is at hand as a directory, `untorn repair --from` begins the journal
anew and makes every file whole. Keep a copy of the directory .untorn for analysis before you do.",
    ),
    (
        "UNT-JOURNAL-FOREIGN",
        "The journal belongs to another tree.
Nothing was changed. If .untorn was copied here by mistake, remove it; else recover the tree it came from.",
    ),
    (
        "UNT-JOURNAL-NEWER",
        "The journal was written by a newer version.
Nothing was changed. Use that version.",
    ),
    (
        "UNT-KIND",
        "Something of another kind is at the path.
Nothing was changed. A directory is where a file should be, or the other way round. Check the path.",
    ),
    (
        "UNT-MANIFEST-BYTES",
        "The lengths of all files together exceed what 64 bits can count.
Nothing was changed.",
    ),
    (
        "UNT-MANIFEST-ENTRIES",
        "A build has too many paths.
Nothing was changed. Pack small files together.",
    ),
    (
        "UNT-MANIFEST-LENGTH",
        "The manifest of a build would be too long.
Nothing was changed. Use fewer or shorter paths.",
    ),
    (
        "UNT-MANIFEST-PARENT",
        "A manifest lists a path but not the directory it lies in.
Nothing was changed. Whoever made the manifest must list the directory.",
    ),
    (
        "UNT-MANIFEST-TARGET",
        "A symlink of a build leads to a path that the build does not have.
Nothing was changed. Add what it leads to, or remove the link.",
    ),
    (
        "UNT-MISSING",
        "Nothing is at the path.
Nothing was changed. Check the path.",
    ),
    (
        "UNT-NO-UNDO",
        "Nothing was kept to go back with.
The tree is unchanged. Undo is kept by `untorn apply` unless --no-undo is given, and by `untorn write --undo`; only the last change can be undone.",
    ),
    (
        "UNT-NOT-EMPTY",
        "A directory that is to be removed is not empty.
Nothing was changed. Move away what is in it, then try again.",
    ),
    (
        "UNT-NOT-RECORDED",
        "Nothing says what is installed in this directory.
It was never updated by `untorn apply`, or only with --verify quick, or it holds other files beside the build, so that the build could not be told.
Say what it should be: `untorn verify --against` a directory or a manifest.",
    ),
    (
        "UNT-OUTPUT",
        "The patch would lie inside one of the builds.
No patch was written. It would become part of the build the next time: write it somewhere else.",
    ),
    (
        "UNT-PACK-DAMAGED",
        "Bytes of a pack are not those that the chunk index promises.
Nothing was changed. They were damaged on the way or on the host: try again, from another place if need be. Nothing of them was decompressed or used.",
    ),
    (
        "UNT-PACK-FORGED",
        "The chunk index promises what its pack cannot hold.
Nothing was changed. Whoever published the release made a mistake, or means harm: ask them to publish it again.",
    ),
    (
        "UNT-PATCH-CONTRADICTION",
        "The patch does not lead where it says.
Nothing was changed. The tree is right, the patch is wrong. Ask whoever made it for another one.",
    ),
    (
        "UNT-PATCH-DAMAGED",
        "The patch is damaged, or was cut off.
Nothing was changed. Get it again.",
    ),
    (
        "UNT-PATCH-TRAILING",
        "The patch goes on after its end.
Nothing was changed. Get it again.",
    ),
    (
        "UNT-PATH-F3",
        "A symlink leads out of the tree, or is not written in its one plain form.
Nothing was changed. Symlinks must be relative, with '/' between names and '..' only at the beginning, and stay inside the tree.",
    ),
    (
        "UNT-PATH-N1",
        "A path is absolute or has a drive letter.
Nothing was changed. Paths are relative to the tree.",
    ),
    (
        "UNT-PATH-N10",
        "A file is also the directory of another path.
Nothing was changed. Rename or remove one of them.",
    ),
    (
        "UNT-PATH-N11",
        "A name begins like .untorn, where untorn keeps its own state.
Nothing was changed. Rename the file.",
    ),
    (
        "UNT-PATH-N12",
        "A path is too long or too deep.
Nothing was changed. At most 255 bytes a name, 1,024 bytes and 64 names a path.",
    ),
    (
        "UNT-PATH-N2",
        "A path has an empty, '.' or '..' component.
Nothing was changed. Each path has one spelling: its plain one.",
    ),
    (
        "UNT-PATH-N3",
        "A name holds a control character or one of < > : \" \\ | ? *.
Nothing was changed. Windows does not allow it: rename the file.",
    ),
    (
        "UNT-PATH-N4",
        "A name begins with a space, or ends in a space or a dot.
Nothing was changed. Windows drops these: rename the file.",
    ),
    (
        "UNT-PATH-N5",
        "A name is that of a device on Windows, such as CON or COM1.
Nothing was changed. The extension does not help: rename the file.",
    ),
    (
        "UNT-PATH-N6",
        "A name looks like a short name that Windows makes up for another file, such as PROGRA~1.
Nothing was changed. Rename the file.",
    ),
    (
        "UNT-PATH-N7",
        "A name is not UTF-8.
Nothing was changed. Rename the file.",
    ),
    (
        "UNT-PATH-N8",
        "A name holds an invisible or direction-changing character.
Nothing was changed. It could pass for another name: rename the file.",
    ),
    (
        "UNT-PATH-N9",
        "Two names are the same on some systems, for example but for upper and lower case.
Nothing was changed. Rename one of them.",
    ),
    (
        "UNT-POISONED",
        "An earlier error ended the work with this tree.
The message says which tree there is. Open the tree again.",
    ),
    (
        "UNT-PRODUCER",
        "The updates could not be read, or one of them is wrong.
Nothing was changed: of a set of updates all are applied, or none. Mend the line that the message names, then try again.",
    ),
    (
        "UNT-ROOT",
        "This directory must never be put under care.
Nothing was changed. It is the root of the disk or your home. Name the directory of the game itself.",
    ),
    (
        "UNT-SOURCE",
        "The directory that a repair should take bytes from holds other ones.
Nothing was changed. Name a directory that holds the very build the tree should be (`untorn status` says which one is installed), or say with
--against that it shall become another one.",
    ),
    (
        "UNT-SPACE",
        "There is not enough space.
An update checks and reserves what it needs before it changes anything, so the tree is the old one. Free some space, then try again.",
    ),
    (
        "UNT-SPECIAL",
        "A build holds a device, socket or pipe.
Nothing was changed. A build consists of files, directories and symlinks: remove it.",
    ),
    (
        "UNT-STOPPED",
        "A signal such as Ctrl-C came, and untorn stopped at a safe point.
Nothing was changed: what was prepared is discarded. Start again whenever you like. A signal that comes after the commit point does not stop: the
update is completed. A second signal stops at once, and the next command that opens the tree puts it right.",
    ),
    (
        "UNT-STORE-COMPRESS",
        "The compressor failed.
Nothing was published. Try another level.",
    ),
    (
        "UNT-STORE-SIZE",
        "The build has more than a chunk index can hold.
Nothing was published. Pack small files together, or split the build.",
    ),
    (
        "UNT-UNFINISHED",
        "The updates ended without their end mark.
Nothing was changed. Whoever produced them died before the set was complete.",
    ),
    (
        "UNT-UNSUPPORTED",
        "The system, or the format, cannot do what was asked for.
Nothing was changed. The message says what; choose another way.",
    ),
    (
        "UNT-USAGE",
        "The command line was not understood.
Nothing was changed. See `untorn --help`.",
    ),
];
