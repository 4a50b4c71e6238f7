//! What the codes of trees, patches and keys mean, sorted by code. The first line says what happened, the rest what to do.

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
        "UNT-HALF-WAY",
        "An update in steps (apply --low-disk) is half way.
The tree is neither the old nor the new build, and nothing may use or change it until the last step is done. Apply the patch that it began with again with
--low-disk: it goes on where it stopped. Or repair the tree from the new build. There is no way back.",
    ),
    (
        "UNT-IN-USE",
        "A program that uses the tree is running, or (on Windows) has the file open that is named.
The tree is unchanged, unless the message says otherwise. Close the program (it was started with `untorn run`, holds the reader's lock, or is named), or use
--wait.",
    ),
    (
        "UNT-INTO-ITSELF",
        "A directory cannot move into itself.
Nothing was changed. Check the paths.",
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
        "UNT-KEY-FILE",
        "A file is no secret key.
Nothing was signed. Name a secret key that `untorn key new` or `minisign -G` made.",
    ),
    (
        "UNT-KEY-PASSWORD",
        "The password of a secret key is wrong, or there is none.
Nothing was signed. Set UNTORN_KEY_PASSWORD, use --password-stdin, or start untorn on a terminal, which asks. A forgotten password cannot be found out: see the runbook for lost keys in SECURITY.md.",
    ),
    (
        "UNT-KEY-SYSTEM",
        "The system gave no random numbers, or not the memory that encrypting a key takes.
Nothing was written. Free some memory, then try again.",
    ),
    (
        "UNT-KEY-THRESHOLD",
        "A role would have fewer keys than must sign.
Nothing was written. Name a new key in the place of the old one with --new.",
    ),
    (
        "UNT-KEY-UNKNOWN",
        "The key stands in no role of the root.
Nothing was written. `untorn key show ROOT` lists the keys of a root.",
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
        "UNT-MODIFIED",
        "Files that somebody changed are in the way of an update, and the policy says to refuse then.
Nothing was changed. The message names them: keep copies elsewhere, or say what to do with them with --keep or --replace.",
    ),
    (
        "UNT-NET-BROKEN",
        "A connection ended before everything had come, again and again.
Nothing was changed, and what has come is not fetched again. Try again later, or use another server with --from.",
    ),
    (
        "UNT-NET-CONTENT",
        "What a server gave is not what the signed documents say should be there.
Nothing was changed. Every mirror was asked. Try again later: a cache on the way may be stale. If it stays so, tell whoever publishes the product.",
    ),
    (
        "UNT-NET-ENCODING",
        "A server compressed what it gave, though nobody asked for that.
Nothing was changed. Whoever runs the server should turn that off for these files.",
    ),
    (
        "UNT-NET-LENGTH",
        "Something is longer than it may be.
Nothing was changed; no more was taken than is allowed. Use another server, and tell whoever runs this one.",
    ),
    (
        "UNT-NET-MISSING",
        "There is no such file on any server.
Nothing was changed. Check the address: it is that of the directory that holds `untorn.store`. If it is right, what was published is not complete.",
    ),
    (
        "UNT-NET-NAME",
        "A document names something that untorn never asks a server for.
Nothing was changed. Tell whoever publishes the product.",
    ),
    (
        "UNT-NET-NO-RANGE",
        "A server gives out whole files only, and these are not wanted for the sake of a part.
Nothing was changed. Use another server, or leave out --no-whole.",
    ),
    (
        "UNT-NET-PAGE",
        "A web page came where data should be.
Nothing was changed. Often the network wants a login first: open any web page in a browser, then try again. Otherwise check the address.",
    ),
    (
        "UNT-NET-PROTOCOL",
        "What answered is no web server, or does not answer as one.
Nothing was changed. Check the address.",
    ),
    (
        "UNT-NET-RANGE",
        "A server gave another part of a file than it was asked for.
Nothing was changed. Use another server, and tell whoever runs this one.",
    ),
    (
        "UNT-NET-READ",
        "A file of a store could not be read.
Nothing was changed. Check the disk and the permissions of the directory that holds the store.",
    ),
    (
        "UNT-NET-REDIRECT",
        "A server leads on to a place that is not followed: too often, out of HTTPS, or out of the web.
Nothing was changed. Use the right address, or tell whoever runs the server.",
    ),
    (
        "UNT-NET-SLOW",
        "Next to nothing came for a long time.
Nothing was changed, and what has come is not fetched again. Try again later, or use another server.",
    ),
    (
        "UNT-NET-STATUS",
        "A server refused, or was too busy.
Nothing was changed. The message shows what it said. Try again later.",
    ),
    (
        "UNT-NET-TLS",
        "A server could not prove that it is the one it should be.
Nothing was changed. Check the clock of this machine first; then ask who is between it and the server.",
    ),
    (
        "UNT-NET-UNREACHABLE",
        "There is no connection to a server.
Nothing was changed. Check the address and the network.",
    ),
    (
        "UNT-NET-URL",
        "An address cannot be used.
Give a directory, or an address that begins with https:// or http:// and has neither ? nor #.",
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
        "UNT-NOT-FETCHED",
        "Not everything that the update needs has been fetched.
Nothing was changed. Run the update without --commit, or with --stage-only first.",
    ),
    (
        "UNT-MERGE-APART",
        "The two patches do not fit together.
No patch was written. The first one must lead to the build that the second one starts from: `untorn inspect PATCH` says from where to where each leads.",
    ),
    (
        "UNT-MERGE-FILE",
        "How the second patch makes a file cannot be told without the files themselves.
No patch was written. Make one from the builds with `untorn diff`.",
    ),
    (
        "UNT-MERGE-PRODUCT",
        "The two patches were signed for different products or platforms.
No patch was written. Name two patches of the same product.",
    ),
    (
        "UNT-MERGE-SIZE",
        "The two patches together are more than one can hold, or than whoever applies it could keep in memory.
No patch was written. Make one from the builds with `untorn diff`.",
    ),
    (
        "UNT-NOT-FOLLOWING",
        "The tree follows no releases.
Nothing was changed. `untorn install` begins to follow them, with a root that you trust; so does `untorn update` with --from and --trust.",
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
        "UNT-PATCH-ENCODER",
        "The patch restores what one version of zstd compressed, and this program has another, which may compress otherwise.
Nothing was changed. Use the version of untorn that the patch was made with, or `untorn update`, which takes chunks then. Who makes patches for other versions leaves such content
as it is: `untorn diff --no-recompress`.",
    ),
    (
        "UNT-PATCH-JOINED",
        "A patch that was joined from others (`untorn merge`) cannot be used here.
Nothing was changed. It says less of the old files than others: so the tree must say which build it is, as one does that untorn updated before, or be that build and nothing else; it is not
applied in steps (--low-disk). Apply the patches it was joined from, or make one with `untorn diff`.",
    ),
    (
        "UNT-PATCH-MEMORY",
        "Reading the patch takes more memory than it may.
Nothing was changed, and the memory was not taken. Allow more (apply --memory), or ask for a patch with smaller parts.",
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
        "UNT-STEPS",
        "The parts of this patch wait for each other in too many ways to be put in order.
Nothing was changed. Free some space, and apply it without --low-disk.",
    ),
    (
        "UNT-STEPS-OTHER",
        "An update in steps is half way that another version of untorn began, and this version would divide the patch into other steps.
Nothing was changed. Go on with the version that began it, or repair the tree from the new build.",
    ),
    (
        "UNT-STOPPED",
        "A signal such as Ctrl-C came, and untorn stopped at a safe point.
Nothing was changed: what was prepared is discarded. Start again whenever you like. A signal that comes after the commit point does not stop: the
update is completed. A second signal stops at once, and the next command that opens the tree puts it right.",
    ),
    (
        "UNT-TAKEN",
        "Something has a name that an update in steps needs for its own files: untorn-low-disk- and a number.
Nothing was changed. Move it away, then try again.",
    ),
    (
        "UNT-TRUST-ALGORITHM",
        "A signature is of a kind that is not accepted.
Nothing was changed. Only minisign's prehashed Ed25519 signatures count. Whoever signed it should use a newer minisign, or untorn.",
    ),
    (
        "UNT-TRUST-CHAIN",
        "A root does not follow the one that is believed.
Nothing was changed. Roots follow each other one by one, each signed by the keys of the one before and its own. Get those in between, or tell whoever makes the product.",
    ),
    (
        "UNT-TRUST-CHANNEL",
        "That is not the channel that was asked for, or it has nothing for this platform.
Nothing was changed. Name another channel with --channel.",
    ),
    (
        "UNT-TRUST-DOCUMENT",
        "A signed document cannot be read.
Nothing was changed. Get it again, from another place if it stays so; or use a newer untorn.",
    ),
    (
        "UNT-TRUST-ENVELOPE",
        "Signatures cannot be read.
Nothing was changed. Each has four lines, as minisign writes them. Get the file again.",
    ),
    (
        "UNT-TRUST-EPOCH",
        "A channel document is of an epoch that the root does not name.
Nothing was changed. It was signed before its key was revoked, or by nobody who may. Try again later, or another mirror.",
    ),
    (
        "UNT-TRUST-EXPIRED",
        "The word of a channel is old, and that is to be refused.
Nothing was changed. Check the clock. If it is right, this mirror is behind: try another one.",
    ),
    (
        "UNT-TRUST-FLOOR",
        "A build is below the least one that may be installed.
Nothing was changed. Whoever makes the product has withdrawn it. Get a newer one.",
    ),
    (
        "UNT-TRUST-FORK",
        "There are two different documents with one number.
Nothing was changed. Somebody tells different players different things: tell whoever makes the product.",
    ),
    (
        "UNT-TRUST-KEY",
        "That is no public key of minisign.
It is one line of 56 letters, below a line with a comment.",
    ),
    (
        "UNT-TRUST-NO-ROOT",
        "The patch is signed, and nothing says whom to believe.
Nothing was changed. The tree does not follow anybody yet: name the root of the maker with --trust, or, where you cannot get it from elsewhere, use --trust-on-first-use and compare the fingerprint.",
    ),
    (
        "UNT-TRUST-OLDER",
        "A release is not newer than what is installed.
Nothing was changed.",
    ),
    (
        "UNT-TRUST-PATCH",
        "The patch is not one that the signed release lists.
Nothing was changed. Somebody put a right signature before another patch. Get the patch from whoever makes the product.",
    ),
    (
        "UNT-TRUST-PLATFORM",
        "A release is for another platform.
Nothing was changed. Get the one for this platform.",
    ),
    (
        "UNT-TRUST-PRODUCT",
        "A document is of another product.
Nothing was changed. Check the address, and which tree it is.",
    ),
    (
        "UNT-TRUST-RELEASE",
        "A release is not the one that the channel names.
Nothing was changed. Try again, or another mirror.",
    ),
    (
        "UNT-TRUST-ROLLBACK",
        "A channel document is older than one that was seen before.
Nothing was changed. This mirror is behind, or somebody wants to lead you back. Try again later, or another mirror.",
    ),
    (
        "UNT-TRUST-SIGNATURE",
        "Too few of the right keys signed.
Nothing was changed. Get it from whoever makes the product; if that is where it came from, ask them.",
    ),
    (
        "UNT-TRUST-UNSIGNED",
        "Nobody signed the patch.
Nothing was changed. Get a signed patch. For one that you made yourself, or whose origin you know otherwise, there is --unsigned.",
    ),
    (
        "UNT-TRUST-WEAK-KEY",
        "A key for which anybody can sign.
Nothing was changed. Whoever made the root must make a new key.",
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
