"""WACZ 1.1.1 (https://specs.webrecorder.net/wacz/1.1.1/): a WARC file, its index and a list of its pages in one ZIP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from io import RawIOBase
from typing import IO, Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from caliber_crawler import __version__
from caliber_crawler.items import Capture
from caliber_crawler.warc.writer import IndexEntry, WarcFile, address_of, warc_date

WARC_NAME = "data.warc.gz"
TitleOf = Callable[[Capture], str | None]
"""The title of the page on a capture; ``None`` when it is no page that a person would look for."""


class Metered(RawIOBase):
    """A file that is only written: how much, and the digest of it."""

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
    """A WACZ file in the making."""

    def __init__(self, zipped: ZipFile) -> None:
        self._zip = zipped
        self._resources: list[dict[str, Any]] = []

    @contextmanager
    def resource(self, path: str, *, packed: bool) -> Iterator[IO[bytes]]:
        """A file of the package, to be written; it is listed with its size and digest."""
        name = path.rpartition("/")[2]
        with self._zip.open(entry(path, packed=packed), "w", force_zip64=True) as file:
            metered = Metered(file)
            yield cast("IO[bytes]", metered)
        digest = f"sha256:{metered.digest.hexdigest()}"
        self._resources.append({"name": name, "path": path, "hash": digest, "bytes": metered.size})

    def finish(self, title: str, rights: str) -> None:
        """Write what says what is in the package, and the digest of that."""
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
    # What is gzip already stays as it is: readers fetch parts of it by their offsets.
    info = ZipInfo(path, datetime.now(UTC).timetuple()[:6])
    info.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
    info.external_attr = 0o644 << 16
    return info


def write_wacz(captures: Iterable[Capture], title_of: TitleOf, file: IO[bytes], *, title: str, rights: str = "") -> int:
    """Write captures as a WACZ file; how many. ``title_of`` says which of them are pages to list."""
    index: list[IndexEntry] = []
    pages: list[dict[str, str]] = []
    count = 0
    with ZipFile(file, "w") as zipped:
        package = Package(zipped)
        with package.resource(f"archive/{WARC_NAME}", packed=False) as out:
            warc = WarcFile(out, WARC_NAME, rights)
            for capture in captures:
                count += 1
                if (stands := warc.add(capture)) is not None:
                    index.append(stands)
                    pages += page(capture, title_of(capture))
        with package.resource("indexes/index.cdxj", packed=True) as out:
            out.writelines(f"{line}\n".encode() for line in sorted(cdxj(stands) for stands in index))
        with package.resource("pages/pages.jsonl", packed=True) as out:
            for row in ({"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}, *pages):
                out.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        package.finish(title, rights)
    return count


def page(capture: Capture, title: str | None) -> list[dict[str, str]]:
    if title is None:
        return []
    return [
        {"id": f"capture-{capture.id}", "url": address_of(capture), "ts": warc_date(capture.fetched_at), "title": title}
    ]


def cdxj(stands: IndexEntry) -> str:
    """A line of the index: https://specs.webrecorder.net/cdxj/0.1.0/."""
    fields = {
        "url": stands.url,
        "mime": stands.media_type,
        "status": str(stands.status),
        "digest": stands.digest,
        "length": str(stands.length),
        "offset": str(stands.offset),
        "filename": WARC_NAME,
    }
    return f"{surt(stands.url)} {stands.fetched_at.astimezone(UTC):%Y%m%d%H%M%S} {json.dumps(fields)}"


def surt(url: str) -> str:
    """The key under which a URL is looked up: its host from the end, in lower case, parameters sorted."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return url
    host = ",".join(reversed((parts.hostname or "").removeprefix("www.").split(".")))
    port = f":{parts.port}" if parts.port else ""
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{host}{port}){parts.path or '/'}{f'?{query}' if query else ''}".lower()
