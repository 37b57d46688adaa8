"""Whether a function's package would run on arm64: what is native in it, as far as it can be seen."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.application.distributions import carried
from lambdalint.data.tables import load
from lambdalint.template.runtimes import supports

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.discovery import Files
    from lambdalint.template.function import LambdaFunction

_NATIVE = (".so", ".a", ".o", ".exe", ".whl")
_DEPTH = 3


def runs_on_arm(application: Application, function: LambdaFunction, x86: Collection[str]) -> bool:
    """Whether all of a function is in sight, and nothing in it is for x86. `x86` names distributions beside
    those of the table that are."""
    handler = application.handler(function)
    if handler is None or not supports(function.runtime or "", "arm64") or handler.opaque:
        return False
    packages = application.manifests.packages(handler)
    if packages.gaps:
        return False
    installed = carried(packages.requirements)
    if installed is None or not installed.isdisjoint(_x86_only() | frozenset(x86)):
        return False
    return not _holds_native(application.files, handler) and not _is_at_the_edge(function)


def _holds_native(files: Files, handler: Handler) -> bool:
    waiting = [(folder, 0) for folder in handler.bundle.folders]
    while waiting:
        folder, depth = waiting.pop()
        for name in files.children(folder):
            path = PurePosixPath(folder, name)
            if name.endswith(_NATIVE) or ".so." in name or name == "bin":
                return True
            if depth < _DEPTH and files.is_dir(path):
                waiting.append((path, depth + 1))
    return False


def _is_at_the_edge(function: LambdaFunction) -> bool:
    """Whether CloudFront may run it, which has x86 only:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-at-edge-function-restrictions.html"""
    template = function.template
    return "edgelambda" in template.source.text or bool(template.of_type("AWS::CloudFront::Distribution"))


@cache
def _x86_only() -> frozenset[str]:
    return frozenset(name for row in load("x86_only.toml")["row"] for name in row["names"])
