import json
from pathlib import Path, PurePosixPath

import pytest

from lambdalint.rule import Settings
from lambdalint.template.values import Known, Unknown
from tests.unit.application.projects import HANDLER, SAM, function, project_of

CODE = "Runtime: python3.12\nHandler: app.handler\n"
SOURCE = function(CODE + "CodeUri: src")
CHILD = (
    "Parameters:\n  Table: {Type: String, Default: fallback}\n  Stage: {Type: String, Default: dev}\n"
    "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: !Ref Table, Tags: !Ref Stage}\n"
)


def copies(root: Path, files: dict[str, str]) -> list[str]:
    return [str(each.path) for each in project_of(root, files).applications if each.copy]


def parent(
    parameters: str, location: str = "child/template.yaml", kind: str = "AWS::Serverless::Application"
) -> str:
    key = "Location" if kind.startswith("AWS::Serverless") else "TemplateURL"
    return (
        f"{SAM}Parameters:\n  Given: {{Type: String, Default: orders}}\n  Open: {{Type: String}}\n"
        f"Resources:\n  Nested:\n    Type: {kind}\n    Properties:\n      {key}: {location}\n"
        f"      Parameters: {parameters}\n"
    )


def names(root: Path, files: dict[str, str], settings: Settings | None = None) -> dict[str, object]:
    """What the child's two parameters come to."""
    project = project_of(root, files, settings)
    application = project.application(PurePosixPath("child/template.yaml"))
    assert application is not None
    assert application.template is not None
    queue = application.template.resources["Q"]
    found = {}
    for name, key in (("Table", "QueueName"), ("Stage", "Tags")):
        (outcome,) = queue.get(key)
        value = outcome.value
        found[name] = (
            value.value if isinstance(value, Known) else value.reason if isinstance(value, Unknown) else value
        )
    return found


@pytest.mark.parametrize("name", ["packaged.yaml", "build/packaged.yaml"])
def test_a_packaged_template_beside_its_source_is_a_copy(tmp_path: Path, name: str) -> None:
    packaged = function(CODE + "CodeUri: s3://bucket/0123")
    assert copies(tmp_path, {"template.yaml": SOURCE, "src/app.py": HANDLER, name: packaged}) == [name]


def test_a_packaged_template_whose_source_has_moved_on_is_a_copy(tmp_path: Path) -> None:
    def several(uri: str, *names: str) -> str:
        properties = "".join(f"      {line}\n" for line in (CODE + f"CodeUri: {uri}").splitlines())
        head = "    Type: AWS::Serverless::Function\n    Properties:\n"
        return f"{SAM}Resources:\n" + "".join(f"  {name}:\n{head}{properties}" for name in names)

    uploaded = f"s3://bucket/{'0f' * 16}"
    files = {"template.yaml": several("src", "A", "B", "C"), "src/app.py": HANDLER}
    assert copies(tmp_path, {**files, "p.yaml": several(uploaded, "A", "B", "Gone")}) == ["p.yaml"]
    assert copies(tmp_path, {**files, "p.yaml": several("s3://bucket/named", "A", "B", "Gone")}) == []
    assert copies(tmp_path, {**files, "p.yaml": several(uploaded, "A", "Gone", "Too")}) == []


def published(template: str, licence: str) -> str:
    """A template for the Serverless Application Repository."""
    return f"{template}Metadata:\n  AWS::ServerlessRepo::Application:\n    LicenseUrl: {licence}\n"


def test_packaging_uploads_the_licence_where_all_code_is_at_s3_already(tmp_path: Path) -> None:
    template = function(CODE + "CodeUri: s3://bucket/1")
    files = {
        "template.yaml": published(template, "./LICENSE"),
        "packaged.yaml": published(template, "s3://bucket/2"),
    }
    assert copies(tmp_path, files) == ["packaged.yaml"]
    files["packaged.yaml"] = published(template, "./LICENSE")
    assert copies(tmp_path, files) == []


@pytest.mark.parametrize(
    ("name", "logical_id", "found"),
    [
        ("template.json", "Function", ["template.json"]),
        ("other.json", "Function", []),
        ("template.json", "Other", []),
    ],
)
def test_json_beside_its_yaml_is_a_copy(tmp_path: Path, name: str, logical_id: str, found: list[str]) -> None:
    resource = {"Type": "AWS::Lambda::Function", "Properties": {"Code": "src", "Handler": "app.handler"}}
    files = {
        "template.yaml": "Resources:\n  Function:\n    Type: AWS::Lambda::Function\n    Properties: {}\n",
        name: json.dumps({"Resources": {logical_id: resource}}),
    }
    assert copies(tmp_path, files) == found


@pytest.mark.parametrize(
    "files",
    [
        {"packaged.yaml": function(CODE + "CodeUri: s3://bucket/0123")},
        {"a/template.yaml": SOURCE, "b/packaged.yaml": function(CODE + "CodeUri: s3://bucket/0123")},
        {"template.yaml": SOURCE, "other.yaml": function(CODE + "CodeUri: s3://bucket/0123", "Other")},
        {"template.yaml": SOURCE, "second.yaml": SOURCE},
        {
            "template.yaml": function(CODE + "CodeUri: s3://bucket/1"),
            "second.yaml": function(CODE + "CodeUri: s3://bucket/2"),
        },
    ],
    ids=["alone", "elsewhere", "other functions", "local code", "both at S3"],
)
def test_other_templates_are_no_copies(tmp_path: Path, files: dict[str, str]) -> None:
    assert copies(tmp_path, {**files, "src/app.py": HANDLER}) == []


@pytest.mark.parametrize("kind", ["AWS::Serverless::Application", "AWS::CloudFormation::Stack"])
def test_a_known_value_that_a_parent_passes_is_used(tmp_path: Path, kind: str) -> None:
    files = {
        "template.yaml": parent("{Table: !Ref Given}", "./child/template.yaml", kind),
        "child/template.yaml": CHILD,
    }
    assert names(tmp_path, files) == {"Table": "orders", "Stage": "dev"}


def test_an_unknown_value_that_a_parent_passes_hides_the_default(tmp_path: Path) -> None:
    files = {"template.yaml": parent("{Table: !Ref Open, Stage: prod}"), "child/template.yaml": CHILD}
    assert names(tmp_path, files) == {"Table": "parameter without default", "Stage": "prod"}


def test_parents_that_differ_leave_it_unknown(tmp_path: Path) -> None:
    files = {
        "one.yaml": parent("{Table: a, Stage: same}"),
        "two.yaml": parent("{Table: b, Stage: same}"),
        "child/template.yaml": CHILD,
    }
    assert names(tmp_path, files) == {"Table": "parameter without default", "Stage": "same"}


def test_a_parent_wins_over_configured_values(tmp_path: Path) -> None:
    files = {"template.yaml": parent("{Table: !Ref Open}"), "child/template.yaml": CHILD}
    settings = Settings(parameters={"Table": "configured", "Stage": "configured"})
    assert names(tmp_path, files, settings) == {"Table": "parameter without default", "Stage": "configured"}


@pytest.mark.parametrize(
    "location", ["https://bucket.s3.amazonaws.com/child/template.yaml", "../child/template.yaml"]
)
def test_a_parent_elsewhere_says_nothing(tmp_path: Path, location: str) -> None:
    files = {"template.yaml": parent("{Table: x}", location), "child/template.yaml": CHILD}
    assert names(tmp_path, files) == {"Table": "fallback", "Stage": "dev"}


def test_a_template_that_deploys_itself_is_loaded(tmp_path: Path) -> None:
    text = parent("{Open: x}", "template.yaml", "AWS::CloudFormation::Stack")
    (application,) = project_of(tmp_path, {"template.yaml": text}).applications
    assert application.template is not None
