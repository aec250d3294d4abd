"""One page, one spelling of its address."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

_LONGEST = 2000  # characters; more is a trap or a mistake
_DEFAULT_PORT = {"http": 80, "https": 443}


def canonical(url: str, base: str = "") -> str | None:
    """The address in its one spelling, or None when it is none of the web's.

    Fragment, user and password, tracking parameters and the scheme's own port go; parameters are sorted;
    the host is lower-case ASCII.
    """
    from courlan import normalize_url

    url = "".join(url.split())
    if base:
        url = urljoin(base, url)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in _DEFAULT_PORT or not host or len(url) > _LONGEST:
        return None
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port != _DEFAULT_PORT[parts.scheme]:
        host = f"{host}:{port}"
    plain = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    try:
        plain = normalize_url(plain)
    except (ValueError, UnicodeError):
        return None
    return urlunsplit(urlsplit(plain)._replace(netloc=host))  # courlan shows the host in its own script


def host_of(url: str) -> str:
    """Host and, where it is not the scheme's own, port."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def readable(url: str) -> str:
    """The address as words, for the screen: separators become spaces."""
    from urllib.parse import unquote

    parts = urlsplit(url)
    words = f"{parts.hostname or ''} {unquote(parts.path)} {unquote(parts.query)}"
    for mark in "-_/.+=&?%~":
        words = words.replace(mark, " ")
    return " ".join(words.split())
