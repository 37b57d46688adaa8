import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.application.docker import Copy, read_dockerfile


def test_the_last_stage_counts_and_stages_are_one_image() -> None:
    image = read_dockerfile(
        """
        # syntax=docker/dockerfile:1
        ARG BASE=public.ecr.aws/lambda/python:3.12
        FROM --platform=linux/arm64 ${BASE} AS build
        WORKDIR /build
        COPY src ./src
        CMD ["build.handler"]
        FROM python:3.12-slim
        WORKDIR /app
        COPY --from=build /build/src /app/src
        CMD ["src.app.handler"]
        """
    )
    assert image.base == "python:3.12-slim"
    assert image.command == ["src.app.handler"]
    assert image.workdir == "/app"
    assert image.copies == [Copy("src", "/build/src")]


def test_a_stage_of_a_stage_keeps_its_folder() -> None:
    image = read_dockerfile("FROM python:3.12 AS base\nWORKDIR /app\nFROM base\nCOPY a.py b.py ./\n")
    assert image.workdir == "/app"
    assert image.copies == [Copy("a.py", "/app/a.py"), Copy("b.py", "/app/b.py")]


@pytest.mark.parametrize(
    ("line", "environment"),
    [
        ("ENV A=1 B='two words'", {"A": "1", "B": "two words"}),
        ("ENV A some value", {"A": "some value"}),
        ("ENV A=1\nENV B=${A}2", {"A": "1", "B": "12"}),
        ("ARG V=3\nENV A=$V", {"A": "3"}),
        ("ENV A=${UNSET}", {"A": "${UNSET}"}),
        ("ENV A='open", {}),
    ],
)
def test_the_environment(line: str, environment: dict[str, str]) -> None:
    assert read_dockerfile(f"FROM python:3.12\n{line}\n").environment == environment


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ('CMD ["app.handler"]', ["app.handler"]),
        ("CMD app.handler", ["app.handler"]),
        ('CMD [ "app.handler" ]', ["app.handler"]),
        ('CMD \\\n  # why\n  ["app.handler"]', ["app.handler"]),
        ("cmd app.handler", ["app.handler"]),
        ('CMD ["app.handler"', None),
        ("CMD [1, 2]", None),
        ("CMD 'open", None),
        ("# CMD app.handler", None),
    ],
)
def test_the_command(line: str, command: list[str] | None) -> None:
    assert read_dockerfile(f"FROM python:3.12\n{line}\n").command == command


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    read_dockerfile(text)


_WORDS = st.sampled_from(
    ["FROM", "COPY", "ENV", "CMD", "WORKDIR", "ARG", "a", "=", "[", '"', "'", "\\\n", "\n", "$A", "/"]
)


@given(st.lists(_WORDS).map(" ".join))
def test_no_jumble_of_instructions_breaks_it(text: str) -> None:
    read_dockerfile(text)
