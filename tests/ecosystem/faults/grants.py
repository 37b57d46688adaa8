"""Faults for the rules that set grants against needs: a policy template of a real function that is taken away,
is for another resource, or grants more."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.ecosystem.applications import Application, get
from tests.ecosystem.faults.shapes import Fault, Planted

# What of each template the code must speak of, so that it is likely to need it.
_SPEAKS = {
    "DynamoDBReadPolicy": r"get_item|query|scan",
    "DynamoDBCrudPolicy": r"put_item|update_item|delete_item|batch_writer|get_item|query|scan",
    "DynamoDBWritePolicy": r"put_item|update_item|batch_writer",
    "SNSPublishMessagePolicy": r"publish\(",
    "SQSSendMessagePolicy": r"send_message",
    "StepFunctionsExecutionPolicy": r"start_execution",
    "LambdaInvokePolicy": r"\.invoke\(",
    "EventBridgePutEventsPolicy": r"put_events",
}
_READS = r"get_item|query\(|scan\("
_WRITES = r"put_item|update_item|delete_item|batch_writer"


def _changed(name: str, wanted: Callable[[str, str], bool], text: Callable[[str, str], str]) -> Fault:
    """The first policy template that is wanted, written differently. `wanted` gets its name and the code,
    `text` its name and the item as it stands."""

    def plant(place: Application, copy: Path) -> Planted | None:
        policies = get(place.function, "Properties", "Policies")
        if place.has_role or not isinstance(policies, yaml.SequenceNode) or policies.flow_style:
            return None
        code = sorted((place.folder / place.handler_file).parent.rglob("*.py"))
        source = (place.folder / place.handler_file).read_text("utf-8", "replace")
        for item in policies.value:
            if not isinstance(item, yaml.MappingNode) or item.flow_style or len(item.value) != 1:
                continue
            template = str(item.value[0][0].value)
            if template not in _SPEAKS or not wanted(template, source):
                continue
            file = copy / place.template
            whole = file.read_text("utf-8")
            old = whole[item.start_mark.index : item.end_mark.index].rstrip()
            new = whole[: item.start_mark.index] + text(template, old)
            file.write_text(new + whole[item.start_mark.index + len(old) :], "utf-8")
            return [place.template, *(one.relative_to(place.folder) for one in code)]
        return None

    return Fault(name, plant)


def _speaks(template: str, source: str) -> bool:
    return re.search(_SPEAKS[template], source) is not None


def _only_reads(template: str, source: str) -> bool:
    return (
        template == "DynamoDBReadPolicy"
        and re.search(_READS, source) is not None
        and not re.search(_WRITES, source)
    )


def _only_writes(template: str, source: str) -> bool:
    return template == "DynamoDBWritePolicy" and not re.search(_READS, source) and _speaks(template, source)


# What stands for the resource of each template when it is the wrong one, and how the template names it.
_OTHERS = {
    "DynamoDB": ("AWS::Serverless::SimpleTable", "!Ref PlantedOther"),
    "SNS": ("AWS::SNS::Topic", "!GetAtt PlantedOther.TopicName"),
    "SQS": ("AWS::SQS::Queue", "!GetAtt PlantedOther.QueueName"),
}


def _elsewhere(template: str, old: str) -> str:
    _, name = next(other for prefix, other in _OTHERS.items() if template.startswith(prefix))
    return re.sub(r"(\w+Name: *)\S.*", rf"\1{name}", old)


def _for_another(name: str) -> Fault:
    """The policy template names another resource of the same type; only where it names one of the template."""
    fault = _changed(
        name, lambda one, code: one.startswith(tuple(_OTHERS)) and _speaks(one, code), _elsewhere
    )

    def plant(place: Application, copy: Path) -> Planted | None:
        before = (copy / place.template).read_text("utf-8")
        first = re.search(r"^Resources:[ \t]*\n(?:\s*#.*\n|\s*\n)*( +)\w", before, re.M)
        edited = fault.plant(place, copy)
        after = (copy / place.template).read_text("utf-8")
        gone = re.search(r"!(?:Ref|GetAtt) (\w+)", _difference(before, after))
        if edited is None or first is None or gone is None or "PlantedOther:" in before:
            return None
        resources = before[before.index("\nResources:") :]
        if not re.search(rf"^{first[1]}{gone[1]}:", resources, re.M):
            return None
        kind = next(kind for kind, reference in _OTHERS.values() if reference in after)
        block = f"{first[1]}PlantedOther:\n{first[1] * 2}Type: {kind}\n"
        head = before.index("Resources:")
        place_ = after.index("\n", head) + 1
        (copy / place.template).write_text(after[:place_] + block + after[place_:], "utf-8")
        return edited

    return Fault(name, plant)


def _difference(before: str, after: str) -> str:
    """The lines that are gone."""
    kept = set(after.splitlines())
    return "\n".join(line for line in before.splitlines() if line not in kept)


FAULTS: dict[str, tuple[Fault, ...]] = {
    "missing-permission": (
        _changed("the grant is gone", _speaks, lambda name, old: "AWSLambdaBasicExecutionRole"),
        _for_another("the grant is for another resource"),
    ),
    "broader-template": (
        _changed("Crud for Read", _only_reads, lambda name, old: old.replace(name, "DynamoDBCrudPolicy")),
        _changed("Crud for Write", _only_writes, lambda name, old: old.replace(name, "DynamoDBCrudPolicy")),
    ),
    "broad-managed-policy": (
        _changed("full access to DynamoDB", _speaks, lambda name, old: "AmazonDynamoDBFullAccess"),
        _changed("administrator", _speaks, lambda name, old: "arn:aws:iam::aws:policy/AdministratorAccess"),
    ),
}
