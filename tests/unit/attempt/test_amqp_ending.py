"""What a broker's refusals and the failures of a connection mean."""

import socket
import ssl

import pytest
from aiormq import spec
from aiormq.exceptions import (
    AMQPConnectionError,
    AuthenticationError,
    ChannelAccessRefused,
    ChannelClosed,
    ChannelInvalidStateError,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ConnectionClosed,
    ConnectionInternalError,
    DeliveryError,
    InvalidFrameError,
    ProbableAuthenticationError,
)

from pipeline.attempt.amqp_ending import seen_in
from pipeline.attempt.amqp_link import Blocked, Closed
from pipeline.attempt.ending import Stated, Unanswered
from pipeline.errors import DestinationRefused
from pipeline.outcome import Ending

TOO_LARGE = "PRECONDITION_FAILED - message size 1001 is larger than configured max size 1000"
NO_VHOST = "NOT_ALLOWED - vhost v not found"
LIMIT = "NOT_ALLOWED - access to vhost 'v' refused for user 'mih': connection limit (1) is reached"


def caused_by_tls() -> AMQPConnectionError:
    error = AMQPConnectionError("Server communication error")
    error.__cause__ = ssl.SSLError("alert certificate required")
    return error


@pytest.mark.parametrize(
    ("failed", "ending", "reason"),
    [
        (DeliveryError(None, spec.Basic.Nack()), Ending.MAY_PASS, "refused by the broker (nack)"),
        (ChannelNotFoundEntity("NOT_FOUND"), Ending.CANNOT_PASS, "the broker has no exchange 'lake'"),
        (ChannelAccessRefused("no"), Ending.FORBIDDEN, "the broker refuses access to exchange 'lake'"),
        (ChannelPreconditionFailed(TOO_LARGE), Ending.CANNOT_PASS, "larger than the 1000 bytes that the broker takes"),
        (ChannelPreconditionFailed("PRECONDITION_FAILED"), Ending.MAY_PASS, "channel closed by the broker"),
        (ChannelClosed(311, "CONTENT_TOO_LARGE"), Ending.MAY_PASS, "channel closed by the broker"),
        (ProbableAuthenticationError("ACCESS_REFUSED"), Ending.FORBIDDEN, "login refused"),
        (AuthenticationError("EXTERNAL", ["PLAIN"]), Ending.FORBIDDEN, "login refused"),
        (ConnectionClosed(530, NO_VHOST), Ending.FORBIDDEN, "virtual host unknown, or access to it refused"),
        (ConnectionClosed(530, LIMIT), Ending.MAY_PASS, "connection closed by the broker"),
        (ConnectionClosed(320, "CONNECTION_FORCED"), Ending.MAY_PASS, "connection closed by the broker"),
        (ConnectionInternalError("INTERNAL_ERROR"), Ending.MAY_PASS, "connection closed by the broker"),
    ],
)
def test_what_the_broker_says_has_its_ending(failed: Exception, ending: Ending, reason: str) -> None:
    seen = seen_in(failed, "lake", 1001)
    assert isinstance(seen, Stated)
    assert (seen.ending, seen.reason) == (ending, reason)


def test_the_neighbours_of_a_message_that_is_too_large_may_pass() -> None:
    seen = seen_in(ChannelPreconditionFailed(TOO_LARGE), "lake", 1000)
    assert isinstance(seen, Stated)
    assert seen.ending is Ending.MAY_PASS


@pytest.mark.parametrize(
    ("failed", "reason"),
    [
        (Closed(), "closed by this hub"),
        (Blocked(), "the broker blocks publishers (memory or disk alarm)"),
        (DestinationRefused("10.0.0.1 is a private address"), "10.0.0.1 is a private address"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "name not found"),
        (ssl.SSLError("wrong version number"), "TLS failed"),
        (caused_by_tls(), "TLS failed"),
        (ConnectionRefusedError(), "connection refused or unreachable"),
        (OSError(113, "No route to host"), "connection refused or unreachable"),
        (ConnectionResetError(), "connection closed without an answer"),
        (AMQPConnectionError("Server connection unexpectedly closed"), "connection closed without an answer"),
        (ChannelInvalidStateError("closed"), "connection closed without an answer"),
        (Exception(), "connection closed without an answer"),
        (InvalidFrameError("Last byte error"), "the answer is not AMQP 0-9-1"),
        (KeyError(7), "the answer is not AMQP 0-9-1"),
    ],
)
def test_what_got_no_answer_is_told_in_words(failed: Exception, reason: str) -> None:
    assert seen_in(failed, "lake", 10) == Unanswered(reason)


def test_no_name_makes_a_reason_too_long_or_unprintable() -> None:
    seen = seen_in(ChannelNotFoundEntity("NOT_FOUND"), "\n" * 255, 10)
    assert isinstance(seen, Stated)
    assert seen.reason.isprintable()
    assert len(seen.reason) < 300
