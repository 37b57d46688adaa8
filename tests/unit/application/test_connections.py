import dataclasses
from collections import Counter
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import lambdalint.data
from lambdalint.config_file import read_toml
from lambdalint.python.connections import Connection, Factory, factories
from tests.unit.application.projects import project_of

TABLE = Path(lambdalint.data.__file__).parent / "connection_factories.toml"


def connections(root: Path, code: str) -> list[Connection]:
    (application,) = project_of(root, {"app.py": dedent(code)}).applications
    return [found for handler in application.handlers for found in handler.connections]


def guarded(root: Path, code: str) -> bool:
    """Whether the one connection of the code is guarded."""
    (found,) = connections(root, code)
    return bool(found.guarded)


def with_handler(init: str, body: str) -> str:
    """Code that makes `db` at init, and a handler around a body that uses it."""
    head = "import MySQLdb, mysql.connector, psycopg2, pymysql, sqlalchemy\n"
    lines = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    return f"{head}{dedent(init)}\ndef handler(event, context):\n{lines}"


USE = "return db.cursor()"


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("db = psycopg2.connect('')", True),
        ("db: object = psycopg2.connect('')", True),
        ("print(db := psycopg2.connect(''))", True),
        ("db, n = psycopg2.connect(''), 1", True),
        ("try:\n    db = psycopg2.connect('')\nexcept Exception:\n    db = None", True),
        ("with psycopg2.connect('') as db:\n    pass", True),
        ("from contextlib import closing\ndb = closing(psycopg2.connect(''))", True),
        ("import asyncio, asyncpg\ndb = asyncio.run(asyncpg.connect(''))", True),
        ("make = psycopg2.connect\ndb = make('')", True),
        ("from psycopg2 import connect as c\ndb = c('')", True),
        ("db = psycopg2.connect('') if True else None", True),
        ("db = None", False),
        ("def unused():\n    return psycopg2.connect('')\ndb = object()", False),
        ("if __name__ == '__main__':\n    db = psycopg2.connect('')", False),
        ("import psycopg2 as p\ndb = p.unknown('')", False),
        ("import redis\ndb = redis.Redis()", False),
    ],
)
def test_what_init_opens(tmp_path: Path, init: str, expected: bool) -> None:
    assert bool(connections(tmp_path, with_handler(init, USE))) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("db.commit()", True),
        ("with db:\n    pass", True),
        ("with db.cursor() as c:\n    pass", True),
        ("print(helper(db))", True),
        ("return {'db': db}", True),
        ("cursor = db", True),
        ("db.close()", False),
        ("if db:\n    return 1", False),
        ("if db is None:\n    return 1", False),
        ("print(db)", False),
        ("logger.info('using %s', db)", False),
        ("return db.closed", False),
        ("db = event['db']\ndb.commit()", False),
        ("return [db for db in event]", False),
    ],
)
def test_what_uses_a_connection(tmp_path: Path, body: str, expected: bool) -> None:
    code = with_handler("db = psycopg2.connect('')", body)
    assert bool(connections(tmp_path, code)) is expected


MYSQL = "db = pymysql.connect(host='h')"
CONNECTOR = "db = mysql.connector.connect(host='h')"
CLIENT = "db = MySQLdb.connect(host='h')"
POSTGRES = "def connect():\n    return psycopg2.connect('')\ndb = connect()"


@pytest.mark.parametrize(
    ("init", "body", "expected"),
    [
        (MYSQL, "db.ping()", True),
        (MYSQL, "db.ping(True)", True),
        (MYSQL, "db.ping(reconnect=False)", False),
        (MYSQL, "db.ping(False)", False),
        (CONNECTOR, "db.ping()", False),
        (CONNECTOR, "db.ping(reconnect=True, attempts=3)", True),
        (CONNECTOR, "db.reconnect()", True),
        (CONNECTOR, "if not db.is_connected():\n    db.reconnect()", True),
        (CLIENT, "db.ping()", False),
        (CLIENT, "db.ping(True)", True),
        (MYSQL, "other.ping()", False),
        (POSTGRES, "db.reset()", True),
        (POSTGRES, "global db\nif db.closed:\n    db = connect()", True),
        (POSTGRES, "global db\nif db is None:\n    db = connect()", False),
        (POSTGRES, "global db\nif not db:\n    db = connect()", False),
        (POSTGRES, "global db\nif db is None or db.closed:\n    db = connect()", True),
        (POSTGRES, "global db\nif event:\n    db = connect()", True),
        (POSTGRES, "global db\ndb = connect()", True),
        (POSTGRES, "global db\ntry:\n    db.cursor()\nexcept Exception:\n    db = connect()", True),
        (
            POSTGRES,
            "global db\nif db is None:\n    db = connect()\ntry:\n    pass\nfinally:\n    db = None",
            True,
        ),
        (POSTGRES, "global db\nwhile db.closed:\n    db = connect()", True),
        (POSTGRES, "def fresh():\n    return connect()\nlocal = fresh()", False),
    ],
)
def test_what_guards_a_connection(tmp_path: Path, init: str, body: str, expected: bool) -> None:
    assert guarded(tmp_path, with_handler(init, f"{body}\ndb.cursor()")) is expected


def test_a_guard_that_only_init_runs_is_none(tmp_path: Path) -> None:
    assert not guarded(tmp_path, with_handler(f"{MYSQL}\ndb.ping()", USE))


def test_a_helper_that_connects_only_where_there_is_nothing_is_no_guard(tmp_path: Path) -> None:
    code = """
        import psycopg2
        db = None

        def connect():
            global db
            db = psycopg2.connect("")

        connect()

        def handler(event, context):
            if db is None:
                connect()
            return db.cursor()
        """
    assert not guarded(tmp_path, code)


def test_an_attribute_that_is_renewed_is_guarded(tmp_path: Path) -> None:
    code = """
        import psycopg2

        class Store:
            def __init__(self):
                self.db = psycopg2.connect("")

            def read(self):
                try:
                    return self.db.cursor()
                except psycopg2.OperationalError:
                    self.__init__()
                    self.db = psycopg2.connect("")

        store = Store()

        def handler(event, context):
            return store.read()
        """
    assert guarded(tmp_path, code)


def test_an_object_made_by_each_invocation_keeps_nothing(tmp_path: Path) -> None:
    code = """
        import psycopg2

        class Store:
            def __init__(self):
                self.db = psycopg2.connect("")

            def read(self):
                return self.db.cursor()

        def handler(event, context):
            return Store().read()
        """
    assert connections(tmp_path, code) == []


ENGINE = "db = sqlalchemy.create_engine(%s)"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("url", False),
        ("url, pool_pre_ping=True", True),
        ("url, pool_pre_ping=False", False),
        ("url, pool_recycle=280", True),
        ("url, pool_recycle=-1", False),
        ("url, poolclass=sqlalchemy.pool.NullPool", True),
        ("url, poolclass=sqlalchemy.pool.QueuePool", False),
        ("url, **options", True),
        ("url, **{'pool_pre_ping': True}", True),
        ("url, **{'echo': True}", False),
    ],
)
def test_what_makes_an_engine_safe(tmp_path: Path, arguments: str, expected: bool) -> None:
    init = f"import os\nurl = os.environ['URL']\noptions = dict(os.environ)\n{ENGINE % arguments}"
    assert guarded(tmp_path, with_handler(init, "return db.connect()")) is expected


@pytest.mark.parametrize(
    "url", ["'sqlite:///x.db'", "f'snowflake://{user}@account'", "os.environ.get('URL', 'sqlite://')"]
)
def test_engines_without_a_server(tmp_path: Path, url: str) -> None:
    init = f"import os\nuser = os.environ['USER']\n{ENGINE % url}"
    assert connections(tmp_path, with_handler(init, "return db.connect()")) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import ftplib\ndb = ftplib.FTP('host')", True),
        ("import ftplib\ndb = ftplib.FTP(host='host')", True),
        ("import ftplib\ndb = ftplib.FTP()", False),
        ("import ftplib\ndb = ftplib.FTP(timeout=3)", False),
        ("import ftplib\ndb = ftplib.FTP()\ndb.connect('host')", True),
        ("import paramiko\ndb = paramiko.SSHClient()\ndb.connect('host')", True),
        ("import paramiko\ndb = paramiko.SSHClient()", False),
        ("import ldap3\ndb = ldap3.Connection('host', auto_bind=True)", True),
        ("import ldap3\ndb = ldap3.Connection('host')", False),
        ("import ldap3\ndb = ldap3.Connection('host')\ndb.bind()", True),
        ("import socket\ndb = socket.create_connection(('host', 1))", True),
        ("import socket\ndb = socket.create_connection(('localhost', 1))", False),
        ("import socket\ndb = socket.socket()\ndb.connect(('host', 1))", True),
        ("import socket\ndb = socket.socket(socket.AF_UNIX)\ndb.connect('/tmp/x')", False),
    ],
)
def test_when_an_object_is_connected(tmp_path: Path, code: str, expected: bool) -> None:
    assert (
        bool(connections(tmp_path, f"{code}\ndef handler(event, context):\n    db.send(b'')\n")) is expected
    )


def test_the_first_use_is_the_most_telling(tmp_path: Path) -> None:
    code = """
        import psycopg2
        db = psycopg2.connect("")

        def get():
            return db

        def handler(event, context):
            db.cursor()
            return get()
        """
    (found,) = connections(tmp_path, code)
    assert [found.module.line_of(use.node) for use in found.uses] == [8, 5]


def test_a_handler_without_its_module_level_reads_nothing(tmp_path: Path) -> None:
    assert connections(tmp_path, "def handler(event, context):\n    return db.cursor()\n") == []


# The table


def rows() -> list[dict[str, Any]]:
    table: Any = read_toml(TABLE, TABLE.name)[0]["factory"]
    return list(table)


def test_every_call_is_in_one_row() -> None:
    counts = Counter(call for row in rows() for call in row["calls"])
    assert [call for call, count in counts.items() if count > 1] == []
    assert set(factories()) == set(counts)


def test_every_row_says_where_it_comes_from() -> None:
    assert all(factory.source.startswith("https://") for factory in factories().values())


def test_rows_hold_only_keys_that_are_read() -> None:
    known = {field.name for field in dataclasses.fields(Factory)} | {"calls"}
    assert {key for row in rows() for key in row} <= known
    assert {factory.opens for factory in factories().values()} == {"always", "argument", "never"}


@pytest.mark.parametrize(
    ("call", "reconnects"),
    [
        ("pymysql.connect", False),
        ("psycopg.connect", False),
        ("sqlalchemy.create_engine", False),
        ("boto3.client", True),
        ("pymongo.MongoClient", True),
        ("redis.Redis", True),
        ("requests.Session", True),
        ("oracledb.create_pool", True),
    ],
)
def test_what_finds_its_way_back(call: str, reconnects: bool) -> None:
    assert factories()[call].reconnects is reconnects
