from pathlib import Path

import pytest

from lambdalint.application.absent import absent
from lambdalint.application.application import Application
from lambdalint.application.manifests import shipped_stubs
from tests.unit.application.projects import HANDLER, SAM, application_of, function

PROPERTIES = "CodeUri: src/\nHandler: app.handler\nRuntime: python3.13"
SRC = {"template.yaml": function(PROPERTIES), "src/app.py": HANDLER}


def names(application: Application) -> list[tuple[str, list[str]]]:
    return [
        (packed.manifest.path.as_posix(), [each.name for each in packed.manifest.requirements])
        for packed in application.manifests.packed
    ]


def test_the_list_in_the_code_folder_is_packed(tmp_path: Path) -> None:
    files = {**SRC, "src/requirements.txt": "six\n", "requirements.txt": "pytest\n"}
    application = application_of(tmp_path, files)
    assert names(application) == [("src/requirements.txt", ["six"])]
    (packed,) = application.manifests.packed
    assert packed.carriers == "`F`"
    assert [source.path.name for source in application.manifests.sources] == ["requirements.txt"]


@pytest.mark.parametrize(
    ("files", "taken"),
    [
        ({"requirements.txt": "a\n", "pyproject.toml": '[project]\ndependencies = ["b"]\n'}, "a"),
        ({"pyproject.toml": '[project]\ndependencies = ["b"]\n', "Pipfile": "[packages]\nc = '*'\n"}, "b"),
        ({"Pipfile": "[packages]\nc = '*'\n"}, "c"),
    ],
)
def test_one_list_counts(tmp_path: Path, files: dict[str, str], taken: str) -> None:
    application = application_of(tmp_path, {**SRC, **{f"src/{name}": text for name, text in files.items()}})
    ((_, found),) = names(application)
    assert found == [taken]
    (handler,) = application.handlers
    # sam build installs a requirements.txt, and nothing else unless it is told to.
    assert application.manifests.packages(handler).installed is (taken == "a")


def test_a_list_may_include_what_lies_outside_the_bundle_but_not_the_root(tmp_path: Path) -> None:
    files = {**SRC, "src/requirements.txt": "-r ../base.txt\n-r ../../gone.txt\n", "base.txt": "six\n"}
    (tmp_path / "gone.txt").write_text("requests\n")
    application = application_of(tmp_path / "root", files)
    assert names(application) == [("src/requirements.txt", ["six"])]
    (packed,) = application.manifests.packed
    assert len(packed.manifest.gaps) == 1


def test_layers_have_lists_of_their_own(tmp_path: Path) -> None:
    layers = """
  Built:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {ContentUri: built/}
  Plain:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: plain/}
  Filled:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: filled/}
"""
    files = {
        "template.yaml": function(PROPERTIES + "\nLayers: [!Ref Built, !Ref Plain, !Ref Filled]") + layers,
        "src/app.py": HANDLER,
        "built/requirements.txt": "requests\n",
        "plain/python/requirements.txt": "six\n",
        "filled/README.md": "",
    }
    application = application_of(tmp_path, files)
    assert names(application) == [
        ("built/requirements.txt", ["requests"]),
        ("plain/python/requirements.txt", ["six"]),
    ]
    packages = application.manifests.packages(application.handlers[0])
    assert packages.own == ()
    assert packages.gaps == ("layer that a build fills",)


@pytest.mark.parametrize(
    "more",
    [
        {"samconfig.toml": '[default.build.parameters]\nmanifest = "other.txt"\n'},
        {
            "template.yaml": SAM
            + "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Metadata: {BuildMethod: makefile}\n"
            "    Properties: {CodeUri: src/, Handler: app.handler, Runtime: python3.13}\n"
        },
        {"src/app.py": "# no handler\n"},
    ],
)
def test_lists_of_unknown_use_are_left_out(tmp_path: Path, more: dict[str, str]) -> None:
    application = application_of(tmp_path, {**SRC, "src/requirements.txt": "six\n", **more})
    assert names(application) == []


def test_an_image_has_what_its_dockerfile_installs(tmp_path: Path) -> None:
    template = SAM + (
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n"
        "    Metadata: {DockerContext: ., Dockerfile: Dockerfile}\n    Properties: {PackageType: Image}\n"
    )
    dockerfile = """
        FROM public.ecr.aws/lambda/python:3.13
        COPY deploy/prod.txt /tmp/
        RUN dnf install -y gcc && python -m pip install --no-cache-dir -r /tmp/prod.txt
        COPY src/ ${LAMBDA_TASK_ROOT}/
        CMD ["app.handler"]
    """
    files = {
        "template.yaml": template,
        "Dockerfile": dockerfile,
        "src/app.py": HANDLER,
        "src/requirements.txt": "pytest\n",
        "deploy/prod.txt": "six\n",
    }
    assert names(application_of(tmp_path, files)) == [("deploy/prod.txt", ["six"])]


@pytest.mark.parametrize(
    ("listed", "root", "ships"),
    [
        ("mypy-boto3-s3", "mypy_boto3_s3", True),
        ("boto3-stubs[s3,lambda]", "mypy_boto3_lambda", True),
        ("boto3-stubs[s3]", "mypy_boto3_sqs", False),
        ("boto3-stubs[essential]", "mypy_boto3_sqs", True),
        ("boto3-stubs[essential]", "mypy_boto3_sns", False),
        ("boto3-stubs[full]", "mypy_boto3_sns", True),
        ("boto3-stubs", "botocore_stubs", True),
        ("types-boto3[s3]", "types_boto3_s3", True),
        ("types-boto3[s3]", "mypy_boto3_s3", False),
        ("requests", "mypy_boto3_s3", False),
    ],
)
def test_stubs_that_a_list_ships(tmp_path: Path, listed: str, root: str, ships: bool) -> None:
    application = application_of(tmp_path, {**SRC, "src/requirements.txt": f"{listed}\n"})
    packages = application.manifests.packages(application.handlers[0])
    assert (shipped_stubs(packages, root) is not None) is ships


@pytest.mark.parametrize(
    ("code", "listed", "missing"),
    [
        ("import yaml", "", ["yaml"]),
        ("import yaml", "PyYAML", []),
        ("import idna", "requests", []),
        ("import yaml", "our-own-tools", []),
        ("import our_own_tools", "", []),
        ("import boto3, six, urllib3", "", []),
        ("import distutils.util, imp, cgi", "", []),
        ("import google.auth", "", []),
        ("import sys\nsys.path.append('x')\nimport yaml", "", []),
        ("try:\n    import yaml\nexcept ImportError:\n    yaml = None", "", []),
        ("from yaml import load\nimport yaml.nodes, requests", "", ["yaml", "yaml", "requests"]),
    ],
)
def test_what_nothing_brings(tmp_path: Path, code: str, listed: str, missing: list[str]) -> None:
    files = {**SRC, "src/app.py": f"{code}\n{HANDLER}", "src/requirements.txt": listed}
    application = application_of(tmp_path, files)
    assert [each.root for each in absent(application.handlers[0])] == missing
