"""Triggers that other resources of a template declare, and permissions to invoke."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lambdalint.template.identity import render
from lambdalint.template.triggers import Claim, Mode, Proof, Trigger
from lambdalint.template.values import Alternative, Known, Path, Reference, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

ITEMS = "[]"  # in a path: every item of a list
VALUES = "{}"  # in a path: every value of a mapping

Spec = tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A property of a type of resource that names a function to invoke."""

    type: str
    function: Spec
    source: str
    mode: Mode
    what: str  # for people; `{}` is the logical id
    sender: Spec | None = None  # the property that names what sends the events; () is the resource itself
    reason: str = ""


_RULES: Sequence[Rule] = (
    Rule(
        "AWS::S3::Bucket",
        ("NotificationConfiguration", "LambdaConfigurations", ITEMS, "Function"),
        "S3",
        Mode.ASYNC,
        "the notification of the bucket `{}`",
        (),
    ),
    # What the CDK makes of a bucket's notifications.
    Rule(
        "Custom::S3BucketNotifications",
        ("NotificationConfiguration", "LambdaFunctionConfigurations", ITEMS, "LambdaFunctionArn"),
        "S3",
        Mode.ASYNC,
        "the bucket notification `{}`",
        ("BucketName",),
    ),
    Rule(
        "AWS::SNS::Subscription",
        ("Endpoint",),
        "SNS",
        Mode.ASYNC,
        "the subscription `{}`",
        ("TopicArn",),
    ),
    Rule(
        "AWS::SNS::Topic",
        ("Subscription", ITEMS, "Endpoint"),
        "SNS",
        Mode.ASYNC,
        "a subscription of the topic `{}`",
        (),
    ),
    Rule(
        "AWS::Scheduler::Schedule",
        ("Target", "Arn"),
        "ScheduleV2",
        Mode.ASYNC,
        "the schedule `{}`",
    ),
    Rule(
        "AWS::Logs::SubscriptionFilter",
        ("DestinationArn",),
        "CloudWatchLogs",
        Mode.ASYNC,
        "the subscription filter `{}`",
        ("LogGroupName",),
    ),
    Rule(
        "AWS::IoT::TopicRule",
        ("TopicRulePayload", "Actions", ITEMS, "Lambda", "FunctionArn"),
        "IoTRule",
        Mode.ASYNC,
        "the IoT rule `{}`",
        (),
    ),
    Rule(
        "AWS::IoT::TopicRule",
        ("TopicRulePayload", "ErrorAction", "Lambda", "FunctionArn"),
        "IoTRule",
        Mode.ASYNC,
        "the error action of the IoT rule `{}`",
        (),
    ),
    Rule(
        "AWS::IoT::Authorizer",
        ("AuthorizerFunctionArn",),
        "Authorizer",
        Mode.SYNC,
        "the IoT authorizer `{}`",
        (),
    ),
    Rule(
        "AWS::IoT::ProvisioningTemplate",
        ("PreProvisioningHook", "TargetArn"),
        "Authorizer",
        Mode.SYNC,
        "the provisioning template `{}`",
        (),
    ),
    Rule(
        "AWS::Config::ConfigRule",
        ("Source", "SourceIdentifier"),
        "Config",
        Mode.ASYNC,
        "the Config rule `{}`",
        (),
    ),
    Rule(
        "AWS::Config::OrganizationConfigRule",
        ("OrganizationCustomRuleMetadata", "LambdaFunctionArn"),
        "Config",
        Mode.ASYNC,
        "the organization's Config rule `{}`",
        (),
    ),
    Rule(
        "AWS::CodeCommit::Repository",
        ("Triggers", ITEMS, "DestinationArn"),
        "CodeCommit",
        Mode.ASYNC,
        "a trigger of the repository `{}`",
        (),
    ),
    Rule(
        "AWS::CloudWatch::Alarm",
        ("AlarmActions", ITEMS),
        "CloudWatchAlarm",
        Mode.ASYNC,
        "the alarm `{}`",
        (),
    ),
    Rule("AWS::CloudWatch::Alarm", ("OKActions", ITEMS), "CloudWatchAlarm", Mode.ASYNC, "the alarm `{}`", ()),
    Rule(
        "AWS::CloudWatch::Alarm",
        ("InsufficientDataActions", ITEMS),
        "CloudWatchAlarm",
        Mode.ASYNC,
        "the alarm `{}`",
        (),
    ),
    Rule(
        "AWS::CloudWatch::CompositeAlarm",
        ("AlarmActions", ITEMS),
        "CloudWatchAlarm",
        Mode.ASYNC,
        "the alarm `{}`",
        (),
    ),
    # The developer guide has rotation as synchronous.
    Rule(
        "AWS::SecretsManager::RotationSchedule",
        ("RotationLambdaARN",),
        "SecretsManager",
        Mode.SYNC,
        "the rotation `{}`",
        ("SecretId",),
    ),
    Rule(
        "AWS::Lambda::Url",
        ("TargetFunctionArn",),
        "FunctionUrl",
        Mode.SYNC,
        "the function URL `{}`",
        (),
    ),
    Rule(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        ("Targets", ITEMS, "Id"),
        "ALB",
        Mode.SYNC,
        "the target group `{}`",
        (),
    ),
    Rule(
        "AWS::VpcLattice::TargetGroup",
        ("Targets", ITEMS, "Id"),
        "VpcLattice",
        Mode.SYNC,
        "the target group `{}`",
        (),
    ),
    Rule(
        "AWS::AppSync::DataSource",
        ("LambdaConfig", "LambdaFunctionArn"),
        "AppSync",
        Mode.SYNC,
        "the data source `{}`",
        (),
    ),
    Rule(
        "AWS::AppSync::GraphQLApi",
        ("LambdaAuthorizerConfig", "AuthorizerUri"),
        "Authorizer",
        Mode.SYNC,
        "the authorizer of `{}`",
        (),
    ),
    Rule(
        "AWS::Serverless::GraphQLApi",
        ("DataSources", "Lambda", VALUES, "FunctionArn"),
        "AppSync",
        Mode.SYNC,
        "a data source of `{}`",
        (),
    ),
    Rule(
        "AWS::Serverless::GraphQLApi",
        ("Auth", "LambdaAuthorizer", "AuthorizerUri"),
        "Authorizer",
        Mode.SYNC,
        "the authorizer of `{}`",
        (),
    ),
    Rule(
        "AWS::CloudFormation::Macro",
        ("FunctionName",),
        "CloudFormation",
        Mode.SYNC,
        "the macro `{}`",
        (),
    ),
    Rule(
        "AWS::S3ObjectLambda::AccessPoint",
        (
            "ObjectLambdaConfiguration",
            "TransformationConfigurations",
            ITEMS,
            "ContentTransformation",
            "AwsLambda",
            "FunctionArn",
        ),
        "S3ObjectLambda",
        Mode.SYNC,
        "the object lambda access point `{}`",
        (),
    ),
    Rule(
        "AWS::Transfer::Workflow",
        ("Steps", ITEMS, "CustomStepDetails", "Target"),
        "Transfer",
        Mode.UNKNOWN,
        "the transfer workflow `{}`",
        (),
        reason="transfer workflow",
    ),
    Rule(
        "AWS::SSM::MaintenanceWindowTask",
        ("TaskArn",),
        "SystemsManager",
        Mode.UNKNOWN,
        "the maintenance task `{}`",
        (),
        reason="maintenance window",
    ),
    Rule(
        "AWS::Connect::IntegrationAssociation",
        ("IntegrationArn",),
        "Connect",
        Mode.SYNC,
        "the Connect integration `{}`",
        (),
    ),
    # Failed or finished events of another function; Lambda puts them on the target's queue.
    Rule(
        "AWS::Lambda::EventInvokeConfig",
        ("DestinationConfig", "OnSuccess", "Destination"),
        "Destination",
        Mode.ASYNC,
        "the success destination `{}`",
    ),
    Rule(
        "AWS::Lambda::EventInvokeConfig",
        ("DestinationConfig", "OnFailure", "Destination"),
        "Destination",
        Mode.ASYNC,
        "the failure destination `{}`",
    ),
    Rule(
        "AWS::Serverless::Function",
        ("EventInvokeConfig", "DestinationConfig", "OnSuccess", "Destination"),
        "Destination",
        Mode.ASYNC,
        "the success destination of `{}`",
    ),
    Rule(
        "AWS::Serverless::Function",
        ("EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"),
        "Destination",
        Mode.ASYNC,
        "the failure destination of `{}`",
    ),
)

# Types whose configuration mentions functions at several depths; every mention invokes synchronously.
_MENTIONS: Sequence[tuple[str, Spec, str, str]] = (
    ("AWS::Cognito::UserPool", ("LambdaConfig",), "Cognito", "the user pool `{}`"),
    ("AWS::Cognito::IdentityPool", ("CognitoEvents",), "Cognito", "the identity pool `{}`"),
    ("AWS::Bedrock::Agent", (), "Bedrock", "the Bedrock agent `{}`"),
    ("AWS::Bedrock::Flow", ("Definition",), "Bedrock", "the Bedrock flow `{}`"),
    ("AWS::BedrockAgentCore::GatewayTarget", (), "Bedrock", "the gateway target `{}`"),
    ("AWS::Lex::BotAlias", ("BotAliasLocaleSettings",), "Lex", "the bot alias `{}`"),
    ("AWS::Lex::Bot", ("TestBotAliasSettings",), "Lex", "the bot `{}`"),
    ("AWS::CloudFront::Distribution", ("DistributionConfig",), "CloudFront", "the distribution `{}`"),
    ("AWS::KinesisFirehose::DeliveryStream", (), "Firehose", "the delivery stream `{}`"),
)

# Principal → source, mode.
_PRINCIPALS: Mapping[str, tuple[str, Mode]] = {
    "alexa-appkit.amazon.com": ("AlexaSkill", Mode.SYNC),
    "alexa-connectedhome.amazon.com": ("AlexaSkill", Mode.SYNC),
    "apigateway.amazonaws.com": ("Api", Mode.SYNC),
    "appsync.amazonaws.com": ("AppSync", Mode.SYNC),
    "bedrock-agentcore.amazonaws.com": ("Bedrock", Mode.SYNC),
    "bedrock.amazonaws.com": ("Bedrock", Mode.SYNC),
    "cloudformation.amazonaws.com": ("CloudFormation", Mode.SYNC),
    "codecommit.amazonaws.com": ("CodeCommit", Mode.ASYNC),
    "codepipeline.amazonaws.com": ("CodePipeline", Mode.ASYNC),
    "cognito-idp.amazonaws.com": ("Cognito", Mode.SYNC),
    "cognito-sync.amazonaws.com": ("Cognito", Mode.SYNC),
    "config.amazonaws.com": ("Config", Mode.ASYNC),
    "connect.amazonaws.com": ("Connect", Mode.SYNC),
    "edgelambda.amazonaws.com": ("CloudFront", Mode.SYNC),
    "elasticloadbalancing.amazonaws.com": ("ALB", Mode.SYNC),
    "events.amazonaws.com": ("EventBridgeRule", Mode.ASYNC),
    "firehose.amazonaws.com": ("Firehose", Mode.SYNC),
    "iot.amazonaws.com": ("IoTRule", Mode.ASYNC),
    "lambda.alarms.cloudwatch.amazonaws.com": ("CloudWatchAlarm", Mode.ASYNC),
    "lex.amazonaws.com": ("Lex", Mode.SYNC),
    "lexv2.amazonaws.com": ("Lex", Mode.SYNC),
    "logs.amazonaws.com": ("CloudWatchLogs", Mode.ASYNC),
    "s3.amazonaws.com": ("S3", Mode.ASYNC),
    "scheduler.amazonaws.com": ("ScheduleV2", Mode.ASYNC),
    "secretsmanager.amazonaws.com": ("SecretsManager", Mode.SYNC),
    "ses.amazonaws.com": ("SES", Mode.ASYNC),
    "sns.amazonaws.com": ("SNS", Mode.ASYNC),
    "states.amazonaws.com": ("StateMachine", Mode.UNKNOWN),
    "vpc-lattice.amazonaws.com": ("VpcLattice", Mode.SYNC),
}
_REGIONAL = re.compile(r"^(logs|events|sns|s3)\.[^.]+(?:\.[^.]+)?\.(amazonaws\.com(?:\.cn)?)$")

# Resource type of an event source → source, mode.
_EVENT_SOURCES: Mapping[str, tuple[str, Mode]] = {
    "AWS::AmazonMQ::Broker": ("MQ", Mode.QUEUE),
    "AWS::DocDB::DBCluster": ("DocumentDB", Mode.STREAM),
    "AWS::DynamoDB::GlobalTable": ("DynamoDB", Mode.STREAM),
    "AWS::DynamoDB::Table": ("DynamoDB", Mode.STREAM),
    "AWS::Kinesis::Stream": ("Kinesis", Mode.STREAM),
    "AWS::Kinesis::StreamConsumer": ("Kinesis", Mode.STREAM),
    "AWS::MSK::Cluster": ("MSK", Mode.STREAM),
    "AWS::MSK::ServerlessCluster": ("MSK", Mode.STREAM),
    "AWS::SQS::Queue": ("SQS", Mode.QUEUE),
    "AWS::Serverless::SimpleTable": ("DynamoDB", Mode.STREAM),
}
_ARN_SOURCES: Mapping[str, tuple[str, Mode]] = {
    "dynamodb": ("DynamoDB", Mode.STREAM),
    "kafka": ("MSK", Mode.STREAM),
    "kinesis": ("Kinesis", Mode.STREAM),
    "mq": ("MQ", Mode.QUEUE),
    "rds": ("DocumentDB", Mode.STREAM),
    "sqs": ("SQS", Mode.QUEUE),
}
_ARN_SERVICE = re.compile(r"^arn:(?:[^:]|\$\{[^}]*\})+:([a-z0-9-]+):")


def resource_claims(template: Template) -> Iterator[Claim]:
    """Triggers by resources other than the function itself, permissions aside."""
    for rule in _RULES:
        for resource in template.of_type(rule.type):
            yield from _by_rule(template, resource, rule)
    for kind, spec, source, what in _MENTIONS:
        for resource in template.of_type(kind):
            yield from _by_mention(template, resource, spec, source, what)
    yield from _rules(template)
    yield from _mappings(template)
    yield from _receipts(template)
    yield from _pipelines(template)
    yield from _pipes(template)
    yield from _custom_resources(template)


def permission_claims(template: Template) -> Iterator[Claim]:
    """What AWS::Lambda::Permission resources allow to invoke."""
    for resource in template.of_type("AWS::Lambda::Permission"):
        sender = _single(resource.get("SourceArn"))
        source, mode, reason = _principal(resource, sender)
        for found in resource.get("FunctionName"):
            yield from _claims(
                template,
                found,
                source,
                mode,
                path=resource.path,
                name=resource.logical_id,
                what=f"{_principal_text(resource)} (the permission `{resource.logical_id}`)",
                sender=sender,
                options=(*resource.path, "Properties"),
                proof="permission",
                reason=reason,
            )


def found_by(template: Template, resource: Resource, spec: Spec) -> Iterator[tuple[Alternative, Path]]:
    """Every value that a spec leads to, with the path of the list's item or the mapping's value that holds
    it."""
    holders: list[tuple[tuple[Alternative, ...], Path]] = [
        (template.alternatives((*resource.path, "Properties")), (*resource.path, "Properties"))
    ]
    for key in spec:
        below: list[tuple[tuple[Alternative, ...], Path]] = []
        for alternatives, holder in holders:
            if key == ITEMS:
                below.extend(((item,), item.path) for item in template.items(alternatives))
            elif key == VALUES:
                for alternative in alternatives:
                    mapping = alternative.value.value if isinstance(alternative.value, Known) else None
                    for name in mapping if isinstance(mapping, dict) else ():
                        values = template.step((alternative,), name)
                        below.extend(((value,), value.path) for value in values)
            else:
                below.append((template.step(alternatives, key), holder))
        holders = below
    for alternatives, holder in holders:
        for alternative in alternatives:
            yield alternative, holder


def _by_rule(template: Template, resource: Resource, rule: Rule) -> Iterator[Claim]:
    if rule.type == "AWS::SNS::Subscription" and not _is_lambda(resource.get("Protocol")):
        return
    sender: Value | None = None
    if rule.sender is not None:
        sender = _single(resource.get(*rule.sender)) if rule.sender else Reference(resource.logical_id)
    for found, holder in found_by(template, resource, rule.function):
        yield from _claims(
            template,
            found,
            rule.source,
            rule.mode,
            path=found.path,
            name=resource.logical_id,
            what=rule.what.format(resource.logical_id),
            sender=sender,
            options=holder,
            reason=rule.reason,
        )


def _by_mention(
    template: Template, resource: Resource, spec: Spec, source: str, what: str
) -> Iterator[Claim]:
    path: Path = (*resource.path, "Properties", *spec)
    node = template.get(path)
    if not isinstance(node, (dict, list)):
        return
    for logical_id in template.identity.within(node):
        mention = next((one for one in template.references(logical_id) if one[: len(path)] == path), path)
        yield (
            logical_id,
            Trigger(
                source=source,
                mode=Mode.SYNC,
                path=mention,
                template=template,
                name=resource.logical_id,
                proof="resource",
                description=what.format(resource.logical_id),
                resource=Reference(resource.logical_id),
                options=path,
            ),
        )


def _rules(template: Template) -> Iterator[Claim]:
    """Targets of EventBridge rules; a rule with a schedule is a schedule."""
    for resource in template.of_type("AWS::Events::Rule"):
        scheduled = bool(resource.get("ScheduleExpression")) and not resource.get("EventPattern")
        source = "Schedule" if scheduled else "EventBridgeRule"
        for found, _ in found_by(template, resource, ("Targets", ITEMS, "Arn")):
            yield from _claims(
                template,
                found,
                source,
                Mode.ASYNC,
                path=found.path,
                name=resource.logical_id,
                what=f"the {'scheduled ' if scheduled else ''}rule `{resource.logical_id}`",
                sender=_single(resource.get("EventBusName")),
                options=(*resource.path, "Properties"),
            )


def _mappings(template: Template) -> Iterator[Claim]:
    for resource in template.of_type("AWS::Lambda::EventSourceMapping"):
        trigger = mapping_trigger(template, resource)
        for found in resource.get("FunctionName"):
            for logical_id in template.identity.of(found.value):
                yield logical_id, replace(trigger, conditions=found.conditions)


def mapping_trigger(template: Template, resource: Resource) -> Trigger:
    """The trigger that an AWS::Lambda::EventSourceMapping is, whichever function it names."""
    sender = _single(resource.get("EventSourceArn"))
    source, mode = event_source(template, resource, sender)
    return Trigger(
        source=source,
        mode=mode,
        path=resource.path,
        template=template,
        name=resource.logical_id,
        proof="resource",
        description=f"the event source mapping `{resource.logical_id}`",
        resource=sender,
        options=(*resource.path, "Properties"),
    )


def event_source(template: Template, resource: Resource, sender: Value | None) -> tuple[str, Mode]:
    """What an event source mapping polls. Where its ARN does not tell, the properties do: only SQS and MQ
    have no StartingPosition, and only MQ names Queues (API reference, CreateEventSourceMapping)."""
    if isinstance(sender, Reference):
        declared = template.resources.get(sender.logical_id)
        if declared is not None and declared.type in _EVENT_SOURCES:
            return _EVENT_SOURCES[declared.type]
    elif sender is not None:
        service = _ARN_SERVICE.match(render(sender))
        if service and service.group(1) in _ARN_SOURCES:
            return _ARN_SOURCES[service.group(1)]
    if resource.get("SelfManagedEventSource"):
        return "SelfManagedKafka", Mode.STREAM
    if resource.get("DocumentDBEventSourceConfig"):
        return "DocumentDB", Mode.STREAM
    if resource.get("Topics"):
        return "MSK", Mode.STREAM
    if resource.get("Queues"):
        return "MQ", Mode.QUEUE
    if resource.get("StartingPosition"):
        return "Stream", Mode.STREAM
    return "SQS", Mode.QUEUE


def _receipts(template: Template) -> Iterator[Claim]:
    """SES invokes asynchronously unless the action says RequestResponse (AWS::SES::ReceiptRule
    LambdaAction)."""
    for resource in template.of_type("AWS::SES::ReceiptRule"):
        spec = ("Rule", "Actions", ITEMS, "LambdaAction", "FunctionArn")
        for found, holder in found_by(template, resource, spec):
            chosen = template.alternatives((*holder, "LambdaAction", "InvocationType"))
            mode, reason = _chosen(chosen, {"RequestResponse": Mode.SYNC, "Event": Mode.ASYNC}, Mode.ASYNC)
            yield from _claims(
                template,
                found,
                "SES",
                mode,
                path=found.path,
                name=resource.logical_id,
                what=f"the receipt rule `{resource.logical_id}`",
                sender=Reference(resource.logical_id),
                options=(*holder, "LambdaAction"),
                reason=reason,
            )


def _pipelines(template: Template) -> Iterator[Claim]:
    """Invoke actions of CodePipeline, which is told of the outcome by the function itself."""
    for resource in template.of_type("AWS::CodePipeline::Pipeline"):
        spec = ("Stages", ITEMS, "Actions", ITEMS, "Configuration", "FunctionName")
        for found, holder in found_by(template, resource, spec):
            yield from _claims(
                template,
                found,
                "CodePipeline",
                Mode.ASYNC,
                path=found.path,
                name=resource.logical_id,
                what=f"an action of the pipeline `{resource.logical_id}`",
                sender=Reference(resource.logical_id),
                options=holder,
            )


def _pipes(template: Template) -> Iterator[Claim]:
    """AWS::Pipes::Pipe: the target's InvocationType is REQUEST_RESPONSE unless it says FIRE_AND_FORGET."""
    for resource in template.of_type("AWS::Pipes::Pipe"):
        chosen = resource.get("TargetParameters", "LambdaFunctionParameters", "InvocationType")
        modes = {"REQUEST_RESPONSE": Mode.SYNC, "FIRE_AND_FORGET": Mode.ASYNC}
        mode, reason = _chosen(chosen, modes, Mode.SYNC)
        for key, how, why in (("Target", mode, reason), ("Enrichment", Mode.SYNC, "")):
            for found in resource.get(key):
                yield from _claims(
                    template,
                    found,
                    "Pipe",
                    how,
                    path=found.path,
                    name=resource.logical_id,
                    what=f"the pipe `{resource.logical_id}`",
                    sender=_single(resource.get("Source")),
                    options=(*resource.path, "Properties"),
                    reason=why,
                )


def _custom_resources(template: Template) -> Iterator[Claim]:
    """Functions behind a ServiceToken. CloudFormation invokes them asynchronously, but they answer for
    themselves: a failure is reported to the response URL, and CloudFormation waits for it. So SYNC."""
    for resource in template.resources.values():
        if "ServiceToken" not in resource.properties:
            continue
        for found in resource.get("ServiceToken"):
            yield from _claims(
                template,
                found,
                "CustomResource",
                Mode.SYNC,
                path=found.path,
                name=resource.logical_id,
                what=f"the custom resource `{resource.logical_id}`",
                sender=Reference(resource.logical_id),
                options=(*resource.path, "Properties"),
            )


def _claims(
    template: Template,
    found: Alternative,
    source: str,
    mode: Mode,
    *,
    path: Path,
    name: str,
    what: str,
    sender: Value | None = None,
    options: Path = (),
    proof: Proof = "resource",
    reason: str = "",
) -> Iterator[Claim]:
    for logical_id in template.identity.of(found.value):
        yield (
            logical_id,
            Trigger(
                source=source,
                mode=mode,
                path=path,
                template=template,
                name=name,
                proof=proof,
                description=what,
                resource=sender,
                options=options,
                conditions=found.conditions,
                reason=reason if mode is Mode.UNKNOWN else "",
            ),
        )


def _principal(resource: Resource, sender: Value | None) -> tuple[str, Mode, str]:
    if resource.get("FunctionUrlAuthType"):
        return "FunctionUrl", Mode.SYNC, ""
    named = resource.get("Principal")
    found = {_by_principal(one.value, resource.template, sender) for one in named}
    return found.pop() if len(found) == 1 else ("Permission", Mode.UNKNOWN, "unknown principal")


def _by_principal(value: Value, template: Template, sender: Value | None) -> tuple[str, Mode, str]:
    if isinstance(value, Unknown) and not value.name:
        return "Permission", Mode.UNKNOWN, "unknown principal"
    text = render(value)
    regional = _REGIONAL.match(text)
    if regional:
        text = f"{regional.group(1)}.amazonaws.com"
    text = text.replace("${AWS::URLSuffix}", "amazonaws.com").removesuffix(".cn")
    source, mode = _PRINCIPALS.get(text, ("Permission", Mode.UNKNOWN))
    if source == "IoTRule" and not _is_iot_rule(template, sender):
        return "Permission", Mode.UNKNOWN, "IoT rule or authorizer"
    if source != "Permission":
        return source, mode, "states" if mode is Mode.UNKNOWN else ""
    return (
        source,
        mode,
        "other service" if text.endswith(".amazonaws.com") else "another account or principal",
    )


def _is_iot_rule(template: Template, sender: Value | None) -> bool:
    """IoT's rules invoke asynchronously, its authorizers wait; both through the same principal."""
    if isinstance(sender, Reference):
        declared = template.resources.get(sender.logical_id)
        return declared is not None and declared.type == "AWS::IoT::TopicRule"
    return sender is not None and ":rule/" in render(sender)


def _principal_text(resource: Resource) -> str:
    named = dict.fromkeys(render(one.value) for one in resource.get("Principal"))
    return " or ".join(named) or "an unknown principal"


def _is_lambda(protocol: Sequence[Alternative]) -> bool:
    return any(isinstance(one.value, Known) and one.value.value == "lambda" for one in protocol)


def _chosen(
    alternatives: Sequence[Alternative], modes: Mapping[str, Mode], default: Mode
) -> tuple[Mode, str]:
    """The mode that a property chooses, and why it is UNKNOWN if it is."""
    if not alternatives:
        return default, ""
    found = {
        modes.get(str(one.value.value), default) if isinstance(one.value, Known) else Mode.UNKNOWN
        for one in alternatives
    }
    return (found.pop(), "invocation type") if len(found) == 1 else (Mode.UNKNOWN, "invocation type")


def _single(alternatives: Sequence[Alternative]) -> Value | None:
    """The value that is the same in every branch."""
    values = [alternative.value for alternative in alternatives]
    if not values:
        return None
    return values[0] if all(value == values[0] for value in values) else Unknown("differs by condition")
