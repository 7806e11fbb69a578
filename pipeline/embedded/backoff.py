"""How long the supervisor waits before it starts a dead child again."""

#: The first wait; each further one is twice as long, up to the longest.
FIRST_S = 0.5
LONGEST_S = 10.0
#: A child that lived this long was well: its next death starts from the first wait.
WELL_AFTER_S = 10.0


def next_wait_s(previous_s: float, lived_s: float) -> float:
    """The wait after a child lived for `lived_s`, started after a wait of `previous_s` (0: its first start)."""
    if previous_s == 0 or lived_s >= WELL_AFTER_S:
        return FIRST_S
    return min(previous_s * 2, LONGEST_S)
