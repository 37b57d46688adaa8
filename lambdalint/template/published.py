"""The versions and aliases of a function, and what is kept warm behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdalint.finding import FunctionId
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Path, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Resource, Template

_SCALABLE = "AWS::ApplicationAutoScaling::ScalableTarget"
_UNPUBLISHED = "$LATEST"


@dataclass(frozen=True)
class Provisioned:
    """Provisioned concurrency: how much, where it is written, and for which functions of the template.

    `holder` is the alias or version that has it, None for a property of SAM's.
    """

    value: Value
    path: Path
    functions: tuple[LambdaFunction, ...]
    holder: Resource | None = None

    @property
    def ids(self) -> tuple[FunctionId, ...]:
        """What findings name the functions by."""
        return tuple(each.id for each in self.functions)


def provisioned(template: Template) -> tuple[Provisioned, ...]:
    """Every provisioned concurrency of a template, once where it is written."""
    found: dict[Path, list[tuple[Value, LambdaFunction]]] = {}
    for function in template.functions:
        for outcome in function.property("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions"):
            found.setdefault(outcome.path, []).append((outcome.value, function))
    own = (
        Provisioned(pairs[0][0], path, tuple(function for _, function in pairs))
        for path, pairs in found.items()
    )
    return (*own, *_of_resources(template))


def publishes(function: LambdaFunction) -> bool:
    """Whether the template publishes versions of a function, or may."""
    if function.property("AutoPublishAlias") or function.template.incomplete:
        return True
    template = function.template
    return any(
        isinstance(named.value, Unknown) or function.logical_id in template.identity.of(named.value)
        for version in template.of_type("AWS::Lambda::Version")
        for named in version.get("FunctionName")
    )


def unpublished_aliases(template: Template) -> Iterator[tuple[Resource, Path, Path]]:
    """The aliases with provisioned concurrency that stand for `$LATEST`, each with the paths of the two."""
    for alias in template.of_type("AWS::Lambda::Alias"):
        kept = alias.get("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions")
        for version in alias.get("FunctionVersion") if kept else ():
            if isinstance(version.value, Known) and version.value.value == _UNPUBLISHED:
                yield alias, kept[0].path, version.path


def scales(template: Template, kept: Provisioned) -> bool:
    """Whether something scales a provisioned concurrency, or may."""
    if template.incomplete:
        return True
    names = {each.logical_id for each in kept.functions}
    for target in template.of_type(_SCALABLE):
        for resource in target.get("ResourceId"):
            if isinstance(resource.value, Unknown):
                return True
            text = render(resource.value)
            if text.startswith("function:") and (
                names & set(_functions_of(template, text)) or ("${" in text and not _named(template, text))
            ):
                return True
            if kept.holder is not None and f"${{{kept.holder.logical_id}}}" in text:
                return True
    return False


def _of_resources(template: Template) -> Iterator[Provisioned]:
    for holder in template.of_type("AWS::Lambda::Alias", "AWS::Lambda::Version"):
        for found in holder.get("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions"):
            names = [name for each in holder.get("FunctionName") for name in template.identity.of(each.value)]
            functions = tuple(each for each in template.functions if each.logical_id in names)
            yield Provisioned(found.value, found.path, functions, holder)


def _functions_of(template: Template, text: str) -> tuple[str, ...]:
    """The functions that `function:NAME:ALIAS` names, by logical id or by FunctionName."""
    name = text.split(":", 1)[1].rpartition(":")[0]
    if name.startswith("${") and name.endswith("}"):
        logical_id = name[2:-1].partition(".")[0]
        if template.function(logical_id) is not None:
            return (logical_id,)
    return template.identity.of(Known(name))


def _named(template: Template, text: str) -> bool:
    """Whether what is put into a text is a function of the template: then it is that one and no other."""
    return bool(_functions_of(template, text))
