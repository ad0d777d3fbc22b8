"""Writing a file so that nobody ever sees half of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .errors import InputError

if TYPE_CHECKING:
    from pathlib import Path  # slow to import, and rarely needed

__all__ = ["path_of", "write_whole"]


def write_whole(path: str | os.PathLike[str], text: str | bytes) -> None:
    """Writes a file so that a reader, or a crash, sees the old file or the new one and nothing between.

    Public, because programs that save what this package made (a report, trained weights) need the same promise.

    A link is followed: the file that it leads to gets the new content. A file that is there keeps its permissions.
    What is no file that could be replaced, a pipe or a device, is written to.

    Args:
        path: the file, in a folder that exists.
        text: its new content; str is written as UTF-8, bytes as they are.
    Raises:
        InputError: the path is no path, or could not be one of a file.
        OSError: it is a folder, its own folder does not exist, or it cannot be written to; the message names it.
    """
    import stat
    from pathlib import Path

    given = path_of(path)
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        there = given.stat().st_mode if given.exists() else None
        if there is not None and stat.S_ISDIR(there):
            raise IsADirectoryError(f"cannot write {given}: it is a folder; name a file in it")
        if there is not None and not stat.S_ISREG(there):
            given.write_bytes(content)
            return
        target = Path(os.path.realpath(given))
        if not target.parent.is_dir():
            raise FileNotFoundError(f"cannot write {given}: there is no folder {target.parent}; make it first")
        _replace(target, content, None if there is None else stat.S_IMODE(there))
    except OSError as error:
        if error.errno is None:  # in our own words
            raise
        why = f"cannot write {given}: {error.strerror}; choose another place, or ask for the right to write there"
        raise type(error)(why) from None


def path_of(path: str | os.PathLike[str]) -> Path:
    """Returns what somebody named as the path of a file.

    Raises:
        InputError: it is no path, or could not be one of a file: "", ".", "folder/", or with a character that no system
            can have there.
    Example:
        >>> path_of("pages/")
        Traceback (most recent call last):
        ...
        autograd_lite.errors.InputError: 'pages/' is not the path of a file; name one, as in 'page.html'
    """
    from pathlib import Path

    if not isinstance(path, str | os.PathLike):
        raise InputError(f"{path!r:.80} is not a path; give one as text or as a pathlib.Path")
    text = os.fsdecode(path)
    try:
        possible = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # a lone surrogate
        possible = False
    if not possible:
        raise InputError(f"{text!r:.80} has a character that no path can have; leave it out")
    if not text or text.endswith((os.sep, "/")) or os.path.basename(text) in (".", ".."):  # noqa: PTH119  # keeps a "/."
        raise InputError(f"{text!r:.80} is not the path of a file; name one, as in 'page.html'")
    return Path(text)


def _replace(target: Path, content: bytes, mode: int | None) -> None:
    """Puts a file beside the target, with the mode if it is not None, and then in its place."""
    beside = target.with_name(f".{os.urandom(8).hex()}.part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            beside.chmod(mode)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
