"""A service's timeout, retries and breaker: the plugin's numbers in our keys, and what it took without asking."""

from typing import Any

from pipeline.plugin_import.entry import Notes
from pipeline.plugin_import.rows import PluginService
from pipeline.registry import Retry
from pipeline.registry.protection import Breaker

#: Seconds: ours at most, for a message may not be held longer.
_MAX_TIMEOUT = 120
#: Seconds: the plugin's own longest delay between two attempts.
_MAX_BACKOFF = 60
_MAX_ATTEMPTS = 1000
#: What a service has that says nothing.
_DEFAULT_ATTEMPTS: int = Retry().max_attempts
_MAX_FAILURES = 1000
#: Seconds.
_MAX_COOLDOWN = 3600
#: What a service has that says nothing, here and in the plugin: not worth a word.
_PLAIN = Breaker()


def limits(service: PluginService, notes: Notes) -> dict[str, Any]:
    """Give timeout, retry and breaker."""
    keys: dict[str, Any] = {}
    if timeout := _timeout(service.timeout, notes):
        keys["timeout"] = timeout
    if retry := _retry(service, notes):
        keys["retry"] = retry
    if breaker := _breaker(service, notes):
        keys["breaker"] = breaker
    return keys


def _timeout(seconds: int, notes: Notes) -> str:
    if seconds < 0:
        notes.say("timeout", f"{seconds} s, taken without a check", "left out: the default, 5s")
        return ""
    if seconds == 0 or seconds > _MAX_TIMEOUT:
        notes.say("timeout", f"{seconds} s" if seconds else "0, which is no limit", "2m, the longest there is")
    return f"{min(seconds or _MAX_TIMEOUT, _MAX_TIMEOUT)}s"


def _retry(service: PluginService, notes: Notes) -> dict[str, Any]:
    """Give what outlasts more than Moodle's own task queue did: the plugin's few seconds were never really waited."""
    keys: dict[str, Any] = {}
    attempts, backoff = service.max_retries + 1, service.retry_backoff
    if _DEFAULT_ATTEMPTS < attempts <= _MAX_ATTEMPTS:
        keys["max_attempts"] = attempts
    if not 1 <= attempts <= _MAX_ATTEMPTS:
        notes.say(
            "max_retries", f"{service.max_retries}, taken without a check", f"the default, {_DEFAULT_ATTEMPTS} attempts"
        )
    if backoff > _MAX_BACKOFF:
        notes.say("retry_backoff", f"{backoff} s, though no delay was longer than 60 s", "60s")
    if backoff > 0:
        return {**keys, "backoff": f"{min(backoff, _MAX_BACKOFF)}s"}
    notes.say("retry_backoff", f"{backoff} s", "the default, 1s")
    return keys


def _breaker(service: PluginService, notes: Notes) -> dict[str, Any]:
    """Give what differs from the breaker that every service has here."""
    keys: dict[str, Any] = {}
    failures, cooldown = service.cb_failure_threshold, service.cb_cooldown
    if failures < 1:
        notes.say("cb_failure_threshold", f"{failures}: opened at the first failure", "1")
    if failures > _MAX_FAILURES:
        notes.say("cb_failure_threshold", f"{failures}", f"{_MAX_FAILURES}, the most there is")
    if (failures := min(max(failures, 1), _MAX_FAILURES)) != _PLAIN.failures:
        keys["failures"] = failures
    if cooldown < 1:
        notes.say("cb_cooldown", f"{cooldown} s: never really closed the way", "the default, 30s")
        return keys
    if cooldown > _MAX_COOLDOWN:
        notes.say("cb_cooldown", f"{cooldown} s", "1h, the longest there is")
    if (cooldown := min(cooldown, _MAX_COOLDOWN)) != _PLAIN.cooldown.total_seconds():
        keys["cooldown"] = f"{cooldown}s"
    return keys
