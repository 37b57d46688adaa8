"""From the symbolic target of an AWS call to a resource of the template: through the function's environment,
through parameters, and by literal names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lambdalint.finding import FunctionId, Label, Role
from lambdalint.template.identity import render
from lambdalint.template.values import Known, Path, Reference, Text, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.application.link import Bundle
    from lambdalint.python.calls import Target
    from lambdalint.python.symbols import Member, Symbol
    from lambdalint.template.function import LambdaFunction, Property
    from lambdalint.template.template import Resource, Template

# By boto3 service: the resource types that its calls act on, and the property that names each.
_NAMED: Mapping[str, Sequence[tuple[str, str]]] = {
    "dynamodb": (
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::DynamoDB::GlobalTable", "TableName"),
        ("AWS::Serverless::SimpleTable", "TableName"),
    ),
    "s3": (("AWS::S3::Bucket", "BucketName"),),
    "sqs": (("AWS::SQS::Queue", "QueueName"),),
    "sns": (("AWS::SNS::Topic", "TopicName"),),
    "lambda": (("AWS::Serverless::Function", "FunctionName"), ("AWS::Lambda::Function", "FunctionName")),
    "stepfunctions": (
        ("AWS::Serverless::StateMachine", "Name"),
        ("AWS::StepFunctions::StateMachine", "StateMachineName"),
        ("AWS::StepFunctions::Activity", "Name"),
    ),
    "kinesis": (("AWS::Kinesis::Stream", "Name"),),
    "firehose": (("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"),),
    "events": (("AWS::Events::EventBus", "Name"), ("AWS::Events::Rule", "Name")),
    "secretsmanager": (("AWS::SecretsManager::Secret", "Name"),),
    "ssm": (("AWS::SSM::Parameter", "Name"), ("AWS::SSM::Document", "Name")),
    "logs": (("AWS::Logs::LogGroup", "LogGroupName"),),
    "ecs": (("AWS::ECS::Cluster", "ClusterName"), ("AWS::ECS::TaskDefinition", "Family")),
    "batch": (("AWS::Batch::JobQueue", "JobQueueName"), ("AWS::Batch::JobDefinition", "JobDefinitionName")),
    "glue": (("AWS::Glue::Job", "Name"), ("AWS::Glue::Crawler", "Name")),
    "athena": (("AWS::Athena::WorkGroup", "Name"),),
    "scheduler": (("AWS::Scheduler::ScheduleGroup", "Name"),),
}


@dataclass(frozen=True)
class Resolved:
    """What a call acts on.

    `value` is a Reference to a resource of the template, a Known literal, a Text of which parts are known, or
    Unknown with the reason. `resource` is the resource, also where a literal name led to it. `path` is where
    the template says so: the variable's value, the resource's name; empty where code alone does. `parameter`
    is the template parameter that gives the value (its default may be overridden), `variable` the environment
    variable that carries it. Where conditions choose, `value` is Unknown and `options` has the outcomes.
    """

    value: Value
    resource: Resource | None = None
    path: Path = ()
    parameter: str = ""
    variable: str = ""
    options: tuple[Resolved, ...] = field(default=(), compare=False)
    template: Template | None = field(default=None, repr=False, compare=False)

    @property
    def reference(self) -> Reference | None:
        """The resource by its logical id, also where a literal name led to it."""
        if isinstance(self.value, Reference):
            return self.value
        return Reference(self.resource.logical_id) if self.resource is not None else None

    @property
    def literal(self) -> str | None:
        """The name, ARN or URL where it is a literal."""
        return (
            self.value.value if isinstance(self.value, Known) and isinstance(self.value.value, str) else None
        )

    @property
    def reason(self) -> str | None:
        """Why the target is not known; None where it is."""
        return self.value.reason if isinstance(self.value, Unknown) else None

    def label(
        self, message: str, role: Role = Role.RELATED, function: FunctionId | None = None
    ) -> Label | None:
        """Where the template says what the target is; None where it does not."""
        if self.template is None or not self.path:
            return None
        return self.template.label(self.path, message, role, function=function)


def resolve(
    target: Target, function: LambdaFunction | None, bundle: Bundle | None = None, service: str = ""
) -> Resolved:
    """What a target is, seen from a function that makes the call; without one, only literals are known.

    `service` is the boto3 service of the call: a literal name stands for a resource of that service alone.
    """
    return _Resolver(function, bundle, service).target(target)


@dataclass(frozen=True)
class _Resolver:
    function: LambdaFunction | None
    bundle: Bundle | None
    service: str

    def target(self, target: Target) -> Resolved:
        if target.kind == "env":
            return self._variable(target.value, target.default)
        if target.kind == "literal":
            return self._value(Known(target.value))
        if target.kind == "parameter":
            return Resolved(Unknown("parameter of a function", target.value))
        if target.kind == "event":
            return Resolved(Unknown("from the event", target.value))
        if target.kind == "none":
            return Resolved(Unknown("no target"))
        return self._unknown(target)

    def _unknown(self, target: Target) -> Resolved:
        """A target that is put together of several parts may still be the name of one resource."""
        from lambdalint.python import symbols

        unknown = Resolved(Unknown(target.reason or "unknown"))
        if self.function is None:
            return unknown
        if isinstance(target.symbol, symbols.Text):
            parts = [self._part(part) for part in target.symbol.parts]
            if all(part is not None for part in parts):
                return self._value(_joined([part for part in parts if part is not None]))
        symbol = target.symbol
        if self.service == "lambda" and isinstance(symbol, symbols.Member) and _is_own_name(symbol):
            return self._value(Reference(self.function.logical_id))
        return unknown

    def _part(self, symbol: Symbol) -> Value | None:
        from lambdalint.python import symbols

        if isinstance(symbol, symbols.Literal):
            return Known(str(symbol.value))
        if isinstance(symbol, symbols.EnvVar):
            default = symbol.default
            text = (
                str(default.value)
                if isinstance(default, symbols.Literal) and default.value is not None
                else None
            )
            found = self._variable(symbol.name, text).value
            return found if not isinstance(found, Unknown) or found.name else None
        return None

    def _variable(self, name: str, default: str | None) -> Resolved:
        if self.function is None:
            return Resolved(Unknown("no template", name), variable=name)
        environment = self.function.environment
        if isinstance(environment, Unknown):
            return Resolved(environment, variable=name)
        declared = environment.get(name, ())
        if declared:
            return self._outcomes([self._property(outcome, name) for outcome in declared])
        if name == "AWS_LAMBDA_FUNCTION_NAME":
            return self._value(Reference(self.function.logical_id), variable=name)
        image = dict(self.bundle.environment) if self.bundle is not None else {}
        if name in image:
            return self._value(Known(image[name]), variable=name)
        if default is not None:
            return self._value(Known(default), variable=name)
        return Resolved(Unknown("undeclared variable", name), variable=name)

    def _property(self, outcome: Property, variable: str) -> Resolved:
        return self._value(outcome.value, outcome.path, outcome.parameter, variable)

    def _value(self, value: Value, path: Path = (), parameter: str = "", variable: str = "") -> Resolved:
        template = self.function.template if self.function is not None else None
        resource = self._resource(value) if template is not None else None
        if isinstance(value, Text) and resource is not None and len(value.references) == 1:
            value = value.references[0]
        if isinstance(value, Unknown) and value.reason == "dynamic reference":
            followed = self._stored(value, path, variable)
            if followed is not None:
                return followed
        return Resolved(value, resource, path, parameter, variable, template=template)

    def _outcomes(self, found: Sequence[Resolved]) -> Resolved:
        first = found[0]
        if all((each.value, each.resource) == (first.value, first.resource) for each in found):
            return first
        resources = {each.resource.logical_id for each in found if each.resource is not None}
        if len(resources) == 1 and all(each.resource is not None for each in found):
            return first
        return Resolved(
            Unknown("differs by condition", first.variable),
            path=first.path,
            variable=first.variable,
            options=tuple(found),
            template=first.template,
        )

    def _resource(self, value: Value) -> Resource | None:
        """The resource that a value names: by reference, or by its literal name, ARN or URL."""
        assert self.function is not None
        template = self.function.template
        if isinstance(value, Reference):
            return template.resources.get(value.logical_id)
        if isinstance(value, Text) and len(value.references) == 1:
            return template.resources.get(value.references[0].logical_id)
        text = render(value) if isinstance(value, (Known, Text)) else ""
        if not text:
            return None
        names = {text, text.rpartition("/")[2], text.rpartition(":")[2], text.rpartition(":table/")[2]}
        for resource, name in _named(template, self.service):
            if name and name in names:
                return resource
        return None

    def _stored(self, value: Unknown, path: Path, variable: str) -> Resolved | None:
        """`{{resolve:ssm:/name}}` of a parameter that the template itself stores."""
        assert self.function is not None
        template = self.function.template
        for resource in template.of_type("AWS::SSM::Parameter"):
            names = [render(found.value) for found in resource.get("Name")]
            stored = resource.get("Value")
            if len(stored) == 1 and any(name and name in value.name.strip("{}").split(":") for name in names):
                return self._value(stored[0].value, path, variable=variable)
        return None


def _is_own_name(symbol: Member) -> bool:
    """Whether this is `context.function_name` or `context.invoked_function_arn`."""
    from lambdalint.python.symbols import Context

    return isinstance(symbol.base, Context) and symbol.name in ("function_name", "invoked_function_arn")


def _named(template: Template, service: str) -> Iterator[tuple[Resource, str]]:
    """The resources of a service that have a name of their own, with it."""
    kinds = _NAMED.get(service, ()) if service else [kind for kinds in _NAMED.values() for kind in kinds]
    for kind, key in kinds:
        for resource in template.of_type(kind):
            for found in resource.get(key):
                yield resource, render(found.value)


def _joined(parts: Sequence[Value]) -> Value:
    """Values one after the other, as one; neighbouring known parts are merged."""
    merged: list[str | Reference | Unknown] = []
    for part in parts:
        pieces = part.parts if isinstance(part, Text) else (_piece(part),)
        for piece in pieces:
            if isinstance(piece, str) and merged and isinstance(merged[-1], str):
                merged[-1] += piece
            else:
                merged.append(piece)
    if all(isinstance(piece, str) for piece in merged):
        return Known("".join(str(piece) for piece in merged))
    return Text(tuple(merged))


def _piece(value: Known | Reference | Unknown) -> str | Reference | Unknown:
    return str(value.value) if isinstance(value, Known) else value
