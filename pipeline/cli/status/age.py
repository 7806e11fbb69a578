"""How long something has lasted, in as few letters as a table has room for; pure."""

#: Seconds of each unit, the longest first.
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


def age(seconds: float) -> str:
    """Tell it in the largest unit that is full: 90 s is `1m`."""
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(0, int(seconds))}s"
