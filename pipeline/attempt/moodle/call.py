"""A call of one of Moodle's web service functions: what a rule says of it, and the request that it becomes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from pipeline.attempt.ending import Answered
from pipeline.attempt.moodle.answer import read
from pipeline.attempt.moodle.form import form
from pipeline.delivery import Request
from pipeline.errors import Misconfigured, Unrenderable
from pipeline.registry.references import SecretReference, named, resolve_secret
from pipeline.registry.section import Section

FORM = "application/x-www-form-urlencoded"
_FUNCTION = "[A-Za-z0-9_]+"
#: Moodle's own are 32 hexadecimal digits.
_OF_MOODLE = "[A-Za-z0-9-]{8,128}"
#: Stands where an answer repeats the token.
_HIDDEN = "***"


def _function(name: str) -> str:
    if not re.fullmatch(_FUNCTION, name):
        raise ValueError("expected a plain name such as core_user_create_users, no template: letters, digits and _")
    return name


#: A word of the service's own: which function is called must not depend on an event.
FunctionName = Annotated[str, AfterValidator(_function), Field(json_schema_extra={"pattern": f"^{_FUNCTION}$"})]


class WsTokenAuth(Section):
    """A token of Moodle's web services, sent in the body: addresses are logged, by Moodle's server too."""

    type: Literal["wstoken"]
    token: SecretReference


class MoodleCalls:
    """Calls with one token."""

    def __init__(self, auth: WsTokenAuth, environ: Mapping[str, str]) -> None:
        """Read the token.

        Raises Misconfigured naming the reference.
        """
        self._token = resolve_secret(auth.token, environ)
        # Such a token looks the same in JSON, HTML and a form: wherever an answer repeats it, it is found.
        if not re.fullmatch(_OF_MOODLE, self._token.get_secret_value()):
            raise Misconfigured(f"{named(auth.token)} holds no token of Moodle's: expected 8 to 128 letters and digits")

    def request(self, request: Request) -> Request:
        """The request that makes the call.

        Raises Unrenderable.
        """
        for key, wrong in misfits(request.send):
            raise Unrenderable(f"send.{key} {wrong}")
        token, function = self._token.get_secret_value(), request.send["function"]
        call = {"wstoken": token, "moodlewsrestformat": "json", "wsfunction": function}
        return replace(request, body=form(call, request.body), content_type=FORM)

    def read(self, answer: Answered) -> Answered:
        """The answer as Moodle means it, without the token."""
        text = answer.text.replace(self._token.get_secret_value(), _HIDDEN)
        return replace(answer, text=text, said=read(text, is_whole=answer.is_whole))


def misfits(send: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with a rule's `send` to a Moodle: the key, and the message."""
    if not send.get("function"):
        yield "function", "is missing: a service with preset: moodle expects the name of a web service function"
    if send.get("method", "POST") != "POST":
        yield "method", "must be POST: a service with preset: moodle is called by nothing else"
    for key in ("path", "query"):
        if send.get(key):
            yield key, "must be left out: a service with preset: moodle has one address, and parameters are the payload"
    if any(name.lower() == "content-type" for name in send.get("headers", {})):
        yield "headers", f"must not set Content-Type: a service with preset: moodle is sent {FORM}"
