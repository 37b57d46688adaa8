"""Triggers by API definitions: methods, integrations, authorizers and OpenAPI bodies.

API Gateway waits for the function unless the integration sets the header `X-Amz-Invocation-Type` to 'Event'
(API Gateway developer guide, "Set up asynchronous invocation of the backend Lambda function").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdalint.template.decode import decode
from lambdalint.template.trigger_resources import VALUES, Spec, found_by
from lambdalint.template.triggers import Claim, Mode, Trigger
from lambdalint.template.values import Alternative, Known, Path, Reference, Unknown, Value

if TYPE_CHECKING:
    from lambdalint.template.template import Resource, Template

_HEADER = "integration.request.header.x-amz-invocation-type"

_AUTHORIZERS: Sequence[tuple[str, Spec]] = (
    ("AWS::ApiGateway::Authorizer", ("AuthorizerUri",)),
    ("AWS::ApiGatewayV2::Authorizer", ("AuthorizerUri",)),
    ("AWS::Serverless::Api", ("Auth", "Authorizers", VALUES, "FunctionArn")),
    ("AWS::Serverless::HttpApi", ("Auth", "Authorizers", VALUES, "FunctionArn")),
    ("AWS::Serverless::WebSocketApi", ("Auth", "AuthArn")),
)
# Type → property with the OpenAPI body, property with its file, source.
_BODIES: Sequence[tuple[str, str, str, str]] = (
    ("AWS::ApiGateway::RestApi", "Body", "BodyS3Location", "Api"),
    ("AWS::ApiGatewayV2::Api", "Body", "BodyS3Location", "HttpApi"),
    ("AWS::Serverless::Api", "DefinitionBody", "DefinitionUri", "Api"),
    ("AWS::Serverless::HttpApi", "DefinitionBody", "DefinitionUri", "HttpApi"),
)


def api_claims(template: Template) -> Iterator[Claim]:
    """What the APIs of a template invoke."""
    yield from _methods(template)
    yield from _integrations(template)
    for kind, spec in _AUTHORIZERS:
        for resource in template.of_type(kind):
            for found, holder in found_by(template, resource, spec):
                yield from _authorizer(template, resource.logical_id, found.value, found.path, holder)
    yield from _global_authorizers(template)
    for kind, body, uri, source in _BODIES:
        for resource in template.of_type(kind):
            yield from _definition(template, resource, body, uri, source)


def _methods(template: Template) -> Iterator[Claim]:
    for resource in template.of_type("AWS::ApiGateway::Method"):
        mode, reason = _mode(template, resource.get("Integration", "RequestParameters"))
        for found in resource.get("Integration", "Uri"):
            yield from _claims(template, found, "Api", mode, reason, resource, "the method")


def _integrations(template: Template) -> Iterator[Claim]:
    for resource in template.of_type("AWS::ApiGatewayV2::Integration"):
        mode, reason = _mode(template, resource.get("RequestParameters"))
        source = _protocol(template, resource.get("ApiId"))
        for found in resource.get("IntegrationUri"):
            yield from _claims(template, found, source, mode, reason, resource, "the integration")
    for resource in template.of_type("AWS::Serverless::WebSocketApi"):
        for found, _ in found_by(template, resource, ("Routes", VALUES, "FunctionArn")):
            yield from _claims(template, found, "WebSocketApi", Mode.SYNC, "", resource, "a route of")
    for resource in template.of_type("AWS::ApiGatewayV2::Api"):
        for found in resource.get("Target"):
            yield from _claims(template, found, "HttpApi", Mode.SYNC, "", resource, "the API")


def _claims(
    template: Template,
    found: Alternative,
    source: str,
    mode: Mode,
    reason: str,
    resource: Resource,
    what: str,
) -> Iterator[Claim]:
    for logical_id in template.identity.of(found.value):
        yield (
            logical_id,
            Trigger(
                source=source,
                mode=mode,
                path=found.path,
                template=template,
                name=resource.logical_id,
                proof="resource",
                description=f"{what} `{resource.logical_id}`{_with_header(mode)}",
                resource=_api(resource),
                options=(*resource.path, "Properties"),
                conditions=found.conditions,
                reason=reason,
            ),
        )


def _with_header(mode: Mode) -> str:
    return " with `X-Amz-Invocation-Type: 'Event'`" if mode is Mode.ASYNC else ""


def _api(resource: Resource) -> Value | None:
    """The API that a method or integration belongs to."""
    for key in ("RestApiId", "ApiId"):
        found = resource.get(key)
        if found:
            return found[0].value
    return Reference(resource.logical_id)


def _protocol(template: Template, api: Sequence[Alternative]) -> str:
    for alternative in api:
        if isinstance(alternative.value, Reference):
            declared = template.resources.get(alternative.value.logical_id)
            protocols = declared.get("ProtocolType") if declared is not None else ()
            if any(isinstance(one.value, Known) and one.value.value == "WEBSOCKET" for one in protocols):
                return "WebSocketApi"
    return "HttpApi"


def _mode(template: Template, parameters: Sequence[Alternative]) -> tuple[Mode, str]:
    """How an integration with these request parameters invokes, and why it is UNKNOWN if it is."""
    for alternative in parameters:
        value = alternative.value
        if not (isinstance(value, Known) and isinstance(value.value, dict)):
            return Mode.UNKNOWN, "request parameters"
        for name in value.value:
            if str(name).lower() == _HEADER:
                chosen = template.step((alternative,), name)
                return _header_mode(chosen[0].value if chosen else Known(""))
    return Mode.SYNC, ""


def _header_mode(value: Value) -> tuple[Mode, str]:
    """A literal stands in single quotes; anything else is mapped from the request, so the client chooses."""
    if not isinstance(value, Known):
        return Mode.UNKNOWN, "invocation type"
    text = str(value.value).strip()
    if text == "'Event'":
        return Mode.ASYNC, ""
    return (Mode.SYNC, "") if text.startswith("'") else (Mode.UNKNOWN, "invocation type chosen by the client")


def _authorizer(template: Template, name: str, value: Value, path: Path, options: Path) -> Iterator[Claim]:
    for logical_id in _functions(template, value):
        yield (
            logical_id,
            Trigger(
                source="Authorizer",
                mode=Mode.SYNC,
                path=path,
                template=template,
                name=name,
                proof="resource",
                description=f"an authorizer of `{name}`",
                options=options,
            ),
        )


def _global_authorizers(template: Template) -> Iterator[Claim]:
    for section in ("Api", "HttpApi"):
        base: Path = ("Globals", section, "Auth", "Authorizers")
        declared = template.get(base) if template.is_sam else None
        for name in declared if isinstance(declared, dict) else ():
            for found in template.alternatives((*base, name, "FunctionArn")):
                yield from _authorizer(template, "Globals", found.value, found.path, (*base, name))


def _definition(template: Template, resource: Resource, body: str, uri: str, source: str) -> Iterator[Claim]:
    """Integrations and authorizers of an OpenAPI body: in the template, or in a local file that it names."""
    for found in resource.get(body):
        if isinstance(found.value, Known) and isinstance(found.value.value, dict):
            yield from _openapi(template, resource, source, found.value.value, found.path, inside=True)
        elif isinstance(found.value, Unknown) and found.value.reason == "transform":
            location = template.get((*found.path, "Fn::Transform", "Parameters", "Location"))
            yield from _file(template, resource, source, location, found.path)
    for found in resource.get(uri):
        location = found.value.value if isinstance(found.value, Known) else None
        yield from _file(template, resource, source, location, found.path)


def _file(
    template: Template, resource: Resource, source: str, location: object, path: Path
) -> Iterator[Claim]:
    if not isinstance(location, str) or "://" in location:
        return
    text = template.read(location)
    data = decode(text).data if text is not None else None
    if isinstance(data, dict):
        yield from _openapi(template, resource, source, data, path, inside=False)


def _openapi(
    template: Template, resource: Resource, source: str, body: Mapping[str, Any], path: Path, inside: bool
) -> Iterator[Claim]:
    """`inside` says that the body stands in the template at `path`; else `path` is what names its file."""
    for keys, node in _extensions(body):
        here = (*path, *keys) if inside else path
        if keys[-1] == "x-amazon-apigateway-authorizer":
            for found in template.resolve(node.get("authorizerUri"), (*here, "authorizerUri")):
                proof = found.path if inside else path
                yield from _authorizer(template, resource.logical_id, found.value, proof, here)
            continue
        parameters = node.get("requestParameters")
        mode, reason = (Mode.SYNC, "")
        if isinstance(parameters, dict):
            mode, reason = _mode(template, template.resolve(parameters, (*here, "requestParameters")))
        for found in template.resolve(node.get("uri"), (*here, "uri")):
            for logical_id in _functions(template, found.value):
                yield (
                    logical_id,
                    Trigger(
                        source=source,
                        mode=mode,
                        path=found.path if inside else path,
                        template=template,
                        name=resource.logical_id,
                        proof="resource",
                        description=f"{_operation(keys)} of `{resource.logical_id}`{_with_header(mode)}",
                        resource=Reference(resource.logical_id),
                        options=here if inside else (*resource.path, "Properties"),
                        conditions=found.conditions,
                        reason=reason,
                        integration=_integration(template, node, here),
                    ),
                )


def _integration(template: Template, node: Mapping[str, Any], here: Path) -> str:
    """Type and payload format version of an integration in OpenAPI: "aws_proxy 2.0", "aws"."""
    words: list[str] = []
    for key in ("type", "payloadFormatVersion"):
        values = {found.value for found in template.resolve(node.get(key), (*here, key))}
        value = values.pop() if len(values) == 1 else None
        if isinstance(value, Known) and value.value is not None:
            words.append(str(value.value).lower())
    return " ".join(words)


def _functions(template: Template, value: Value) -> tuple[str, ...]:
    """Functions of an integration's URI. A definition file that SAM includes may hold `${Name.Arn}` in a
    plain string, which is then put in by name."""
    named = template.identity.of(value)
    if named or not (isinstance(value, Known) and isinstance(value.value, str) and "${" in value.value):
        return named
    found = template.resolve({"Fn::Sub": value.value}, ())
    return tuple(name for alternative in found for name in template.identity.of(alternative.value))


def _extensions(body: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """API Gateway's integrations and authorizers in an OpenAPI body, with their keys, in the order
    written."""
    names = ("x-amazon-apigateway-integration", "x-amazon-apigateway-authorizer")
    stack: list[tuple[Path, Any]] = [((), body)]
    while stack:
        keys, node = stack.pop()
        if keys and keys[-1] in names and isinstance(node, dict):
            yield keys, node
            continue
        if len(keys) > 8:  # paths/…/method/extension; deeper lie only schemas and examples
            continue
        if isinstance(node, dict):
            stack.extend(((*keys, key), node[key]) for key in reversed(node))


def _operation(keys: Path) -> str:
    if len(keys) >= 4 and keys[0] == "paths":
        return f"{str(keys[2]).upper()} {keys[1]}" if not str(keys[2]).startswith("x-") else f"ANY {keys[1]}"
    return "an integration"
