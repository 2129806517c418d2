"""
A web server on loopback that answers each GET a set time late, as one far away does, and counts them.

    python benchmarks/slow_server.py FOLDER LATENCY_S

Prints its port, then serves until its stdin closes. GET /count tells how many pictures were asked for so
far. One thread, since sockets that wait cost it nothing: hundreds may be open.
"""

import asyncio
import sys
from pathlib import Path
from urllib.parse import unquote


class Server:
    """Serve the files of a folder. State: gets = GETs of files so far; files = name -> content."""

    def __init__(self, folder: Path, latency_s: float) -> None:
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.latency_s = latency_s
        self.gets = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, which is kept open."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                name = unquote(head.split(b" ", 2)[1].decode().lstrip("/"))
                await self._answer(name, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, name: str, writer: asyncio.StreamWriter) -> None:
        status, body, kind = "200 OK", self.files.get(name), "image/jpeg"
        if name == "count":
            body, kind = str(self.gets).encode(), "text/plain"
        elif name == "robots.txt":
            status, body, kind = "404 Not Found", b"", "text/plain"
        else:
            self.gets += 1
            await asyncio.sleep(self.latency_s)
            if body is None:
                status, body = "404 Not Found", b""
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body or b'')}\r\n\r\n"
        writer.write(head.encode() + (body or b""))
        await writer.drain()


async def main() -> None:
    server = Server(Path(sys.argv[1]), float(sys.argv[2]))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
