from rest_like import TRANSPORTS

from pipeline.registry import read_texts

HUB = """version: 1
services:
  erp:
    transport: rest
    url: https://erp.example.org
    proxy: http://proxy.example.org:3128
  lms: {transport: rest, url: https://lms.example.org}
rules:
  first: {event: x, service: erp}
  other: {event: y, service: lms}
"""


def test_a_service_behind_a_proxy_is_told_of_what_the_guard_does_not_see() -> None:
    [told] = read_texts({"hub.yaml": HUB}, TRANSPORTS).warnings
    assert str(told) == (
        "hub.yaml:6: services.erp.proxy: the guard sees the proxy only: what is behind it is the proxy's to refuse"
    )
