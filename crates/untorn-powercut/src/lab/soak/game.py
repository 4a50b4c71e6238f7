"""A game as far as files are concerned: maps all of a tree, holds it, and says what it saw. game.py TREE SECONDS"""

import hashlib
import mmap
import os
import sys
import time

tree, hold = sys.argv[1], float(sys.argv[2])


def paths() -> list[str]:
    found = []
    for folder, folders, names in os.walk(tree):
        folders[:] = sorted(name for name in folders if name != ".untorn")
        found += [os.path.join(folder, name) for name in names]
    return sorted(found)


def digest(contents) -> str:
    whole = hashlib.blake2b()
    for path, content in contents:
        whole.update(os.path.relpath(path, tree).encode() + b"\0")
        whole.update(content)
    return whole.hexdigest()


def mapped(path: str):
    with open(path, "rb") as file:
        # Nothing cannot be mapped.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if os.fstat(file.fileno()).st_size else b""


maps = [(path, mapped(path)) for path in paths()]
print("mapped", digest(maps), flush=True)
time.sleep(hold)
print("held", digest(maps), digest((path, open(path, "rb").read()) for path in paths()), flush=True)
