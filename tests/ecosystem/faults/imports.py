"""Faults for unused-import, dev-only-import."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, code, module

FAULTS: dict[str, tuple[Fault, ...]] = {
    "unused-import": (
        code("import of the standard library", "import fractions"),
        code("from-import with an alias", "from collections import OrderedDict as PlantedDict"),
        code("third-party import", "import yaml as planted_yaml"),
        code("one of two names", "from html import escape, unescape\n\nPLANTED = escape('<')"),
        module(
            "in a helper module",
            "planted_helper",
            "import fractions\n\n\ndef planted():\n    return 1\n",
            "planted_helper.planted()",
        ),
    ),
    "dev-only-import": (
        code("pytest", "import pytest\n\nPLANTED = pytest.__name__"),
        code("unittest.mock", "from unittest.mock import MagicMock\n\nPLANTED = MagicMock"),
        code("moto", "from moto import mock_aws\n\nPLANTED = mock_aws"),
        code("type stubs", "from mypy_boto3_s3 import S3Client\n\nPLANTED: S3Client"),
        code("debugger in the handler", "import json as planted_json", "import pdb; pdb.set_trace()"),
        module(
            "in a helper module",
            "planted_helper",
            "import ipdb\n\n\ndef planted():\n    ipdb.set_trace()\n",
            "planted_helper.planted()",
        ),
    ),
}
