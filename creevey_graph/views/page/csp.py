"""The Content-Security-Policy of a page: what stands in it may run and be shown, nothing else may be loaded."""

import base64
import hashlib
from collections.abc import Iterable


def policy(*, scripts: Iterable[str], styles: Iterable[str], is_live: bool = False) -> str:
    """
    Return the policy of a page that holds these texts between its tags, and no others.

    Args:
        scripts: What stands between `<script>` and `</script>`, to the letter.
        styles: The same of `<style>`.
        is_live: Whether the page asks the server it came from, and no other, for news and pictures.
    """
    parts = [
        "default-src 'none'",
        "img-src 'self' data:" if is_live else "img-src data:",
        f"style-src {_digests(styles)}",
        f"script-src {_digests(scripts)}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join([*parts, "connect-src 'self'"] if is_live else parts)


def _digests(texts: Iterable[str]) -> str:
    return " ".join(f"'sha256-{_digest(text)}'" for text in texts if text) or "'none'"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
