"""Where one request goes: the service's address, and what its rule adds to it."""

from urllib.parse import quote, urlsplit, urlunsplit

from pipeline.delivery import Request


def address_of(url: str, request: Request) -> str:
    """The service's address with the rule's path appended and its query added; templates have encoded the values."""
    parts = urlsplit(url)
    # A fragment is never sent (RFC 9110, 7.1): what looks like one belongs to the path.
    path, _, path_query = str(request.send.get("path", "")).replace("#", "%23").partition("?")
    if path:
        path = parts.path.rstrip("/") + "/" + path.lstrip("/")
    named = (f"{quote(name, safe='')}={value}" for name, value in request.send.get("query", {}).items())
    query = "&".join(filter(None, (parts.query, path_query, *named)))
    return urlunsplit((parts.scheme, parts.netloc, path or parts.path, query, ""))
