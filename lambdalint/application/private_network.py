"""Whether a function has to be in a VPC: what its code connects to, and what of a network it is tied to.

Every AWS API has a public endpoint; what a VPC is needed for lies inside of one: databases, caches, file
systems, hosts. Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from lambdalint.application.needed import ANY
from lambdalint.application.unseen import unseen
from lambdalint.data.tables import load
from lambdalint.python.names import BindingKind
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Reference, Text, Unknown

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.calls import AwsCall
    from lambdalint.python.module import PythonModule
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template
    from lambdalint.template.values import Value

# Modules of the standard library that open connections, or run programs that may.
_CONNECTING = (
    "ctypes",
    "ftplib",
    "http.client",
    "http.server",
    "imaplib",
    "importlib",
    "nntplib",
    "poplib",
    "runpy",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "telnetlib",
    "urllib.request",
    "webbrowser",
    "xmlrpc",
)
# The same, of modules that mostly do something else.
_CONNECTS = re.compile(
    r"\burlopen\b|\burlretrieve\b|\bopen_connection\b|\bcreate_connection\b|\bos\.(?:system|popen|exec|spawn)"
    r"|\b__import__\b|\bcreate_subprocess|\bexec\(|\beval\("
)
# Calls that are made to connect to what lies in a VPC afterwards.
_TOKENS = re.compile(r"_db_(?:auth|connect)|get_cluster_credentials|get_bootstrap_brokers")
# A bucket's access point may let in a VPC alone.
_ACCESS_POINT = re.compile(r"access-?_?point|vpce-|s3alias", re.IGNORECASE)
# What lies in a VPC, by the beginning of the type.
_PRIVATE = (
    "AWS::AmazonMQ::",
    "AWS::DAX::",
    "AWS::DocDB::",
    "AWS::EC2::Instance",
    "AWS::EC2::NetworkInterface",
    "AWS::ECS::Service",
    "AWS::EFS::",
    "AWS::EKS::",
    "AWS::ElastiCache::",
    "AWS::ElasticLoadBalancing",
    "AWS::Elasticsearch::",
    "AWS::FSx::",
    "AWS::MSK::",
    "AWS::MemoryDB::",
    "AWS::Neptune",
    "AWS::OpenSearch",
    "AWS::RDS::",
    "AWS::Redshift",
    "AWS::Route53::",
    "AWS::ServiceDiscovery::",
)
# Names of variables that lead to a server.
_LEADING = re.compile(
    r"host|endpoint|database|redis|cache|mysql|postgres|aurora|mongo|jdbc|kafka|broker|proxy|private"
    r"|(?:^|_)(?:db|rds|url|uri|dns|ip|vpc|efs|nfs|smb|svm|subnets?|ldap|elastic|opensearch)(?:_|\d|$)"
    r"|access_?point|security_?groups?",
    re.IGNORECASE,
)
# What polls for a function from within a VPC.
_POLLED = frozenset({"AmazonMQ", "DocumentDB", "MQ", "MSK", "SelfManagedKafka"})
# Conditions of policies that let in what comes from a network alone.
_FROM_NETWORK = re.compile(r"aws:(?:SourceVpc|VpcSourceIp|Vpce)", re.IGNORECASE)


def public_calls(handler: Handler) -> tuple[AwsCall, ...]:
    """The AWS calls of a handler, if these are all that leaves its environment, and each goes to a public
    endpoint; () where something else may, or nothing does."""
    if handler.opaque or not handler.calls.calls or handler.calls.unresolved:
        return ()
    if any(ANY in each.prefixes for each in unseen(handler)):
        return ()
    if any(_may_connect(handler, module) for module in handler.reach.modules):
        return ()
    calls = handler.calls.calls
    return () if any(_is_private(handler, call) for call in calls) else calls


def _may_connect(handler: Handler, module: PythonModule) -> bool:
    if module.mentions(_CONNECTS):
        return True
    for binding in module.names.imports:
        name = (binding.qualified or "").lstrip(".")
        root = name.partition(".")[0]
        if module.in_type_checking(binding.node) or (root and handler.program.is_local(module, binding)):
            continue
        if any(f"{name}.".startswith(f"{each}.") for each in _CONNECTING):
            return True
        if root and root not in sys.stdlib_module_names and root not in _offline():
            return True
        if binding.kind is BindingKind.STAR_IMPORT and root not in _offline():
            return True
    return False


def _is_private(handler: Handler, call: AwsCall) -> bool:
    """Whether a call may go to an endpoint in a VPC, or prepares to."""
    if _TOKENS.search(call.operation) or _ACCESS_POINT.search(call.target.value):
        return True
    receiver = call.receiver
    if receiver is None or receiver.node is None or receiver.module is None:
        return receiver is not None and receiver.kind != "client" and receiver.node is None
    given = handler.evaluator.arguments(receiver.module, receiver.node)
    return given.open or "endpoint_url" in given.keywords or len(given.positional) > 5


@cache
def _offline() -> frozenset[str]:
    return frozenset(name for row in load("offline_libraries.toml")["row"] for name in row["names"])


def is_tied_to_network(function: LambdaFunction) -> bool:
    """Whether the template ties a function to what lies in a VPC, or wants its calls to come from one, or may
    do so."""
    template = function.template
    if template.incomplete or function.property("FileSystemConfigs"):
        return True
    if template.of_type("AWS::EC2::VPCEndpoint") or _FROM_NETWORK.search(template.source.text):
        return True
    if any(trigger.source in _POLLED for trigger in function.triggers):
        return True
    return _names_server(function) or _is_admitted(function)


def _names_server(function: LambdaFunction) -> bool:
    environment = function.environment
    if isinstance(environment, Unknown):
        return True
    return any(
        _may_be_server(function.template, name, outcome.value)
        for name, outcomes in environment.items()
        for outcome in outcomes
    )


def _may_be_server(template: Template, name: str, value: Value) -> bool:
    """Whether a variable leads, or may lead, to a server; a reference tells it, and else its name or text."""
    if name.startswith("AWS_ENDPOINT_URL"):
        return True
    if isinstance(value, Reference) and value.logical_id in template.resources:
        return _is_private_kind(template, value)
    if isinstance(value, Text) and any(_is_private_kind(template, each) for each in value.references):
        return True
    return bool(_LEADING.search(name) or (not isinstance(value, Unknown) and _LEADING.search(render(value))))


def _is_private_kind(template: Template, value: object) -> bool:
    resource = template.resources.get(value.logical_id) if isinstance(value, Reference) else None
    return resource is not None and resource.type.startswith(_PRIVATE)


def _is_admitted(function: LambdaFunction) -> bool:
    """Whether something of the template names a security group of the function: it lets in what has it."""
    template = function.template
    for outcome in function.items("VpcConfig", "SecurityGroupIds"):
        value = outcome.value
        if isinstance(value, Reference) and value.logical_id in template.resources:
            paths = template.references(value.logical_id)
            if any("VpcConfig" not in path and not _is_own(template, path, value) for path in paths):
                return True
    return False


def _is_own(template: Template, path: Iterable[str | int], group: Reference) -> bool:
    """Whether a reference to a security group is a rule of what leaves it, or stands in itself."""
    keys = tuple(path)
    if keys[:2] == ("Resources", group.logical_id):
        return True
    owner = template.resources.get(str(keys[1])) if len(keys) > 1 and keys[0] == "Resources" else None
    return owner is not None and owner.type == "AWS::EC2::SecurityGroupEgress" and keys[-1] == "GroupId"


def is_always_in_vpc(function: LambdaFunction) -> bool:
    """Whether a function is in a VPC however the template is deployed."""
    for keys in (("VpcConfig",), ("VpcConfig", "SubnetIds"), ("VpcConfig", "SecurityGroupIds")):
        found = function.property(*keys)
        if not found or any(each.conditions or _is_empty(each.value) for each in found):
            return False
    items = (*function.items("VpcConfig", "SubnetIds"), *function.items("VpcConfig", "SecurityGroupIds"))
    return not any(_is_empty(each.value) for each in items)


def _is_empty(value: object) -> bool:
    return isinstance(value, Known) and value.value in ("", None, [], {}, [""])
