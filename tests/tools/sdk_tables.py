"""Rebuilds sdk_resources.json, sdk_methods.json and paged_operations.json in lambdalint/data from boto3 and
botocore.

    python -m tests.tools.sdk_tables

The linter itself never imports either: it must run where no SDK is installed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import boto3
import boto3.session
import botocore
from botocore import xform_name

DATA = Path(__file__).parents[2] / "lambdalint" / "data"

# Services seen in Lambda functions (research over 1,061 files that use boto3, and the services that SAM has
# policy templates for). Only what tells an SDK call from any other call needs them: a receiver of unknown
# origin with the method `put_item` is counted as unresolved, one with the method `render` is not.
SERVICES = """
    accessanalyzer acm apigateway apigatewaymanagementapi apigatewayv2 appconfig appconfigdata appsync athena
    autoscaling backup batch bedrock bedrock-agent bedrock-agent-runtime bedrock-runtime budgets ce
    cloudformation cloudfront cloudtrail cloudwatch codebuild codecommit codedeploy codepipeline
    cognito-identity cognito-idp comprehend config connect dynamodb dynamodbstreams ec2 ecr ecs efs eks
    elasticache elb elbv2 emr events firehose fsx glue guardduty iam inspector2 iot iot-data kendra kinesis
    kms lakeformation lambda location logs mediaconvert mq opensearch organizations pinpoint pipes polly
    quicksight rds rds-data redshift redshift-data rekognition resourcegroupstaggingapi route53 s3 s3control
    sagemaker sagemaker-runtime scheduler secretsmanager securityhub servicediscovery ses sesv2 sns sqs ssm
    stepfunctions sts textract timestream-query timestream-write transcribe transfer translate wafv2 xray
""".split()


def operations(session: boto3.session.Session) -> dict[str, Any]:
    """Operation names by service, in the snake case of boto3's client methods; and waiters' operations."""
    names: dict[str, str] = {}
    waiters: dict[str, dict[str, str]] = {}
    for service in SERVICES:
        core = session._session
        model = core.get_service_model(service)
        names[service] = " ".join(sorted(xform_name(name) for name in model.operation_names))
        try:
            waiter_model = core.get_waiter_model(service)
        except Exception:  # botocore raises UnknownServiceError for a service without waiters
            continue
        found = {
            xform_name(name): xform_name(waiter_model.get_waiter(name).operation)
            for name in sorted(waiter_model.waiter_names)
        }
        if found:
            waiters[service] = found
    return {"operations": names, "waiters": waiters}


def resources(session: boto3.session.Session) -> dict[str, Any]:
    """boto3's resource models, reduced to what turns a method of a resource object into an API call."""
    tables = {}
    for service in session.get_available_resources():
        loader = session._loader
        model = loader.load_service_model(service, "resources-1", None)
        waiter_model = session._session.get_waiter_model(service) if _has_waiters(session, service) else None
        types = {name: _type(definition, waiter_model) for name, definition in model["resources"].items()}
        root = _type(model["service"], waiter_model)
        # boto3 lets the service resource make every type it knows, declared there or not.
        for name, definition in model["resources"].items():
            identifiers = {identifier["name"]: "input" for identifier in definition.get("identifiers", ())}
            root.setdefault("has", {}).setdefault(name, {"type": name, "ids": identifiers})
        tables[service] = {"": root, **types}
    return tables


def _has_waiters(session: boto3.session.Session, service: str) -> bool:
    try:
        session._session.get_waiter_model(service)
    except Exception:
        return False
    return True


def _type(definition: dict[str, Any], waiter_model: Any) -> dict[str, Any]:
    table: dict[str, Any] = {
        "ids": [identifier["name"] for identifier in definition.get("identifiers", ())],
        "actions": {
            xform_name(name): _action(action) for name, action in definition.get("actions", {}).items()
        },
        "has": {},
        "collections": {},
        "waiters": {},
    }
    if "load" in definition:
        table["actions"]["load"] = table["actions"]["reload"] = _action(definition["load"])
    for name, relation in definition.get("has", {}).items():
        needs_data = any(identifier["source"] == "data" for identifier in relation["resource"]["identifiers"])
        made = _made(relation["resource"])
        table["has"][xform_name(name) if needs_data else name] = made
    for name, many in definition.get("hasMany", {}).items():
        collection = {**_action(many), "type": many["resource"]["type"] if "resource" in many else ""}
        table["collections"][xform_name(name)] = collection
    for name, action in definition.get("batchActions", {}).items():
        table.setdefault("batch", {})[xform_name(name)] = xform_name(action["request"]["operation"])
    for name, waiter in definition.get("waiters", {}).items():
        operation = xform_name(waiter_model.get_waiter(waiter["waiterName"]).operation)
        table["waiters"]["wait_until_" + xform_name(name)] = {"op": operation, **_parameters(waiter)}
    return {key: value for key, value in table.items() if value}


def _action(action: dict[str, Any]) -> dict[str, Any]:
    request = action["request"]
    table = {"op": xform_name(request["operation"]), **_parameters(request)}
    if "resource" in action and "identifiers" in action["resource"]:
        table["returns"] = _made(action["resource"])
    return table


def _parameters(request: dict[str, Any]) -> dict[str, Any]:
    """API members that the object fills in from its own identifiers."""
    members = {
        parameter["target"]: parameter["name"]
        for parameter in request.get("params", ())
        if parameter["source"] == "identifier"
    }
    return {"params": members} if members else {}


def _made(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource object that a method or attribute yields, and where its identifiers come from."""
    identifiers = {}
    for identifier in resource.get("identifiers", ()):
        source = identifier["source"]
        if source == "input":
            identifiers[identifier["target"]] = "input"
        elif source == "identifier":
            identifiers[identifier["target"]] = "own:" + identifier["name"]
        elif source == "requestParameter":
            identifiers[identifier["target"]] = "argument:" + identifier["path"]
        else:
            identifiers[identifier["target"]] = "data"
    return {"type": resource["type"], "ids": identifiers}


# What a list of things is called besides its name, and what names one of them.
_LIST_WORDS = re.compile(r"(?:arns|descriptions?|details?|ids|information|list|names|set|summaries|summary)$")
_NAMES_ONE = frozenset(("", "s", "arn", "arns", "id", "ids", "identifier", "identifiers", "name", "names"))


def paged_operations(session: boto3.session.Session) -> dict[str, Any]:
    """The operations that page, by service, each as five lists of words with "|" between.

    The members of the response that say whether there is more, those of the request that ask for the next
    page, the one that limits a page, the paths of what is listed, and the members of the request that name
    single things of the list.
    """
    core = session._session
    tables: dict[str, dict[str, str]] = {}
    for service in core.get_available_services():
        try:
            pages = core.get_paginator_model(service)._paginator_config
        except Exception:  # botocore raises UnknownServiceError for a service without paginators
            continue
        model = core.get_service_model(service)
        for name in sorted(set(pages) & set(model.operation_names)):
            row = _paged(pages[name], model.operation_model(name).input_shape)
            tables.setdefault(service, {})[xform_name(name)] = row
    return tables


def _paged(page: dict[str, Any], request: Any) -> str:
    listed = [path for path in _words(page["result_key"]) if re.fullmatch(r"[\w.]+", path)]
    more = [member for path in _words(page["output_token"]) for member in path.split(" || ")]
    more += _words(page.get("more_results"))
    # A token may be the key of the last thing of the list, which tells nothing about whether there is more.
    tokens = [member for member in more if "[" not in member]
    inputs = _words(page["input_token"])
    limit = page.get("limit_key", "")
    selectors = [
        member
        for member in request.members
        if member not in (*inputs, limit) and any(_names_one(member, path) for path in listed)
    ]
    return "|".join(" ".join(dict.fromkeys(words)) for words in (tokens, inputs, [limit], listed, selectors))


def _words(found: str | list[str] | None) -> list[str]:
    return [found] if isinstance(found, str) else list(found or ())


def _names_one(member: str, path: str) -> bool:
    """Whether a parameter names things of a list: `StackName` those of `Stacks`."""
    noun = _LIST_WORDS.sub("", path.rpartition(".")[2].lower()) or path.lower()
    noun = noun.removesuffix("ies") + "y" if noun.endswith("ies") else noun.removesuffix("s")
    given = member.lower()
    return given in _NAMES_ONE or (given.startswith(noun) and given[len(noun) :] in _NAMES_ONE)


def _write(name: str, content: dict[str, Any]) -> None:
    heading = {
        "_source": f"boto3 {boto3.__version__}, botocore {botocore.__version__} (Apache-2.0)",
        "_rebuild": "python -m tests.tools.sdk_tables",
    }
    text = json.dumps({**heading, **content}, indent=1, sort_keys=True)
    (DATA / name).write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Writes the tables."""
    session = boto3.session.Session()
    _write("sdk_methods.json", operations(session))
    _write("sdk_resources.json", {"services": resources(session)})
    _write("paged_operations.json", {"services": paged_operations(session)})


if __name__ == "__main__":
    main()
