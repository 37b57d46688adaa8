from pathlib import Path

from lambdalint.application.unknowns import KNOWN, unknowns
from tests.unit.application.projects import application_of, function


def test_what_is_unknown_is_counted_by_reason(tmp_path: Path) -> None:
    template = function(
        "Runtime: python3.12\nHandler: app.handler\nCodeUri: src\n"
        "Environment: {Variables: {A: x, B: !ImportValue y}}\n"
        "Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}"
    )
    template += function("Runtime: python3.12\nHandler: app.handler\nCodeUri: s3://b/k", "G").partition(
        "Resources:\n"
    )[2]
    code = """
        import os
        import boto3

        client = boto3.client("dynamodb")

        def handler(event, context, other=None):
            client.get_item(TableName=os.environ["A"])
            client.get_item(TableName=event["table"])
            getattr(client, event["operation"])()
        """
    found = unknowns(application_of(tmp_path, {"template.yaml": template, "src/app.py": code}))
    assert found["functions"] == {KNOWN: 1, "code in S3": 1}
    assert found["triggers"] == {KNOWN: 1}
    assert found["environment"] == {KNOWN: 1, "import": 1}
    assert found["targets"] == {KNOWN: 1, "from the event": 1}
    assert found["calls"][KNOWN] == 2
    assert sum(found["calls"].values()) == 3
