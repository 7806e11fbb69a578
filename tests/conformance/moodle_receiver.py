"""A site that behaves as Moodle's REST web service does: PHP's reading of forms, its order of checks, HTTP 200."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from http_receiver import Answer, HttpArrived

PATH = "/webservice/rest/server.php"
_FORM = "application/x-www-form-urlencoded"
_CREATE = "core_user_create_users"


@dataclass(eq=False)
class MoodleSite:
    """Its users, and the calls that got as far as a function."""

    token: str
    users: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def respond(self, arrived: HttpArrived) -> Answer:
        """Answer one request."""
        if arrived.target.partition("?")[0] != PATH:
            return web.Response(status=404, text="<!DOCTYPE html>", content_type="text/html")
        form = post_of(arrived)
        token, function, style = (form.pop(key, None) for key in ("wstoken", "wsfunction", "moodlewsrestformat"))
        answer = self._answer(token, function, form)
        if style == "json":
            return web.json_response(answer)
        error = f'<EXCEPTION class="{answer["exception"]}"><ERRORCODE>{answer["errorcode"]}</ERRORCODE></EXCEPTION>'
        return web.Response(text=f'<?xml version="1.0" encoding="UTF-8" ?>\n{error}', content_type="application/xml")

    def _answer(self, token: Any, function: Any, parameters: dict[str, Any]) -> Any:
        if token != self.token:
            return _error("moodle_exception", "invalidtoken", "Testigo no válido")
        if not function:
            return _error("invalid_parameter_exception", "invalidparameter", debuginfo="Missing function name")
        if function != _CREATE:
            return _error("webservice_access_exception", "accessexception")
        self.calls.append((function, parameters))
        return self._create(parameters)

    def _create(self, parameters: dict[str, Any]) -> Any:
        users = [*parameters.get("users", {}).values()]
        for user in users:
            if user["username"] in {known["username"] for known in self.users}:
                found = f"Username already exists: {user['username']}"
                return _error("invalid_parameter_exception", "invalidparameter", debuginfo=found)
        self.users += users
        return [{"id": number, "username": user["username"]} for number, user in enumerate(users)]


def post_of(arrived: HttpArrived) -> dict[str, Any]:
    """What PHP makes of a form: `$_POST`, every array with its keys as texts."""
    found: dict[str, Any] = {}
    if arrived.method != "POST" or arrived.content_type != _FORM:
        return found
    for name, value in parse_qsl(arrived.body.decode(), keep_blank_values=True, strict_parsing=True):
        first, *rest = name.split("[")
        keys = [first, *(key.removesuffix("]") for key in rest)]
        place = found
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = value
    return found


def _error(exception: str, errorcode: str, message: str = "…", **more: str) -> dict[str, str]:
    return {"exception": exception, "errorcode": errorcode, "message": message, **more}


def answering(text: str) -> Any:
    """A site that answers this to everything, `{{body}}` being what it was sent."""
    return lambda arrived: web.Response(text=re.sub(r"\{\{body\}\}", lambda _: json.dumps(arrived.body.decode()), text))
