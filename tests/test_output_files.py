"""Output files: complete or not at all, never in place of a link, a device or a pipe."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caliber_crawler.errors import ArchiveFull
from caliber_crawler.output_files import is_stream, lock_folder, new_file, new_files, new_path

WRITING = "from caliber_crawler.output_files import new_file; import sys; from pathlib import Path\n"
WRITING += "with new_file(Path(sys.argv[1])) as file: file.write(b'new')"


def write(path: Path, content: bytes = b"new") -> None:
    with new_file(path) as file:
        file.write(content)


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "table.csv"
    with new_file(path) as file:
        file.write(b"first half, ")
        assert not path.exists()
        file.write(b"second half")
    assert path.read_bytes() == b"first half, second half"
    assert list(path.parent.iterdir()) == [path]


def test_an_existing_file_remains_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"earlier")
    with pytest.raises(KeyError), new_file(path) as file:  # noqa: PT012
        file.write(b"half")
        raise KeyError("pulled out")
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unwritable_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(ArchiveFull, match=r"file/table\.csv cannot be written"),
        new_path(tmp_path / "file" / "table.csv"),
    ):
        pass


def test_an_error_names_the_file_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / r"light\1.db"
    with pytest.raises(ArchiveFull) as caught, new_path(path) as unfinished:
        raise ArchiveFull(f"The disk is full: {unfinished} cannot grow.")
    assert str(caught.value) == f"The disk is full: {path} cannot grow."


def test_unfinished_files_have_different_paths(tmp_path: Path) -> None:
    with new_files(tmp_path / "table.csv") as files:
        unfinished = [files.begin() for _ in range(3)]
        assert len(set(unfinished)) == 3
        unfinished[1].write_bytes(b"second")
        files.finish(unfinished[1], tmp_path / "second.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["second.csv"]


def test_files_of_killed_processes_are_deleted_and_all_others_stay(tmp_path: Path) -> None:
    names = (".table.csv.caliber-abcdefgh.part", ".other.db.caliber-ab_d3f9h.part", ".table.csv.caliber-12345678.part")
    *killed, running = (tmp_path / name for name in names)
    theirs = [tmp_path / name for name in (".table.csv.part", ".other.csv.abcdefgh", "table.csv.caliber-abcdefgh.part")]
    for folder in (*killed, running, *theirs):
        folder.mkdir()
        (folder / "1").write_bytes(b"half")
    linked = tmp_path / ".linked.caliber-12345678.part"
    linked.symlink_to(theirs[0])
    with lock_folder(running), new_files(tmp_path / "table.csv"):
        assert all((folder / "1").exists() for folder in (running, *theirs))
        assert not any(folder.exists() for folder in killed)
        assert linked.is_symlink()


def test_a_lock_is_exclusive_until_the_block_ends(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(BlockingIOError), lock_folder(tmp_path):
        pass
    with lock_folder(tmp_path):
        pass


def test_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write(path, b"%d" % number * 1000), range(64)))
    assert len(path.read_bytes()) in (1000, 2000)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("exists", [True, False], ids=["an existing file", "a new file"])
@pytest.mark.parametrize("link", ["store/table.csv", "../{name}/store/table.csv", "{folder}/store/table.csv", "second"])
def test_a_symbolic_link_stays_and_its_target_is_written(tmp_path: Path, link: str, exists: bool) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (tmp_path / "second").symlink_to(store / "table.csv")
    path = tmp_path / "table.csv"
    path.symlink_to(link.format(name=tmp_path.name, folder=tmp_path))
    if exists:
        (store / "table.csv").write_bytes(b"earlier")
    write(path)
    assert path.is_symlink()
    assert (store / "table.csv").read_bytes() == b"new"
    assert [each.name for each in store.iterdir()] == ["table.csv"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["second", "store", "table.csv"]


def test_a_loop_of_links_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(ArchiveFull, match="symbolic links"):
        write(tmp_path / "a")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a link to another user")
@pytest.mark.parametrize(("mode", "owner", "followed"), [(0o1777, 1, False), (0o1777, 0, True), (0o755, 1, True)])
def test_a_link_of_another_user_in_a_shared_folder_is_not_followed(
    tmp_path: Path, mode: int, owner: int, followed: bool
) -> None:
    shared, target = tmp_path / "shared", tmp_path / "precious"
    shared.mkdir()
    target.write_bytes(b"earlier")
    (shared / "table.csv").symlink_to(target)
    os.lchown(shared / "table.csv", owner, owner)
    shared.chmod(mode)
    if followed:
        write(shared / "table.csv")
    else:
        with pytest.raises(ArchiveFull, match="link of another user"):
            write(shared / "table.csv")
    assert target.read_bytes() == (b"new" if followed else b"earlier")


@pytest.mark.parametrize("linked", [False, True], ids=["itself", "through a link"])
def test_a_named_pipe_is_written_to(tmp_path: Path, linked: bool) -> None:
    pipe = path = tmp_path / "pipe"
    os.mkfifo(pipe)
    if linked:
        path = tmp_path / "link"
        path.symlink_to(pipe)
    before = sorted(tmp_path.iterdir())
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write(path, b"rows" * 100_000)
    reader.join(10)
    assert received == [b"rows" * 100_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_written_to(tmp_path: Path) -> None:
    null, full = tmp_path / "null", tmp_path / "full"
    try:
        os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.mknod(full, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
        null.open("wb").close()
    except OSError:
        pytest.skip("no devices in this folder")
    write(null)
    assert stat.S_ISCHR(null.stat().st_mode)
    with pytest.raises(ArchiveFull, match="full cannot be written: No space left on device"):
        write(full)
    assert stat.S_ISCHR(full.stat().st_mode)
    assert sorted(tmp_path.iterdir()) == [full, null]


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_an_open_descriptor_is_written_to(tmp_path: Path, name: str) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"earlier ")
    command = [sys.executable, "-c", WRITING, name]
    with log.open("ab") as appended:
        subprocess.run(command, stdout=appended, check=True, timeout=60)
    assert log.read_bytes() == b"earlier new"
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout == b"new"
    assert list(tmp_path.iterdir()) == [log]


def test_a_pipe_whose_reader_leaves_is_an_error(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def leave() -> None:
        with pipe.open("rb") as file:
            file.read(10)

    reader = threading.Thread(target=leave, daemon=True)
    reader.start()
    with pytest.raises(ArchiveFull, match="pipe cannot be written: Broken pipe"):
        write(pipe, b"rows" * 1_000_000)
    reader.join(10)


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "private.csv"
    path.write_bytes(b"earlier")
    path.chmod(0o600)
    write(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)


def test_a_file_on_another_file_system_is_written_through_a_link(tmp_path: Path) -> None:
    folders = (Path("/dev/shm"), Path("/var/tmp"), Path("/tmp"))
    others = (each for each in folders if each.is_dir() and each.stat().st_dev != tmp_path.stat().st_dev)
    elsewhere = next(others, None)
    if elsewhere is None:
        pytest.skip("only one file system")
    target = elsewhere / f"{tmp_path.name}-{os.getpid()}"
    (tmp_path / "second.csv").symlink_to(target)
    try:
        with new_files(tmp_path / "table.csv") as files:
            unfinished = files.begin()
            unfinished.write_bytes(b"second")
            files.finish(unfinished, tmp_path / "second.csv")
        assert target.read_bytes() == b"second"
        assert (tmp_path / "second.csv").is_symlink()
    finally:
        target.unlink(missing_ok=True)


def test_files_and_new_files_are_no_streams(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not any(map(is_stream, (tmp_path / "file", tmp_path / "new", tmp_path, tmp_path / "file" / "below")))


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    for name in ("file", "link"):
        path = tmp_path / name
        if name == "file":
            path.write_bytes(b"earlier")
        else:
            path.symlink_to("nowhere")
        with new_files(tmp_path / "copy") as files:
            unfinished = files.begin()
            unfinished.write_bytes(b"new")
            with pytest.raises(FileExistsError):
                files.finish_new(unfinished, path)
    assert (tmp_path / "file").read_bytes() == b"earlier"
    assert (tmp_path / "link").is_symlink()
