"""Faults for unguarded-connection."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, code, module

FAULTS: dict[str, tuple[Fault, ...]] = {
    "unguarded-connection": (
        code(
            "pymysql at module level",
            'import os as planted_os\nimport pymysql\n\nplanted_db = pymysql.connect(host=planted_os.environ["H"])',
            'with planted_db.cursor() as planted_cursor:\n    planted_cursor.execute("SELECT 1")',
        ),
        code(
            "psycopg2 through a helper function",
            'import psycopg2\n\n\ndef planted_connect():\n    return psycopg2.connect("dbname=planted")\n\n\n'
            "PLANTED = planted_connect()",
            'PLANTED.cursor().execute("SELECT 1")',
        ),
        code(
            "a cursor kept from init",
            "import pymysql\n\nplanted_db = pymysql.connect(host='db')\nplanted_cursor = planted_db.cursor()",
            'planted_cursor.execute("SELECT 1")',
        ),
        code(
            "an engine without pre-ping",
            'from sqlalchemy import create_engine\n\nplanted_engine = create_engine("postgresql://db/planted")',
            'with planted_engine.connect() as planted:\n    planted.exec_driver_sql("SELECT 1")',
        ),
        code(
            "in a class made at init",
            "import psycopg2\n\n\nclass PlantedStore:\n    def __init__(self):\n"
            "        self.connection = psycopg2.connect('dbname=planted')\n\n    def read(self):\n"
            "        return self.connection.cursor().execute('SELECT 1')\n\n\nplanted_store = PlantedStore()",
            "planted_store.read()",
        ),
        module(
            "in a helper module",
            "planted_helper",
            "import pymysql\n\nconnection = pymysql.connect(host='db')\n\n\ndef planted():\n"
            "    with connection.cursor() as cursor:\n        cursor.execute('SELECT 1')\n",
            "planted_helper.planted()",
        ),
    ),
}
