"""Every error that MIH raises on purpose, in one hierarchy.

    MihError
    ├── Misconfigured            a setting or a file says something that cannot be meant
    ├── Unreadable               bytes that are no message of ours, or fit no format
    ├── Unrenderable             a template that cannot give a valid request for this event
    ├── DestinationRefused       an address that MIH_ALLOWED_NETWORKS does not allow
    └── Unavailable              something outside is away: broker, database, management API
        ├── DatabaseMissing      SQLite's file is not there: on a new machine, nothing was applied yet
        └── NotConfirmed         the broker refused or returned a publish

A message names what was found, where, and what was expected; never a secret, and never a payload.
"""


class MihError(Exception):
    """The root: whoever catches it gets every error that MIH raises on purpose, and no bug."""


class Misconfigured(MihError):
    """A setting or a file says something that cannot be meant."""


class Unreadable(MihError):
    """Bytes that are no message of ours, or that fit no format."""


class Unrenderable(MihError):
    """A template that cannot give a valid request for this event."""


class DestinationRefused(MihError):
    """A destination whose address is not allowed."""


class Unavailable(MihError):
    """Something outside the process is away; trying again later may succeed."""


class DatabaseMissing(Unavailable):
    """The file of the database is not there: it is away, or on a new machine not made yet."""


class NotConfirmed(Unavailable):
    """The broker refused a publish (nack) or found no queue for it (return)."""
