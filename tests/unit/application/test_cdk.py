"""What the library of the CDK synthesises, where `aws-cdk-lib` is installed, which needs Node.js."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.application.assemblies import HANDLER
from tests.unit.application.projects import write

pytest.importorskip("aws_cdk", reason="aws-cdk-lib is not installed")

APP = """\
    import aws_cdk as cdk
    from aws_cdk import aws_lambda as fn, aws_s3 as s3, aws_sqs as sqs
    from aws_cdk.aws_lambda_event_sources import SqsEventSource

    app = cdk.App(outdir="cdk.out", context={"aws:cdk:enable-path-metadata": METADATA,
                                             "aws:cdk:enable-asset-metadata": METADATA})
    stack = cdk.Stack(app, "Shop")
    orders = fn.Function(stack, "Orders", runtime=fn.Runtime.PYTHON_3_13, handler="app.handler",
                         code=fn.Code.from_asset("src/orders", exclude=["tests"]))
    orders.add_event_source(SqsEventSource(sqs.Queue(stack, "Jobs")))
    s3.Bucket(stack, "Bucket", auto_delete_objects=True, removal_policy=cdk.RemovalPolicy.DESTROY)
    inner = cdk.NestedStack(stack, "Inner")
    fn.Function(inner, "Nested", runtime=fn.Runtime.PYTHON_3_13, handler="app.handler",
                code=fn.Code.from_asset("src/nested"))
    app.synth()
"""


@pytest.mark.parametrize("metadata", [True, False])
def test_a_synthesised_application(tmp_path: Path, metadata: bool) -> None:
    write(
        tmp_path,
        {
            "app.py": APP.replace("METADATA", str(metadata)),
            "cdk.json": "{}",
            ".gitignore": "cdk.out\n",
            "src/orders/app.py": HANDLER,
            "src/orders/tests/test_app.py": "",
            "src/nested/app.py": f"{HANDLER}# nested\n",
        },
    )
    subprocess.run([sys.executable, "app.py"], cwd=tmp_path, check=True, capture_output=True)
    command = [sys.executable, "-m", "lambdalint", "check", "cdk.out", "--exit-zero", "--output-format=json"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    report = json.loads(done.stdout)
    assert {each["handler"] for each in report["functions"]} == {
        "src/orders/app.py:handler",
        "src/nested/app.py:handler",
    }
    constructs = {each["rule"]: each["constructs"] for each in report["findings"]}
    assert constructs["queue-without-dlq"][0] == "Shop/Jobs"
    assert constructs["client-per-invocation"] == []
