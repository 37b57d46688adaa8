import gc
import weakref
from pathlib import Path, PurePosixPath

import libcst as cst
import pytest

from lambdalint.application.application import Application, ApplicationModule, Handler, Project, Unlinked
from lambdalint.discovery import discover
from lambdalint.python.reach import Phase
from lambdalint.rule import Settings
from tests.unit.application.projects import HANDLER, SAM, application_of, function, project_of, write

PYTHON = "Runtime: python3.12\n"


def functions(**properties: str) -> str:
    """A template of several functions, each by its lines."""
    first, *others = properties.items()
    text = function(PYTHON + first[1], first[0])
    return text + "".join(
        function(PYTHON + lines, name).partition("Resources:\n")[2] for name, lines in others
    )


def module(application: Application, path: str) -> ApplicationModule:
    (found,) = [each for each in application.modules if str(each.source.path) == path]
    return found


def only(application: Application) -> Handler:
    (handler,) = application.handlers
    return handler


def defined(application: Application, path: str, name: str) -> cst.FunctionDef:
    nodes = module(application, path).module.nodes(cst.FunctionDef)
    (found,) = [node for node in nodes if node.name.value == name]
    return found


def test_functions_with_the_same_code_share_a_handler(tmp_path: Path) -> None:
    template = functions(
        A="CodeUri: src\nHandler: app.handler",
        B="CodeUri: ./src/\nHandler: app.handler\nTimeout: 9",
        C="CodeUri: src\nHandler: app.other",
    )
    code = HANDLER + "def other(event, context): pass\n"
    application = application_of(tmp_path, {"template.yaml": template, "src/app.py": code})
    ids = [[each.logical_id for each in handler.ids] for handler in application.handlers]
    assert ids == [["A", "B"], ["C"]]
    assert application.handlers[0].name == "A"
    assert application.handler(application.functions[1]) is application.handlers[0]


def test_the_same_code_with_other_layers_is_another_bundle(tmp_path: Path) -> None:
    template = functions(
        A="CodeUri: src\nHandler: app.handler", B="CodeUri: src\nHandler: app.handler\nLayers: [!Ref L]"
    )
    template += "  L:\n    Type: AWS::Serverless::LayerVersion\n    Properties: {ContentUri: layer}\n"
    files = {"template.yaml": template, "src/app.py": "import extra\n" + HANDLER, "layer/extra.py": ""}
    application = application_of(tmp_path, files)
    assert [[str(m.source.path) for m in handler.reach.modules] for handler in application.handlers] == [
        ["src/app.py"],
        ["src/app.py", "layer/extra.py"],
    ]
    assert [each.logical_id for each in module(application, "layer/extra.py").functions] == ["B"]
    assert [each.logical_id for each in module(application, "src/app.py").functions] == ["A", "B"]


def test_the_parameters_of_a_handler(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: src\nHandler: app.main"),
        "src/app.py": "def main(request, ctx): pass\n",
    }
    handler = only(application_of(tmp_path, files))
    assert (handler.event, handler.context) == ("request", "ctx")


def test_only_what_the_handler_reaches_runs(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: src\nHandler: app.handler"),
        "src/app.py": """
            from helpers import used

            def handler(event, context):
                return used()

            def idle():
                return 1
            """,
        "src/helpers.py": "def used():\n    return 1\ndef unused():\n    return 2\n",
        "src/script.py": "print('beside')\n",
    }
    application = application_of(tmp_path, files)
    assert [str(each.source.path) for each in application.modules] == ["src/app.py", "src/helpers.py"]
    runs = {
        name: module(application, path).runs(defined(application, path, name).body)
        for path, name in [
            ("src/app.py", "handler"),
            ("src/app.py", "idle"),
            ("src/helpers.py", "used"),
            ("src/helpers.py", "unused"),
        ]
    }
    assert runs == {"handler": True, "idle": False, "used": True, "unused": False}
    assert [str(path) for path in application.bundle_files] == [
        "src/app.py",
        "src/helpers.py",
        "src/script.py",
    ]


def test_phases_are_united_over_handlers(tmp_path: Path) -> None:
    template = functions(A="CodeUri: src\nHandler: app.a", B="CodeUri: src\nHandler: app.b")
    code = """
        def connect():
            return 1

        CONNECTION = connect()

        def a(event, context):
            return CONNECTION

        def b(event, context):
            return connect()
        """
    application = application_of(tmp_path, {"template.yaml": template, "src/app.py": code})
    body = defined(application, "src/app.py", "connect").body
    assert module(application, "src/app.py").phases(body) == {Phase.INIT, Phase.INVOKE}


def test_a_handler_that_a_template_names_runs_wherever_it_lies(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: tests/app\nHandler: test_app.handler"),
        "tests/app/test_app.py": HANDLER,
    }
    application = application_of(tmp_path, files)
    assert module(application, "tests/app/test_app.py").runs(
        defined(application, "tests/app/test_app.py", "handler").body
    )


def test_a_function_that_is_not_there_is_a_reason(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: src\nHandler: app.main"),
        "src/app.py": HANDLER,
    }
    application = application_of(tmp_path, files)
    unlinked = application.unlinked(application.functions[0])
    assert unlinked is not None
    assert (unlinked.reason, unlinked.detail) == ("handler function not found", "src/app.py:main")
    assert application.handlers == ()


def test_a_handler_that_does_not_parse_is_a_failure(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: src\nHandler: app.handler"),
        "src/app.py": "def handler(event, context):\n    print 'hello'\n",
        "src/beside.py": "print 'nobody reads me'\n",
    }
    application = application_of(tmp_path, files)
    assert isinstance(application.links["F"], Unlinked)
    assert application.links["F"].reason == "handler file cannot be parsed"
    assert [(str(each.path), each.problem.line) for each in application.failures] == [("src/app.py", 2)]


def test_an_import_that_does_not_parse_is_a_failure(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: src\nHandler: app.handler"),
        "src/app.py": "import broken\n" + HANDLER,
        "src/broken.py": "def f(:\n",
    }
    application = application_of(tmp_path, files)
    assert [str(each.path) for each in application.failures] == ["src/broken.py"]
    assert [str(each.source.path) for each in application.modules] == ["src/app.py"]


def test_a_latin_1_file_without_a_cookie_is_a_failure_without_source(tmp_path: Path) -> None:
    files = {"template.yaml": functions(F="CodeUri: src\nHandler: app.handler"), "src/app.py": HANDLER}
    project = project_of(tmp_path, files)
    (tmp_path / "src/app.py").write_bytes(HANDLER.encode() + b"# caf\xe9\n")
    (application,) = project.applications
    (failure,) = application.failures
    assert failure.source is None
    assert "utf-8" in str(failure.problem)


def test_a_failure_in_inline_code_is_placed_in_the_template(tmp_path: Path) -> None:
    inline = "Handler: index.handler\nInlineCode: |\n  def handler(event, context):\n    return (\n"
    application = application_of(tmp_path, {"template.yaml": functions(F=inline)})
    (failure,) = application.failures
    assert failure.source is not None
    line = failure.source.line_text(failure.problem.line)
    assert str(failure.path) == "template.yaml"
    assert "return (" in line


def test_inline_code_is_a_module_of_the_template(tmp_path: Path) -> None:
    code = "  import os\n  def handler(event, context):\n    return os.name\n"
    inline = f"Handler: index.handler\nInlineCode: |\n{code}"
    application = application_of(tmp_path, {"template.yaml": functions(A=inline, B=inline)})
    assert [str(each.source.path) for each in application.modules] == ["template.yaml"] * 2
    assert [handler.name for handler in application.handlers] == ["A", "B"]
    first, second = application.modules
    assert first.functions != second.functions


# Loose modules


def loose(root: Path, files: dict[str, str]) -> dict[str, list[str]]:
    """The handlers of the applications of loose modules, by folder."""
    found = [each for each in project_of(root, files).applications if each.template is None]
    return {
        str(application.path): [
            f"{handler.module.source.path}:{handler.name}" for handler in application.handlers
        ]
        for application in found
    }


def test_loose_handlers_form_an_application_for_each_folder(tmp_path: Path) -> None:
    files = {
        "a/one.py": HANDLER,
        "a/two.py": "def lambda_handler(event, context): pass\n",
        "b/app.py": "from common.db import x\n" + HANDLER,
        "common/db.py": "x = 1\n",
        "b/util.py": "def add(a, b): return a + b\n",
    }
    assert loose(tmp_path, files) == {
        "a": ["a/one.py:handler", "a/two.py:lambda_handler"],
        "b": ["b/app.py:handler"],
    }


def test_loose_modules_import_from_their_folder_and_those_around_it(tmp_path: Path) -> None:
    files = {
        "src/orders/app.py": "import near\nfrom common import far\nfrom . import near as same\n" + HANDLER,
        "src/orders/__init__.py": "",
        "src/orders/near.py": "",
        "src/common/far.py": "",
    }
    (application,) = project_of(tmp_path, files).applications
    reached = [str(each.source.path) for each in application.modules]
    assert reached == [
        "src/common/far.py",
        "src/orders/__init__.py",
        "src/orders/app.py",
        "src/orders/near.py",
    ]


@pytest.mark.parametrize("path", ["tests/app.py", "src/test/app.py", "src/test_app.py", "src/app_test.py"])
def test_tests_are_not_loose_handlers(tmp_path: Path, path: str) -> None:
    assert loose(tmp_path, {path: HANDLER}) == {}


def test_what_lies_under_a_code_uri_is_not_loose(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: src\nHandler: app.handler"),
        "src/app.py": HANDLER,
        "src/other/spare.py": HANDLER,
        "elsewhere/app.py": HANDLER,
    }
    assert loose(tmp_path, files) == {"elsewhere": ["elsewhere/app.py:handler"]}


def test_a_copy_beside_the_code_uri_is_not_loose(tmp_path: Path) -> None:
    template = """
        Transform: AWS::Serverless-2016-10-31
        Resources:
          Fn:
            Type: AWS::Serverless::Function
            Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: src/}
    """
    files = {
        "one/template.yaml": template,
        "one/app.py": HANDLER,
        "one/other.py": HANDLER,
        "one/src/app.py": HANDLER,
        "one/src/other.py": HANDLER + "# changed\n",
        "two/app.py": HANDLER,
    }
    assert loose(tmp_path, files) == {"one": ["one/other.py:handler"], "two": ["two/app.py:handler"]}


def test_what_lies_in_a_layer_is_not_loose(tmp_path: Path) -> None:
    layer = "  L:\n    Type: AWS::Serverless::LayerVersion\n    Properties: {ContentUri: layer/}\n"
    files = {"template.yaml": f"{SAM}Resources:\n{layer}", "layer/python/app.py": HANDLER}
    assert loose(tmp_path, files) == {}


def test_code_in_s3_leaves_its_handlers_loose(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: s3://bucket/key\nHandler: app.handler"),
        "src/app.py": HANDLER,
    }
    assert loose(tmp_path, files) == {"src": ["src/app.py:handler"]}


def test_a_loose_handler_that_does_not_parse_is_a_failure_and_a_script_is_not(tmp_path: Path) -> None:
    files = {
        "a/app.py": "def handler(event, context):\n    print 'x'\n",
        "b/script.py": "def show(value, context):\n    print 'x'\n",
    }
    found = [str(f.path) for each in project_of(tmp_path, files).applications for f in each.failures]
    assert found == ["a/app.py"]


def test_folders_with_dots_in_their_names_can_hold_packages(tmp_path: Path) -> None:
    files = {"v1.0/app.py": "from . import helper\n" + HANDLER, "v1.0/helper.py": "", "v1.0/__init__.py": ""}
    (application,) = project_of(tmp_path, files).applications
    assert "v1.0/helper.py" in [str(each.source.path) for each in application.modules]


def test_a_broken_file_that_the_user_named_is_a_failure_wherever_it_lies(tmp_path: Path) -> None:
    files = {
        "template.yaml": functions(F="CodeUri: src\nHandler: app.handler"),
        "src/app.py": HANDLER,
        "src/script.py": "print 'x'\n",
        "tools/script.py": "print 'x'\n",
        "tests/test_app.py": HANDLER,
    }
    root = write(tmp_path, files)
    given = [root / name for name in files if name != "src/app.py"]
    found = discover(root, given)
    project = Project.build(found.root, found, lambda path: Settings())
    assert [str(f.path) for each in project.applications for f in each.failures] == [
        "src/script.py",
        "tools/script.py",
    ]
    assert [handler.name for each in project.applications for handler in each.handlers] == ["F"]


# The project


def test_templates_in_one_anothers_folders_are_a_unit(tmp_path: Path) -> None:
    template = functions(F="Handler: app.handler")
    names = ["template.yaml", "a/template.yaml", "a/b/c/template.yaml", "d/template.yaml"]
    project = project_of(tmp_path, dict.fromkeys(names, template))
    units = [[str(path) for path in unit.templates] for unit in project.template_units]
    assert sorted(units) == [
        ["a/b/c/template.yaml", "a/template.yaml"],
        ["d/template.yaml"],
        ["template.yaml"],
    ]


def test_a_template_that_vanishes_is_a_failure(tmp_path: Path) -> None:
    project = project_of(tmp_path, {"template.yaml": functions(F="Handler: app.handler")})
    (tmp_path / "template.yaml").unlink()
    assert project.applications == ()
    assert list(project.failures) == [PurePosixPath("template.yaml")]


def test_a_template_without_functions_is_an_application_too(tmp_path: Path) -> None:
    text = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n"
    application = application_of(tmp_path, {"template.yaml": text})
    assert (application.functions, application.handlers, application.modules) == ((), (), ())


def test_modules_are_parsed_once_and_shared(tmp_path: Path) -> None:
    template = functions(F="CodeUri: ../src\nHandler: app.handler")
    files = {"a/template.yaml": template, "b/template.yaml": template, "src/app.py": HANDLER}
    first, second = project_of(tmp_path, files).applications
    assert only(first).module is only(second).module
    assert only(first).reach is only(second).reach
    assert only(first) is not only(second)


def test_what_nobody_holds_is_forgotten(tmp_path: Path) -> None:
    files = {"template.yaml": functions(F="CodeUri: src\nHandler: app.handler"), "src/app.py": HANDLER}
    project = project_of(tmp_path, files)
    seen = []
    for unit in project.template_units:
        for application in unit:
            assert application.handlers[0].reach.modules
            seen.append(weakref.ref(application))
    del application
    gc.collect()
    assert [reference() for reference in seen] == [None]
