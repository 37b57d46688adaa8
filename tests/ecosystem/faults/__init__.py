"""The faults that are planted, by rule; several shapes each, as people write them.

One module for a family of rules, with a table FAULTS; `shapes` holds what edits an application.
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.ecosystem.faults.shapes import Fault


def _collected() -> dict[str, tuple[Fault, ...]]:
    found: dict[str, tuple[Fault, ...]] = {}
    for each in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{each.name}")
        found.update(getattr(module, "FAULTS", {}))
    return found


FAULTS = _collected()
