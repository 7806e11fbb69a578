"""What is other here for every service and rule, said once."""

from typing import Final

from pipeline.plugin_import.entry import Difference

_SAID: Final = (
    (
        "repeats",
        "an event was dropped when name, object, user and crud were those of one within 60 s, other courses too",
        "only when its whole content is the same; each delivery has an Idempotency-Key",
    ),
    (
        "retries",
        "none of its own, whatever max_retries; Moodle's task queue tried 5 times in about 15 min, a 4xx like a 5xx",
        (
            "what may pass (timeout, 408, 425, 429, 5xx) is tried 10 times, or max_retries + 1 where that is more, "
            "with delays that double up to 1h; other 4xx are dead, to be replayed; three 401 in a row pause the service"
        ),
    ),
    (
        "breaker",
        "counted every failure, a 4xx too; half-open let everyone through",
        "only what may pass counts, but for 429; one probe at a time, and what waits for it burns no attempt",
    ),
    (
        "redirects",
        "followed, with the token",
        "not followed: a 3xx is a delivery that cannot pass, so write the final address",
    ),
    (
        "success",
        "any 2xx, also where Moodle answers 200 with an error in it",
        "the same, unless the service says more: success: {json: {exception: [{exists: false}]}}",
    ),
    (
        "addresses",
        "private ones allowed or not by Moodle's list of blocked hosts",
        "refused, unless MIH_ALLOWED_NETWORKS lists their network",
    ),
    ("secrets", "in clear in the database", "in the environment, as env:NAME says; none stands in this file"),
    (
        "endpoint",
        "one / between the address and the endpoint, also where that is empty: path /",
        "the same; leave path out to send to the address as it is",
    ),
    (
        "values",
        "the placeholder of a value that is null stayed in the text, and without quotes the event was lost",
        "null, and in quotes an empty text",
    ),
    (
        "payload",
        "without a template the event as Moodle gives it, ids now as numbers, now as texts",
        "without a payload the same, its ids always numbers or null, an empty other always {}",
    ),
    (
        "webhooks",
        "webhook.php and response queues brought messages in",
        "not carried over: this is about what goes out",
    ),
)
GENERAL: Final = tuple(Difference("everything", None, what, there, here) for what, there, here in _SAID)
