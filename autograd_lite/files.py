"""Writing a file so that nobody ever sees half of it."""

from __future__ import annotations

import os

__all__ = ["write_whole"]


def write_whole(path: str | os.PathLike[str], text: str | bytes) -> None:
    """Writes a file so that a reader, or a crash, sees the old file or the new one and nothing between.

    Public, because programs that save what this package made (a report, trained weights) need the same promise.

    Args:
        path: the file, in a folder that exists.
        text: its new content; str is written as UTF-8, bytes as they are.
    Raises:
        OSError: the folder does not exist or cannot be written to; the message names it.
    """
    import tempfile  # slow to import, and rarely needed
    from contextlib import suppress
    from pathlib import Path

    path = Path(path)
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {path.absolute().parent}; make it first")
    descriptor, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
