"""Content: a method that carries a message, then the message's header and its body, as they come; pure."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pamqp.body import ContentBody
from pamqp.header import ContentHeader

Method = TypeVar("Method")


@dataclass(slots=True)
class Content(Generic[Method]):
    """A message of which the method has come; on a channel nothing else comes before its end."""

    method: Method
    header: ContentHeader = field(default_factory=ContentHeader)
    body: bytes = b""
    _parts: list[bytes] = field(default_factory=list)
    _came: int = -1

    def add(self, frame: ContentHeader | ContentBody) -> bool:
        """Take the next frame; whether the message is whole."""
        if isinstance(frame, ContentHeader):
            self.header, self._came = frame, 0
        else:
            self._parts.append(frame.value)
            self._came += len(frame.value)
        if self._came < self.header.body_size:
            return False
        self.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        return True
