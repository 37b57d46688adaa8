"""hardcoded-config: values of one account, region or stack stand in code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.fixed_names import FixedName, fixed_names
from lambdalint.finding import Finding, FunctionId, Role
from lambdalint.python.hardcoded_values import FixedRegion, FixedValue, fixed_regions, fixed_values
from lambdalint.python.unset import chosen_by_variable
from lambdalint.rule import Rule

if TYPE_CHECKING:
    import libcst as cst

    from lambdalint.application.application import ApplicationModule, Handler
    from lambdalint.python.module import PythonModule


class HardcodedConfig(Rule):
    """Code holds a value that belongs to one account, region or stack.

    **Why**

    An ARN, a queue URL or a database endpoint in code ties it to the account and region where it was first
    deployed: a second stage, a test stack or another region needs other code. When the resource is replaced
    its name changes, and nothing tells the function. The template knows all of these; it can pass them on.

    **Bad**

    ```python title=src/app.py
    import boto3

    sqs = boto3.client("sqs", region_name="eu-west-1")
    QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/404912349876/jobs"


    def handler(event, context):
        sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=event["body"])
    ```

    **Good**

    ```python title=src/app.py
    import os

    import boto3

    sqs = boto3.client("sqs")


    def handler(event, context):
        sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=event["body"])
    ```

    With `QUEUE_URL: !Ref Jobs` under `Environment: Variables`. Lambda gives the SDK the function's region.
    What several functions need fits in Parameter Store, read with an age and kept meanwhile.

    **Limits**

    Knows ARNs with an account, the URLs and endpoints that AWS makes (queues, APIs, function URLs, databases,
    caches, search, brokers), literal regions of SDK clients, and the literal names of tables, buckets, queues
    and topics that the template itself gives them. Not other vendors' URLs. Left alone: what replaces an
    unset variable, messages and documentation, branches that an environment variable chooses, documented
    placeholders, AWS's public layers, and regions of services that have one home or where models are
    (`data/fixed_regions.toml`). The strings of one list or dict are one finding, as are a region or a name
    that one module repeats.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
    """

    name = "hardcoded-config"
    severity = "warning"
    reads = "code"

    def check_module(self, module: ApplicationModule) -> Iterator[Finding]:
        """One finding for each string, or each list or dict of strings."""
        groups: dict[int, list[FixedValue]] = {}
        for value in fixed_values(module.module):
            if module.runs(value.node) and not any(
                _is_chosen(handler, value.module, value.node) for handler in module.handlers
            ):
                groups.setdefault(id(value.group), []).append(value)
        for first, *others in groups.values():
            more = f" and {len(others)} more" if others else ""
            yield self.finding(
                f"{_article(first.what)}{more} of one account stands in the code",
                module.label(first.node, "holds for one account and region"),
                *(module.label(other.node, "and this", Role.RELATED) for other in others),
                help=_advice(module.functions),
                functions=module.functions,
            )

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        """One finding for each region, and for each resource that is named, in each module."""
        regions: dict[tuple[int, str], list[FixedRegion]] = {}
        for region in fixed_regions(handler.evaluator, handler.reach):
            if not _is_chosen(handler, *region.call):
                regions.setdefault((id(region.module), region.region), []).append(region)
        for same in regions.values():
            yield self._region(handler, same)
        names: dict[tuple[int, str], list[FixedName]] = {}
        for name in fixed_names(handler):
            if not _is_chosen(handler, name.module, name.node):
                names.setdefault((id(name.module), name.resource.logical_id), []).append(name)
        for named in names.values():
            yield self._name(handler, named)

    def _region(self, handler: Handler, found: list[FixedRegion]) -> Finding:
        first, *others = found
        services = ", ".join(dict.fromkeys(service for each in found for service in each.services))
        module, call = first.call
        used = [] if module.contains(call, first.node) else [module.label(call, "used here", Role.RELATED)]
        return self.finding(
            f"the region {first.region} stands in the code, for {services}",
            first.module.label(first.node, "wherever the function is deployed"),
            *used,
            *(other.module.label(other.node, "and here", Role.RELATED) for other in others),
            help="leave it out, as the SDK knows the function's region; take another from the environment",
            functions=_functions(handler, first.module),
        )

    def _name(self, handler: Handler, found: list[FixedName]) -> Finding:
        first, *others = found
        functions = _functions(handler, first.module)
        resource = first.resource
        return self.finding(
            f"the name of the {first.kind} `{resource.logical_id}` stands in the code",
            first.module.label(first.node, "holds for one stack"),
            resource.label("the template gives it this name", Role.RELATED),
            *(other.module.label(other.node, "and here", Role.RELATED) for other in others),
            help=f"{_advice(functions)}: `!Ref {resource.logical_id}`",
            functions=functions,
        )


def _is_chosen(handler: Handler, module: PythonModule, node: cst.CSTNode) -> bool:
    return chosen_by_variable(handler.evaluator, handler.reach, handler.environment, module, node)


def _functions(handler: Handler, module: PythonModule) -> tuple[FunctionId, ...]:
    found = handler.application.module(module)
    return found.functions if found is not None else handler.ids


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "AIO" else f"a {what}"


def _advice(functions: tuple[FunctionId, ...]) -> str:
    if len(functions) > 1:
        return "keep it in Parameter Store, or pass it in an environment variable (Globals)"
    return "pass it in an environment variable"
