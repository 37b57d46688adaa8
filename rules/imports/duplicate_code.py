"""duplicate-code: the same function body in several bundles of one application."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lambdalint.finding import Finding, Role
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import Application, ApplicationModule
    from lambdalint.python.duplicates import Body


@dataclass(frozen=True, eq=False)
class _Copy:
    module: ApplicationModule
    body: Body

    @property
    def name(self) -> str:
        return self.body.function.name.value


class DuplicateCode(Rule):
    """Functions in different bundles of one application have the same body.

    **Why**

    A mistake that is mended in one copy stays in the others, and each bundle carries its own. Functions
    with a CodeUri of their own can share a module through a layer, or by one CodeUri for all of them.

    **Bad**

    ```python title=orders/app.py
    def handler(event, context):
        return reply(event["order"])


    def reply(order):
        total = 0
        for line in order["lines"]:
            price = line["price"] * line["count"]
            if line.get("discount"):
                price -= line["discount"]
            total += price
        return {"id": order["id"], "total": total}
    ```

    ```python title=invoices/app.py
    def handler(event, context):
        return {"invoice": reply(event["order"])}


    def reply(order):
        total = 0
        for line in order["lines"]:
            price = line["price"] * line["count"]
            if line.get("discount"):
                price -= line["discount"]
            total += price
        return {"id": order["id"], "total": total}
    ```

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Runtime: python3.13
        Handler: app.handler
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: orders/
      Invoices:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: invoices/
    ```

    **Good**

    ```python title=layer/pricing.py
    def reply(order):
        total = 0
        for line in order["lines"]:
            price = line["price"] * line["count"]
            if line.get("discount"):
                price -= line["discount"]
            total += price
        return {"id": order["id"], "total": total}
    ```

    ```python title=orders/app.py
    from pricing import reply


    def handler(event, context):
        return reply(event["order"])
    ```

    ```python title=invoices/app.py
    from pricing import reply


    def handler(event, context):
        return {"invoice": reply(event["order"])}
    ```

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Runtime: python3.13
        Handler: app.handler
        Layers: [!Ref Pricing]
    Resources:
      Pricing:
        Type: AWS::Serverless::LayerVersion
        Metadata: {BuildMethod: python3.13}
        Properties:
          ContentUri: layer/
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: orders/
      Invoices:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: invoices/
    ```

    **Limits**

    Bodies are compared with their names and what these stand for (another import, another function of
    that name), without comments, layout, docstrings and the values of strings and numbers; `statements`
    says how many a body needs to count (those in blocks included). A nested function counts with its
    outer one. Looks at what the handlers of one template reach; copies in different applications are not
    compared, nor is code that stands in the template, nor what stands in for an import that failed.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
    - https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-layers.html
    """

    name = "duplicate-code"
    severity = "info"
    reads = "both"
    options: ClassVar[Mapping[str, OptionValue]] = {"statements": 6}

    def check_application(self, application: Application) -> Iterator[Finding]:
        if len({handler.bundle.root for handler in application.handlers if handler.bundle.root}) < 2:
            return
        least = application.options(self)["statements"]
        assert isinstance(least, int)
        copies = _long_enough(application, least)
        for alike in _grouped(copies, lambda body: (body.statements, body.outline)):
            for same in _grouped((copy for copy in alike if _runs(copy)), lambda body: body.digest):
                for group in _grouped(same, lambda body: body.meaning):
                    yield self._finding(group)

    def _finding(self, copies: Sequence[_Copy]) -> Finding:
        first, *others = copies
        bundles = len({copy.module.packaged_in for copy in copies})
        literals = len({copy.body.exact for copy in copies}) > 1
        but = ", but for strings and numbers" if literals else ""
        return self.finding(
            f"the body of `{first.name}` stands in {bundles} bundles{but}",
            first.module.label(first.body.function.name, f"{first.body.statements} statements"),
            *(
                copy.module.label(
                    copy.body.function.name,
                    "the same body" + (f", as `{copy.name}`" if copy.name != first.name else ""),
                    Role.RELATED,
                    copy.module.functions[0] if len(copy.module.functions) == 1 else None,
                )
                for copy in others
            ),
            help="move it to a layer, or to a module that the functions share by one CodeUri",
            functions=dict.fromkeys(each for copy in copies for each in copy.module.functions),
        )


def _long_enough(application: Application, least: int) -> Iterator[_Copy]:
    """The bodies of so many statements, in the order of paths."""
    for module in application.modules:
        for body in module.module.bodies if module.packaged_in else ():
            if body.statements >= least:
                yield _Copy(module, body)


def _grouped(copies: Iterable[_Copy], key: Callable[[Body], object]) -> Iterator[list[_Copy]]:
    """The copies with the same key, where some two of them lie in no common bundle."""
    groups: dict[object, list[_Copy]] = defaultdict(list)
    for copy in copies:
        groups[key(copy.body)].append(copy)
    for group in groups.values():
        first = group[0].module.packaged_in
        if any(first.isdisjoint(other.module.packaged_in) for other in group[1:]):
            yield group


def _runs(copy: _Copy) -> bool:
    return any(handler.reach.function_phases(copy.body.function) for handler in copy.module.handlers)
