from pathlib import Path

import pytest

from lambdalint.application.application import Handler
from lambdalint.application.rate import LIFETIME, interval, seldom
from tests.unit.application.projects import project_of

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("rate(1 minute)", 1),
        ("rate(15 minutes)", 15),
        ("rate(2 hours)", 120),
        ("rate(1 day)", 1440),
        (" Rate( 5  minutes ) ", 5),
        ("at(2026-01-01T00:00:00)", INFINITE),
        ("cron(0 3 * * ? *)", 1440),
        ("cron(0 8,20 * * ? *)", 720),
        ("cron(0 9-17 ? * MON-FRI *)", 60),
        ("cron(* * * * ? *)", 1),
        ("cron(0/5 * * * ? *)", 5),
        ("cron(*/20 * * * ? *)", 20),
        ("cron(0/30 8-18 * * ? *)", 30),
        ("cron(10,50 * * * ? *)", 20),
        ("cron(0 0/6 * * ? *)", 360),
        ("cron(0 23,1 * * ? *)", 120),
        ("cron(0-4 12 * * ? *)", 1),
        # what is not understood
        ("cron(0 3 * * *)", None),
        ("cron(61 3 * * ? *)", None),
        ("cron(L 3 * * ? *)", None),
        ("cron(0/0 3 * * ? *)", None),
        ("rate(1 week)", None),
        ("", None),
    ],
)
def test_interval(expression: str, minutes: float | None) -> None:
    assert interval(expression) == minutes


TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Rate: {{Type: String}}
Resources:
  Job:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: app.handler
      Runtime: python3.13
{properties}
{resources}
"""
CODE = "def handler(event, context):\n    return 1\n"


def is_seldom(root: Path, events: str, resources: str = "", code: str = CODE, minutes: int = 15) -> bool:
    properties = "\n".join(" " * 6 + line for line in events.splitlines())
    template = TEMPLATE.format(properties=properties, resources=resources)
    (application,) = project_of(root, {"template.yaml": template, "app.py": code}).applications
    (handler,) = application.handlers
    return seldom(handler, minutes)


def schedule(expression: str, name: str = "Tick") -> str:
    return f"  {name}:\n    Type: Schedule\n    Properties:\n      Schedule: {expression}\n"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (schedule("rate(1 hour)"), True),
        (schedule("rate(15 minutes)"), False),
        (schedule("rate(16 minutes)"), True),
        (schedule("!Ref Rate"), True),  # not known
        (schedule("rate(1 day)") + schedule("rate(5 minutes)", "Tock"), False),
        (schedule("rate(1 day)") + "  Web:\n    Type: HttpApi\n", False),
        ("  V2:\n    Type: ScheduleV2\n    Properties:\n      ScheduleExpression: rate(1 day)\n", True),
        ("  V2:\n    Type: ScheduleV2\n    Properties:\n      ScheduleExpression: rate(1 minute)\n", False),
    ],
)
def test_events(tmp_path: Path, events: str, expected: bool) -> None:
    assert is_seldom(tmp_path, "Events:\n" + events) is expected


def test_no_trigger_in_sight(tmp_path: Path) -> None:
    assert not is_seldom(tmp_path, "")


def test_a_lifetime(tmp_path: Path) -> None:
    assert not is_seldom(tmp_path / "a", "Events:\n" + schedule("rate(1 hour)"), minutes=LIFETIME)
    assert is_seldom(tmp_path / "b", "Events:\n" + schedule("rate(1 day)"), minutes=LIFETIME)


def test_rules_and_schedules_of_their_own(tmp_path: Path) -> None:
    rule = """\
  Daily:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: RATE
      Targets: [{Id: one, Arn: !GetAtt Job.Arn}]
  May:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Job
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Daily.Arn
"""
    scheduler = """\
  Daily:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: RATE
      FlexibleTimeWindow: {Mode: "OFF"}
      Target: {Arn: !GetAtt Job.Arn, RoleArn: !ImportValue role}
"""
    for index, resource in enumerate((rule, scheduler)):
        assert is_seldom(tmp_path / f"{index}a", "", resource.replace("RATE", "cron(0 3 * * ? *)"))
        assert not is_seldom(tmp_path / f"{index}b", "", resource.replace("RATE", "rate(10 minutes)"))


RULE = """\
  Daily:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: RATE
      Targets: [{Id: one, Arn: !Ref Flow, RoleArn: !GetAtt Starter.Arn}]
"""
STARTER = """\
  Starter:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Principal: {Service: SERVICE}, Action: "sts:AssumeRole"}]}
      Policies: [{PolicyName: start, PolicyDocument: {Statement: {Action: "states:*", Resource: !Ref Flow}}}]
"""
TASK = '{"Type": "Task", "Resource": "${Job.Arn}", "Next": "End"}'
END = '"End": {"Type": "Succeed"}'
MAP = '{"Type": "Map", "ItemProcessor": {"StartAt": "One", "States": {"One": TASK, END}}, "Next": "End"}'
PARALLEL = '{"Type": "Parallel", "Branches": [{"StartAt": "One", "States": {"One": TASK, END}}]}'
LOOP = (
    f'"Work": {TASK.replace("End", "Wait")}, '
    '"Wait": {"Type": "Wait", "Seconds": ${Pause}, "Next": "Work"}'
)


def machine(states: str, start: str = "Work") -> str:
    states = states.replace("TASK", TASK).replace("END", END)
    definition = f'{{"StartAt": "{start}", "States": {{{states}}}}}'
    return f"""\
  Flow:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !ImportValue role
      DefinitionString: !Sub '{definition}'
"""


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ('"Work": TASK, END', True),
        (f'"Work": {MAP}, END', False),
        (LOOP, False),
        (f'"Work": {PARALLEL}', True),
        ('"Work": TASK, "More": TASK, END', False),  # twice in one execution
        ('"Work": {"Type": "Task", "Resource": "${Job.Arn}", "Catch": [{"Next": "Work"}]}', False),
        ('"Work": {"Type": "Choice", "Default": "One"}, "One": {"Type": "Wait", "Seconds": ${Pause}, '
        '"Next": "Two"}, "Two": TASK, END', True),
        ("broken ${Job.Arn}", False),
    ],
)  # fmt: skip
def test_a_state_machine(tmp_path: Path, states: str, expected: bool) -> None:
    resources = (
        machine(states)
        + RULE.replace("RATE", "rate(1 day)")
        + STARTER.replace("SERVICE", "events.amazonaws.com")
    )
    assert is_seldom(tmp_path, "", resources) is expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (RULE.replace("RATE", "rate(1 day)"), True),
        (RULE.replace("RATE", "!Ref Rate"), True),
        (RULE.replace("RATE", "rate(5 minutes)"), False),
        (RULE.replace("RATE", "rate(1 day)\n      EventPattern: {source: [aws.s3]}"), False),
        (RULE.replace("RATE", "rate(1 day)") + STARTER.replace("SERVICE", "apigateway.amazonaws.com"), False),
        (RULE.replace("RATE", "rate(1 day)") + "  Up:\n    Type: AWS::SSM::Parameter\n    Properties:\n"
        "      Type: String\n      Value: !Ref Flow\n", False),
        (RULE.replace("RATE", "rate(1 day)") + "  Bad:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n"
        "      Dimensions: [{Name: StateMachineArn, Value: !Ref Flow}]\n", True),
        (RULE.replace("RATE", "rate(1 day)") + "  Web:\n    Type: AWS::ApiGateway::Method\n    Properties:\n"
        "      Integration: {RequestTemplates: {application/json: !Ref Flow}}\n", False),
        ("", False),
    ],
)  # fmt: skip
def test_what_starts_a_state_machine(tmp_path: Path, others: str, expected: bool) -> None:
    assert is_seldom(tmp_path, "", machine('"Work": TASK, END') + others) is expected


def test_events_of_a_state_machine(tmp_path: Path) -> None:
    text = machine('"Work": TASK, END').replace("AWS::StepFunctions", "AWS::Serverless")
    text += (
        "      Events:\n        Daily: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}\n"
    )
    assert is_seldom(tmp_path / "a", "", text)
    assert not is_seldom(
        tmp_path / "b", "", text + "        Web: {Type: Api, Properties: {Path: /, Method: get}}\n"
    )


def test_custom_resources(tmp_path: Path) -> None:
    custom = "  It:\n    Type: Custom::It\n    Properties:\n      ServiceToken: !GetAtt Job.Arn\n"
    assert is_seldom(tmp_path / "a", "", custom)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import cfnresponse\n\ndef handler(event, context):\n    return 1\n", True),
        ("def handler(event, context):\n    return event['ResponseURL']\n", True),
        (
            "def handler(event, context):\n    if event['RequestType'] == 'Delete':\n"
            "        return {'PhysicalResourceId': event['PhysicalResourceId']}\n"
            "    return {'Data': event['ResourceProperties']}\n",
            True,
        ),
        ("def handler(event, context):\n    return event['RequestType']\n", False),
        ("def handler(event, context):\n    return find(event['SecretId'], 'AWSPENDING')\n", True),
        ("def handler(event, context):\n    return 1\n", False),
    ],
)
def test_without_a_template(tmp_path: Path, code: str, expected: bool) -> None:
    (application,) = project_of(tmp_path, {"app.py": code}).applications
    (handler,) = application.handlers
    assert handler.seldom is expected


@pytest.mark.parametrize(
    ("handler", "code", "expected"),
    [
        ("job.handler", "{S3Bucket: builds, S3Key: job.zip}", True),
        ("src/job.handler", "{S3Bucket: builds, S3Key: job.zip}", True),
        ("lib/job.handler", "{S3Bucket: builds, S3Key: job.zip}", False),
        ("job.other", "{S3Bucket: builds, S3Key: job.zip}", False),
        ("job.handler", "../elsewhere", False),  # deploys another file of that name
    ],
)
def test_an_archive(tmp_path: Path, handler: str, code: str, expected: bool) -> None:
    template = f"""\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Job:
    Type: AWS::Lambda::Function
    Properties:
      Code: {code}
      Handler: {handler}
      Runtime: python3.13
      Role: !ImportValue role
  Daily:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 day)
      Targets: [{{Id: one, Arn: !GetAtt Job.Arn}}]
"""
    files = {"deploy/template.yaml": template, "src/job.py": CODE, "elsewhere/job.py": CODE.replace("1", "2")}
    assert seldom(found_in(tmp_path / "a", files), 15) is expected
    often = {**files, "deploy/template.yaml": template.replace("rate(1 day)", "rate(1 minute)")}
    assert not seldom(found_in(tmp_path / "b", often), 15)
    # What the code shows is surer than the name.
    custom = {**often, "src/job.py": "import cfnresponse\n" + CODE}
    assert seldom(found_in(tmp_path / "c", custom), 15)


def found_in(root: Path, files: dict[str, str]) -> Handler:
    """The handler of `src/job.py`."""
    applications = project_of(root, files).applications
    (found,) = [
        each
        for application in applications
        for each in application.handlers
        if str(each.module.source.path) == "src/job.py"
    ]
    return found


def test_an_invoke_by_the_application(tmp_path: Path) -> None:
    code = (
        "import boto3\n\nfunctions = boto3.client('lambda')\n\n\ndef handler(event, context):\n"
        "    functions.invoke(FunctionName=context.function_name)\n"
    )
    other = """\
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: caller.handler
      Runtime: python3.13
      Environment: {Variables: {JOB: !Ref Job}}
"""
    caller = code.replace("context.function_name", "__import__('os').environ['JOB']")
    caller = caller.replace("import boto3", "import os\n\nimport boto3").replace("__import__('os')", "os")
    template = TEMPLATE.format(
        properties="      Events:\n"
        + "\n".join(" " * 6 + line for line in schedule("rate(1 day)").splitlines()),
        resources=other,
    )
    files = {"template.yaml": template, "app.py": CODE, "caller.py": caller}
    (application,) = project_of(tmp_path, files).applications
    handlers = {handler.name: handler for handler in application.handlers}
    assert not handlers["Job"].seldom
