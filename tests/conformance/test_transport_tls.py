"""What every transport must do before it trusts whoever answers at an address."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from attempts import delivery, opened, outcome_of
from certificates import Certificate, Certificates
from counterpart import HANGS_S, Counterpart, Play

from pipeline.outcome import Ending


async def _attempted_trusting(certificate: Certificate, counterpart: Counterpart, port: int) -> Any:
    """The outcome in a process that trusts this certificate beside no other."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("attempt_once.py")),
        orjson.dumps(counterpart.service(port, host="localhost", tls=True)).decode(),
        orjson.dumps(counterpart.facts.send).decode(),
        env={**os.environ, "SSL_CERT_FILE": str(certificate.path)},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), HANGS_S)
    return orjson.loads(printed)


async def test_w18_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(
    counterpart: Counterpart, certificates: Certificates
) -> None:
    async with (
        counterpart.running(Play.ACCEPTS, tls=certificates.of("DNS:localhost").context()) as receiver,
        opened(counterpart.service(receiver.port, host="localhost", tls=True)) as transport,
    ):
        outcome = await outcome_of(transport, delivery(counterpart.facts.send))
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "certificate not trusted: self-signed certificate")
    assert not receiver.arrived


async def test_a_certificate_that_the_environment_trusts_is_accepted(
    counterpart: Counterpart, certificates: Certificates
) -> None:
    certificate = certificates.of("DNS:localhost")
    async with counterpart.running(Play.ACCEPTS, tls=certificate.context()) as receiver:
        outcome = await _attempted_trusting(certificate, counterpart, receiver.port)
    assert outcome["ending"] == Ending.DELIVERED
    assert len(receiver.arrived) == 1


async def test_a_trusted_certificate_of_another_name_is_refused_before_anything_is_sent(
    counterpart: Counterpart, certificates: Certificates
) -> None:
    certificate = certificates.of("DNS:other.example.org")
    async with counterpart.running(Play.ACCEPTS, tls=certificate.context()) as receiver:
        outcome = await _attempted_trusting(certificate, counterpart, receiver.port)
    assert outcome["ending"] == Ending.MAY_PASS
    assert outcome["reason"].startswith("certificate not trusted: Hostname mismatch")
    assert not receiver.arrived


@pytest.mark.parametrize("tls_here", [True, False])
async def test_tls_on_one_side_only_may_pass(
    counterpart: Counterpart, certificates: Certificates, *, tls_here: bool
) -> None:
    tls_there = None if tls_here else certificates.of("DNS:localhost").context()
    async with (
        counterpart.running(Play.ACCEPTS, tls=tls_there) as receiver,
        opened(counterpart.service(receiver.port, host="localhost", tls=tls_here)) as transport,
    ):
        outcome = await outcome_of(transport, delivery(counterpart.facts.send))
    assert outcome.ending is Ending.MAY_PASS
    assert not receiver.arrived
