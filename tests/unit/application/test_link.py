import json
import os
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdalint.application.link import Linked, Unlinked, link, locate
from lambdalint.application.overview import split_handler
from lambdalint.discovery import discover
from lambdalint.rule import Settings
from lambdalint.source import SourceFile
from lambdalint.template.template import load
from tests.unit.application.projects import HANDLER, SAM, files_of, function, write


def linked(root: Path, files: dict[str, str], template: str = "template.yaml") -> Linked | Unlinked:
    found = files_of(root, files)
    (only,) = load(found.read_text(PurePosixPath(template))).functions
    return link(only, found)


def place(found: Linked | Unlinked) -> tuple[str, str]:
    assert isinstance(found, Linked), found
    return str(found.path), found.attribute


def reason(found: Linked | Unlinked) -> str:
    assert isinstance(found, Unlinked), found
    return found.reason


PYTHON = "Runtime: python3.12\n"


@pytest.mark.parametrize(
    ("handler", "code_uri", "path"),
    [
        ("app.handler", "src", "src/app.py"),
        ("app.handler", "src/", "src/app.py"),
        ("app.handler", "./src", "src/app.py"),
        ("app.handler", "other/../src", "src/app.py"),
        ("./app.handler", "src", "src/app.py"),
        ("handlers/app.handler", "src", "src/handlers/app.py"),
        ("handlers.app.handler", "src", "src/handlers/app.py"),
        ("src/handlers/app.handler", ".", "src/handlers/app.py"),
        ("src.handlers.app.handler", None, "src/handlers/app.py"),
        ("package.handler", "src", "src/package/__init__.py"),
        ("app.handler", "src/app.py", "src/app.py"),
    ],
)
def test_a_handler_is_found_by_code_uri_and_module(
    tmp_path: Path, handler: str, code_uri: str | None, path: str
) -> None:
    uri = "" if code_uri is None else f"CodeUri: {code_uri}\n"
    files = dict.fromkeys(["src/app.py", "src/handlers/app.py", "src/package/__init__.py"], HANDLER)
    files["other/readme.txt"] = ""
    files["template.yaml"] = function(f"{PYTHON}Handler: {handler}\n{uri}")
    assert place(linked(tmp_path, files)) == (path, "handler")


def test_code_uri_is_relative_to_the_template(tmp_path: Path) -> None:
    template = function(f"{PYTHON}Handler: app.handler\nCodeUri: ../src")
    files = {"infra/sam/template.yaml": template, "infra/src/app.py": HANDLER, "src/app.py": HANDLER}
    assert place(linked(tmp_path, files, "infra/sam/template.yaml"))[0] == "infra/src/app.py"


def test_a_base_dir_is_tried_where_the_template_has_no_such_folder(tmp_path: Path) -> None:
    template = function(f"{PYTHON}Handler: app.handler\nCodeUri: src")
    found = linked(tmp_path, {"infra/template.yaml": template, "src/app.py": HANDLER}, "infra/template.yaml")
    assert place(found)[0] == "src/app.py"


def test_a_package_hides_a_module_of_its_name(tmp_path: Path) -> None:
    files = {"app.py": HANDLER, "app/__init__.py": HANDLER}
    files["template.yaml"] = function(f"{PYTHON}Handler: app.handler")
    assert place(linked(tmp_path, files))[0] == "app/__init__.py"


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ("Runtime: nodejs20.x\nHandler: app.handler", "runtime"),
        (f"{PYTHON}Handler: app.handler\nCodeUri: s3://bucket/key.zip", "code in S3"),
        (f"{PYTHON}Handler: app.handler\nCodeUri: {{Bucket: b, Key: k}}", "code in S3"),
        (f"{PYTHON}Handler: app.handler\nCodeUri: build.zip", "code is an archive"),
        (f"{PYTHON}Handler: app.handler\nCodeUri: build.tar.gz", "code is an archive"),
        (f"{PYTHON}Handler: missing.handler\nCodeUri: src", "handler file not found"),
        (f"{PYTHON}Handler: app.handler\nCodeUri: nowhere", "code folder not found"),
        (f"{PYTHON}Handler: app.handler\nCodeUri: ../..", "outside the project root"),
        (f"{PYTHON}Handler: app.handler\nCodeUri: /etc", "outside the project root"),
        (f"{PYTHON}Handler: app.handler\nCodeUri: !ImportValue x", "code unknown"),
        (f"{PYTHON}Handler: !ImportValue x\nCodeUri: src", "handler name unknown"),
        (f"{PYTHON}CodeUri: src", "handler name unknown"),
        ("PackageType: Image\nImageUri: 1.dkr.ecr.eu-west-1.amazonaws.com/x:1", "image in a registry"),
    ],
)
def test_what_is_in_the_way_is_the_reason(tmp_path: Path, properties: str, why: str) -> None:
    files = {"template.yaml": function(properties), "src/other.py": HANDLER}
    assert reason(linked(tmp_path, files)) == why


@pytest.mark.parametrize(
    "handler",
    [
        '""',
        "....",
        "a/../../b.c",
        "app",
        "app.",
        ".handler",
        "[a, b]",
        "{x: y}",
        "12",
        "'a b.c d'",
        '"\\0.x"',
        "null",
    ],
)
def test_odd_handlers_are_a_reason_and_no_error(tmp_path: Path, handler: str) -> None:
    files = {"template.yaml": function(f"{PYTHON}Handler: {handler}\nCodeUri: src"), "src/app.py": HANDLER}
    assert reason(linked(tmp_path, files)) in {
        "handler name malformed",
        "handler name unknown",
        "handler file not found",
    }


def test_a_code_uri_with_a_null_byte_is_a_reason(tmp_path: Path) -> None:
    files = {"template.yaml": function(f'{PYTHON}Handler: app.handler\nCodeUri: "a\\0b"')}
    assert isinstance(linked(tmp_path, files), Unlinked)


def test_symbolic_links_are_followed_inside_the_root_and_loops_are_not(tmp_path: Path) -> None:
    root = tmp_path / "root"
    outside = write(tmp_path / "outside", {"app.py": HANDLER})
    files = {
        "template.yaml": function(f"{PYTHON}Handler: app.handler\nCodeUri: linked"),
        "src/app.py": HANDLER,
    }
    write(root, files)
    os.symlink("src", root / "linked")
    assert place(linked(root, {}))[0] == "src/app.py"
    (root / "linked").unlink()
    os.symlink("linked", root / "linked")
    assert reason(linked(root, {})) == "symbolic link that leads nowhere"
    (root / "linked").unlink()
    os.symlink(outside, root / "linked")
    assert reason(linked(root, {})) == "outside the project root"


def test_ignored_code_is_linked_to_its_only_source(tmp_path: Path) -> None:
    files = {
        ".gitignore": "dist/\n",
        "template.yaml": function(f"{PYTHON}Handler: app.handler\nCodeUri: dist/f"),
        "src/app.py": HANDLER,
    }
    found = linked(tmp_path, files)
    assert place(found)[0] == "src/app.py"
    assert isinstance(found, Linked)
    assert "built from elsewhere" in found.bundle.opaque


def test_ignored_code_with_two_sources_is_not_guessed(tmp_path: Path) -> None:
    files = {
        ".gitignore": "dist/\n",
        "template.yaml": function(f"{PYTHON}Handler: app.handler\nCodeUri: dist/f"),
        "a/app.py": HANDLER,
        "b/app.py": HANDLER,
    }
    assert reason(linked(tmp_path, files)) == "git-ignored code"


def test_ignored_code_that_is_there_is_not_read(tmp_path: Path) -> None:
    files = {
        ".gitignore": "generated.py\n",
        "template.yaml": function(f"{PYTHON}Handler: generated.handler\nCodeUri: src"),
        "src/generated.py": HANDLER,
    }
    assert reason(linked(tmp_path, files)) == "git-ignored code"


def test_a_built_copy_is_linked_to_its_source(tmp_path: Path) -> None:
    files = {
        "template.yaml": function(f"{PYTHON}Handler: app.handler\nCodeUri: .aws-sam/build/F"),
        ".aws-sam/build/F/app.py": HANDLER,
        "src/app.py": HANDLER,
    }
    assert place(linked(tmp_path, files))[0] == "src/app.py"


def test_excluded_code_is_not_read(tmp_path: Path) -> None:
    template = function(f"{PYTHON}Handler: app.handler\nCodeUri: src")
    root = write(tmp_path, {"template.yaml": template, "src/app.py": HANDLER, "src/other.py": ""})
    files = discover(root, settings=Settings(exclude=("src/app.py",)))
    (only,) = load(files.read_text(PurePosixPath("template.yaml"))).functions
    found = link(only, files)
    assert (reason(found), found.bundle is not None) == ("excluded code", True)
    assert locate(files, [PurePosixPath("src")], "app") is None
    assert locate(files, [PurePosixPath("src")], "other") is not None


def test_a_placeholder_is_no_code(tmp_path: Path) -> None:
    code = "InlineCode: |\n  <ZIPFILE_PLACEHOLDER>\n"
    found = linked(tmp_path, {"template.yaml": function(f"{PYTHON}Handler: index.main\n{code}")})
    assert reason(found) == "code unknown"


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ("{ContentUri: s3://bucket/layer.zip}", "layer that cannot be read"),
        ("{ContentUri: nowhere}", "layer that cannot be read"),
        ("{ContentUri: layer.zip}", "layer that cannot be read"),
        ("{ContentUri: ../..}", "layer that cannot be read"),
        ("{ContentUri: built}", "git-ignored layer"),
    ],
)
def test_layers_that_hide_something_are_opaque(tmp_path: Path, layer: str, why: str) -> None:
    files = {
        ".gitignore": "built\n",
        "template.yaml": LAYERED.replace("{ContentUri: layer}", layer),
        "src/app.py": HANDLER,
        "built/x.py": "",
    }
    found = linked(tmp_path, files)
    assert isinstance(found, Linked)
    assert found.bundle.opaque == (why, "layer outside the project")


def test_a_layer_built_by_a_makefile_is_opaque(tmp_path: Path) -> None:
    template = LAYERED + "    Metadata: {BuildMethod: makefile}\n"
    found = linked(tmp_path, {"template.yaml": template, "src/app.py": HANDLER, "layer/x.py": ""})
    assert isinstance(found, Linked)
    assert found.bundle.opaque == ("layer built by a Makefile", "layer outside the project")


def test_a_makefile_build_is_opaque(tmp_path: Path) -> None:
    template = function(f"{PYTHON}Handler: app.handler\nCodeUri: src")
    template = template.replace("    Properties:", "    Metadata: {BuildMethod: makefile}\n    Properties:")
    found = linked(tmp_path, {"template.yaml": template, "src/app.py": HANDLER})
    assert isinstance(found, Linked)
    assert found.bundle.opaque == ("makefile build",)


@pytest.mark.parametrize(
    ("handler", "variable"),
    [
        ("datadog_lambda.handler.handler", "DD_LAMBDA_HANDLER"),
        ("newrelic_lambda_wrapper.handler", "NEW_RELIC_LAMBDA_HANDLER"),
        ("/opt/python/lumigo_tracer._handler", "LUMIGO_ORIGINAL_HANDLER"),
        ("wrapper.handler", "ORIG_HANDLER"),
    ],
)
def test_the_handler_behind_a_wrapper_is_followed(tmp_path: Path, handler: str, variable: str) -> None:
    properties = (
        f"{PYTHON}Handler: {handler}\nCodeUri: src\nEnvironment: {{Variables: {{{variable}: app.main}}}}"
    )
    found = linked(tmp_path, {"template.yaml": function(properties), "src/app.py": HANDLER})
    assert place(found) == ("src/app.py", "main")
    assert isinstance(found, Linked)
    assert found.wrapper == variable


def test_a_web_adapter_has_no_handler(tmp_path: Path) -> None:
    variables = "Environment: {Variables: {AWS_LAMBDA_EXEC_WRAPPER: /opt/bootstrap}}"
    properties = f"{PYTHON}Handler: run.sh\nCodeUri: src\n{variables}"
    assert (
        reason(linked(tmp_path, {"template.yaml": function(properties), "src/app.py": ""})) == "web adapter"
    )


def test_inline_code_is_the_module_index(tmp_path: Path) -> None:
    code = "InlineCode: |\n  def main(event, context):\n    return 1\n"
    found = linked(tmp_path, {"template.yaml": function(f"{PYTHON}Handler: index.main\n{code}")})
    assert place(found) == ("template.yaml", "main")
    assert isinstance(found, Linked)
    assert found.embedded is not None


def test_inline_code_with_another_module_is_not_found(tmp_path: Path) -> None:
    code = "InlineCode: |\n  def main(event, context):\n    return 1\n"
    found = linked(tmp_path, {"template.yaml": function(f"{PYTHON}Handler: app.main\n{code}")})
    assert reason(found) == "handler file not found"


def test_inline_code_of_an_unknown_runtime_must_read_like_python(tmp_path: Path) -> None:
    head = SAM + "Parameters: {Runtime: {Type: String}}\n"
    node = "Runtime: !Ref Runtime\nHandler: index.main\nInlineCode: |\n  exports.main = async (event) => 1;\n"
    assert reason(linked(tmp_path, {"template.yaml": function(node, head=head)})) == "runtime"


LAYERED = (
    function(
        f"{PYTHON}Handler: app.handler\nCodeUri: src\nLayers: [!Ref Common, 'arn:aws:lambda:x:1:layer:y:3']"
    )
    + "  Common:\n    Type: AWS::Serverless::LayerVersion\n    Properties: {ContentUri: layer}\n"
)


def test_layers_are_on_the_import_path(tmp_path: Path) -> None:
    files = files_of(
        tmp_path,
        {
            "template.yaml": LAYERED,
            "src/app.py": HANDLER,
            "layer/python/inner.py": "",
            "layer/outer.py": "",
            "layer/python/lib/python3.12/site-packages/deep.py": "",
        },
    )
    (only,) = load(files.read_text(PurePosixPath("template.yaml"))).functions
    found = link(only, files)
    assert isinstance(found, Linked)
    names = ("app", "inner", "outer", "deep", "absent", "python.inner")
    places = [str(locate(files, found.bundle.search_path, name)) for name in names]
    assert places == [
        "src/app.py",
        "layer/python/inner.py",
        "layer/outer.py",
        "layer/python/lib/python3.12/site-packages/deep.py",
        "None",
        "layer/python/inner.py",
    ]
    assert found.bundle.opaque == ("layer outside the project",)


def test_what_was_installed_into_a_layer_is_not_the_projects(tmp_path: Path) -> None:
    packages = "layer/python/lib/python3.12/site-packages"
    files = files_of(
        tmp_path,
        {
            "template.yaml": LAYERED,
            "src/app.py": HANDLER,
            f"{packages}/requests/__init__.py": "",
            f"{packages}/requests-2.0.dist-info/RECORD": "requests/__init__.py,,\n",
        },
    )
    (only,) = load(files.read_text(PurePosixPath("template.yaml"))).functions
    found = link(only, files)
    assert found.bundle is not None
    assert locate(files, found.bundle.search_path, "requests") is None


def test_python_path_adds_folders_of_the_bundle(tmp_path: Path) -> None:
    variables = "Environment: {Variables: {PYTHONPATH: '/var/task/src:/opt/x:lib'}}"
    properties = f"{PYTHON}Handler: app.handler\n{variables}"
    found = linked(tmp_path, {"template.yaml": function(properties), "src/app.py": HANDLER})
    assert place(found)[0] == "src/app.py"
    assert found.bundle is not None
    assert [str(folder) for folder in found.bundle.search_path] == [".", "src", "lib"]


IMAGE = function("PackageType: Image").replace(
    "    Properties:", "    Metadata: {DockerContext: ./app, Dockerfile: Dockerfile}\n    Properties:"
)


@pytest.mark.parametrize(
    ("dockerfile", "path"),
    [
        ('COPY main.py ./\nCMD ["main.handler"]', "app/main.py"),
        ("COPY main.py ${LAMBDA_TASK_ROOT}/\nCMD main.handler", "app/main.py"),
        ('COPY . ${LAMBDA_TASK_ROOT}\nCMD ["src.main.handler"]', "app/src/main.py"),
        ('COPY src ./src\nCMD [ "src/main.handler" ]', "app/src/main.py"),
        ('COPY src/ /var/task/\nCMD ["main.handler"]', "app/src/main.py"),
        ('COPY src/*.py ${LAMBDA_TASK_ROOT}/\nCMD ["main.handler"]', "app/src/main.py"),
        (
            'ARG HOME="/function"\nRUN mkdir -p ${HOME}\nCOPY src/* ${HOME}/\nWORKDIR ${HOME}\n'
            'ENTRYPOINT [ "python", "-m", "awslambdaric" ]\nCMD ["main.handler"]',
            "app/src/main.py",
        ),
        ('COPY ./ /var/task/app\nCMD ["app.src.main.handler"]', "app/src/main.py"),
    ],
)
def test_a_dockerfile_names_the_handler(tmp_path: Path, dockerfile: str, path: str) -> None:
    files = dict.fromkeys(["app/main.py", "app/src/main.py"], HANDLER)
    files["template.yaml"] = IMAGE
    files["app/Dockerfile"] = f"FROM public.ecr.aws/lambda/python:3.12\n{dockerfile}\n"
    assert place(linked(tmp_path, files)) == (path, "handler")


@pytest.mark.parametrize(
    ("dockerfile", "why"),
    [
        ("FROM public.ecr.aws/lambda/python:3.12\nCOPY . .", "image without literal CMD"),
        ('FROM public.ecr.aws/lambda/nodejs:20\nCMD ["app.handler"]', "runtime"),
        (
            "FROM python:3.12\nCOPY --from=public.ecr.aws/awsguru/aws-lambda-adapter:0.8 /x /opt/ext/\n"
            'CMD ["python", "main.py"]',
            "web adapter",
        ),
        ('FROM python:3.12\nCOPY . /var/task\nCMD ["python", "-m", "server"]', "image without literal CMD"),
        ("FROM python:3.12\nCMD [broken", "image without literal CMD"),
    ],
)
def test_why_an_image_is_not_linked(tmp_path: Path, dockerfile: str, why: str) -> None:
    files = {"template.yaml": IMAGE, "app/Dockerfile": dockerfile, "app/main.py": HANDLER}
    assert reason(linked(tmp_path, files)) == why


def test_the_templates_command_overrides_the_images(tmp_path: Path) -> None:
    template = IMAGE.replace(
        "PackageType: Image", "PackageType: Image\n      ImageConfig: {Command: [main.other]}"
    )
    dockerfile = 'FROM public.ecr.aws/lambda/python:3.12\nENV MODE=fast\nCOPY . .\nCMD ["main.handler"]'
    found = linked(
        tmp_path, {"template.yaml": template, "app/Dockerfile": dockerfile, "app/main.py": HANDLER}
    )
    assert place(found) == ("app/main.py", "other")
    assert isinstance(found, Linked)
    assert found.bundle.environment == (("MODE", "fast"),)


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("app.handler", ("app", "handler")),
        ("a/b.handler", ("a.b", "handler")),
        ("a.b.c", ("a.b", "c")),
        ("my-folder/app.handler", ("my-folder.app", "handler")),
        ("./app.handler", ("app", "handler")),
        ("../app.handler", None),
        ("/var/task/app.handler", None),
        ("app", None),
        ("app.not-a-name", None),
    ],
)
def test_splitting_a_handler(text: str, split: tuple[str, str] | None) -> None:
    assert split_handler(text) == split


_ODD = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", ".", "..", "/", "../..", "a/../../b.c", "....", "~", "s3://", "\0", "src/app", "a.b" * 50]
    ),
    st.none(),
    st.integers(),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.sampled_from(["Ref", "Fn::Sub", "Bucket"]), st.text(max_size=5), max_size=1),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(handler=_ODD, code_uri=_ODD, layer=_ODD, path=_ODD, context=_ODD, image=st.booleans())
def test_odd_values_are_a_reason_and_never_an_error(
    tmp_path: Path,
    handler: object,
    code_uri: object,
    layer: object,
    path: object,
    context: object,
    image: bool,
) -> None:
    properties = {
        "Runtime": "python3.12",
        "Handler": handler,
        "CodeUri": code_uri,
        "Layers": [{"Ref": "L"}, layer],
        "Environment": {"Variables": {"PYTHONPATH": path, "X_HANDLER": path}},
    }
    if image:
        properties = {"PackageType": "Image", "ImageConfig": {"Command": handler}}
    resources = {
        "F": {
            "Type": "AWS::Serverless::Function",
            "Metadata": {"DockerContext": context, "Dockerfile": path},
            "Properties": properties,
        },
        "L": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": layer}},
    }
    text = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources})
    files = files_of(tmp_path, {"src/app.py": HANDLER})
    for only in load(SourceFile(PurePosixPath("src/t.json"), text)).functions:
        assert isinstance(link(only, files), (Linked, Unlinked))
