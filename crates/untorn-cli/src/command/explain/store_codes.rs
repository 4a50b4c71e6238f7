//! What the codes of stores, and of what lies in them, mean, sorted by code. The first line says what happened, the rest what to do.

pub(super) const STORE_CODES: &[(&str, &str)] = &[
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
        "UNT-MANIFEST-DAMAGED",
        "A manifest that was fetched is not the one the release promises: damaged on the way, or on the host.
Nothing was changed. Try again, or from another place.",
    ),
    (
        "UNT-MANIFEST-FORGED",
        "The release promises a manifest that its bytes do not hold.
Nothing was changed. Whoever made the release made a mistake, or means harm: ask them.",
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
        "UNT-PUBLISH-CHOICE",
        "What was chosen for a release, or for a channel, cannot be.
What players see was not changed. The message says why: a name that not every system could hold, a build number that is not higher than the one
players have, or one below the least build they may have. Choose another one.",
    ),
    (
        "UNT-PUBLISH-PATCH",
        "A patch that was just made does not lead from the old build to the new one.
What players see was not changed: every patch is tried on a copy of the old build first. Publish without --patch-from, and report it.",
    ),
    (
        "UNT-PUBLISH-SIGN",
        "The release or the channel could not be signed.
What players see was not changed. Check the key and its password. What was sent already is not sent again.",
    ),
    (
        "UNT-STORE-BUSY",
        "A store is being cleaned up, or somebody publishes to it; or a process that did so was killed.
What players see was not changed. Wait until the other one has ended. A killed one leaves a mark that cannot be told from a living one's: make sure
that none runs, then `untorn gc STORE --yes --forget` removes the marks.",
    ),
    (
        "UNT-STORE-COMPRESS",
        "The compressor failed.
Nothing was published. Try another level.",
    ),
    (
        "UNT-STORE-DAMAGED",
        "An object of a store is not what it should be, or is missing.
What players see was not changed. `untorn store check STORE` lists everything that is wrong. Publishing again mends packs and manifests it has the
bytes of; anything else must come from a copy of the store.",
    ),
    (
        "UNT-STORE-MISSING",
        "An object that should be in the store is not there, or not all of it.
What players see was not changed. `untorn store check STORE` lists everything that is missing.",
    ),
    (
        "UNT-STORE-NOT-FOUND",
        "There is no such channel, or it never had that platform or build.
Nothing was changed. Check the names.",
    ),
    (
        "UNT-STORE-PLACE",
        "That is no store this program can reach.
Name a directory, or a bucket as s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX; buckets need an untorn that was built with the
feature `cloud`.",
    ),
    (
        "UNT-STORE-RACE",
        "Somebody else moved the channel while this publication was under way.
Nothing of theirs was changed. Look at what they published; if yours is still right, publish again: what was sent already is not sent again.",
    ),
    (
        "UNT-STORE-ROOT",
        "The store has no root document yet.
Nothing was changed. The first publication needs it: name the one that `untorn key new` made.",
    ),
    (
        "UNT-STORE-SERVICE",
        "The service that holds the store refused, or could not be reached.
What players see was not changed, or the answer got lost: do the same again, it goes on where it was. Check the address, the credentials and the network.",
    ),
    (
        "UNT-STORE-SIZE",
        "The build has more than a chunk index can hold.
Nothing was published. Pack small files together, or split the build.",
    ),
];
