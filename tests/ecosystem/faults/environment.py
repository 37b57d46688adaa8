"""Faults for the rules about what functions' environments hold."""

from __future__ import annotations

from pathlib import Path

from tests.ecosystem.applications import Application
from tests.ecosystem.faults.config import variable
from tests.ecosystem.faults.shapes import Fault, Planted, code, module


def parameter(name: str, declaration: str, key: str, value: str) -> Fault:
    """A parameter of the template, and a variable that gets it."""

    def plant(place: Application, copy: Path) -> Planted | None:
        planted = variable(name, key, value).plant(place, copy)
        file = copy / place.template
        text = file.read_text(encoding="utf-8")
        if planted is None or "\nParameters:" in text or "\nResources:\n" not in text:
            return None
        text = text.replace("\nResources:\n", f"\nParameters:\n{declaration}\nResources:\n", 1)
        file.write_text(text, encoding="utf-8")
        return planted

    return Fault(name, plant)


_HIDDEN = "  PlantedHook:\n    Type: String\n    NoEcho: true\n"
_NAMED = "  PlantedPassword:\n    Type: String\n"

FAULTS: dict[str, tuple[Fault, ...]] = {
    "reserved-env-var": (
        variable("region", "AWS_REGION", "eu-west-1"),
        variable("reference", "AWS_DEFAULT_REGION", "!Ref AWS::Region"),
        code("in code", 'import os as planted_os\n\nplanted_os.environ["AWS_REGION"] = "eu-west-1"'),
        code(
            "update",
            "from os import environ as planted_env",
            'planted_env.update({"AWS_ACCESS_KEY_ID": "planted"})',
        ),
        module(
            "in a helper module",
            "planted_helper",
            'import os\n\n\ndef planted():\n    os.putenv("AWS_EXECUTION_ENV", "planted")\n',
            "planted_helper.planted()",
        ),
    ),
    "secret-in-env": (
        variable("password", "PLANTED_PASSWORD", "Tr0ub4dor&3"),
        variable("key", "PLANTED", "AKIA" + "Q7MZ4X2KPV5TJD3W"),
        variable("lookup", "PLANTED", '"{{resolve:secretsmanager:planted:SecretString:password}}"'),
        parameter("hidden parameter", _HIDDEN, "PLANTED", "!Ref PlantedHook"),
        parameter(
            "named parameter", _NAMED, "PLANTED_URL", '!Sub "https://a:${PlantedPassword}@planted.org"'
        ),
    ),
    "env-too-large": (
        variable("one", "PLANTED", "p" * 4100),
        variable("substituted", "PLANTED", f'!Sub "${{AWS::Region}}{"p" * 4100}"'),
    ),
}
