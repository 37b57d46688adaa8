"""Calls over the network that wait without end, and for longer than the function may run."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, code, module

_REQUESTS = "import requests as planted_requests"

FAULTS: dict[str, tuple[Fault, ...]] = {
    "missing-timeout": (
        code("requests", _REQUESTS, 'planted_requests.post("https://example.com/hook", json={"a": 1})'),
        code(
            "session",
            f"{_REQUESTS}\n\nplanted_session = planted_requests.Session()",
            'planted_answer = planted_session.get("https://example.com/prices").json()\nprint(planted_answer)',
        ),
        code(
            "urlopen",
            "import urllib.request as planted_request",
            'planted_call = planted_request.Request("https://example.com", data=b"{}", method="POST")\n'
            "with planted_request.urlopen(planted_call) as planted_reply:\n    print(planted_reply.status)",
        ),
        code(
            "pool",
            "import urllib3 as planted_urllib3\n\nplanted_pool = planted_urllib3.PoolManager()",
            'planted_pool.request("POST", "https://example.com/hook", body=b"{}")',
        ),
        module(
            "helper",
            "planted_http",
            "import requests\n\n\ndef fetch(url, timeout=None):\n"
            "    return requests.get(url, timeout=timeout).json()\n",
            'planted_http.fetch("https://example.com")',
        ),
        code(
            "http.client",
            "from http.client import HTTPSConnection as PlantedConnection",
            'planted_connection = PlantedConnection("example.com")\n'
            'planted_connection.request("GET", "/")\nprint(planted_connection.getresponse().status)',
        ),
        code(
            "client class",
            f"{_REQUESTS}\n\n\nclass PlantedClient:\n    def __init__(self):\n"
            "        self.session = planted_requests.Session()\n\n    def send(self, body):\n"
            '        return self.session.post("https://example.com", json=body)\n',
            'PlantedClient().send({"a": 1})',
        ),
        code(
            "database",
            "import os as planted_os\n\nimport psycopg2 as planted_psycopg2",
            'planted_database = planted_psycopg2.connect(host=planted_os.environ["PLANTED"], dbname="shop")\n'
            "planted_database.close()",
        ),
        code(
            "mail",
            "import smtplib as planted_smtplib",
            'with planted_smtplib.SMTP("mail.example.com", 587) as planted_server:\n'
            '    planted_server.sendmail("a@example.com", "b@example.com", "hello")',
        ),
        code(
            "longer than any function",
            _REQUESTS,
            'planted_requests.get("https://example.com", timeout=(5, 1200))',
        ),
        code(
            "taken away",
            "import httpx as planted_httpx\n\nPLANTED_TIMEOUT = None",
            'planted_httpx.get("https://example.com", timeout=PLANTED_TIMEOUT)',
        ),
    ),
}
