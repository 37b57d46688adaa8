"""The command line: the only place that prints or exits.

Exit codes: 0, nothing at or above the level of --fail-on; 1, findings, or --diff would change files; 2, a
usage or configuration error, output that cannot be written, or a crashed rule; 130, interrupted.
"""

from __future__ import annotations

import datetime
import difflib
import gc
import os
import platform
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

import lambdalint
from lambdalint import reporters, rule_docs
from lambdalint.config import FORMATS, LEVELS, ConfigError, Configuration, Overrides, RunOptions
from lambdalint.finding import Severity
from lambdalint.garbage import seldom_collected
from lambdalint.registry import ENGINE_THEME, Registry, RegistryError, load_registry
from lambdalint.reporters import catalogue
from lambdalint.reporters.terminal import plural, printable
from lambdalint.rule import Settings

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.application.policy_report import FunctionPolicy
    from lambdalint.discovery import Files
    from lambdalint.finding import Edit
    from lambdalint.fixer import Fixed
    from lambdalint.report import Report
    from lambdalint.source import SourceFile
    from lambdalint.template.function import LambdaFunction

PROGRESS_AFTER = 2.0  # seconds
_F = TypeVar("_F", bound=Callable[..., Any])
OK, FINDINGS, ERROR, INTERRUPTED = 0, 1, 2, 130


def main() -> NoReturn:
    """Runs the command line and exits."""
    # Like an interrupt: what is at work for us is stopped first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with seldom_collected():
        code = run(sys.argv[1:])
        gc.freeze()  # nothing is searched for cycles when all of it is about to go
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs the command line; the exit code. Says what went wrong in one message, without a traceback."""
    try:
        result = cli.main(args=list(arguments), prog_name="lambdalint", standalone_mode=False)
        return result if isinstance(result, int) else OK
    except click.ClickException as error:
        _complain(_usage_message(error))
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        _drop_output()
        return ERROR
    except Exception as error:
        if isinstance(error, _user_errors()):
            _complain(str(error))
        else:
            _complain_of_a_bug(error, verbose=any(flag in arguments for flag in ("-v", "--verbose")))
    return ERROR


class _Commands(click.Group):
    """Names the nearest command for one that does not exist, and the command for a path in its place."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        if name.startswith("-"):
            raise click.UsageError(f"no such option: {name}; options stand after the command", ctx)
        if Path(name).exists():
            raise click.UsageError(f"`{name}` is a path; did you mean `lambdalint check {name}`?", ctx)
        near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
        advice = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(self.list_commands(ctx))}"
        raise click.UsageError(f"no such command: `{name}`; {advice}", ctx)


def _version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"lambdalint {lambdalint.__version__} (Python {platform.python_version()})")
        context.exit()


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Lint AWS Lambda functions: the Python handler together with the SAM or CloudFormation template."""
    if context.invoked_subcommand is None:
        _say(context.get_help())
        context.exit(ERROR)


def _names(_: click.Context, __: click.Parameter, values: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def _paths(_: click.Context, __: click.Parameter, values: Iterable[str]) -> tuple[Path, ...]:
    for value in values:
        if value == "-":
            raise click.BadParameter("standard input is not read; give the path of a file or folder")
        if not value:
            raise click.BadParameter("a path is empty; give the path of a file or folder")
    return tuple(Path(value) for value in values)


def _date(_: click.Context, __: click.Parameter, value: str | None) -> str:
    if value is None:
        return datetime.date.today().isoformat()
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter(f"{value} is not a date; write it as 2026-01-31") from None


_PATH = click.Path(path_type=Path)


def _names_option(flag: str, help: str) -> Callable[[_F], _F]:
    return click.option(flag, multiple=True, callback=_names, metavar="NAME,…", help=help)


def _local_rules(command: _F) -> _F:
    text = "Count the rules in a folder too."
    return click.option("--local-rules", multiple=True, type=_PATH, metavar="DIR", help=text)(command)


def _project_options(command: _F) -> _F:
    """What says which files and configuration are read, and where the result goes."""
    for option in reversed(
        (
            click.argument("paths", nargs=-1, type=click.STRING, callback=_paths),
            click.option("--root", type=_PATH, help="The folder that bounds everything that is read."),
            click.option("--config", type=_PATH, help="The configuration file to use everywhere."),
            click.option("--isolated", is_flag=True, help="Pass over all configuration files."),
            click.option("--output-file", type=_PATH, help="Write there instead of to standard output."),
            click.option(
                "--jobs", type=click.IntRange(min=0), metavar="N", help="Processes; 0: as pays off."
            ),
            click.option("-q", "--quiet", is_flag=True, help="Write findings alone: no summary, no notes."),
            click.option("-v", "--verbose", is_flag=True, help="Say on stderr how the time was spent."),
        )
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class _ProjectOptions:
    paths: tuple[Path, ...]
    root: Path | None
    config: Path | None
    isolated: bool
    output_file: Path | None
    jobs: int | None
    quiet: bool
    verbose: bool


@dataclass(frozen=True)
class _CheckOptions:
    """None: not given, so that the configuration decides."""

    fix: bool
    unsafe_fixes: bool | None
    diff: bool
    select: tuple[str, ...]
    extend_select: tuple[str, ...]
    ignore: tuple[str, ...]
    pedantic: bool
    fail_on: str | None
    exit_zero: bool
    output_format: str | None
    statistics: bool | None
    show_suppressed: bool | None
    whole_application: bool | None
    local_rules: tuple[Path, ...]
    no_cache: bool
    today: str

    def run_options(self, configured: RunOptions, jobs: int | None) -> RunOptions:
        """The configuration with these options over it."""
        given = {item.name: getattr(self, item.name, None) for item in fields(RunOptions)}
        given |= {"jobs": jobs, "cache": False if self.no_cache else None}
        return replace(configured, **{name: value for name, value in given.items() if value is not None})


@cli.command(short_help="Lint files and folders.")
@_project_options
@click.option("--fix", is_flag=True, help="Make the safe fixes, in the given paths only.")
@click.option(
    "--unsafe-fixes/--no-unsafe-fixes", default=None, help="With --fix or --diff: unsafe fixes too."
)
@click.option("--diff", is_flag=True, help="Show what the fixes would change, and change nothing.")
@_names_option("--select", "Rules to run: names, themes or globs.")
@_names_option("--extend-select", "Rules to run besides.")
@_names_option("--ignore", "Rules not to run; wins over every selection.")
@click.option("--pedantic", is_flag=True, help="Run the opt-in rules too.")
@click.option("--fail-on", type=click.Choice(LEVELS), help="Lowest severity that fails.  [default: warning]")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found.")
@click.option(
    "--output-format", type=click.Choice(FORMATS), help="How findings are written.  [default: text]"
)
@click.option("--statistics/--no-statistics", default=None, help="End with figures by rule (text).")
@click.option(
    "--show-suppressed/--no-show-suppressed", default=None, help="List what ignores silence (text, concise)."
)
@click.option(
    "--whole-application/--no-whole-application",
    default=None,
    help="Report on all of each path's application.",
)
@click.option(
    "--local-rules",
    multiple=True,
    type=_PATH,
    metavar="DIR",
    help="Run the rules in a folder: executes its code.",
)
@click.option("--no-cache", is_flag=True, help="Neither use nor keep results of other runs.")
@click.option("--today", callback=_date, metavar="DATE", help="The date that rules about deadlines go by.")
def check(**options: Any) -> int:
    """Lint files and folders (the working directory if none are given).

    The paths limit what is reported, not what is read: for a single handler file, the template that deploys
    it is read too.
    """
    common = _ProjectOptions(**{item.name: options.pop(item.name) for item in fields(_ProjectOptions)})
    return _check(common, _CheckOptions(**options))


def _check(common: _ProjectOptions, options: _CheckOptions) -> int:
    if options.fix and options.diff:
        raise click.UsageError("--fix and --diff exclude each other: --diff changes nothing")
    _check_writable(common.output_file)
    project = _open_project(
        common,
        Overrides(options.select, options.extend_select, options.ignore, options.pedantic, options.today),
        load_registry(options.local_rules),
    )
    run = options.run_options(project.configured, common.jobs)
    reports: list[Report] = []

    def lint() -> Report:
        reports.append(_lint(project, run))
        return reports[-1]

    with _progress(common.quiet):
        fixed = _fix(project, lint, run.unsafe_fixes) if options.fix or options.diff else None
        report = fixed.report if fixed is not None else lint()
    if options.diff and fixed is not None:
        _write(_diff(fixed), common.output_file)
        code = _exit_code(reports[0], run.fail_on, options.exit_zero, changed=bool(fixed.changes))
    else:
        made = _write_fixes(fixed) if fixed is not None else ()
        _write(
            _rendered(report, run, common), common.output_file, utf8=run.output_format in ("json", "sarif")
        )
        code = _exit_code(report, run.fail_on, options.exit_zero)
        project.notes.extend(made)
    _say_notes([*project.notes, *report.notes, *(fixed.notes if fixed else ())], common.quiet)
    if common.verbose:
        _say(_timings(report))
    return code


@cli.command(short_help="List every function with its handler and how it is invoked.")
@_project_options
@click.option("--output-format", type=click.Choice(("text", "json")), default="text", help="How to write it.")
def links(output_format: str, **options: Any) -> int:
    """List every function with its handler, or the reason why there is none, and how it is invoked."""
    common = _ProjectOptions(**options)
    _check_writable(common.output_file)
    project = _open_project(common, Overrides(), load_registry())
    with _progress(common.quiet):
        report = _lint(project, RunOptions(jobs=common.jobs or 0), rules=False)
    shown = tuple(link for link in report.links if project.files.reported(link.template))
    report = replace(report, links=shown)
    if output_format == "json":
        text = catalogue.links_json(report)
    else:
        text = catalogue.links_text(report, _color(common.output_file))
    _write(text, common.output_file, utf8=output_format == "json")
    _say_notes([*project.notes, *report.notes], common.quiet)
    if common.verbose:
        _say(_timings(report))
    return ERROR if report.crashes else OK


@cli.command(short_help="Show what each function may do, what it needs, and the policies that would serve.")
@_project_options
@click.option("--function", "logical_id", metavar="ID", help="Only the function of this logical id.")
@click.option(
    "--output-format",
    type=click.Choice(("text", "yaml", "json")),
    default="text",
    help="How to write it; yaml is the policies alone, for pasting.",
)
@click.option("--diff", is_flag=True, help="Show how the templates would change, and change nothing.")
def policy(logical_id: str | None, output_format: str, diff: bool, **options: Any) -> int:
    """Show what each function needs and why, what its role grants, and the policies that would serve.

    Exit code 1 says that something needed is missing. What cannot be seen is said and stays granted.
    """
    common = _ProjectOptions(**options)
    _check_writable(common.output_file)
    project = _open_project(common, Overrides(), load_registry())
    with _progress(common.quiet):
        found, crashes = _policies(project, logical_id)
        text = _policy_diff(project, found) if diff else _policy_text(found, output_format, common)
    _write(text, common.output_file, utf8=output_format == "json")
    _say_notes([*project.notes, *project.configuration.notes], common.quiet)
    if crashes:
        return ERROR
    return FINDINGS if any(one.missing for one in found) else OK


def _policies(project: _Project, logical_id: str | None) -> tuple[list[FunctionPolicy], bool]:
    """What there is to say of the functions asked about; and whether something went wrong on the way."""
    from lambdalint import work
    from lambdalint.application.policy_report import function_policy
    from lambdalint.outcome import describe

    found: list[FunctionPolicy] = []
    names: list[str] = []
    crashed = False
    built = work.build_project(project.files, project.configuration)
    for unit in built.template_units:
        for application in unit:
            try:
                for function in application.functions:
                    if application.copy or not _is_asked_about(project, application, function):
                        continue
                    names.append(function.logical_id)
                    if logical_id in (None, function.logical_id):
                        found.append(function_policy(application, function))
            except Exception as error:
                crashed = True
                project.notes.append(f"{application.path}: {describe(error)}; please report it")
    project.notes.extend(f"{path}: the file {error.reason}" for path, error in built.failures.items())
    if logical_id is not None and not found and not crashed:
        near = difflib.get_close_matches(logical_id, names, n=1)
        advice = f"did you mean `{near[0]}`?" if near else _listed_functions(names)
        raise click.UsageError(f"--function: there is no function `{logical_id}`; {advice}")
    if not names and not crashed and not project.notes:
        project.notes.append("no functions: none of the templates deploys one")
    return found, crashed


def _listed_functions(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - 8} more" if len(unique) > 8 else ""
    return f"there are {', '.join(unique[:8])}{more}" if unique else "there are no functions"


def _is_asked_about(project: _Project, application: Application, function: LambdaFunction) -> bool:
    """Whether the template was asked about, or the function's own code."""
    from lambdalint.application.link import Linked

    if project.files.reported(application.path):
        return True
    link = application.links[function.logical_id]
    return isinstance(link, Linked) and project.files.reported(link.path)


def _policy_text(found: Sequence[FunctionPolicy], output_format: str, common: _ProjectOptions) -> str:
    from lambdalint.reporters import policies

    if output_format == "json":
        return policies.to_json(found)
    if output_format == "yaml":
        return policies.yaml(found)
    return policies.text(found, _color(common.output_file)) if found else ""


def _policy_diff(project: _Project, found: Sequence[FunctionPolicy]) -> str:
    from lambdalint import fixer
    from lambdalint.application.policy_report import rewrites

    edits: dict[SourceFile, list[Edit]] = {}
    for one in found:
        wanted = ", ".join(dict.fromkeys(need.action for need in one.blocks.unfilled))
        if wanted:
            project.notes.append(f"{one.path}: fill in what {one.logical_id} needs {wanted} on")
    for policy, what, edit in rewrites(found):
        if edit is None:
            project.notes.append(f"{policy.path}: {what} cannot be changed in place; copy it from the text")
        else:
            edits.setdefault(edit.source, []).append(edit)
    return fixer.diff(fixer.changed(project.files.root, source, made) for source, made in edits.items())


@cli.command()
@click.option(
    "--format",
    "--output-format",
    "format",
    type=click.Choice(("text", "json", "markdown")),
    default="text",
    help="How to write it; markdown is the index of the builtin rules.",
)
@click.option("--output-file", type=_PATH, help="Write there instead of to standard output.")
@_local_rules
def rules(format: str, output_file: Path | None, local_rules: tuple[Path, ...]) -> None:
    """List the rules."""
    registry = load_registry(local_rules)
    metas = sorted(
        registry.rules.values(), key=lambda meta: (meta.theme == ENGINE_THEME, meta.theme, meta.name)
    )
    if format == "json":
        text = catalogue.rules_json(metas)
    elif format == "markdown":
        text = rule_docs.index(registry)
    else:
        text = catalogue.rules_text(metas, _color(output_file))
    _write(text, output_file, utf8=format != "text")


@cli.command(short_help="Show what a rule reports, and why.")
@click.argument("name")
@click.option("--output-format", type=click.Choice(("text", "json")), default="text", help="How to write it.")
@_local_rules
def rule(name: str, output_format: str, local_rules: tuple[Path, ...]) -> None:
    """Show what a rule reports, why, and what to do about it."""
    meta = load_registry(local_rules).get(name)
    if output_format == "json":
        _write(catalogue.rule_json(meta), None, utf8=True)
    elif _color(None):
        _show_markdown(catalogue.rule_text(meta))
    else:
        _write(catalogue.rule_text(meta), None)


@cli.command("new-rule", short_help="Write a new rule with its fixtures.")
@click.argument("name")
@click.option("--theme", required=True, help="Folder of the rule, such as imports, init, handler or events.")
@click.option(
    "--rules", "rules_folder", type=_PATH, default=Path("rules"), show_default=True, help="Rule package."
)
@click.option(
    "--fixtures", type=_PATH, default=Path("fixtures"), show_default=True, help="Where its fixtures go."
)
def new_rule(name: str, theme: str, rules_folder: Path, fixtures: Path) -> None:
    """Write a new rule that works, with its fixtures, to be changed into yours."""
    from lambdalint import scaffold

    for path in scaffold.new_rule(name, theme, rules_folder, fixtures):
        click.echo(f"wrote {path}")


@dataclass(frozen=True)
class _Project:
    """What is linted, with the rules and the configuration. `notes` are remarks for the user."""

    registry: Registry
    configuration: Configuration
    files: Files
    configured: RunOptions
    notes: list[str]
    discovery_seconds: float


def _open_project(common: _ProjectOptions, overrides: Overrides, registry: Registry) -> _Project:
    from lambdalint import discovery

    if common.config is not None and not common.config.is_file():
        raise ConfigError(f"--config {common.config}: there is no such file; check the path")
    paths = common.paths or (common.root or Path("."),)
    root = discovery.find_root(paths, common.root)
    explicit = common.config.resolve() if common.config is not None else None
    configuration = Configuration(root, registry, explicit, common.isolated, overrides)
    settings = configuration.for_folder(PurePosixPath(".")) if explicit else None
    begin = time.perf_counter()
    files = discovery.discover(root, paths, settings, configuration.exclude_of)
    seconds = time.perf_counter() - begin
    folder = discovery.common_folder(paths)
    configured = configuration.run_options(PurePosixPath(folder.relative_to(root).as_posix()))
    notes = list(files.notes)
    read = (*files.python, *files.templates, *files.given_manifests, *_unreadable(files))
    if not any(files.reported(path) for path in read):
        where = ", ".join(str(path) for path in paths)
        notes.append(f"nothing to lint in {where}: no templates and no Python files")
    return _Project(registry, configuration, files, configured, notes, seconds)


def _unreadable(files: Files) -> Iterable[PurePosixPath]:
    return (problem.path for problem in files.problems)


def _lint(project: _Project, run: RunOptions, rules: bool = True) -> Report:
    from lambdalint import engine

    options = engine.Options(
        jobs=run.jobs, whole_application=run.whole_application, cache=run.cache and rules
    )
    if rules:
        report = engine.check(project.files, project.configuration, project.registry, options)
    else:
        own = {name: meta for name, meta in project.registry.rules.items() if meta.theme == ENGINE_THEME}
        settings = _WithoutRules(project.configuration)
        report = engine.check(project.files, settings, Registry(own), options)
    phases = {"discovery": project.discovery_seconds, **report.stats.phases}
    return replace(
        report,
        notes=(*report.notes, *project.configuration.notes),
        stats=replace(report.stats, phases=phases),
    )


@dataclass(frozen=True)
class _WithoutRules:
    """The settings for a run that only builds the applications."""

    configuration: Configuration

    def for_folder(self, folder: PurePosixPath) -> Settings:
        return self._bare(self.configuration.for_folder(folder))

    def for_template(self, path: PurePosixPath) -> Settings:
        return self._bare(self.configuration.for_template(path))

    def _bare(self, settings: Settings) -> Settings:
        return replace(settings, select=(), extend_select=(), ignore=(), per_path_ignores={})


def _fix(project: _Project, lint: Callable[[], Report], unsafe: bool) -> Fixed:
    from lambdalint import fixer

    return fixer.fix(project.files.root, lint, project.files.reported, unsafe)


def _write_fixes(fixed: Fixed) -> Sequence[str]:
    from lambdalint import fixer

    fixer.write(fixed.changes)
    if not fixed.applied:
        return ()
    by_rule = ", ".join(f"{name} ({count})" for name, count in sorted(fixed.applied.items()))
    findings, files = sum(fixed.applied.values()), len(fixed.changes)
    return (f"fixed {plural(findings, 'finding')} in {plural(files, 'file')}: {by_rule}",)


def _diff(fixed: Fixed) -> str:
    from lambdalint import fixer

    return fixer.diff(fixed.changes)


def _exit_code(report: Report, fail_on: str, exit_zero: bool, changed: bool = False) -> int:
    if report.crashes:
        return ERROR
    if exit_zero:
        return OK
    level = Severity[fail_on.upper()]
    return FINDINGS if changed or any(item.severity >= level for item in report.findings) else OK


def _rendered(report: Report, run: RunOptions, common: _ProjectOptions) -> str:
    to_terminal = common.output_file is None and sys.stdout.isatty()
    options = reporters.Options(
        color=_color(common.output_file),
        width=shutil.get_terminal_size().columns if to_terminal else 120,
        quiet=common.quiet,
        statistics=run.statistics,
        show_suppressed=run.show_suppressed,
        unsafe_fixes=run.unsafe_fixes,
    )
    return reporters.render(report, run.output_format, options)


def _color(output_file: Path | None) -> bool:
    """Whether to colour what goes to standard output: https://no-color.org and https://force-color.org."""
    if output_file is not None or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _check_writable(output_file: Path | None) -> None:
    """Finds out before the work that its result will have no place."""
    if output_file is None:
        return
    if output_file.is_dir():
        raise _OutputError(f"{output_file}: is a folder; give --output-file the path of a file")
    if not output_file.parent.is_dir():
        raise _OutputError(f"{output_file}: there is no folder {output_file.parent}; create it first")


def _write(text: str, output_file: Path | None, utf8: bool = False) -> None:
    """Writes the result; to a file, all of it or nothing."""
    try:
        if output_file is None:
            encoding = "utf-8" if utf8 else sys.stdout.encoding or "utf-8"
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
            sys.stdout.flush()
        else:
            _write_file(output_file, text.encode("utf-8", "replace"))
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or error
        if output_file is None:
            _drop_output()
            raise _OutputError(f"standard output cannot be written: {reason}; make room for it") from error
        raise _OutputError(
            f"{output_file}: cannot be written: {reason}; give --output-file another path"
        ) from error


def _drop_output() -> None:
    """Lets what is left in the buffer go nowhere: Python would complain when it flushes at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_file(path: Path, data: bytes) -> None:
    if (path.is_absolute() and path.parts[1:2] == ("dev",)) or (path.exists() and not path.is_file()):
        path.write_bytes(data)
        return
    target = path.resolve()
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _show_markdown(text: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


@contextmanager
def _progress(quiet: bool) -> Iterator[None]:
    """Tells on a terminal that work goes on, once it has taken a while.

    By a timer's signal, not a thread: workers are forked meanwhile, and a fork takes no thread along.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if quiet or not sys.stderr.isatty() or not hasattr(signal, "setitimer") or not in_main_thread:
        yield
        return
    begin, terminal = time.monotonic(), sys.stderr.fileno()

    def tell(_: int, __: FrameType | None) -> None:
        os.write(terminal, f"\rlinting, {time.monotonic() - begin:.0f} s".encode())

    before = signal.signal(signal.SIGALRM, tell)
    signal.setitimer(signal.ITIMER_REAL, PROGRESS_AFTER, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        os.write(terminal, b"\r\x1b[K")


def _timings(report: Report) -> str:
    phases = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in report.stats.phases.items())
    rules = sorted(report.stats.rule_seconds.items(), key=lambda item: -item[1])[:5]
    slowest = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in rules)
    total = f"{report.stats.seconds:.2f} s for {plural(report.stats.applications, 'application')}"
    unchanged = f"; {report.stats.unchanged} unchanged" if report.stats.unchanged else ""
    return f"{total} ({phases}){unchanged}" + (f"; slowest rules: {slowest}" if slowest else "")


def _say_notes(notes: Iterable[str], quiet: bool) -> None:
    if not quiet:
        for note in dict.fromkeys(notes):
            _say(f"note: {note}")


def _say(text: str) -> None:
    with suppress(OSError, ValueError):
        click.echo(printable(text), err=True)


def _complain(message: str) -> None:
    _say(f"lambdalint: {message}")


def _usage_message(error: click.ClickException) -> str:
    """The error in one line, with where the options are listed."""
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None:
        return message
    return f"{message}\n`{context.command_path} --help` lists what there is"


def _complain_of_a_bug(error: Exception, verbose: bool) -> None:
    if verbose:
        traceback.print_exc()
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    what = f"{type(error).__name__}: {' '.join(str(error).split())}"
    _complain(f"internal error: {what}{place}; please report it with the output of --verbose")


def _user_errors() -> tuple[type[Exception], ...]:
    """The exceptions whose message is for the user: it names the place and says what to do."""
    known: list[type[Exception]] = [_OutputError, ConfigError, RegistryError]
    for module, name in (("discovery", "PathError"), ("fixer", "FixError"), ("scaffold", "ScaffoldError")):
        loaded = sys.modules.get(f"lambdalint.{module}")
        if loaded is not None:
            known.append(getattr(loaded, name))
    return tuple(known)


class _OutputError(Exception):
    """The result cannot be written."""
