"""Secrets by their structure, and calls that take a password, from `data/secret_patterns.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from lambdalint.data.tables import load

# Bodies with fewer different characters are written by hand: xxxx, 0000.
_FEWEST = 8
_BY_HAND = re.compile(
    r"example|x{4}|\.{3}|0{6}|1{6}|your|dummy|fake|sample|placeholder|changeme|redacted|12345678|abcdefgh"
    r"|testtest",
    re.IGNORECASE,
)
_NO_PASSWORD = re.compile(
    r"\W*|<.*>|\[.*\]|.*\$\{.*|.*\{\{.*|\{.*\}|%.*%|\$\w+|(.)\1*|your.*|my_?(?:secret_?)?(?:password|pass|pwd)"
    r"|change.?(?:me|it)|placeholder|todo|xxx.*|example.*|dummy.*|fake.*|sample.*|redacted|none|null|n/?a|guest|test\w*"
    r"|(?:db_?|user_?)?(?:password|passwd|pass|pwd|passphrase)|secret|token|arn:.*|/[\w/.-]+|\{?resolve:.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Pattern:
    """A kind of secret: what it is called, and how it looks."""

    what: str
    prefixes: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Secret:
    """A secret in a text, and where it stands in it."""

    what: str
    start: int
    end: int


@dataclass(frozen=True)
class Login:
    """A call that takes a password: by keyword, by position (-1: never) or in a connection string."""

    names: tuple[str, ...]
    position: int
    dsn: bool


@cache
def patterns() -> tuple[Pattern, ...]:
    """The known kinds of secrets."""
    return tuple(
        Pattern(row["what"], tuple(row["prefixes"]), _bounded(row["pattern"]))
        for row in load("secret_patterns.toml")["secret"]
    )


def _bounded(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{pattern})(?![A-Za-z0-9])")


@cache
def logins() -> Mapping[str, Login]:
    """The calls that take a password, by what they resolve to."""
    found: dict[str, Login] = {}
    for row in load("secret_patterns.toml")["login"]:
        login = Login(tuple(row["names"]), row.get("position", -1), row.get("dsn", False))
        found.update(dict.fromkeys(row["calls"], login))
    return found


def may_hold_secret(text: str) -> bool:
    """Whether some secret's beginning occurs in a text: a cheap question before all others."""
    return _beginnings().search(text) is not None


@cache
def _beginnings() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(prefix) for each in patterns() for prefix in each.prefixes))


def secrets_in(text: str, more: Mapping[str, str] | None = None) -> Iterator[Secret]:
    """The secrets in a text; what is written by hand to look like one is none. `more` are further patterns
    by what they are called."""
    for each in patterns():
        if any(prefix in text for prefix in each.prefixes):
            for match in each.pattern.finditer(text):
                if not _is_by_hand(match["body"]):
                    yield Secret(each.what, *match.span())
    for what, pattern in (more or {}).items():
        for match in re.finditer(pattern, text):
            yield Secret(what, *match.span())


def _is_by_hand(body: str) -> bool:
    return len(set(body)) < _FEWEST or _BY_HAND.search(body) is not None


def is_password(text: str) -> bool:
    """Whether a text that is given as a password can be one: no placeholder, reference, name or path."""
    return _NO_PASSWORD.fullmatch(text) is None


# `scheme://user:password@host`, and `Password=…;` or `password=…` of ODBC and libpq.
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^:/@\s]*:(?P<password>[^@/\s]+)@(?P<host>[^/?#:,]*)")
_PAIR = re.compile(r"(?:^|[;\s])(?:password|pwd)\s*=\s*(?P<password>[^;\s]+)", re.IGNORECASE)
_LOCAL = re.compile(r"localhost|127\.0\.0\.1|::1|0\.0\.0\.0|host\.docker\.internal|.*\.local")


def password_in(connection: str) -> str | None:
    """The password in a connection string to a server elsewhere; None where there is none."""
    match = _URL.search(connection)
    if match is not None and is_local(match["host"]):
        return None
    match = match or _PAIR.search(connection)
    return match["password"] if match is not None and is_password(match["password"]) else None


def is_local(host: str) -> bool:
    """Whether a host is the machine itself: what is there is a developer's."""
    return _LOCAL.fullmatch(host) is not None
