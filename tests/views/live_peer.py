"""A loopback server of one live page: it sends what a test tells it to, and answers previews as the test says."""

import json
import queue
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "t0ken"
LIVE = {"token": TOKEN, "events": "/events", "preview": "/preview", "thumb": "/thumb"}


class LivePeer:
    """
    Serves a page, its events and its previews on 127.0.0.1; use as a context manager.

    State: html = the page; asked = the queries of previews, in order; answer = query -> (status, answer); streams = how
    many event streams were opened.
    """

    def __init__(self, html, answer=lambda query: (200, {})):
        self.html = html
        self.answer = answer
        self.asked = []
        self.streams = 0
        self._messages = queue.Queue()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._http.handle_error = lambda *_: None
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}/?token={TOKEN}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Go away, if it has not yet."""
        if not self._thread.is_alive():
            return
        self.hang_up()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def send(self, name, message):
        """Send one message to the page."""
        self._messages.put(f"event: {name}\ndata: {json.dumps(message)}\n\n")

    def hang_up(self):
        """End the event stream; the next one is refused."""
        self._messages.put(None)

    def _handler(self):
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                with suppress(ConnectionError):
                    peer._serve(self)

            def log_message(self, *_):
                pass

        return Handler

    def _serve(self, handler):
        parts = urlsplit(handler.path)
        query = parse_qs(parts.query)
        if parts.path == "/":
            return _answer(handler, 200, "text/html; charset=utf-8", self.html)
        if query.get("token") != [TOKEN]:
            return _answer(handler, 403, "text/plain", "no")
        if parts.path == "/preview":
            self.asked.append(query)
            status, answer = self.answer(query)
            return _answer(handler, status, "application/json", json.dumps(answer))
        if parts.path == "/events":
            return self._stream(handler)
        return _answer(handler, 404, "text/plain", "no such page")

    def _stream(self, handler):
        self.streams += 1
        if self.streams > 1:
            return _answer(handler, 404, "text/plain", "over")
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(b"retry: 10\n\n")
        while (message := self._messages.get()) is not None:
            handler.wfile.write(message.encode())
            handler.wfile.flush()
        handler.close_connection = True
        return None


def _answer(handler, status, kind, text):
    body = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
