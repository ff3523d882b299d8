"""Checks of cold files: that each is there, with its size; and that each page in it is as it was."""

from __future__ import annotations

from collections.abc import Iterator

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.pages.cold_files import ColdFile, ColdFiles
from caliber_crawler.archive.pages.cold_pages import ColdPages
from caliber_crawler.archive.pages.cold_records import sha256_of
from caliber_crawler.archive.upkeep.cold_removals import pending_removals
from caliber_crawler.archive.upkeep.finding import Finding, articles_of
from caliber_crawler.errors import ArchiveError, ColdFileUnavailable
from caliber_crawler.quantity import quantity

IN_ORDER = "SELECT digest, file_id FROM cold_pages ORDER BY file_id, offset"


class ColdChecks:
    """Checks the cold files of one archive. ``notes`` receives what is no damage."""

    def __init__(self, connection: Connection, notes: list[str], *, read: bool) -> None:
        self._connection = connection
        self._notes = notes
        self._read = read
        self._files = ColdFiles(connection)
        self._pages = ColdPages(connection)
        self._damaged: set[int] = set()

    def files(self) -> Iterator[Finding]:
        """Check that each file is there with its size. A missing one is a note, unless pages are to be read."""
        missing: list[ColdFile] = []
        for file in self._files.all():
            path = self._files.find(file)
            if file.size is None:
                self._notes.append(
                    f"The move of pages into cold file {file.name} was interrupted: run `caliber cold move` again."
                )
            elif path is None and self._read:
                yield self._of_file(file, f"is not available in {self._files.folder_of(file)}")
            elif path is None:
                missing.append(file)
            elif (size := path.stat().st_size) != file.size:
                yield self._of_file(file, f"has {quantity(size, 'byte')} instead of {file.size:,}")
        if missing:
            folders = ", ".join(dict.fromkeys(str(self._files.folder_of(file)) for file in missing))
            pages = quantity(sum(map(self._files.count_pages, missing)), "page")
            self._notes.append(
                f"{quantity(len(missing), 'file')} in cold storage with {pages}"
                f" {'is' if len(missing) == 1 else 'are'} not available in {folders} and"
                f" {'was' if len(missing) == 1 else 'were'} not checked. If they have been moved, run"
                " `caliber cold locate FOLDER`."
            )
        if left := pending_removals(self._connection):
            self._notes.append(
                f"{quantity(left, 'page')} under takedown must still be removed from cold files: run `caliber takedown`"
                " again with the same article, or `caliber cold move`."
            )

    def page(self, place: tuple[str, int]) -> Finding | None:
        """Check that a page is in a file as it was. Files that are missing are reported once, by :meth:`files`."""
        digest, file_id = place
        try:
            self._pages.get_from(digest, file_id)
        except ColdFileUnavailable:
            return None
        except ArchiveError as error:
            self._damaged.add(file_id)
            captures = self._connection.rows(
                "SELECT url, fetched_at, article_id FROM captures WHERE body_digest = ?", (digest,)
            )
            where = ", ".join(f"{capture['url']} of {capture['fetched_at']}" for capture in captures) or "no capture"
            return Finding(
                kind="cold",
                key=(digest,),
                articles=articles_of(*(capture["article_id"] for capture in captures)),
                message=f"The page of {where} is lost in cold storage: {error}",
            )
        return None

    def digests(self) -> Iterator[Finding]:
        """Compare the files with their SHA-256, after their pages. A difference elsewhere is a note."""
        for file in self._files.all():
            path = self._files.find(file)
            if file.sha256 is None or path is None or file.id in self._damaged:
                continue
            if sha256_of(path) != file.sha256:
                self._notes.append(
                    f"Cold file {path} has changed, but the pages of this archive in it have not: another archive may"
                    " have removed pages under takedown."
                )
        yield from ()

    def _of_file(self, file: ColdFile, wrong: str) -> Finding:
        return Finding(
            kind="cold",
            key=(file.name,),
            message=f"Cold file {file.name} with {quantity(self._files.count_pages(file), 'page')} {wrong}.",
        )
