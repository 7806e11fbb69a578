"""What a service's `tls` section does: whom it trusts, and what it shows of itself."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from attempts import delivery, opened, outcome_of
from certificates import Certificate, Certificates
from counterpart import HANGS_S, Play
from http_receiver import running
from rest_counterpart import COUNTERPART

from pipeline.attempt.tls import Tls, ssl_context
from pipeline.errors import Misconfigured
from pipeline.outcome import Ending, Outcome


def demanding(shown: Certificate, expected: Certificate) -> ssl.SSLContext:
    """For a server that takes this one client certificate and no other."""
    context = shown.context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(expected.path)
    return context


async def attempted(server: ssl.SSLContext, tls: dict[str, str]) -> tuple[Outcome, int]:
    """The outcome of one attempt at a server with that context, and how many requests it saw."""
    async with (
        running(Play.ACCEPTS, server) as receiver,
        opened(COUNTERPART.service(receiver.port, host="localhost", tls=True), tls=tls) as transport,
    ):
        outcome = await outcome_of(transport, delivery({}))
    return outcome, len(receiver.arrived)


@pytest.mark.parametrize("prefix", ["", "file:"])
async def test_an_authority_of_the_service_is_trusted_for_it(certificates: Certificates, prefix: str) -> None:
    there = certificates.of("DNS:localhost")
    outcome, arrived = await attempted(there.context(), {"ca": f"{prefix}{there.path}"})
    assert (outcome.ending, arrived) == (Ending.DELIVERED, 1)


async def test_an_authority_of_the_service_does_not_vouch_for_another_name(certificates: Certificates) -> None:
    there = certificates.of("DNS:other.example.org")
    outcome, arrived = await attempted(there.context(), {"ca": str(there.path)})
    assert outcome.reason.startswith("certificate not trusted: Hostname mismatch")
    assert arrived == 0


def test_an_authority_of_the_service_takes_the_place_of_the_systems(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    public, private = certificates.of("DNS:public"), certificates.of("DNS:private", days=3)
    monkeypatch.setenv("SSL_CERT_FILE", str(public.path))
    [trusted] = ssl_context(Tls(ca=str(private.path))).get_ca_certs(binary_form=True)
    assert trusted == ssl.PEM_cert_to_DER_cert(private.path.read_text())


async def test_a_service_that_demands_a_certificate_is_shown_ours(certificates: Certificates) -> None:
    there, ours = certificates.of("DNS:localhost"), certificates.of("DNS:mih")
    tls = {"ca": str(there.path), "certificate": str(ours.path), "key": str(ours.key)}
    outcome, arrived = await attempted(demanding(there, ours), tls)
    assert (outcome.ending, arrived) == (Ending.DELIVERED, 1)


@contextmanager
def refusing(context: ssl.SSLContext) -> Iterator[int]:
    """A server that says why it refuses a handshake, as asyncio's does not, and then waits to be left; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as thread:
        listening.settimeout(HANGS_S)

        def refuse() -> None:
            connection, _ = listening.accept()
            connection.settimeout(HANGS_S)
            with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as wrapped:
                with pytest.raises(ssl.SSLError):
                    wrapped.do_handshake()
                while socket.socket.recv(wrapped, 65_536):
                    pass

        refused = thread.submit(refuse)
        yield listening.getsockname()[1]
        refused.result(HANGS_S)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("shown", "said"), [(True, "unknown ca"), (False, "")])
async def test_a_certificate_that_the_service_does_not_take_may_pass_and_is_told(
    certificates: Certificates, newest: ssl.TLSVersion, said: str, *, shown: bool
) -> None:
    there, expected, wrong = (certificates.of(name) for name in ("DNS:localhost", "DNS:mih", "DNS:else"))
    ours = {"certificate": str(wrong.path), "key": str(wrong.key)} if shown else {}
    server = demanding(there, expected)
    server.maximum_version = newest
    with refusing(server) as port:
        service = COUNTERPART.service(port, host="localhost", tls=True)
        async with opened(service, tls={"ca": str(there.path), **ours}) as transport:
            outcome = await outcome_of(transport, delivery({}))
    assert outcome.ending is Ending.MAY_PASS
    assert outcome.reason.startswith("TLS failed: ")
    assert said in outcome.reason


def test_older_tls_is_not_spoken() -> None:
    assert ssl_context(None).minimum_version >= ssl.TLSVersion.TLSv1_2
    assert ssl_context(None).verify_mode is ssl.CERT_REQUIRED
    assert ssl_context(None).check_hostname


@pytest.mark.parametrize("key", ["ca", "certificate", "key"])
@pytest.mark.parametrize("content", [None, b"", b"no PEM at all"])
def test_a_file_that_cannot_be_used_is_named_with_its_key(
    certificates: Certificates, tmp_path: Path, key: str, content: bytes | None
) -> None:
    ours = certificates.of("DNS:mih")
    wrong = tmp_path / "wrong.pem"
    if content is not None:
        wrong.write_bytes(content)
    tls = Tls(**{"certificate": str(ours.path), "key": str(ours.key), key: str(wrong)})
    with pytest.raises(Misconfigured, match=rf"^tls\.{key} {wrong}"):
        ssl_context(tls)


def test_a_key_of_another_certificate_is_told(certificates: Certificates) -> None:
    ours, other = certificates.of("DNS:mih"), certificates.of("DNS:other")
    with pytest.raises(Misconfigured, match=r"^tls\.key .* is not the key of tls\.certificate "):
        ssl_context(Tls(certificate=str(ours.path), key=str(other.key)))


def test_a_key_with_a_passphrase_is_told_and_nobody_is_asked_for_it(certificates: Certificates, tmp_path: Path) -> None:
    ours = certificates.of("DNS:mih")
    locked = tmp_path / "locked.key"
    asked = ["openssl", "pkey", "-aes256", "-passout", "pass:s3cret", "-in", str(ours.key), "-out", str(locked)]
    subprocess.run(asked, check=True, capture_output=True, timeout=60)
    with pytest.raises(Misconfigured, match=r"^tls\.key .* has a passphrase"):
        ssl_context(Tls(certificate=str(ours.path), key=str(locked)))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"ca": "ca.pem"}, "expected an absolute path"),
        ({"ca": "file:ca.pem"}, "expected an absolute path"),
        ({"certificate": "/a.pem"}, "found certificate without key, expected both"),
        ({"key": "/a.key"}, "found key without certificate, expected both"),
    ],
)
def test_what_cannot_be_meant_is_refused_as_it_is_read(written: dict[str, str], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Tls.model_validate(written)
