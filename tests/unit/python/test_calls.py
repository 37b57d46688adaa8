"""The AWS calls that code makes, and the tables behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from lambdalint.data.tables import load
from lambdalint.python import calls as calls_module
from lambdalint.python import sdk
from lambdalint.python.calls import AwsCall, Credentials, invocation_type
from tests.tools import sdk_tables

from .analysis import analyse, apis, described

HEAD = "import boto3, os, json\n"


def in_handler(body: str, before: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"{HEAD}{before}\ndef handler(event, context):\n{lines}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("boto3.client('s3').put_object(Bucket='b', Key='k')", ["s3.put_object [literal b]"]),
        ("boto3.client('s3').list_buckets()", ["s3.list_buckets [none]"]),
        (
            "boto3.resource('dynamodb').Table(os.environ['T']).put_item(Item={})",
            ["dynamodb.put_item [env T]"],
        ),
        ("boto3.resource('dynamodb').Table(event['t']).scan()", ["dynamodb.scan [event t]"]),
        (
            "with boto3.resource('dynamodb').Table('t').batch_writer() as b:\n    b.put_item(Item={})",
            ["dynamodb.batch_write_item [literal t]"],
        ),
        ("boto3.resource('s3').Object('b', 'k').get()", ["s3.get_object [literal b]"]),
        ("boto3.resource('s3').Bucket('b').upload_file('f', 'k')", ["s3.put_object [literal b]"]),
        ("boto3.resource('s3').Bucket('b').objects.all()", ["s3.list_objects [literal b]"]),
        (
            "boto3.resource('s3').Bucket('b').objects.filter(Prefix='x').delete()",
            ["s3.delete_objects [literal b]", "s3.list_objects [literal b]"],
        ),
        (
            "for o in boto3.resource('s3').Bucket('b').objects.all():\n    o.delete()",
            ["s3.list_objects [literal b]", "s3.delete_object [literal b]"],
        ),
        (
            "for m in boto3.resource('sqs').Queue('q').receive_messages():\n    m.delete()",
            ["sqs.receive_message [literal q]", "sqs.delete_message [literal q]"],
        ),
        (
            "m = boto3.resource('sqs').Queue('q').receive_messages()\nm[0].delete()",
            ["sqs.receive_message [literal q]", "sqs.delete_message [literal q]"],
        ),
        ("boto3.client('s3').upload_file('f', 'b', 'k')", ["s3.put_object [literal b]"]),
        ("boto3.client('s3').download_fileobj('b', 'k', f)", ["s3.get_object [literal b]"]),
        ("boto3.client('s3').copy({'Bucket': 'a'}, 'b', 'k')", ["s3.copy_object [literal b]"]),
        (
            "boto3.client('s3').generate_presigned_url('get_object', Params={'Bucket': 'b', 'Key': 'k'})",
            ["s3.get_object [literal b]"],
        ),
        ("boto3.client('s3').generate_presigned_post('b', 'k')", ["s3.put_object [literal b]"]),
        (
            "p = boto3.client('dynamodb').get_paginator('scan')\np.paginate(TableName='t')",
            ["dynamodb.scan [literal t]"],
        ),
        ("boto3.client('s3').get_waiter('object_exists').wait(Bucket='b')", ["s3.head_object [literal b]"]),
        (
            "boto3.resource('dynamodb').Table('t').wait_until_exists()",
            ["dynamodb.describe_table [literal t]"],
        ),
        ("boto3.client('sqs').send_message(QueueUrl=os.environ.get('Q', 'd'))", ["sqs.send_message [env Q]"]),
        (
            "u = boto3.client('sqs').get_queue_url(QueueName='q')['QueueUrl']\n"
            "boto3.client('sqs').send_message(QueueUrl=u, MessageBody='')",
            ["sqs.get_queue_url [literal q]", "sqs.send_message [literal q]"],
        ),
        (
            "boto3.resource('sqs').get_queue_by_name(QueueName='q').send_message(MessageBody='')",
            ["sqs.send_message [literal q]", "sqs.get_queue_url [literal q]"],
        ),
        ("boto3.client('sns').publish(PhoneNumber='1', Message='')", ["sns.publish [none]"]),
        ("boto3.client('sns').publish(TargetArn='a', Message='')", ["sns.publish [literal a]"]),
        (
            "boto3.client('lambda').invoke(FunctionName=f\"f-{os.environ['S']}\")",
            ["lambda.invoke [unknown: formatted text]"],
        ),
        (
            "boto3.client('events').put_events(Entries=[{'EventBusName': 'b'}])",
            ["events.put_events [literal b]"],
        ),
        (
            "boto3.client('events').put_events(Entries=[{'Source': 's'}])",
            ["events.put_events [literal default]"],
        ),
        (
            "boto3.client('events').put_events(Entries=event['e'])",
            ["events.put_events [unknown: entries built elsewhere]"],
        ),
        (
            "boto3.client('dynamodb').batch_write_item(RequestItems={'a': [], os.environ['B']: []})",
            ["dynamodb.batch_write_item [literal a]", "dynamodb.batch_write_item [env B]"],
        ),
        (
            "boto3.client('dynamodb').transact_write_items(TransactItems=[{'Put': {'TableName': 'a'}}])",
            ["dynamodb.transact_write_items [literal a]"],
        ),
        ("args = {'TableName': 't'}\nboto3.client('dynamodb').scan(**args)", ["dynamodb.scan [literal t]"]),
        ("boto3.client('dynamodb').scan(**event)", ["dynamodb.scan [unknown: arguments spread]"]),
        (
            "t = 'a' if event else 'b'\nboto3.client('dynamodb').scan(TableName=t)",
            ["dynamodb.scan [literal a]", "dynamodb.scan [literal b]"],
        ),
        ("put = boto3.client('s3').put_object\nput(Bucket='b', Key='k')", ["s3.put_object [literal b]"]),
        ("getattr(boto3.client('s3'), 'put_object')(Bucket='b')", ["s3.put_object [literal b]"]),
        ("boto3.client('rds').generate_db_auth_token('h', 3306, 'u')", ["rds.generate_db_auth_token [none]"]),
        ("c = boto3.client('s3')\nc.close()\nc.can_paginate('x')", []),
        ("try:\n    pass\nexcept boto3.client('s3').exceptions.NoSuchKey:\n    pass", []),
        ("event.put_item(Item={})\nprint(event)", []),
    ],
)
def test_calls(body: str, expected: list[str]) -> None:
    assert sorted(apis(in_handler(body))) == sorted(expected)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("parameters.get_parameter('/a')", ["ssm.get_parameter [literal /a]"]),
        ("parameters.get_parameters('/a')", ["ssm.get_parameters_by_path [literal /a]"]),
        ("parameters.get_secret(os.environ['S'], max_age=60)", ["secretsmanager.get_secret_value [env S]"]),
        ("parameters.SSMProvider().get('/a')", ["ssm.get_parameter [literal /a]"]),
        ("parameters.DynamoDBProvider(table_name='t').get('k')", ["dynamodb.get_item [literal t]"]),
        (
            "parameters.get_app_config(name='n', environment='e')",
            [
                "appconfigdata.start_configuration_session [literal n]",
                "appconfigdata.get_latest_configuration [literal n]",
            ],
        ),
    ],
)
def test_powertools_parameters(code: str, expected: list[str]) -> None:
    found = analyse(in_handler(code, "from aws_lambda_powertools.utilities import parameters")).calls
    assert [described(call) for call in found] == expected
    assert {call.interface for call in found} == {"powertools"}


def test_idempotency_reads_and_writes_its_table() -> None:
    found = apis(
        in_handler(
            "return layer",
            "from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer\n"
            "layer = DynamoDBPersistenceLayer(table_name=os.environ['T'])",
        )
    )
    operations = ("get_item", "put_item", "update_item", "delete_item")
    assert found == [f"dynamodb.{operation} [env T]" for operation in operations]


def test_what_does_not_run_makes_no_call() -> None:
    text = in_handler(
        "return 1",
        "def unused():\n    boto3.client('s3').list_buckets()\n"
        "if __name__ == '__main__':\n    boto3.client('s3').list_buckets()",
    )
    assert apis(text) == []


def test_arguments_by_their_api_names() -> None:
    (call,) = analyse(in_handler("boto3.client('s3').upload_file('f', 'b', Key='k', **event)")).calls
    assert call.open
    argument = call.argument("Bucket")
    assert argument is not None
    assert argument.evaluated_value == "b"  # type: ignore[attr-defined]
    assert call.argument("Body") is None
    (spread,) = analyse(
        in_handler("d = {'Bucket': 'b'}\nd['Key'] = 'k'\nboto3.client('s3').get_object(**d)")
    ).calls
    assert set(spread.arguments) == {"Bucket", "Key"}
    assert not spread.open


def test_a_call_with_several_targets_is_several_calls_at_one_place() -> None:
    found = analyse(
        in_handler(
            "put('a')\nput('b')",
            "def put(name):\n    boto3.resource('dynamodb').Table(name).put_item(Item={})",
        )
    ).calls
    assert [call.target.value for call in found] == ["a", "b"]
    assert len({id(call.node) for call in found}) == 1
    assert found.at(found.calls[0].node) == found.calls
    assert found.calls[0].function is not None
    assert found.calls[0].function.name.value == "put"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "RequestResponse"),
        (", InvocationType='Event'", "Event"),
        (", InvocationType='DryRun'", "DryRun"),
        (", InvocationType=event['t']", None),
        (", **event", None),
    ],
)
def test_invocation_type(arguments: str, expected: str | None) -> None:
    found = analyse(in_handler(f"boto3.client('lambda').invoke(FunctionName='f'{arguments})"))
    (call,) = found.calls
    assert invocation_type(found.evaluator, call) == expected


def test_invocation_type_of_other_calls() -> None:
    found = analyse(in_handler("boto3.client('s3').list_buckets()"))
    assert invocation_type(found.evaluator, found.calls.calls[0]) is None


@pytest.mark.parametrize(
    ("body", "before", "reason"),
    [
        ("x.put_item(Item={})", "from lib import get\nx = get()[0]", "receiver: item"),
        ("f(event['c'])", "def f(c):\n    c['x'].put_item(Item={})", None),
        ("TABLE[0](1)", "def f(table):\n    table.put_item(Item={})\nTABLE = [f]", "receiver: parameter"),
        ("boto3.client(event['s']).put_item(Item={})", "", "dynamic service"),
        ("getattr(boto3.client('s3'), event['m'])(Bucket='b')", "", "getattr"),
        ("getattr(boto3.client(event['s']), event['m'])(Bucket='b')", "", "getattr"),
        ("boto3.client('s3').generate_presigned_url(event['m'])", "", "dynamic client"),
        ("get_client().describe_stacks()", "from layer import get_client", "receiver: object of a library"),
        ("json.loads(event)['x'].append(1)", "", None),
    ],
)
def test_unresolved_calls_say_why(body: str, before: str, reason: str | None) -> None:
    found = analyse(in_handler(body, before)).calls
    assert [call.reason for call in found.unresolved] == ([reason] if reason else [])
    assert found.closed is (reason is None)


def test_libraries_that_call_aws_by_themselves_are_named() -> None:
    found = analyse(
        in_handler(
            "return wr.s3.read_csv('s3://b/k')",
            "import awswrangler as wr\nfrom botocore.auth import SigV4Auth",
        )
    ).calls
    assert found.wrappers == ("awswrangler", "botocore.auth.SigV4Auth")
    assert not found.closed


def test_credentials_are_the_receivers() -> None:
    (_, call) = analyse(
        in_handler(
            "c = boto3.client('sts').assume_role(RoleArn='r', RoleSessionName='s')['Credentials']\n"
            "boto3.client('s3', aws_access_key_id=c['AccessKeyId']).list_buckets()"
        )
    ).calls
    assert isinstance(call, AwsCall)
    assert call.credentials is Credentials.OTHER


# The tables, against botocore


@pytest.fixture(scope="module")
def core() -> botocore.session.Session:
    return botocore.session.get_session()


def _members(core: botocore.session.Session, service: str, operation: str) -> dict[str, object]:
    model = core.get_service_model(service)
    name = next(each for each in model.operation_names if xform_name(each) == operation)
    shape = model.operation_model(name).input_shape
    return dict(shape.members) if shape is not None else {}


def _operations(core: botocore.session.Session, service: str) -> list[str]:
    return [xform_name(name) for name in core.get_service_model(service).operation_names]


def test_every_target_names_an_operation_and_an_input_member(core: botocore.session.Session) -> None:
    problems: list[str] = []
    for service in sdk.services_with_targets():
        operations = _operations(core, service)
        table = load("sdk_targets.json")[service]
        everywhere = {member for each in operations for member in _members(core, service, each)}
        for operation, paths in table.items():
            if operation == "*":
                known = everywhere
            elif operation in operations:
                known = set(_members(core, service, operation))
            else:
                problems.append(f"{service}.{operation}")
                continue
            heads = {path.split(".")[0].removesuffix("[]").removesuffix("{}") for path in paths}
            problems.extend(f"{service}.{operation}: {head}" for head in heads - known)
    assert not problems


def test_paths_into_arguments_exist(core: botocore.session.Session) -> None:
    for service in sdk.services_with_targets():
        for operation, paths in load("sdk_targets.json")[service].items():
            for path in paths:
                if operation != "*" and ("[]" in path or "{}" in path or "." in path):
                    _follow(_members(core, service, operation), path)


def _follow(members: dict[str, object], path: str) -> None:
    head, *rest = path.split(".")
    shape = members[head.removesuffix("[]").removesuffix("{}")]
    if head.endswith("[]"):
        assert shape.type_name == "list"  # type: ignore[attr-defined]
        shape = shape.member  # type: ignore[attr-defined]
    if head.endswith("{}"):
        assert shape.type_name == "map"  # type: ignore[attr-defined]
        return
    if rest:
        inner = dict(shape.members)  # type: ignore[attr-defined]
        if rest[0] == "*":
            assert any(rest[1] in dict(option.members) for option in inner.values())
        else:
            assert rest[0] in inner


@pytest.mark.parametrize("name", ["sdk_methods.json", "sdk_resources.json", "paged_operations.json"])
def test_generated_tables_are_up_to_date(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk_tables, "DATA", tmp_path)
    sdk_tables.main()
    import json

    made = json.loads((tmp_path / name).read_text())
    kept = load(name)
    if made["_source"] != kept["_source"]:
        pytest.skip(f"made with {kept['_source']}, here is {made['_source']}")
    assert made == kept


def _tabled() -> Iterator[tuple[str, str]]:
    for rows in (calls_module._POWERTOOLS, *calls_module._PROVIDERS.values()):
        for found in rows.values():
            yield from found
    for transfers in sdk._TRANSFERS.values():
        yield from (("s3", operation) for operation, _ in transfers.values())
    yield from (("dynamodb", operation) for operation in calls_module._IDEMPOTENCY_CALLS)
    yield from ((service, operation) for service, operation, _ in calls_module._LOOKUPS)


def test_tables_in_code_name_operations(core: botocore.session.Session) -> None:
    for service, operation in set(_tabled()):
        assert operation in _operations(core, service)
    for (service, operation, _), parameter in calls_module._LOOKUPS.items():
        assert parameter in _members(core, service, operation)


def test_transfer_parameters_are_those_of_boto3() -> None:
    import inspect

    from boto3.s3 import inject

    for method, (_, names) in sdk._TRANSFERS["client"].items():
        parameters = list(inspect.signature(getattr(inject, method)).parameters)
        assert tuple(parameters[1 : 1 + len(names)]) == names
    for kind in ("Bucket", "Object"):
        for method, (_, names) in sdk._TRANSFERS[kind].items():
            parameters = list(inspect.signature(getattr(inject, f"{kind.lower()}_{method}")).parameters)
            assert tuple(parameters[1 : 1 + len(names)]) == names
