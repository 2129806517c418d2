"""Who asks: an honest User-Agent, and its product token, by which robots rules name a client."""

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata


@cache
def default_agent() -> str:
    """Return "creevey_graph/<version>", with the project's page where the package names one."""
    try:
        facts = metadata("creevey_graph")
    except PackageNotFoundError:  # run from a checkout
        return "creevey_graph/0"
    pages = [text.partition(",")[2].strip() for text in facts.get_all("Project-URL") or []]
    page = next((page for page in pages if page), None)
    return f"creevey_graph/{facts['Version']}" + (f" (+{page})" if page else "")


def token_of(agent: str) -> str:
    """
    Return the product token of a User-Agent, in lower case.

    >>> token_of("Creevey_Graph/0.1.0 (+https://host/)")
    'creevey_graph'
    """
    words = agent.split()
    return words[0].partition("/")[0].lower() if words else ""
