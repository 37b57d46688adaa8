"""Small cloud assemblies, as `cdk synth` would write them, for tests that need one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

KEY = {"orders": "1" * 64, "shared": "2" * 64, "nested": "3" * 64, "image": "4" * 64}
HANDLER = 'import boto3\n\n\ndef handler(event, context):\n    return boto3.client("sqs").list_queues()\n'


def asset(name: str, **more: Any) -> dict[str, Any]:
    """The metadata of a resource whose code is an asset."""
    return {"aws:cdk:path": f"Shop/{name.title()}/Resource", "aws:asset:path": f"asset.{KEY[name]}", **more}


def function(name: str, metadata: Mapping[str, Any], **properties: Any) -> dict[str, Any]:
    """A function of the kind that `aws_lambda.Function` becomes."""
    code = {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}, "S3Key": f"{KEY[name]}.zip"}
    own = {"Code": code, "Handler": "app.handler", "Runtime": "python3.13", "Timeout": 20, **properties}
    return {"Type": "AWS::Lambda::Function", "Properties": own, "Metadata": dict(metadata)}


def template(**resources: Any) -> str:
    """A template as the CDK indents it."""
    return json.dumps({"Resources": resources}, indent=1)


def assets(*names: str, nested: str = "") -> str:
    """The asset manifest of some folders, and of the template of a nested stack."""
    files: dict[str, Any] = {
        KEY[name]: {
            "source": {"path": f"asset.{KEY[name]}", "packaging": "zip"},
            "destinations": {"here": {"bucketName": "b", "objectKey": f"{KEY[name]}.zip"}},
        }
        for name in names
    }
    if nested:
        destination = {"here": {"bucketName": "b", "objectKey": "9.json"}}
        files["9"] = {"source": {"path": nested, "packaging": "file"}, "destinations": destination}
    return json.dumps({"version": "1", "files": files, "dockerImages": {}})


def manifest(*stacks: str, stages: tuple[str, ...] = (), constructs: Mapping[str, str] | None = None) -> str:
    """The manifest of stacks and nested assemblies; `constructs` leads from construct path to logical id."""
    metadata = {
        f"/{path}": [{"type": "aws:cdk:logicalId", "data": name}] for path, name in (constructs or {}).items()
    }
    artifacts: dict[str, Any] = {}
    for stack in stacks:
        artifacts[f"{stack}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{stack}.assets.json"},
        }
        artifacts[stack] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": f"{stack}.template.json"},
            "dependencies": [f"{stack}.assets"],
            "metadata": metadata,
        }
    for stage in stages:
        artifacts[stage] = {"type": "cdk:cloud-assembly", "properties": {"directoryName": stage}}
    return json.dumps({"version": "1", "artifacts": artifacts})


def shop(**more: str) -> dict[str, str]:
    """A CDK application with one function whose code is a plain copy of src/orders."""
    return {
        "cdk.json": "{}",
        ".gitignore": "cdk.out\n",
        "src/orders/app.py": HANDLER,
        "cdk.out/cdk.out": '{"version": "1"}',
        "cdk.out/manifest.json": manifest("Shop"),
        "cdk.out/Shop.assets.json": assets("orders"),
        "cdk.out/Shop.template.json": template(Orders1=function("orders", asset("orders"))),
        f"cdk.out/asset.{KEY['orders']}/app.py": HANDLER,
        **more,
    }
