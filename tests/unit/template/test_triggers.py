from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent, indent

import pytest

from lambdalint.template.template import Template
from lambdalint.template.trigger_events import SAM_EVENTS
from lambdalint.template.triggers import Mode, Trigger
from lambdalint.template.values import Known, Reference, Unknown
from tests.unit.template.templates import at, template

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: String}
Conditions:
  C: !Equals [!Ref P, x]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Stream: {Type: AWS::Kinesis::Stream}
  Table: {Type: AWS::DynamoDB::Table}
  Fn:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: orders}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Fn, Name: live}
"""


def with_resources(text: str, files: Mapping[str, str] | None = None) -> Template:
    return template(HEAD + indent(dedent(text), "  "), files=files)


def triggers(text: str, files: Mapping[str, str] | None = None) -> tuple[Trigger, ...]:
    """What invokes Fn beside these resources."""
    found = with_resources(text, files)
    assert found.problems == ()
    function = found.function("Fn")
    assert function is not None
    return function.triggers


def trigger(kind: str, properties: str) -> Trigger:
    """What invokes Fn where there is one resource `R`."""
    (found,) = triggers(f"R:\n  Type: {kind}\n  Properties: {properties}\n")
    assert found.path[:2] == ("Resources", "R")
    return found


ARN = "!GetAtt Fn.Arn"
CDK = "LambdaFunctionConfigurations:"
WAITS = "InvocationType: RequestResponse"
PIPE = "TargetParameters: {LambdaFunctionParameters:"
URI = "!Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations'"


@pytest.mark.parametrize(
    ("kind", "properties", "source", "mode"),
    [
        (
            "AWS::S3::Bucket",
            f"{{NotificationConfiguration: {{LambdaConfigurations: [{{Function: {ARN}}}]}}}}",
            "S3",
            Mode.ASYNC,
        ),
        (
            "Custom::S3BucketNotifications",
            f"{{NotificationConfiguration: {{{CDK} [{{LambdaFunctionArn: {ARN}}}]}}}}",
            "S3",
            Mode.ASYNC,
        ),
        ("AWS::SNS::Subscription", f"{{Protocol: lambda, Endpoint: {ARN}, TopicArn: x}}", "SNS", Mode.ASYNC),
        ("AWS::SNS::Topic", f"{{Subscription: [{{Protocol: lambda, Endpoint: {ARN}}}]}}", "SNS", Mode.ASYNC),
        (
            "AWS::Events::Rule",
            f"{{EventPattern: {{}}, Targets: [{{Arn: {ARN}}}]}}",
            "EventBridgeRule",
            Mode.ASYNC,
        ),
        (
            "AWS::Events::Rule",
            f"{{ScheduleExpression: x, Targets: [{{Arn: {ARN}}}]}}",
            "Schedule",
            Mode.ASYNC,
        ),
        ("AWS::Scheduler::Schedule", f"{{Target: {{Arn: {ARN}}}}}", "ScheduleV2", Mode.ASYNC),
        ("AWS::Logs::SubscriptionFilter", f"{{DestinationArn: {ARN}}}", "CloudWatchLogs", Mode.ASYNC),
        (
            "AWS::IoT::TopicRule",
            f"{{TopicRulePayload: {{Actions: [{{Lambda: {{FunctionArn: {ARN}}}}}]}}}}",
            "IoTRule",
            Mode.ASYNC,
        ),
        (
            "AWS::IoT::TopicRule",
            f"{{TopicRulePayload: {{ErrorAction: {{Lambda: {{FunctionArn: {ARN}}}}}}}}}",
            "IoTRule",
            Mode.ASYNC,
        ),
        ("AWS::IoT::Authorizer", f"{{AuthorizerFunctionArn: {ARN}}}", "Authorizer", Mode.SYNC),
        (
            "AWS::SES::ReceiptRule",
            f"{{Rule: {{Actions: [{{LambdaAction: {{FunctionArn: {ARN}}}}}]}}}}",
            "SES",
            Mode.ASYNC,
        ),
        (
            "AWS::SES::ReceiptRule",
            f"{{Rule: {{Actions: [{{LambdaAction: {{FunctionArn: {ARN}, {WAITS}}}}}]}}}}",
            "SES",
            Mode.SYNC,
        ),
        (
            "AWS::Config::ConfigRule",
            f"{{Source: {{Owner: CUSTOM_LAMBDA, SourceIdentifier: {ARN}}}}}",
            "Config",
            Mode.ASYNC,
        ),
        (
            "AWS::CodeCommit::Repository",
            f"{{Triggers: [{{DestinationArn: {ARN}}}]}}",
            "CodeCommit",
            Mode.ASYNC,
        ),
        (
            "AWS::CodePipeline::Pipeline",
            "{Stages: [{Actions: [{Configuration: {FunctionName: !Ref Fn}}]}]}",
            "CodePipeline",
            Mode.ASYNC,
        ),
        ("AWS::CloudWatch::Alarm", f"{{AlarmActions: [{ARN}]}}", "CloudWatchAlarm", Mode.ASYNC),
        (
            "AWS::SecretsManager::RotationSchedule",
            f"{{RotationLambdaARN: {ARN}}}",
            "SecretsManager",
            Mode.SYNC,
        ),
        ("AWS::Cognito::UserPool", f"{{LambdaConfig: {{PreSignUp: {ARN}}}}}", "Cognito", Mode.SYNC),
        (
            "AWS::Cognito::UserPool",
            f"{{LambdaConfig: {{CustomSMSSender: {{LambdaArn: {ARN}}}}}}}",
            "Cognito",
            Mode.SYNC,
        ),
        ("AWS::Lambda::Url", f"{{TargetFunctionArn: {ARN}}}", "FunctionUrl", Mode.SYNC),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", f"{{Targets: [{{Id: {ARN}}}]}}", "ALB", Mode.SYNC),
        ("AWS::AppSync::DataSource", f"{{LambdaConfig: {{LambdaFunctionArn: {ARN}}}}}", "AppSync", Mode.SYNC),
        (
            "AWS::Serverless::GraphQLApi",
            f"{{DataSources: {{Lambda: {{a: {{FunctionArn: {ARN}}}}}}}}}",
            "AppSync",
            Mode.SYNC,
        ),
        ("AWS::Pipes::Pipe", f"{{Source: x, Target: {ARN}}}", "Pipe", Mode.SYNC),
        ("AWS::Pipes::Pipe", f"{{Source: x, Enrichment: {ARN}}}", "Pipe", Mode.SYNC),
        (
            "AWS::Pipes::Pipe",
            f"{{Target: {ARN}, {PIPE} {{InvocationType: FIRE_AND_FORGET}}}}}}",
            "Pipe",
            Mode.ASYNC,
        ),
        (
            "AWS::Pipes::Pipe",
            f"{{Target: {ARN}, {PIPE} {{InvocationType: !Ref P}}}}}}",
            "Pipe",
            Mode.UNKNOWN,
        ),
        ("Custom::Seed", f"{{ServiceToken: {ARN}}}", "CustomResource", Mode.SYNC),
        ("AWS::CloudFormation::CustomResource", f"{{ServiceToken: {ARN}}}", "CustomResource", Mode.SYNC),
        ("AWS::CloudFormation::Macro", f"{{FunctionName: {ARN}}}", "CloudFormation", Mode.SYNC),
        (
            "AWS::Bedrock::Agent",
            f"{{ActionGroups: [{{ActionGroupExecutor: {{Lambda: {ARN}}}}}]}}",
            "Bedrock",
            Mode.SYNC,
        ),
        ("AWS::Connect::IntegrationAssociation", f"{{IntegrationArn: {ARN}}}", "Connect", Mode.SYNC),
        (
            "AWS::Lex::BotAlias",
            f"{{BotAliasLocaleSettings: [{{X: {{LambdaCodeHook: {{LambdaArn: {ARN}}}}}}}]}}",
            "Lex",
            Mode.SYNC,
        ),
        (
            "AWS::Transfer::Workflow",
            f"{{Steps: [{{CustomStepDetails: {{Target: {ARN}}}}}]}}",
            "Transfer",
            Mode.UNKNOWN,
        ),
        ("AWS::ApiGateway::Method", f"{{Integration: {{Uri: {URI}}}}}", "Api", Mode.SYNC),
        ("AWS::ApiGatewayV2::Integration", f"{{ApiId: x, IntegrationUri: {URI}}}", "HttpApi", Mode.SYNC),
        ("AWS::ApiGatewayV2::Integration", f"{{ApiId: x, IntegrationUri: {ARN}}}", "HttpApi", Mode.SYNC),
        ("AWS::ApiGatewayV2::Api", f"{{ProtocolType: HTTP, Target: {ARN}}}", "HttpApi", Mode.SYNC),
        (
            "AWS::Serverless::WebSocketApi",
            f"{{Routes: {{a: {{FunctionArn: {ARN}}}}}}}",
            "WebSocketApi",
            Mode.SYNC,
        ),
        ("AWS::Serverless::WebSocketApi", f"{{Auth: {{AuthArn: {ARN}}}}}", "Authorizer", Mode.SYNC),
        ("AWS::ApiGateway::Authorizer", f"{{AuthorizerUri: {URI}}}", "Authorizer", Mode.SYNC),
        (
            "AWS::Serverless::Api",
            f"{{Auth: {{Authorizers: {{A: {{FunctionArn: {ARN}}}}}}}}}",
            "Authorizer",
            Mode.SYNC,
        ),
        (
            "AWS::Lambda::EventInvokeConfig",
            f"{{FunctionName: other, DestinationConfig: {{OnSuccess: {{Destination: {ARN}}}}}}}",
            "Destination",
            Mode.ASYNC,
        ),
    ],
)
def test_resources_that_invoke(kind: str, properties: str, source: str, mode: Mode) -> None:
    found = trigger(kind, properties)
    assert (found.source, found.mode) == (source, mode)
    assert found.name == "R"
    assert found.proof == "resource"
    assert "`R`" in found.description
    assert bool(found.reason) is (mode is Mode.UNKNOWN)


def test_every_type_of_sam_event() -> None:
    for kind, (source, mode, _) in SAM_EVENTS.items():
        found = template(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
            f"    Properties: {{Events: {{E: {{Type: {kind}, Properties: {{}}}}}}}}\n"
        )
        (trigger,) = found.functions[0].triggers
        assert (trigger.source, trigger.mode, trigger.name, trigger.proof) == (source, mode, "E", "event")
        assert at(found, found.key_span(trigger.path)) == "E"


def events(text: str) -> tuple[Trigger, ...]:
    declared = indent(dedent(text), "        ")
    found = template(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Queue: {Type: AWS::SQS::Queue}\n  Fn:\n"
        f"    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n{declared}"
    )
    return found.functions[0].triggers


def test_the_queue_and_the_options_of_an_event() -> None:
    (found,) = events("A: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 5}}\n")
    assert found.resource == Reference("Queue", "Arn")
    assert found.option("BatchSize")[0].value == Known(5)
    assert found.option("Nope") == ()


@pytest.mark.parametrize(
    ("subscription", "source", "resource"),
    [
        ("true", "SQS", None),
        ("{QueueArn: !GetAtt Queue.Arn}", "SQS", Reference("Queue", "Arn")),
        ("false", "SNS", Unknown("undefined", "T")),
    ],
)
def test_a_queue_between_topic_and_function(subscription: str, source: str, resource: object) -> None:
    (found,) = events(f"A: {{Type: SNS, Properties: {{Topic: !Ref T, SqsSubscription: {subscription}}}}}\n")
    assert found.source == source
    assert found.mode is (Mode.QUEUE if source == "SQS" else Mode.ASYNC)
    assert found.resource == resource


def test_events_of_unknown_types_are_none() -> None:
    assert events("A: {Type: Nonsense}\nB: text\nC: {Type: !Ref X}\n") == ()


def test_a_function_url_of_sams() -> None:
    found = template(
        "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {FunctionUrlConfig: {AuthType: NONE}}}\n"
        "Resources:\n  Fn: {Type: AWS::Serverless::Function}\n"
    )
    (url,) = found.functions[0].triggers
    assert (url.source, url.mode, url.path[0]) == ("FunctionUrl", Mode.SYNC, "Globals")


@pytest.mark.parametrize(
    ("properties", "source", "mode"),
    [
        ("EventSourceArn: !GetAtt Queue.Arn", "SQS", Mode.QUEUE),
        ("EventSourceArn: !GetAtt Stream.Arn, StartingPosition: LATEST", "Kinesis", Mode.STREAM),
        ("EventSourceArn: !GetAtt Table.StreamArn, StartingPosition: LATEST", "DynamoDB", Mode.STREAM),
        ("EventSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:q'", "SQS", Mode.QUEUE),
        (
            "EventSourceArn: !Sub 'arn:${AWS::Partition}:kinesis:${AWS::Region}:1:stream/s'",
            "Kinesis",
            Mode.STREAM,
        ),
        ("EventSourceArn: !Ref P", "SQS", Mode.QUEUE),
        ("EventSourceArn: !Ref P, StartingPosition: LATEST", "Stream", Mode.STREAM),
        ("EventSourceArn: !Ref P, StartingPosition: LATEST, Topics: [t]", "MSK", Mode.STREAM),
        ("EventSourceArn: !Ref P, Queues: [q]", "MQ", Mode.QUEUE),
        ("SelfManagedEventSource: {}, Topics: [t]", "SelfManagedKafka", Mode.STREAM),
        ("EventSourceArn: !Ref P, DocumentDBEventSourceConfig: {}", "DocumentDB", Mode.STREAM),
    ],
)
def test_event_source_mappings(properties: str, source: str, mode: Mode) -> None:
    found = trigger(
        "AWS::Lambda::EventSourceMapping", f"{{FunctionName: !Ref Fn, BatchSize: 7, {properties}}}"
    )
    assert (found.source, found.mode) == (source, mode)
    assert found.option("BatchSize")[0].value == Known(7)


@pytest.mark.parametrize(
    ("properties", "source", "mode"),
    [
        ("Principal: s3.amazonaws.com", "S3", Mode.ASYNC),
        ("Principal: events.amazonaws.com", "EventBridgeRule", Mode.ASYNC),
        ("Principal: !Sub 'logs.${AWS::Region}.amazonaws.com'", "CloudWatchLogs", Mode.ASYNC),
        ("Principal: !Sub 'sns.${AWS::URLSuffix}'", "SNS", Mode.ASYNC),
        ("Principal: !If [C, s3.amazonaws.com.cn, s3.amazonaws.com]", "S3", Mode.ASYNC),
        ("Principal: !If [C, s3.amazonaws.com, sns.amazonaws.com]", "Permission", Mode.UNKNOWN),
        ("Principal: apigateway.amazonaws.com", "Api", Mode.SYNC),
        ("Principal: iot.amazonaws.com, SourceArn: !Sub 'arn:aws:iot:x:y:rule/z'", "IoTRule", Mode.ASYNC),
        ("Principal: iot.amazonaws.com", "Permission", Mode.UNKNOWN),
        ("Principal: '123456789012'", "Permission", Mode.UNKNOWN),
        ("Principal: !Ref P", "Permission", Mode.UNKNOWN),
        ("Principal: '*', FunctionUrlAuthType: NONE", "FunctionUrl", Mode.SYNC),
    ],
)
def test_permissions(properties: str, source: str, mode: Mode) -> None:
    found = trigger("AWS::Lambda::Permission", f"{{FunctionName: !Ref Fn, {properties}}}")
    assert (found.source, found.mode, found.proof) == (source, mode, "permission")
    assert bool(found.reason) is (mode is Mode.UNKNOWN)


def test_a_permission_says_nothing_where_its_source_is_known() -> None:
    found = triggers(
        """\
        Rule:
          Type: AWS::Events::Rule
          Properties: {ScheduleExpression: x, Targets: [{Arn: !GetAtt Fn.Arn}]}
        Allow:
          Type: AWS::Lambda::Permission
          Properties: {FunctionName: !Ref Fn, Principal: events.amazonaws.com}
        More:
          Type: AWS::Lambda::Permission
          Properties: {FunctionName: !Ref Fn, Principal: s3.amazonaws.com}
        """
    )
    assert [(each.name, each.proof) for each in found] == [("Rule", "resource"), ("More", "permission")]


@pytest.mark.parametrize(
    "named",
    [
        "!Ref Fn",
        "!GetAtt Fn.Arn",
        "!Ref Live",
        "orders",
        "!Sub '${Fn}:live'",
        "!Sub 'arn:aws:lambda:x:y:function:orders'",
    ],
)
def test_functions_are_named_in_many_ways(named: str) -> None:
    assert trigger("AWS::Scheduler::Schedule", f"{{Target: {{Arn: {named}}}}}").source == "ScheduleV2"


@pytest.mark.parametrize(
    "named", ["!Ref P", "other", "!GetAtt Queue.Arn", "!ImportValue x", "!GetAtt FnRole.Arn"]
)
def test_others_are_not_named(named: str) -> None:
    assert triggers(f"R: {{Type: AWS::Scheduler::Schedule, Properties: {{Target: {{Arn: {named}}}}}}}") == ()


def test_a_subscription_of_another_protocol_is_none() -> None:
    assert (
        triggers("R: {Type: AWS::SNS::Subscription, Properties: {Protocol: sqs, Endpoint: !GetAtt Fn.Arn}}")
        == ()
    )


def test_a_trigger_of_one_branch_says_so() -> None:
    found = trigger("AWS::Scheduler::Schedule", "{Target: {Arn: !If [C, !GetAtt Fn.Arn, other]}}")
    assert found.conditions == (("C", True),)


HEADER = "integration.request.header.X-Amz-Invocation-Type"


@pytest.mark.parametrize(
    ("parameters", "mode"),
    [
        (f"{{{HEADER}: \"'Event'\"}}", Mode.ASYNC),
        (f"{{{HEADER.lower()}: \"'Event'\"}}", Mode.ASYNC),
        (f"{{{HEADER}: \"'RequestResponse'\"}}", Mode.SYNC),
        (f"{{{HEADER}: method.request.header.InvocationType}}", Mode.UNKNOWN),
        ("{other: \"'Event'\"}", Mode.SYNC),
        ("!Ref P", Mode.UNKNOWN),
    ],
)
def test_an_api_that_does_not_wait(parameters: str, mode: Mode) -> None:
    found = trigger(
        "AWS::ApiGateway::Method", f"{{Integration: {{Uri: {URI}, RequestParameters: {parameters}}}}}"
    )
    assert found.mode is mode
    socket = triggers(
        f"""\
        Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{ProtocolType: WEBSOCKET}}}}
        R:
          Type: AWS::ApiGatewayV2::Integration
          Properties: {{ApiId: !Ref Api, IntegrationUri: {URI}, RequestParameters: {parameters}}}
        """
    )
    assert [(each.source, each.mode) for each in socket] == [("WebSocketApi", mode)]


OPENAPI = f"""\
openapi: 3.0.1
paths:
  /jobs:
    post:
      x-amazon-apigateway-integration:
        uri: URI
        requestParameters: {{{HEADER}: "'Event'"}}
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-integration: {{uri: URI}}
components:
  securitySchemes:
    A: {{type: apiKey, x-amazon-apigateway-authorizer: {{authorizerUri: URI}}}}
"""
WHAT = [
    ("POST /jobs of `R` with `X-Amz-Invocation-Type: 'Event'`", Mode.ASYNC),
    ("ANY /jobs of `R`", Mode.SYNC),
    ("an authorizer of `R`", Mode.SYNC),
]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("AWS::Serverless::Api", "DefinitionBody"),
        ("AWS::Serverless::HttpApi", "DefinitionBody"),
        ("AWS::ApiGateway::RestApi", "Body"),
        ("AWS::ApiGatewayV2::Api", "Body"),
    ],
)
def test_an_api_definition_in_the_template(kind: str, key: str) -> None:
    body = indent(OPENAPI.replace("URI", URI), "      ")
    found = triggers(f"R:\n  Type: {kind}\n  Properties:\n    {key}:\n{body}")
    assert [(each.description, each.mode) for each in found] == WHAT
    assert found[0].path[-1] == "uri"


@pytest.mark.parametrize(
    ("key", "value", "uri"),
    [
        ("DefinitionUri", "api.yaml", URI),
        ("DefinitionUri", "api.yaml", URI.removeprefix("!Sub ")),
        ("DefinitionBody", "{'Fn::Transform': {Name: AWS::Include, Parameters: {Location: api.yaml}}}", URI),
    ],
)
def test_an_api_definition_in_a_file(key: str, value: str, uri: str) -> None:
    text = f"R: {{Type: AWS::Serverless::Api, Properties: {{{key}: {value}}}}}"
    found = triggers(text, {"api.yaml": OPENAPI.replace("URI", uri)})
    assert [(each.description, each.mode) for each in found] == WHAT
    assert {each.path[:4] for each in found} == {("Resources", "R", "Properties", key)}
    assert triggers(text) == ()
    assert triggers(text, {"api.yaml": "- no mapping"}) == ()
    assert triggers(text.replace("api.yaml", "s3://b/api.yaml"), {"s3://b/api.yaml": OPENAPI}) == ()


def test_authorizers_of_globals() -> None:
    found = template(
        f"Globals: {{Api: {{Auth: {{Authorizers: {{A: {{FunctionArn: {ARN}}}}}}}}}}}\n{HEAD}"
    ).function("Fn")
    assert found is not None
    assert [(each.source, each.path[0]) for each in found.triggers] == [("Authorizer", "Globals")]


ASL = """\
{"StartAt": "Work", "States": {
  "Work": {"Type": "Task", "Resource": "${Work}", "Next": "Fan"},
  "Fan": {"Type": "Parallel", "Next": "Last", "Branches": [{"StartAt": "Hand", "States": {
    "Hand": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
      "Parameters": {"FunctionName": "${Work}", "InvocationType": "Event", "Payload": {"x": "${Work}"}}}}}]},
  "Last": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
    "Arguments": {"FunctionName": "${Work}"}}}}
"""
STATES = [
    ("the state `Work` of `R`", Mode.SYNC),
    ("the state `Hand` of `R`", Mode.ASYNC),
    ("the state `Last` of `R`", Mode.SYNC),
]


def machine(kind: str, properties: str, files: Mapping[str, str] | None = None) -> list[tuple[str, Mode]]:
    lines = indent(dedent(properties), "    ")
    found = triggers(f"R:\n  Type: {kind}\n  Properties:\n{lines}\n", files)
    assert {each.source for each in found} <= {"StateMachine"}
    return [(each.description, each.mode) for each in found]


def test_a_state_machine_in_the_template() -> None:
    sam, plain = "AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"
    substitutions = "DefinitionSubstitutions: {Work: !GetAtt Fn.Arn}\n"
    in_object = f"{substitutions}Definition:\n{indent(ASL, '  ')}"
    assert machine(sam, in_object) == STATES
    assert machine(plain, in_object) == STATES
    direct = in_object.replace('"${Work}"', "!GetAtt Fn.Arn").replace(substitutions, "")
    assert machine(sam, direct) == STATES
    in_string = f"{substitutions}DefinitionString: |\n{indent(ASL, '  ')}"
    assert machine(plain, in_string) == STATES
    in_sub = f"DefinitionString: !Sub |\n{indent(ASL.replace('${Work}', '${Fn.Arn}'), '  ')}"
    assert machine(plain, in_sub) == STATES
    with_map = f"DefinitionString: !Sub\n  - |\n{indent(ASL, '    ')}\n  - {{Work: !GetAtt Fn.Arn}}\n"
    assert machine(plain, with_map) == STATES


def test_a_state_machine_in_a_file() -> None:
    text = (
        "DefinitionUri: work.asl.json\nDefinitionSubstitutions: {Work: !GetAtt Fn.Arn, Other: !Ref Queue}\n"
    )
    kind = "AWS::Serverless::StateMachine"
    assert machine(kind, text, {"work.asl.json": ASL}) == STATES
    assert machine(kind, text) == [("the state machine `R`", Mode.UNKNOWN)]
    assert machine(kind, text, {"work.asl.json": "nothing"}) == [("the state machine `R`", Mode.UNKNOWN)]


def test_a_definition_that_is_no_json() -> None:
    text = "DefinitionString: !Sub 'broken ${Fn.Arn} ${Queue}'"
    assert machine("AWS::StepFunctions::StateMachine", text) == [("the state machine `R`", Mode.SYNC)]
    text = "DefinitionString: !Sub 'broken ${Fn.Arn} InvocationType'"
    assert machine("AWS::StepFunctions::StateMachine", text) == [("the state machine `R`", Mode.UNKNOWN)]


def test_deployment_hooks() -> None:
    found = template(
        f"{HEAD}  Other:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {DeploymentPreference: {Hooks: {PreTraffic: !Ref Fn}}}\n"
    ).function("Fn")
    assert found is not None
    assert [(each.source, each.mode) for each in found.triggers] == [("CodeDeploy", Mode.UNKNOWN)]


def test_each_function_has_its_own() -> None:
    found = with_resources(
        """\
        Other: {Type: AWS::Lambda::Function}
        Rule:
          Type: AWS::Events::Rule
          Properties:
            EventPattern: {}
            Targets: [{Arn: !GetAtt Fn.Arn}, {Arn: !GetAtt Other.Arn}, {Arn: !Ref P}]
        """
    )
    assert {name: [each.path[-2] for each in known] for name, known in found.triggers.items()} == {
        "Fn": [0],
        "Other": [1],
    }
