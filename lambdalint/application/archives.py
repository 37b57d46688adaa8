"""Functions whose code is an archive, and the handlers in the repository that the archive must be made of.

A zip file in a bucket is made somewhere else, so that no function is linked to its source: its handlers are
found by their shape and belong to nobody. The name of the handler still tells which function may run it. That
is enough to be silent by, not enough to judge a function by. Only templates nearby are asked: in the folders
around the code, or one folder below one of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lambdalint.application.link import Linked
from lambdalint.application.overview import split_handler

if TYPE_CHECKING:
    from lambdalint.application.application import Application, Handler
    from lambdalint.template.function import LambdaFunction

_MOST = 4


def archived(handler: Handler) -> Iterator[tuple[Application, LambdaFunction]]:
    """The functions that name a handler found by its shape, and whose own code is out of sight."""
    project = handler.application.project
    path = handler.module.source.path
    named = project.overview.naming(f"{path.stem}.{handler.attribute}")
    around = frozenset(path.parents)
    near = [one for one in named if one.parent in around or one.parent.parent in around]
    # Where many share one name, as `app.handler` in a repository of samples, it tells nothing.
    for template in near if len(near) <= _MOST else ():
        application = project.application(template)
        if application is not None:
            with project.files.records.into(application.ledger):
                found = list(_running(application, path, handler.attribute))
            yield from ((application, function) for function in found)


def _running(application: Application, path: PurePosixPath, attribute: str) -> Iterator[LambdaFunction]:
    for function in application.functions:
        if not _names(function, path, attribute) or function.is_python is False:
            continue
        if not isinstance(application.located(function), Linked):
            yield function


def _names(function: LambdaFunction, path: PurePosixPath, attribute: str) -> bool:
    split = split_handler(function.handler_text or "")
    if split is None or split[1] != attribute:
        return False
    return f"/{path.with_suffix('')}".endswith("/" + split[0].replace(".", "/"))
