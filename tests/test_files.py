from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from styletools.files import check_writable, remove_leftovers, write_whole


def test_replaces(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_where_a_file_without_a_name_gets_none(tmp_path, monkeypatch):
    """Without /proc, or on a disk that knows no links."""

    def refuse(*_, **__):
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write_whole(tmp_path / "a.bin", b"new")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("a.bin", b"new")]


def test_interrupted_in_the_middle(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def interrupt(file_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_a_reader_in_the_middle_keeps_the_old_file_whole(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old" * 100_000)
    with path.open("rb") as reader:
        beginning = reader.read(5)
        write_whole(path, b"new")
        assert beginning + reader.read() == b"old" * 100_000


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "a.bin", b"new")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "a.bin", b"new")
    plain, ours = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "a.bin"))
    assert ours == plain


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_replaced_file_keeps_its_mode(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_whole(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.bin").write_bytes(b"old")
    (tmp_path / "link").symlink_to("elsewhere/a.bin")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "a.bin").read_bytes() == b"new"
    (tmp_path / "dangling").symlink_to("elsewhere/new.bin")
    write_whole(tmp_path / "dangling", b"new")
    assert (tmp_path / "elsewhere" / "new.bin").read_bytes() == b"new"


@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_name_as_long_as_the_system_allows(tmp_path, letter):
    name = letter * ((255 - 4) // len(letter.encode())) + ".bin"
    check_writable(tmp_path / name, 10)
    write_whole(tmp_path / name, b"new")
    assert (tmp_path / name).read_bytes() == b"new"
    with pytest.raises(OSError, match="too long"):
        check_writable(tmp_path / ("aaaaa" + name))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
def test_what_cannot_be_written_is_said_before(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", os.devnull, "/dev/full"):
        with pytest.raises(OSError, match="a device or a pipe"):
            check_writable(Path(path))
    with pytest.raises(FileNotFoundError):
        check_writable(tmp_path / "missing" / "a.bin")
    (tmp_path / "a.bin").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # for root everything is writable
    with pytest.raises(PermissionError, match="read-only"):
        check_writable(tmp_path / "a.bin")


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no way to ask")
def test_a_full_disk_is_said_before(tmp_path):
    with pytest.raises(OSError, match=r"space|large"):
        check_writable(tmp_path / "a.bin", 2**62)
    assert list(tmp_path.iterdir()) == []


def test_what_writes_itself_is_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.bin"
    write_whole(path, lambda file: file.write(bytes([0, 1, 2])))
    assert path.read_bytes() == bytes([0, 1, 2])

    def fail(file):
        file.write(b"half")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_whole(path, fail)
    assert path.read_bytes() == bytes([0, 1, 2])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_what_a_killed_program_leaves_is_removed_and_nothing_else(tmp_path):
    """Killed between the complete file and its taking the name: the one moment at which something is left."""
    path, other = tmp_path / "a.bin", tmp_path / ".b.part"
    for each in (path, other):
        each.write_bytes(b"old")
    program = (
        "import os, pathlib, signal, sys\n"
        "from styletools.files import write_whole\n"
        "pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_whole(pathlib.Path(sys.argv[1]), b'new')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 3
    remove_leftovers(other)
    assert len(list(tmp_path.iterdir())) == 3
    remove_leftovers(path)
    assert sorted(tmp_path.iterdir()) == sorted([path, other])
