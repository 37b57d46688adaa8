"""Function URLs: those that SAM makes of `FunctionUrlConfig`, and AWS::Lambda::Url resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.template.values import Alternative, Known, Path

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template


@dataclass(frozen=True)
class FunctionUrl:
    """A function's URL: where it does without authorization, and where browsers of any site may send
    credentials; None where it does not."""

    function: LambdaFunction
    open_at: Path | None
    any_origin_at: Path | None


def function_urls(template: Template) -> Iterator[FunctionUrl]:
    """The URLs of the template's functions."""
    for function in template.functions:
        if function.property("FunctionUrlConfig"):
            found = function.property
            auth: Pairs = [(one.value, one.path) for one in found("FunctionUrlConfig", "AuthType")]
            listed = function.items("FunctionUrlConfig", "Cors", "AllowOrigins")
            origins: Pairs = [(one.value, one.path) for one in listed]
            sends: Pairs = [
                (one.value, one.path) for one in found("FunctionUrlConfig", "Cors", "AllowCredentials")
            ]
            yield _url(function, auth, origins, sends)
        for url in function.urls:
            yield _url(
                function,
                _pairs(url.get("AuthType")),
                _pairs(url.items("Cors", "AllowOrigins")),
                _pairs(url.get("Cors", "AllowCredentials")),
            )


Pairs = list[tuple[object, Path]]


def _pairs(found: tuple[Alternative, ...]) -> Pairs:
    return [(one.value, one.path) for one in found]


def _url(function: LambdaFunction, auth: Pairs, origins: Pairs, sends: Pairs) -> FunctionUrl:
    anywhere = _first(origins, "*") if _first(sends, True, "true") else None
    return FunctionUrl(function, _first(auth, "NONE"), anywhere)


def _first(found: Pairs, *wanted: object) -> Path | None:
    return next((path for value, path in found if isinstance(value, Known) and value.value in wanted), None)
