"""Checksums of the overlays that are built: ``python overlays/checksum.py FOLDER [URL]``.

Prints the MD5 of each ``FOLDER/BOARD/nibblestream.bit`` and ``.hwh``. With the URL where FOLDER
will be published, also writes ``FOLDER/nibblestream.bit.link`` and ``.hwh.link``, by which
`pynqutils` downloads the files for its board: JSON {board: {url, md5sum}}.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from nibblestream import spec


def links(folder: Path, name: str, url: str) -> dict[str, dict[str, str]]:
    """Return the contents of the .link file for a file name: URL and MD5 by board."""
    return {
        file.parent.name: {
            "url": f"{url.rstrip('/')}/{file.parent.name}/{name}",
            "md5sum": hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest(),
        }
        for file in sorted(folder.glob(f"*/{name}"))
    }


def main(folder: Path, url: str = "") -> None:
    """Print the checksums, and write the .link files if there is a URL."""
    for name in (f"{spec.OVERLAY}.bit", f"{spec.OVERLAY}.hwh"):
        found = links(folder, name, url)
        for board, link in found.items():
            print(f"{link['md5sum']}  {board}/{name}")
        if url:
            text = json.dumps(found, indent=2) + "\n"
            (folder / f"{name}.link").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python overlays/checksum.py FOLDER [URL]")
    main(Path(sys.argv[1]), *sys.argv[2:])
