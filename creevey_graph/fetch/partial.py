"""
What has come of a body that broke off, so that the next try may ask for the rest alone.

The rest is only taken where the server says that it is the rest of the same thing: a strong ETag, or a
Last-Modified that was already old when it was given (If-Range knows no others), and a Content-Range that
begins where the body ends.
"""

import re
from email.utils import parsedate_to_datetime

import attrs
import requests


@attrs.define
class Partial:
    """
    A body in the making.

    State:
        body: The bytes so far.
        url: Which URL they are from.
        validator: What If-Range is to say, "" where the rest cannot be asked for.
        total: How long it will be, None where that is not known.
    """

    body: bytearray = attrs.field(factory=bytearray)
    url: str = ""
    validator: str = ""
    total: int | None = None

    def range_headers(self, url: str) -> dict[str, str]:
        """Return the headers that ask for the rest; none where all of *url* is to be asked for."""
        if not (self.body and self.validator and url == self.url):
            return {}
        return {"Range": f"bytes={len(self.body)}-", "If-Range": self.validator}

    def begin(self, url: str, response: requests.Response) -> None:
        """Start over with *response*, an answer with all of the body."""
        self.body = bytearray()
        self.url = url
        is_packed = response.headers.get("Content-Encoding", "identity").strip().lower() not in {
            "",
            "identity",
        }
        is_fixed = response.headers.get("Accept-Ranges", "").strip().lower() == "none"
        self.validator = "" if is_packed or is_fixed else validator_of(response)
        self.total = None

    def forget(self) -> None:
        """Let go of all that came."""
        self.body = bytearray()
        self.validator = ""
        self.total = None

    def is_continued_by(self, response: requests.Response) -> bool:
        """Return whether the body of *response*, a 206, is the rest of this one."""
        found = re.fullmatch(
            r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)",
            response.headers.get("Content-Range", "").strip().lower(),
        )
        if found is None or int(found[1]) != len(self.body) or "Content-Encoding" in response.headers:
            return False
        if found[3] != "*" and int(found[2]) != int(found[3]) - 1:
            return False  # not all of the rest
        name = "ETag" if self.validator.startswith('"') else "Last-Modified"
        if response.headers.get(name, self.validator).strip() != self.validator:
            return False
        self.total = int(found[2]) + 1
        return True


def validator_of(response: requests.Response) -> str:
    """Return the strong validator of an answer, "" where it has none."""
    tag = response.headers.get("ETag", "").strip()
    if re.fullmatch(r'"[^"]*"', tag):  # W/"…" is a weak one
        return tag
    modified = response.headers.get("Last-Modified", "").strip()
    try:
        age = parsedate_to_datetime(response.headers.get("Date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError, OverflowError):
        return ""
    return modified if age.total_seconds() >= 1 else ""
