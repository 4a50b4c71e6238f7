"""Follows every link within a folder of HTML pages; says which lead nowhere. Links to other hosts are not followed."""

import pathlib
import re
import sys
import urllib.parse

ROOT = pathlib.Path(sys.argv[1])


def targets(page: pathlib.Path) -> set[str]:
    """What a link to this page may name after a `#`."""
    return set(re.findall(r'\bid="([^"]+)"', page.read_text()))


def broken(page: pathlib.Path) -> list[str]:
    """The links of the text of this page (not of the menus around it) that lead nowhere."""
    text = page.read_text()
    text = text[text.find("<main") : text.find("</main")]
    found = []
    for link in re.findall(r'\b(?:href|src)="([^"]+)"', text):
        address = urllib.parse.urlsplit(link)
        if address.scheme or address.netloc:
            continue
        to = page.parent / urllib.parse.unquote(address.path) if address.path else page
        if not to.is_file() or (address.fragment and urllib.parse.unquote(address.fragment) not in targets(to)):
            found.append(f"{page}: {link}")
    return found


pages = [page for page in sorted(ROOT.rglob("*.html")) if page.name not in ("print.html", "404.html", "toc.html")]
found = [line for page in pages for line in broken(page)]
print("\n".join(found))
print(f"{len(pages)} pages, {len(found)} links that lead nowhere")
sys.exit(bool(found) or len(pages) < 10)
