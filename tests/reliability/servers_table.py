"""
The table of hostile servers: what each does, and what must come of it.

`ASKED` are the 66 behaviours that the plan's table names: every one of its rows, 401 (which stands in two of
them) counted once, and its last row, the mix, a trial of its own. `MORE` are those that were thought of since.
"""

from collections.abc import Callable

import attrs
from rude_answers import (
    body_of,
    busy_once,
    chunked,
    closes_at_once,
    differs,
    downgrades,
    greets,
    gzip_bomb,
    leads_to_other,
    leads_without_body,
    never_answers,
    of_body,
    packed,
    packed_and,
    part,
    picture,
    rebinds,
    redirect,
    repeating,
    replying,
    resets_before,
    resets_within,
    resumes,
    robots,
    robots_endless,
    robots_slow,
    sending,
    sets_cookie,
    smuggles,
    stalls_in_handshake,
    status,
    trailing_forever,
    vouches_falsely,
    wanders,
)
from rude_server import Peer, RudeServer, Site, answer, head, politely, raw

CAP = 2 * 2**20
"""The most bytes of a body."""
MEMORY = CAP + 50 * 2**20
DEADLINE_S, SILENCE_S = 6.0, 1.0
SLACK_S = 6.0
"""A hundred downloads at once, and their servers, in one process, on a busy machine."""
SECRET = "not-for-others"


@attrs.frozen
class Behaviour:
    """
    What a server does, and what must come of it.

    Args:
        name: Its site's.
        act: What it does with a connection.
        told: What the row's error says (a pattern); "" where the right picture is had all the same.
        gets: How many requests come, the least and the most.
        path: Asked for.
        user: Of the URL, with its password.
        certificate: What an https server shows.
        addresses: What its name leads to, where that matters.
        robots: True where its robots.txt is asked for.
        deadline_s: Of the download.
        revalidate: Of the download.
        stays: It misbehaves in the second run too.
        body_of: The site that the picture is of, where it is another.
        check: What else must hold, once it was asked.
    """

    name: str
    act: Callable[[Peer], object]
    told: str = ""
    gets: tuple[int, int] = (1, 1)
    path: str = "/picture.png"
    user: str = ""
    certificate: str = ""
    addresses: tuple[tuple[str, ...], ...] | None = None
    robots: bool = False
    deadline_s: float = DEADLINE_S
    revalidate: str = "never"
    stays: bool = False
    body_of: str = ""
    check: Callable[[RudeServer, Site], object] = lambda *_: None


def _sends_nothing_on(server: RudeServer, site: Site) -> None:
    """Check that only the host itself was sent what is for it, and no host a cookie."""
    asked = [headers for _, headers in server.sites["other"].asked]
    assert asked
    assert not any({"authorization", "cookie", "x-token"} & set(headers) for headers in asked)
    assert not any("cookie" in headers for _, headers in site.asked)


def _is_asked_without(*names: str) -> Callable[[RudeServer, Site], None]:
    def check(_server: RudeServer, site: Site) -> None:
        assert not any(set(names) & set(headers) for _, headers in site.asked)

    return check


def _was_sent_login(_server: RudeServer, site: Site) -> None:
    assert "authorization" in site.asked[0][1], "the URL's own user and password are for this host"


def _cross_host(server: RudeServer, site: Site) -> None:
    _was_sent_login(server, site)
    _sends_nothing_on(server, site)


def _half(body: bytes) -> bytes:
    return body[: len(body) // 2]


TWICE = (2, 2)
NONE = (0, 0)
FINITE = f"expected at most {CAP} bytes"
BAD_LENGTH = "got Content-Length|Content-Length contained multiple"
UNREADABLE = "ImageError: "
PRIVATE = "PrivateAddress: .* a private address; pass allow_private"
LATE = "DeadlineExceeded: .*not finished after"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
IN_YEARS = "Retry-After: Thu, 01 Jan 2099 00:00:00 GMT"

ASKED = (
    # accepts, never answers; close at once; RST before / mid body; TLS stall in handshake
    Behaviour("never-answers", never_answers, "the server was silent for 1 s", TWICE),
    Behaviour("closes-at-once", closes_at_once, "closed|reset|aborted", NONE),
    Behaviour("resets-before", resets_before, "reset", TWICE),
    Behaviour("resets-within", resets_within, "reset|incomplete|more expected", TWICE),
    Behaviour(
        "stalls-in-handshake", stalls_in_handshake, f"timed out|silent|{LATE}", NONE, certificate="good"
    ),
    # slow-loris headers; 1 byte/0.5 s body; drip below min rate
    Behaviour("slow-headers", repeating(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.1), LATE, deadline_s=0.9),
    Behaviour("slow-body", repeating(head("Content-Length: 100000"), b"x", 0.5), LATE, deadline_s=0.9),
    Behaviour(
        "drips",
        repeating(head("Content-Length: 100000"), b"x", 0.05),
        "TooSlow: .*expected at least 1000 bytes a second",
        deadline_s=30,
    ),
    # infinite body (no CL / chunked / lying CL); CL > cap
    Behaviour("endless", repeating(head(), b"x" * 65536), f"TooLarge: .*{FINITE}"),
    Behaviour(
        "endless-chunks",
        repeating(head("Transfer-Encoding: chunked"), b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
        f"TooLarge: .*{FINITE}",
    ),
    Behaviour("endless-behind-length", trailing_forever),
    Behaviour(
        "length-over-cap", repeating(head(f"Content-Length: {10**12}"), b"x" * 65536), f"TooLarge: .*{FINITE}"
    ),
    # short body with CL; without CL; CL too small; chunked cut; duplicate or negative CL; gzip cut
    Behaviour(
        "short",
        of_body(lambda body: head(f"Content-Length: {len(body) + 9}") + body),
        "9 more expected",
        TWICE,
    ),
    Behaviour("short-without-length", of_body(lambda body: head() + _half(body)), UNREADABLE),
    Behaviour(
        "length-too-small", of_body(lambda body: head(f"Content-Length: {len(body) // 2}") + body), UNREADABLE
    ),
    Behaviour(
        "cut-chunks",
        of_body(lambda body: head("Transfer-Encoding: chunked") + chunked(body, end=b"")),
        "FetchError: ",
        TWICE,
    ),
    Behaviour(
        "two-lengths",
        of_body(lambda body: head(f"Content-Length: {len(body)}", "Content-Length: 10") + body),
        BAD_LENGTH,
        (1, 2),
    ),
    Behaviour("negative-length", of_body(lambda body: head("Content-Length: -1") + body), BAD_LENGTH),
    Behaviour(
        "cut-gzip",
        of_body(packed_and(lambda data: data[:-20], "Content-Encoding: gzip")),
        "the packed body is cut",
        TWICE,
    ),
    # gzip 600 MB, gzip in gzip x6, br/zstd, bad gzip, encoding "identity" lie
    Behaviour(
        "gzip-bomb",
        replying(lambda _: answer(gzip_bomb(), "Content-Encoding: gzip")),
        "TooLarge: .*unpacked it is more",
    ),
    Behaviour("gzip-six-times", of_body(packed(6), closes=False), "got them packed 6 times"),
    Behaviour("brotli", body_of(b"\x0b\x02\x80hello\x03", "Content-Encoding: br"), "got Content-Encoding br"),
    Behaviour("zstd", body_of(b"\x28\xb5\x2f\xfd", "Content-Encoding: zstd"), "got Content-Encoding zstd"),
    Behaviour(
        "bad-gzip",
        of_body(packed_and(lambda data: data[:30] + bytes(30) + data[60:], "Content-Encoding: gzip")),
        "the packed body is (damaged|cut)",
        TWICE,
    ),
    Behaviour(
        "identity-lie", of_body(packed_and(lambda data: data, "Content-Encoding: identity")), UNREADABLE
    ),
    # redirect loop; 31 hops; to file://, ftp://, data:; to private addresses, in all spellings; https->http
    Behaviour("loop", redirect("/picture.png"), "TooManyRedirects: .*in a circle"),
    Behaviour("31-hops", replying(wanders), "TooManyRedirects: .*more than 10 redirects", (11, 11)),
    Behaviour("to-file", redirect("file:///etc/passwd"), r"BadURL: .*expected http or https \(got 'file'"),
    Behaviour("to-ftp", redirect("ftp://ftp.example/a.png"), r"BadURL: .*\(got 'ftp'"),
    Behaviour("to-data", redirect("data:image/png;base64,iVBORw0KGgo="), r"BadURL: .*\(got 'data'"),
    Behaviour("to-loopback", redirect("http://127.0.0.1/a.png"), PRIVATE),
    Behaviour("to-link-local", redirect("http://169.254.169.254/latest/meta-data/"), PRIVATE),
    Behaviour("to-mapped", redirect("http://[::ffff:10.0.0.1]/a.png"), PRIVATE),
    Behaviour("to-hexadecimal", redirect("http://0x7f.1/a.png"), PRIVATE),
    Behaviour("to-decimal", redirect("http://2130706433/a.png"), PRIVATE),
    Behaviour("downgrade", replying(downgrades), "InsecureRedirect: ", certificate="good"),
    # DNS answers public then private (rebinding, patched resolver); mixed A records
    Behaviour("rebinds", rebinds, PRIVATE, addresses=(("93.184.216.34",), ("127.0.0.1",))),
    Behaviour("mixed-addresses", politely, PRIVATE, NONE, addresses=(("93.184.216.34", "10.0.0.1"),)),
    # 401/403/404/410, 500, 503, 429 with Retry-After: 1, 3600, date, garbage; no netrc for the 401
    Behaviour(
        "401",
        status("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'),
        "HTTPStatusError: .* 401 ",
        check=_is_asked_without("authorization"),
    ),
    Behaviour("403", status("403 Forbidden"), "HTTPStatusError: .* 403 "),
    Behaviour("404", status("404 Not Found"), "HTTPStatusError: .* 404 "),
    Behaviour("410", status("410 Gone"), "HTTPStatusError: .* 410 "),
    Behaviour("500", status("500 Broken"), r"HTTPStatusError: .* 500 .*\(2 tries\)", TWICE),
    Behaviour("503", status("503 Away"), r"HTTPStatusError: .* 503 .*\(2 tries\)", TWICE),
    Behaviour("429-for-a-second", replying(busy_once), gets=TWICE),
    Behaviour("429-for-an-hour", status("429 Busy", "Retry-After: 3600"), "HTTPStatusError: .* 429 "),
    Behaviour("429-until-2099", status("429 Busy", IN_YEARS), "HTTPStatusError: .* 429 "),
    Behaviour("429-garbage", status("429 Busy", "Retry-After: soon\x7f"), r".* 429 .*\(2 tries\)", TWICE),
    # 200 with HTML, empty, JSON, image/png header over EPS/SVG/zip; wrong type
    Behaviour(
        "html", body_of(b"<!doctype html><p>Hi", "Content-Type: image/png"), "WrongContent: .*a web page"
    ),
    Behaviour("empty", body_of(b"", "Content-Type: image/png"), f"{UNREADABLE}.*empty"),
    Behaviour("json", body_of(b'{"error": "busy"}', "Content-Type: application/json"), UNREADABLE),
    Behaviour("eps", body_of(EPS, "Content-Type: image/png"), UNREADABLE),
    Behaviour("svg", body_of(SVG, "Content-Type: image/png"), UNREADABLE),
    Behaviour("zip", body_of(b"PK\3\4" + bytes(60), "Content-Type: image/png"), UNREADABLE),
    Behaviour("wrong-type", picture("Content-Type: text/html; charset=x")),
    # 5000 headers, 1 MB header, header with CR/LF/ESC, Content-Disposition "../../x"
    Behaviour("5000-headers", picture(*[f"X-{number}: x" for number in range(5000)]), "headers", (1, 2)),
    Behaviour("header-of-a-megabyte", picture(f"X-Long: {'x' * 2**20}"), "more than 65536 bytes", (1, 2)),
    Behaviour(
        "header-with-controls",
        status("403 No\x1b[31m\rway", "X-A: a\rb\x1b]0;title\x07", "X-B\x1b: \x9b1m"),
        r"403 No\\x1b\[31m",
    ),
    Behaviour("disposition", picture('Content-Disposition: attachment; filename="../../x.png"')),
    # Set-Cookie, (401 Basic: above), cross-host redirect
    Behaviour("cookie", replying(sets_cookie), gets=TWICE, check=_is_asked_without("cookie")),
    Behaviour("cross-host", replying(leads_to_other), user="me:secret@", body_of="other", check=_cross_host),
    # self-signed, expired, wrong host certificate
    Behaviour("self-signed", politely, "self.signed certificate", NONE, certificate="self-signed"),
    Behaviour("expired", politely, "certificate has expired", NONE, certificate="expired"),
    Behaviour("wrong-host", politely, "certificate is not valid for|mismatch", NONE, certificate="elsewhere"),
    # different bytes at each GET (same URL); ETag lies
    Behaviour("differs", replying(differs), stays=True),
    Behaviour("etag-lies", replying(vouches_falsely), revalidate="conditional", gets=(1, 2), stays=True),
)

_ADDRESSES = {
    "this-host": "0.0.0.0",
    "private-10": "10.1.2.3",
    "private-172": "172.16.9.9",
    "private-192": "192.168.0.1",
    "shared": "100.64.0.1",
    "multicast": "224.0.0.251",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "metadata": "169.254.169.254",
    "azure": "168.63.129.16",
    "loopback-6": "::1",
    "unique-local": "fd00:ec2::254",
    "link-local-6": "fe80::1",
    "multicast-6": "ff02::1",
    "mapped": "::ffff:127.0.0.1",
    "nat64": "64:ff9b::7f00:1",
    "6to4": "2002:7f00:1::1",
}
_DAMAGED = bytes(40)

MORE = (
    # announcements without an end, and statuses that are no answer to a GET
    Behaviour(
        "continues-for-ever", repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), LATE, deadline_s=1.0
    ),
    Behaviour(
        "hints-for-ever", repeating(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50), LATE, deadline_s=1.0
    ),
    Behaviour("switches", sending(head(status="101 Switching Protocols")), "got status 101 alone"),
    Behaviour("204", sending(head(status="204 No Content"), closes=False), f"{UNREADABLE}.*empty"),
    Behaviour("205", body_of(b""), f"{UNREADABLE}.*empty"),
    Behaviour(
        "206-unasked", of_body(lambda body: part(body, 0), closes=False), "got a part that was not asked for"
    ),
    Behaviour("304-unasked", status("304 Not Modified"), "HTTPStatusError: .* 304 "),
    Behaviour("300", status("300 Multiple Choices"), "HTTPStatusError: .* 300 "),
    Behaviour("302-to-nowhere", status("302 Found"), "HTTPStatusError: .* 302 "),
    Behaviour(
        "404-endless", repeating(head(status="404 Not Found"), b"x" * 9999), "HTTPStatusError: .* 404 "
    ),
    Behaviour("999", status("999 Go away"), "HTTPStatusError: .* 999 ", (1, 2)),
    Behaviour(
        "404-silent-body", repeating(head("Content-Length: 9", status="404 Not Found"), b"", 9.0), " 404 "
    ),
    Behaviour("302-silent-body", replying(leads_without_body), gets=TWICE),
    Behaviour("429-negative", status("429 Busy", "Retry-After: -5"), r" 429 .*\(2 tries\)", TWICE),
    # redirects
    Behaviour("location-with-controls", redirect("/a\x1b[31m\x07b"), "TooManyRedirects: .*a.x1b", TWICE),
    Behaviour(
        "location-with-break",
        redirect("/a\rX-Evil: 1"),
        "TooManyRedirects: ",
        TWICE,
        check=_is_asked_without("x-evil"),
    ),
    Behaviour("location-with-user", redirect("http://evil:pass@127.0.0.1/"), PRIVATE),
    Behaviour("location-huge", redirect("/" + "x" * 60_000), "TooManyRedirects: .{,2200}$", TWICE),
    Behaviour("location-no-port", redirect("http://a.example:99999/"), "BadURL: "),
    Behaviour("location-no-host", redirect("http:///x"), "TooManyRedirects: ", TWICE),
    # other protocols
    Behaviour("http-0.9", sending(b"<html>old</html>"), "FetchError: ", (1, 2)),
    Behaviour("http-2", sending(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "FetchError: ", (1, 2)),
    Behaviour("http-2-frame", sending(b"\0\0\x12\4\0\0\0\0\0" + bytes(18)), "FetchError: ", (1, 2)),
    Behaviour("garbage", sending(b"\xff\xfe\x1b[2J\r\n\r\n"), "FetchError: ", (1, 2)),
    Behaviour("status-of-letters", sending(b"HTTP/1.1 abc OK\r\n\r\n"), "FetchError: ", (1, 2)),
    Behaviour("ssh", greets(b"SSH-2.0-OpenSSH_9.9\r\n"), "FetchError: ", (0, 2)),
    Behaviour("tls-is-plain", raw(greets(b"HTTP/1.1 400 Bad\r\n\r\n")), "SSL", NONE, certificate="good"),
    # heads and frames without an end
    Behaviour("endless-headers", repeating(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 500), "headers", (1, 2)),
    Behaviour(
        "endless-trailers",
        repeating(head("Transfer-Encoding: chunked") + b"0\r\n", b"X-A: b\r\n" * 500),
        f"{LATE}|trailer|TooLarge|FetchError",
        (1, 2),
        deadline_s=1.5,
    ),
    Behaviour(
        "endless-chunk-size",
        repeating(head("Transfer-Encoding: chunked") + b"1;", b"x" * 5000),
        "FetchError: ",
        (1, 2),
    ),
    Behaviour(
        "chunk-of-letters",
        sending(head("Transfer-Encoding: chunked") + b"zz\r\nabc\r\n"),
        "FetchError: ",
        (1, 2),
    ),
    Behaviour(
        "chunk-of-2-to-64",
        sending(head("Transfer-Encoding: chunked") + b"10000000000000000\r\n" + bytes(999)),
        "FetchError: |TooLarge: ",
        (1, 2),
    ),
    Behaviour(
        "chunk-negative",
        sending(head("Transfer-Encoding: chunked") + b"-5\r\nabcde\r\n0\r\n\r\n"),
        "FetchError: ",
        (1, 2),
    ),
    Behaviour(
        "chunked-and-length",
        of_body(lambda body: head("Transfer-Encoding: chunked", "Content-Length: 5") + chunked(body)),
    ),
    Behaviour(
        "chunked-twice",
        of_body(lambda body: head("Transfer-Encoding: chunked, chunked") + chunked(chunked(body))),
        "got Transfer-Encoding",
    ),
    Behaviour("smuggles", replying(smuggles), gets=TWICE),
    # a rest that is none of the begin
    Behaviour("rest-from-elsewhere", resumes(lambda body, at: part(body, at, told=0)), gets=(3, 3)),
    Behaviour("rest-of-another", resumes(lambda body, at: part(body, at, tag='"2"')), gets=(3, 3)),
    Behaviour("rest-is-all", resumes(lambda body, _: answer(body, 'ETag: "1"')), gets=(2, 2)),
    Behaviour("rest-overlaps", resumes(lambda body, at: part(body, at - 10)), gets=(3, 3)),
    Behaviour(
        "rest-is-wrong",
        resumes(lambda body, at: part(body[:at] + _DAMAGED + body[at + 40 :], at)),
        UNREADABLE,
        TWICE,
    ),
    # robots.txt
    Behaviour("robots-endless", robots_endless(), robots=True),
    Behaviour("robots-of-5-gb", robots_endless(f"Content-Length: {5 * 10**9}"), robots=True),
    Behaviour(
        "robots-loop",
        robots(lambda peer: peer.send(answer(b"", "Location: /robots.txt", status="302 Found"))),
        robots=True,
    ),
    Behaviour("robots-garbage", robots(lambda peer: peer.send(answer(bytes(range(256)) * 40))), robots=True),
    Behaviour("robots-slow", robots(robots_slow), LATE, NONE, robots=True, deadline_s=0.9),
    Behaviour(
        "robots-broken",
        robots(lambda peer: peer.send(answer(b"", status="500 Broken"))),
        "robots.txt",
        NONE,
        robots=True,
    ),
    # names
    Behaviour("name-look-up-hangs", politely, "no answer to the name look-up within 1 s", NONE, addresses=()),
    *[
        Behaviour(f"leads-to-{name}", politely, PRIVATE, NONE, addresses=((address,),))
        for name, address in _ADDRESSES.items()
    ],
)
