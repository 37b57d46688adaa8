"""Faults for the rules about what functions' environments hold."""

from __future__ import annotations

import textwrap
from pathlib import Path

import yaml

from tests.ecosystem.applications import Application, get, scalar
from tests.ecosystem.faults.config import variable
from tests.ecosystem.faults.shapes import Fault, Planted, both, code, module, resource, triggered


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


def everywhere(name: str, key: str, value: str, count: int = 3) -> Fault:
    """One more variable in the own environments of several functions."""

    def plant(place: Application, copy: Path) -> Planted | None:
        file = copy / place.template
        text = file.read_text(encoding="utf-8")
        if "IgnoreGlobals" in text:
            return None
        resources = get(yaml.compose(text, Loader=yaml.SafeLoader), "Resources")
        places = [
            get(node, "Properties", "Environment", "Variables")
            for _, node in resources.value
            if scalar(get(node, "Type")) == "AWS::Serverless::Function"
        ]
        blocks = [
            node
            for node in places
            if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value
        ][:count]
        if len(blocks) < count:
            return None
        lines = text.splitlines(keepends=True)
        for block in reversed(blocks):
            indent = " " * block.value[0][0].start_mark.column
            lines.insert(block.start_mark.line, textwrap.indent(f"{key}: {value}\n", indent))
        file.write_text("".join(lines), encoding="utf-8")
        return [place.template]

    return Fault(name, plant)


_CLUSTER = """\
PlantedCluster:
  Type: AWS::RDS::DBCluster
  Properties:
    Engine: aurora-postgresql
    MasterUsername: planted
    ManageMasterUserPassword: true
"""
_INSTANCE = """\
PlantedInstance:
  Type: AWS::RDS::DBInstance
  Properties:
    Engine: mysql
    DBInstanceClass: db.t4g.medium
    AllocatedStorage: "20"
"""
_HOST = variable("host", "PLANTED_HOST", "!GetAtt PlantedInstance.Endpoint.Address")
_CROWDS = ("Api", "HttpApi", "SQS", "S3", "SNS", "EventBridgeRule", "CloudWatchEvent")


def _database(name: str, declared: str, named: Fault, connecting: Fault, *triggers: str) -> Fault:
    """A database of the template, a variable that leads there, and code that connects; for functions with
    certain triggers."""
    fault = both(name, named, connecting, resource(name, declared))  # lines move with a resource: last
    return triggered(fault, *triggers) if triggers else fault


def _databases(*triggers: str) -> tuple[Fault, ...]:
    return (
        _database(
            "at init",
            _INSTANCE,
            _HOST,
            code(
                "connects",
                "import os as planted_os\n\nimport pymysql\n\n"
                'planted = pymysql.connect(host=planted_os.environ["PLANTED_HOST"], user="planted")',
                "planted.ping(reconnect=True)",
            ),
            *triggers,
        ),
        _database(
            "each time",
            _CLUSTER,
            variable("secret", "PLANTED_SECRET", "!GetAtt PlantedCluster.MasterUserSecret.SecretArn"),
            code(
                "connects",
                "import json as planted_json\nimport os as planted_os\n\nimport boto3 as planted_boto3\n"
                "import psycopg2",
                'planted_secrets = planted_boto3.client("secretsmanager")\n'
                'planted_secret = planted_secrets.get_secret_value(SecretId=planted_os.environ["PLANTED_SECRET"])\n'
                'planted = psycopg2.connect(**planted_json.loads(planted_secret["SecretString"]))\n'
                "planted.close()",
            ),
            *triggers,
        ),
        _database(
            "engine in a helper",
            _CLUSTER,
            variable(
                "URL", "PLANTED_URL", "!Sub postgresql://planted@${PlantedCluster.Endpoint.Address}/planted"
            ),
            module(
                "connects",
                "planted_helper",
                "import os\n\nfrom sqlalchemy import create_engine\n\n"
                'engine = create_engine(os.environ["PLANTED_URL"], pool_pre_ping=True)\n\n\n'
                "def planted():\n    with engine.connect() as connection:\n        connection.commit()\n",
                "planted_helper.planted()",
            ),
            *triggers,
        ),
    )


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
    "repeated-env-value": (
        everywhere("text", "PLANTED_LEVEL", "planted"),
        everywhere("number", "PLANTED_LIMIT", '"17"'),
        everywhere("four", "PLANTED_REGION", "eu-planted-1", 4),
    ),
    "database-without-proxy": _databases(*_CROWDS),
    "unbounded-database-concurrency": _databases(*_CROWDS),
}
