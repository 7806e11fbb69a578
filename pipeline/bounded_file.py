"""Reading a file that somebody named: no more of it than is expected, for it may be the wrong one, or have no end."""

from pathlib import Path


def read_bounded(path: Path, limit: int) -> bytes:
    """The content of a file.

    Raises ValueError saying which file it is and why it cannot be had, or that it holds more bytes than `limit`.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as failed:
        raise ValueError(f"{path} cannot be read: {failed.strerror}") from None
    if len(content) > limit:
        raise ValueError(f"{path} is larger than {limit} bytes")
    return content
