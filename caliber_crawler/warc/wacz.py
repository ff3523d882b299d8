"""WACZ 1.1.1 (https://specs.webrecorder.net/wacz/1.1.1/): WARC files, their index and a page list in one ZIP."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from heapq import merge
from io import RawIOBase
from itertools import count
from tempfile import TemporaryFile
from typing import IO, Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from caliber_crawler import __version__
from caliber_crawler.items import Capture
from caliber_crawler.warc.rotation import MAX_FILE_BYTES
from caliber_crawler.warc.writer import IndexEntry, WarcFile, address_of, warc_date

TitleOf = Callable[[Capture], str | None]
"""Returns the title of a capture's page; ``None`` if it does not belong in the page list."""


class Metered(RawIOBase):
    """A write-only file that counts and digests what is written."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self.size = 0
        self.digest = sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.size += len(data)
        self.digest.update(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self.size


class Package:
    """A WACZ file that is being written."""

    def __init__(self, zipped: ZipFile) -> None:
        self._zip = zipped
        self._resources: list[dict[str, Any]] = []

    @contextmanager
    def resource(self, path: str, *, packed: bool) -> Iterator[IO[bytes]]:
        """Open a file of the package for writing; it is listed with its size and digest."""
        name = path.rpartition("/")[2]
        with self._zip.open(entry(path, packed=packed), "w", force_zip64=True) as file:
            metered = Metered(file)
            yield cast("IO[bytes]", metered)
        digest = f"sha256:{metered.digest.hexdigest()}"
        self._resources.append({"name": name, "path": path, "hash": digest, "bytes": metered.size})

    def finish(self, title: str, rights: str) -> None:
        """Write the package's manifest and the manifest's digest."""
        about = {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": title,
            "description": rights,
            "software": f"caliber_crawler/{__version__}",
            "created": warc_date(datetime.now(UTC)),
            "resources": self._resources,
        }
        content = json.dumps(about, ensure_ascii=False, indent=2).encode()
        proof = {"path": "datapackage.json", "hash": f"sha256:{sha256(content).hexdigest()}"}
        self._zip.writestr(entry("datapackage.json", packed=True), content)
        self._zip.writestr(entry("datapackage-digest.json", packed=True), json.dumps(proof))


def entry(path: str, *, packed: bool) -> ZipInfo:
    now = datetime.now(UTC)
    # Files that are already gzip are stored: readers fetch parts of them by offset.
    info = ZipInfo(path, now.timetuple()[:6])
    # The time again, in Info-ZIP's format. Without an extra field in the directory, ReplayWeb.page assumes a shorter
    # local header than ours and looks for the content at the wrong offset.
    info.extra = struct.pack("<2sHBL", b"UT", 5, 1, int(now.timestamp()))
    info.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


class Lines(ExitStack):
    """Any number of lines, to be read again in sorted order."""

    BATCH_SIZE = 100_000
    """Maximum number of lines in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []
        self._laid_down: list[IO[bytes]] = []

    def add(self, line: str) -> None:
        self._held.append(line.encode() + b"\n")
        if len(self._held) >= self.BATCH_SIZE:
            file: IO[bytes] = self.enter_context(TemporaryFile())  # noqa: SIM115  closed with the others
            file.writelines(sorted(self._held))
            self._laid_down.append(file)
            self._held.clear()

    def __iter__(self) -> Iterator[bytes]:
        for file in self._laid_down:
            file.seek(0)
        return merge(sorted(self._held), *self._laid_down)


def write_wacz(
    captures: Iterable[Capture],
    title_of: TitleOf,
    file: IO[bytes],
    *,
    title: str,
    rights: str = "",
    max_size: int = MAX_FILE_BYTES,
) -> int:
    """Write captures as a WACZ file; return their number. ``title_of`` selects the pages to list.

    A new WARC file begins when one has reached ``max_size`` bytes; 0 disables the limit.
    """
    written = 0
    rest = iter(captures)
    capture = next(rest, None)
    with Lines() as index, Lines() as pages, ZipFile(file, "w") as zipped:
        package = Package(zipped)
        for number in count():
            name = f"data-{number:05}.warc.gz"
            with package.resource(f"archive/{name}", packed=False) as out:
                warc = WarcFile(out, name, rights)
                while capture is not None:
                    if (stands := warc.add(capture)) is not None:
                        index.add(cdxj(stands, name))
                        if (headline := title_of(capture)) is not None:
                            pages.add(page(capture, headline))
                    written += 1
                    capture = next(rest, None)
                    if max_size and out.tell() >= max_size:
                        break
            if capture is None:
                break
        with package.resource("indexes/index.cdxj", packed=True) as out:
            out.writelines(index)
        with package.resource("pages/pages.jsonl", packed=True) as out:
            out.write(json.dumps({"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}).encode() + b"\n")
            out.writelines(pages)
        package.finish(title, rights)
    return written


def page(capture: Capture, title: str) -> str:
    """A line of the page list: https://specs.webrecorder.net/wacz/1.1.1/#pages-jsonl."""
    fields = {"ts": warc_date(capture.fetched_at), "url": address_of(capture), "title": title}
    return json.dumps({**fields, "id": f"capture-{capture.id}"}, ensure_ascii=False)


def cdxj(stands: IndexEntry, filename: str, **more: object) -> str:
    """A line of the index: https://specs.webrecorder.net/cdxj/0.1.0/. ``more`` are fields of our own."""
    fields = {
        "url": stands.url,
        "mime": stands.media_type,
        "status": str(stands.status),
        "digest": stands.digest,
        "length": str(stands.length),
        "offset": str(stands.offset),
        "filename": filename,
        **more,
    }
    return f"{surt(stands.url)} {stands.fetched_at.astimezone(UTC):%Y%m%d%H%M%S} {json.dumps(fields)}"


def surt(url: str) -> str:
    """Return the lookup key of a URL: host reversed, in lower case, parameters sorted."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return url
    host = ",".join(reversed((parts.hostname or "").removeprefix("www.").split(".")))
    port = f":{parts.port}" if parts.port else ""
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{host}{port}){parts.path or '/'}{f'?{query}' if query else ''}".lower()
