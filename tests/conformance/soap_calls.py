"""Calls of a SOAP service, with the WSDL in a file or fetched from the service itself."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web
from attempts import delivery, opened, outcome_of
from counterpart import Play
from http_receiver import HttpArrived, HttpReceiver
from soap_receiver import FOLDER, answer_by, speaking

from pipeline.attempt.transports import Transport
from pipeline.outcome import Ending, Outcome

PERSON = {"operation": "createPerson"}
BEARER = {"type": "bearer", "token": "env:SECRET"}
PEOPLE = (FOLDER / "people.wsdl").read_text()


@asynccontextmanager
async def connected(wsdl: str = "people.wsdl", **keys: Any) -> AsyncIterator[tuple[HttpReceiver, Transport]]:
    """A receiver that accepts, and a way to it."""
    async with speaking(Play.ACCEPTS) as receiver:
        service = {
            "transport": "soap",
            "wsdl": f"file:{FOLDER / wsdl}",
            "address": f"http://127.0.0.1:{receiver.port}/",
        }
        async with opened({**service, **keys}) as transport:
            yield receiver, transport


@asynccontextmanager
async def publishing(documents: Mapping[str, str], **keys: Any) -> AsyncIterator[tuple[HttpReceiver, Transport]]:
    """A receiver that has its WSDL too, at `/`, beside further documents; `{port}` in them is its own."""

    def respond(arrived: HttpArrived) -> web.Response:
        if arrived.method == "POST":
            return answer_by("200")
        document = documents.get(arrived.target)
        status = 200 if document else 404
        return web.Response(status=status, text=(document or "").replace("{port}", str(receiver.port)))

    async with speaking(Play.ACCEPTS, respond=respond) as receiver:
        service = {"transport": "soap", "wsdl": f"http://127.0.0.1:{receiver.port}/"}
        async with opened({**service, **keys}) as transport:
            yield receiver, transport


async def sent(payload: Any, send: Mapping[str, Any] = PERSON, **keys: Any) -> tuple[Outcome, list[HttpArrived]]:
    """The outcome of one call, and what arrived."""
    async with connected(**keys) as (receiver, transport):
        body = payload if payload is None or isinstance(payload, str) else orjson.dumps(payload).decode()
        return await outcome_of(transport, delivery(send, body)), receiver.arrived


async def refused_wsdl(documents: Mapping[str, str], **keys: Any) -> str:
    """Why a WSDL is not used; no call may have been sent."""
    async with publishing(documents, **keys) as (receiver, transport):
        outcome = await outcome_of(transport, delivery(PERSON))
    assert outcome.ending is Ending.MAY_PASS
    assert {arrived.method for arrived in receiver.arrived} <= {"GET"}
    return outcome.reason.removeprefix("the WSDL cannot be had: ").replace(f":{receiver.port}", "")
