"""A service to deliver to: it takes its time, asks for its token, and tells by GET what was posted how often."""

import json
import os
import time
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Seconds per request, so that a sender that is killed has some in hand.
ANSWER_S = 0.3
SEEN: Counter[int] = Counter()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {os.environ['RECEIVER_TOKEN']}":
            return self._answer(HTTPStatus.FORBIDDEN)
        time.sleep(ANSWER_S)  # the time of a service's work, which is what it stands for
        SEEN[json.loads(body)["objectid"]] += 1
        return self._answer(HTTPStatus.OK)

    def do_GET(self) -> None:
        self._answer(HTTPStatus.OK, json.dumps(SEEN).encode())

    def _answer(self, status: HTTPStatus, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Receiver).serve_forever()
