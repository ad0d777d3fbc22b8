"""`write_whole`: where it writes, what stays as it was, and what it says about paths that are none."""

import os
import stat
import threading

import pytest

from autograd_lite import InputError, Value, record, write_whole
from autograd_lite.files import path_of

UNIX = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links, modes and pipes as on Unix")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@UNIX
def test_a_link_is_followed_and_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "page.html", tmp_path / "link.html"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert (names(tmp_path), names(tmp_path / "real")) == (["link.html", "real"], ["page.html"])


@UNIX
def test_a_link_to_a_file_that_is_not_there_yet_makes_that_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


@UNIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "page"
    path.write_text("old")
    path.chmod(mode)
    write_whole(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text() == "new"


@UNIX
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    path, got = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write_whole(path, "text")
    reader.join(timeout=10)
    assert got == [b"text"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("path", ["", ".", "..", "x.html/", "a/.", "a/..", "a\0b.html", "\ud800.html"])
def test_what_is_no_path_of_a_file_is_named_as_it_was_given(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        write_whole(path, "text")
    assert repr(path) in str(caught.value)
    assert "name one" in str(caught.value) or "leave it out" in str(caught.value)
    str(caught.value).encode()
    assert names(tmp_path) == []


@pytest.mark.parametrize("thing", [5, None, 1.5, ["a"], b"page.html"])
def test_what_is_no_path_at_all_is_refused(thing):
    with pytest.raises(InputError, match="is not a path; give one as text"):
        write_whole(thing, "text")
    if thing is not None:
        for write in (Value(1.0).step().to_html, Value(1.0).graph().render, record(Value(1.0)).save):
            with pytest.raises(InputError, match="is not a path; give one as text"):
                write(thing)


def test_a_folder_is_refused_and_nothing_is_left_behind(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match=r"folder: it is a folder; name a file in it"):
        write_whole(tmp_path / "folder", "text")
    assert names(tmp_path) == ["folder"]


def test_an_error_of_the_system_names_the_path_and_no_other(tmp_path):
    with pytest.raises(OSError, match="cannot write") as caught:
        write_whole(tmp_path / ("n" * 300), "text")
    assert ".part" not in str(caught.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write") as caught:
        write_whole(tmp_path / "file" / "page", "text")
    assert ".part" not in str(caught.value)


def test_a_long_name_leaves_room_for_the_file_beside_it(tmp_path):
    write_whole(tmp_path / ("n" * 250), "text")
    assert (tmp_path / ("n" * 250)).read_text() == "text"


def test_a_path_may_be_text_or_a_path(tmp_path):
    assert path_of("a.html") == path_of(path_of("a.html"))
    write_whole(str(tmp_path / "a"), b"\x00\xff")
    assert (tmp_path / "a").read_bytes() == b"\x00\xff"
