"""public-function-url: a function URL that anyone may call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdalint.application.exposed import code_asks
from lambdalint.application.wording import and_
from lambdalint.finding import Finding, Label, Role
from lambdalint.rule import Rule
from lambdalint.template.function_urls import function_urls
from lambdalint.template.values import Known, Path

if TYPE_CHECKING:
    from lambdalint.application.application import Application
    from lambdalint.template.function import LambdaFunction
    from lambdalint.template.template import Template


class PublicFunctionUrl(Rule):
    """A function URL asks for no authorization, or lets every site send a visitor's credentials.

    **Why**

    With `AuthType: NONE` whoever finds the URL invokes the function, as often as they like and with whatever
    they like: no quota, key or firewall stands before it, and the bill is yours. With `AllowCredentials` and
    any origin, each site can call it in the name of who visits it.

    **Bad**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          FunctionUrlConfig:
            AuthType: NONE
    ```

    **Good**

    ```yaml title=template.yaml
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Report:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: app.handler
          CodeUri: src/
          FunctionUrlConfig:
            AuthType: AWS_IAM
    ```

    **Limits**

    A webhook is meant to be called by anyone and verifies the caller by itself. Code that has names of what
    callers prove themselves with (headers, tokens, signatures) is taken to do so: silent. Code that does not
    lie beside the template is not seen: say so with an ignore on the line.

    **References**

    - https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    - https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
    """

    name = "public-function-url"
    severity = "warning"
    reads = "both"
    supersedes = ("open-invoke-permission",)
    security_severity = "6.5"

    def check_template(self, template: Template, application: Application) -> Iterator[Finding]:
        opened: dict[Path, list[LambdaFunction]] = {}
        shared: dict[Path, list[LambdaFunction]] = {}
        for url in function_urls(template):
            if url.open_at is not None and not code_asks(application, url.function):
                opened.setdefault(url.open_at, []).append(url.function)
            if url.any_origin_at is not None:
                shared.setdefault(url.any_origin_at, []).append(url.function)
        for path, functions in opened.items():
            yield self.finding(
                f"anyone who knows the URL of {_names(functions)} can invoke it",
                template.label(path, "asks for no authorization"),
                *_others(functions, path),
                *_permissions(template, functions),
                help="use `AuthType: AWS_IAM`, with CloudFront before it for browsers, or verify callers",
                functions=[function.id for function in functions],
            )
        for path, functions in shared.items():
            yield self.finding(
                f"any site may call the URL of {_names(functions)} with its visitors' credentials",
                template.label(path, "every origin, and `AllowCredentials` beside it"),
                *_others(functions, path),
                help="name the origins, or leave `AllowCredentials` out",
                functions=[function.id for function in functions],
            )


def _names(functions: list[LambdaFunction]) -> str:
    return and_([f"`{function.logical_id}`" for function in functions])


def _others(functions: list[LambdaFunction], path: Path) -> Iterator[Label]:
    if path[0] == "Globals":
        for function in functions:
            yield function.label("has it from Globals", Role.RELATED, tied=True)


def _permissions(template: Template, functions: list[LambdaFunction]) -> Iterator[Label]:
    """The permissions for everyone that the URL takes: they are part of this."""
    names = {function.logical_id for function in functions}
    for permission in template.of_type("AWS::Lambda::Permission"):
        named = {one for found in permission.get("FunctionName") for one in template.identity.of(found.value)}
        for principal in permission.get("Principal"):
            if names & named and principal.value == Known("*"):
                yield template.label(principal.path, "the URL takes this", Role.HIDDEN)
