import functools
from collections.abc import Iterator
from typing import Any

import pytest

from lambdalint.data import tables
from lambdalint.iam import actions, sdk

botocore_session = pytest.importorskip("botocore.session")

# boto3's own methods, which botocore's models do not have: s3 transfers, signing, DynamoDB's batch writer.
BOTO3_METHODS = {
    ("s3", "copy"),
    ("s3", "download_file"),
    ("s3", "download_fileobj"),
    ("s3", "upload_file"),
    ("s3", "upload_fileobj"),
    ("s3", "generate_presigned_post"),
    ("dynamodb", "batch_writer"),
    ("rds", "generate_db_auth_token"),
    ("dsql", "generate_db_connect_auth_token"),
    ("dsql", "generate_db_connect_admin_auth_token"),
}
CALLS = tables.load("sdk_calls.toml")


@functools.cache
def operations(service: str) -> frozenset[str]:
    import botocore

    untyped: Any = botocore
    model = _session().get_service_model(service)
    return frozenset(untyped.xform_name(name) for name in model.operation_names)


@functools.cache
def _session() -> Any:
    untyped: Any = botocore_session
    return untyped.get_session()


def rows() -> Iterator[tuple[str, str, list[Any]]]:
    for service, by_operation in CALLS["calls"].items():
        for operation, entries in by_operation.items():
            yield service, operation, entries


@pytest.mark.parametrize(("service", "operation", "entries"), list(rows()))
def test_every_row_names_an_operation_and_actions_that_exist(
    service: str, operation: str, entries: list[Any]
) -> None:
    assert operation in operations(service) or (service, operation) in BOTO3_METHODS
    for entry in entries:
        name = entry if isinstance(entry, str) else entry["action"]
        found = actions.find(name)
        assert found is not None, name
        assert found.full == name


def test_no_row_says_what_the_rule_says_already() -> None:
    superfluous = [
        (service, operation)
        for service, operation, entries in rows()
        if entries == [f"{sdk.prefix(service)}:{operation.replace('_', '')}"]
        or (len(entries) == 1 and _by_rule(service, operation) == entries[0])
    ]
    assert superfluous == []


def _by_rule(service: str, operation: str) -> str | None:
    found = actions.find(f"{sdk.prefix(service)}:{operation.replace('_', '')}")
    return found.full if found else None


def test_arguments_that_rows_ask_for_exist() -> None:
    for service, operation, entries in rows():
        if operation not in operations(service) or service == "dynamodb":
            continue
        name = next(n for n in _session().get_service_model(service).operation_names if _same(n, operation))
        members = _session().get_service_model(service).operation_model(name).input_shape.members
        for entry in entries:
            if isinstance(entry, dict):
                for key in ("argument", "when", "unless"):
                    if key in entry:
                        assert entry[key].partition(".")[0] in members, (service, operation, entry)


def _same(operation: str, snake: str) -> bool:
    return operation.lower() == snake.replace("_", "")


def test_every_service_of_the_implied_table_exists() -> None:
    known = set(_session().get_available_services())
    for row in CALLS["implied"]:
        assert set(row["services"]) <= known
        for prefix in row["prefixes"]:
            assert prefix == "*" or actions.service_exists(prefix)
        for action in row.get("optional", ()):
            assert actions.find(action) is not None
        everything = {operation for service in row["services"] for operation in operations(service)}
        everything |= {method for service, method in BOTO3_METHODS if service in row["services"]}
        assert set(row.get("operations", ())) <= everything, set(row["operations"]) - everything


def test_free_calls_exist() -> None:
    for service, names in CALLS["free"].items():
        assert set(names) <= operations(service)


def test_prefixes_exist() -> None:
    for service in _session().get_available_services():
        found = sdk.prefix(service)
        assert found is None or actions.service_exists(found), service


def test_libraries_call_services_that_exist() -> None:
    table = tables.load("aws_libraries.toml")
    for prefixes in (one for part in ("libraries", "parts", "layers") for one in table[part].values()):
        assert all(actions.service_exists(prefix) for prefix in prefixes)
    assert not set(table["libraries"]) & set(table["harmless"]["names"])


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "required"),
    [
        ("dynamodb", "put_item", None, ["dynamodb:PutItem"]),
        ("dynamodbstreams", "get_records", None, ["dynamodb:GetRecords"]),
        ("stepfunctions", "start_execution", None, ["states:StartExecution"]),
        ("sesv2", "send_email", ["Content", "Content.Simple"], ["ses:SendEmail"]),
        ("sesv2", "send_email", ["Content", "Content.Raw"], ["ses:SendRawEmail"]),
        ("s3", "list_objects_v2", ["Bucket"], ["s3:ListBucket"]),
        ("s3", "head_object", ["Bucket", "Key"], ["s3:GetObject"]),
        ("s3", "get_object", ["Bucket", "Key", "VersionId"], ["s3:GetObjectVersion"]),
        ("s3", "put_object", ["Bucket", "Key"], ["s3:PutObject"]),
        ("s3", "put_object", ["Bucket", "Key", "ACL"], ["s3:PutObject", "s3:PutObjectAcl"]),
        ("s3", "put_object", None, ["s3:PutObject"]),
        (
            "s3",
            "create_bucket",
            ["Bucket", "ObjectOwnership"],
            ["s3:CreateBucket", "s3:PutBucketOwnershipControls"],
        ),
        ("dynamodb", "transact_write_items", None, []),
        ("sqs", "send_message_batch", None, ["sqs:SendMessage"]),
        ("lambda", "invoke", None, ["lambda:InvokeFunction"]),
        ("bedrock-runtime", "converse", None, ["bedrock:InvokeModel"]),
        ("apigatewaymanagementapi", "post_to_connection", None, ["execute-api:ManageConnections"]),
        ("apigateway", "get_rest_apis", None, ["apigateway:GET"]),
        ("apigateway", "import_rest_api", None, ["apigateway:POST"]),
        ("apigatewayv2", "delete_api", None, ["apigateway:DELETE"]),
        ("dynamodb", "transact_write_items", ["Put", "Delete"], ["dynamodb:PutItem", "dynamodb:DeleteItem"]),
        ("dynamodb", "execute_statement", ["select"], ["dynamodb:PartiQLSelect"]),
        ("sts", "get_caller_identity", None, []),
        ("cognito-idp", "sign_up", None, []),
        ("cognito-idp", "admin_create_user", None, ["cognito-idp:AdminCreateUser"]),
        ("opensearch", "describe_domain", None, ["es:DescribeDomain"]),
    ],
)
def test_permissions(service: str, operation: str, arguments: list[str] | None, required: list[str]) -> None:
    found = sdk.permissions(service, operation, arguments)
    assert found is not None
    assert [one.action for one in found.required] == required


def test_a_copy_reads_what_its_source_names() -> None:
    found = sdk.permissions("s3", "copy_object", ["Bucket", "CopySource", "Key"])
    assert found is not None
    assert [(one.action, one.argument) for one in found.required] == [
        ("s3:GetObject", "CopySource"),
        ("s3:PutObject", None),
    ]


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("dynamodb", "transact_write_items", None),  # of unknown items
        ("s3", "put_object", None),  # perhaps with an ACL
        ("sqs", "create_queue", ["QueueName", "tags"]),
    ],
)
def test_what_depends_on_arguments_that_are_not_known_is_implied(
    service: str, operation: str, arguments: list[str] | None
) -> None:
    found = sdk.permissions(service, operation, arguments)
    assert found is not None
    assert service in found.implied


@pytest.mark.parametrize(("service", "operation"), [("dynamodb", "no_such_thing"), ("nosuchservice", "get")])
def test_what_is_not_known_is_none(service: str, operation: str) -> None:
    assert sdk.permissions(service, operation) is None


def test_what_a_service_does_on_the_callers_behalf() -> None:
    textract = sdk.permissions("textract", "detect_document_text")
    upload = sdk.permissions("s3", "upload_file", ["Bucket"])
    assert textract is not None
    assert upload is not None
    assert "s3" in textract.implied
    assert upload.optional == ("s3:AbortMultipartUpload",)


@pytest.mark.parametrize(
    ("statements", "verbs"),
    [
        (["SELECT * FROM t"], {"select"}),
        (["insert into t value {}", "DELETE FROM t"], {"insert", "delete"}),
        (["EXISTS(SELECT 1)"], None),
        ([""], None),
        ([], None),
    ],
)
def test_partiql_verbs(statements: list[str], verbs: set[str] | None) -> None:
    assert sdk.partiql_verbs(statements) == verbs
