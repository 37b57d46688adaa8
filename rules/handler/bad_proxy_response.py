"""bad-proxy-response: an answer that API Gateway or a load balancer cannot pass on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from lambdalint.application.proxies import Caller, Fault, callers, faults
from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule
from lambdalint.template.contracts import Contract

if TYPE_CHECKING:
    from lambdalint.application.application import Handler
    from lambdalint.python.returns import Reply


class BadProxyResponse(Rule):
    """The handler can return what API Gateway or a load balancer cannot pass on.

    **Why**

    With a proxy integration, what the function returns is the HTTP response: an object with a status code and
    a body, which is text. A REST API answers anything else with 502 and "Malformed Lambda proxy response" in
    its log, and so does a load balancer; an HTTP API answers 500. The function itself succeeds, so nothing
    shows in its errors.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src/
          Handler: app.handler
          Runtime: python3.13
          Events:
            Get:
              Type: Api
              Properties:
                Path: /orders
                Method: get
    ```

    ```python title=src/app.py
    def handler(event, context):
        return {"statusCode": 200, "body": {"orders": []}}
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src/
          Handler: app.handler
          Runtime: python3.13
          Events:
            Get:
              Type: Api
              Properties:
                Path: /orders
                Method: get
    ```

    ```python title=src/app.py
    import json


    def handler(event, context):
        return {"statusCode": 200, "body": json.dumps({"orders": []})}
    ```

    **Limits**

    Speaks only of functions that nothing but proxy integrations, load balancers and function URLs invoke,
    and of kinds of values that are certain. HTTP APIs with payload format 2.0 and function URLs make a
    response of any JSON: there, only a body beside a statusCode counts. Silent under decorators that are not
    known, for frameworks and resolvers, and where the code comes to its end only for a route that it does not
    know. An object of `headers` and `body` without statusCode is left to REST APIs, which answer 200.

    **References**

    - https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    - https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    - https://repost.aws/knowledge-center/malformed-502-api-gateway
    """

    name = "bad-proxy-response"
    severity = "error"
    reads = "both"

    def check_handler(self, handler: Handler) -> Iterator[Finding]:
        known = callers(handler)
        if not known:
            return
        contracts = frozenset(caller.contract for caller in known)
        for reply in handler.replies:
            for fault in faults(handler.kinds, reply, contracts):
                yield self.finding(
                    _MESSAGES[fault.kind].format(name=handler.name, text=fault.text),
                    *_labels(handler, reply, fault),
                    *_caller_labels(handler, known),
                    help=_HELP[fault.kind],
                    functions=handler.ids,
                )


_MESSAGES = {
    "none": "`{name}` answers a request with None",
    "value": "`{name}` answers a request with {text}, not with an object of statusCode and body",
    "status": "`{name}` answers a request with {text}",
    "field": "`{name}` answers with {text}, which API Gateway does not know",
    "body": "the body of the response is {text}, not text",
    "headers": "the response has {text}, but the target group wants multiValueHeaders",
}
_HELP = {
    "none": 'return a response on this way too, such as `{"statusCode": 204}`',
    "value": 'return `{"statusCode": 200, "body": json.dumps(…)}`',
    "status": 'return `{"statusCode": 200, "body": json.dumps(…)}`',
    "field": "put it into the body or the headers: with an unknown field the answer is malformed",
    "body": "encode it: `json.dumps(…)`",
    "headers": 'write `"multiValueHeaders": {"name": ["value"]}`',
}
_WHAT = {
    Contract.REST: "a REST API",
    Contract.HTTP_1: "an HTTP API with payload format 1.0",
    Contract.HTTP_2: "an HTTP API",
    Contract.URL: "a function URL",
    Contract.ALB: "a load balancer",
    Contract.ALB_MULTI: "a load balancer with multi-value headers",
}


def _labels(handler: Handler, reply: Reply, fault: Fault) -> Iterator[Label]:
    if fault.node is handler.node:
        yield handler.label("the code can come to the end of it")
        for end in reply.ends:
            yield handler.module.label(_head(end), "from here", Role.RELATED)
        return
    yield fault.module.label(fault.node, "cannot be passed on")
    if fault.source is not None:
        module, node = fault.source
        if module is not fault.module or not module.contains(fault.node, node):
            yield module.label(node, f"this makes {fault.text}", Role.RELATED)


def _head(end: cst.CSTNode) -> cst.CSTNode:
    """What to point at of a statement that may be long: its condition, or what it goes through."""
    if isinstance(end, (cst.If, cst.While)):
        return end.test
    if isinstance(end, cst.For):
        return end.iter
    if isinstance(end, (cst.ExceptHandler, cst.ExceptStarHandler)) and end.type is not None:
        return end.type
    return end.subject if isinstance(end, cst.Match) else end


def _caller_labels(handler: Handler, known: Sequence[Caller]) -> Iterator[Label]:
    owners = {id(trigger): function.id for function in handler.functions for trigger in function.triggers}
    for caller in known:
        trigger = caller.trigger
        yield trigger.template.label(
            trigger.path,
            f"{_WHAT[caller.contract]} calls it",
            Role.RELATED,
            key=True,
            function=owners.get(id(trigger)),
        )
