"""dev-only-import: a package that exists for development, imported by code that runs in Lambda."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

import libcst as cst

from lambdalint.application.distributions import carried
from lambdalint.application.manifests import shipped_stubs
from lambdalint.finding import Finding, Label, Role
from lambdalint.python.development import DevelopmentPackage, development_import
from lambdalint.python.imports import is_for_local_runs, is_trial
from lambdalint.python.names import dotted_name
from lambdalint.rule import OptionValue, Rule

if TYPE_CHECKING:
    from lambdalint.application.application import ApplicationModule
    from lambdalint.application.requirements import Requirement
    from lambdalint.python.module import PythonModule
    from lambdalint.python.names import Binding


_FRAMEWORK = "a test framework"
_RUNNERS = frozenset({"main", "console_main", "TextTestRunner", "TestLoader", "run", "testmod"})


class DevOnlyImport(Rule):
    """Code that runs in Lambda imports a package that exists for development.

    **Why**

    A test framework, a mock, a debugger or a linter has no work to do in Lambda, but each cold start loads
    it and what it needs, and the package grows by it: pytest and moto bring dozens of others. Where the
    package leaves it out, as it does with type stubs, the import fails and with it every invocation.

    **Bad**

    ```python title=src/app.py
    import boto3
    from moto import mock_aws
    from mypy_boto3_s3 import S3Client

    s3: S3Client = boto3.client("s3")


    @mock_aws
    def handler(event, context):
        return s3.list_buckets()
    ```

    **Good**

    ```python title=src/app.py
    from __future__ import annotations

    from typing import TYPE_CHECKING

    import boto3

    if TYPE_CHECKING:
        from mypy_boto3_s3 import S3Client

    s3: S3Client = boto3.client("s3")


    def handler(event, context):
        return s3.list_buckets()
    ```

    **Limits**

    Knows the packages of its table (`data/development_packages.toml`); `packages` adds more, by import name,
    `*` for any ending, and `allow` takes some out. Leaves alone what may fail (`try` with
    `except ImportError`), what an environment variable or a flag such as `DEBUG` chooses, and test frameworks
    in code whose work is to run tests: it calls `pytest.main()` or starts `python -m pytest`. Whether a list
    of requirements ships the package changes nothing but the words about type stubs; what lists ship for
    nothing is dev-only-dependency's.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html
    - https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
    """

    name = "dev-only-import"
    severity = "warning"
    reads = "code"
    options: ClassVar[Mapping[str, OptionValue]] = {"packages": [], "allow": []}

    def check_module(self, module: ApplicationModule) -> Iterator[Finding]:
        seen: set[int] = set()
        for binding in module.module.names.imports:
            package = self._package(module, binding)
            place = _place(module, binding)
            root = (binding.imported or "").split(".")[0]
            if package is None or id(place) in seen or not _runs_always(module, binding):
                continue
            if package.what == _FRAMEWORK and _runs_tests(module.module, root):
                continue
            seen.add(id(place))
            listed = _shipping(module, root) if package.stubs else None
            yield self.finding(
                _message(root, package, listed, package.stubs and _is_sure(module)),
                module.label(place, package.what),
                *([Label(listed.source, listed.span, "ships them", Role.RELATED)] if listed else ()),
                help=_help(package),
                functions=module.functions,
            )

    def _package(self, module: ApplicationModule, binding: Binding) -> DevelopmentPackage | None:
        if binding.imported is None or module.program.is_local(module.module, binding):
            return None
        options = module.application.options(self)
        more, allowed = options["packages"], options["allow"]
        assert isinstance(more, list)
        assert isinstance(allowed, list)
        if development_import(binding.imported, allowed, table=False) is not None:
            return None
        package = development_import(binding.imported, more)
        if package is not None and package.common and any(handler.opaque for handler in module.handlers):
            return None  # a module of that name may be in what cannot be seen
        return package


def _place(module: ApplicationModule, binding: Binding) -> cst.CSTNode:
    """The whole `from … import …`, whose names all come from one package, or one name of `import …`."""
    statement = module.module.parent(binding.node)
    return binding.node if statement is None or isinstance(statement, cst.Import) else statement


def _runs_always(module: ApplicationModule, binding: Binding) -> bool:
    node = binding.node
    if not module.runs(node) or is_trial(module.module, node):
        return False
    return not is_for_local_runs(module.module, node)


def _runs_tests(module: PythonModule, root: str) -> bool:
    """Whether to run tests is the code's own work: it calls the framework's runner or starts it as a program
    (`python -m pytest`)."""
    for call in module.nodes(cst.Call):
        name = dotted_name(call.func)
        if name is None or name.rsplit(".", 1)[-1] not in _RUNNERS:
            continue
        bindings = [each for each in module.names.imports if each.name == name.split(".")[0]]
        if any((each.imported or "").split(".")[0] == root for each in bindings):
            return True
    words = (string.raw_value for string in module.nodes(cst.SimpleString))
    command = re.compile(rf"{root}|(?:.*\s)?-m\s+{root}(?:\s.*)?|{root}\s+-.*")
    return any(command.fullmatch(each.strip()) for each in words)


def _shipping(module: ApplicationModule, root: str) -> Requirement | None:
    """The requirement that ships a package of stubs with one of the functions."""
    manifests = module.application.manifests
    found = (shipped_stubs(manifests.packages(handler), root) for handler in module.handlers)
    return next((requirement for requirement in found if requirement is not None), None)


def _is_sure(module: ApplicationModule) -> bool:
    """Whether all that is installed into the bundles is listed."""
    found = [module.application.manifests.packages(handler) for handler in module.handlers]
    return all(
        packages.own
        and packages.installed
        and not packages.gaps
        and carried(packages.requirements) is not None
        for packages in found
    )


def _message(root: str, package: DevelopmentPackage, listed: Requirement | None, sure: bool) -> str:
    if listed is not None:
        return (
            f"code that runs in Lambda imports `{root}`, type stubs, which {listed.source.path} ships with it"
        )
    if package.stubs:
        unless = ", as no list of requirements names them" if sure else ", unless the package ships them"
        return f"`{root}` holds type stubs: the import fails in Lambda{unless}"
    return f"code that runs in Lambda imports `{root}`, {package.what}"


def _help(package: DevelopmentPackage) -> str:
    if package.stubs:
        return "import it under `if TYPE_CHECKING:`, with `from __future__ import annotations` at the top"
    return f"remove the import, or move it to where it serves: {package.reason}"
