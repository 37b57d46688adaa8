"""What stands in the `Policies` of a SAM function and is no policy: the transform refuses it.

samtranslator/model/resource_policies.py tells the kinds apart: a text is a managed policy, a mapping with
`Statement` a document, a mapping of one key that names a policy template is that; anything else is an error.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lambdalint.application.policy_grammar import Mistake
from lambdalint.iam import managed_policies, policy_templates
from lambdalint.template.identity import render
from lambdalint.template.resolve import has_macro
from lambdalint.template.values import Alternative, Known, Path, Text

if TYPE_CHECKING:
    from lambdalint.template.function import LambdaFunction, Property
    from lambdalint.template.template import Template

_OF_STATEMENTS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_OF_DOCUMENTS = frozenset({"Version", "Id", "PolicyName", "PolicyDocument"})

Found = Iterator[tuple["LambdaFunction", Mistake]]


def misplaced(template: Template) -> Found:
    """Mappings that were meant to be policy documents and are none."""
    for function, item in _items(template):
        content = _mapping(item)
        if content is None or "Statement" in content:
            continue
        mistake = _document(item.path, content)
        if mistake is not None:
            yield function, mistake


def misnamed(template: Template) -> Found:
    """Items that name a policy template or a managed policy which does not exist, or with other parameters
    than it has."""
    for function, item in _items(template):
        content = _mapping(item)
        if content is None:
            mistake = _managed(item, sam=True)
        elif "Statement" in content or _document(item.path, content) is not None:
            mistake = None
        else:
            mistake = _template(item.path, content)
        if mistake is not None:
            yield function, mistake


def attached(item: Alternative) -> Mistake | None:
    """What is wrong with an item of a role's `ManagedPolicyArns`."""
    return _managed(item, sam=False)


def _items(template: Template) -> Iterator[tuple[LambdaFunction, Property]]:
    for function in template.functions:
        if function.sam:
            for item in function.items("Policies"):
                yield function, item


def _mapping(item: Property) -> Mapping[Any, Any] | None:
    value = item.value.value if isinstance(item.value, Known) else None
    return value if isinstance(value, dict) and value and not has_macro(value) else None


def _document(path: Path, content: Mapping[Any, Any]) -> Mistake | None:
    keys = {str(key) for key in content}
    if keys & {"PolicyName", "PolicyDocument"}:
        return Mistake(
            path,
            "an item of `Policies` has the form of a role's inline policy",
            "SAM takes the document itself here",
            "write what stands under `PolicyDocument` as the item, without `PolicyName`",
        )
    if keys & _OF_STATEMENTS and keys <= _OF_STATEMENTS | _OF_DOCUMENTS:
        return Mistake(
            path,
            "an item of `Policies` is a statement without a document",
            "has no `Statement`",
            "put it into a list under `Statement`: `- Statement: [{Effect: …, Action: …, Resource: …}]`",
        )
    misspelt = next((key for key in content if _near(str(key), ("Statement",))), None)
    if misspelt is not None and keys <= {str(misspelt)} | _OF_DOCUMENTS:
        return Mistake(
            (*path, misspelt),
            f"a policy document has no element `{misspelt}`",
            "SAM does not know this for a policy",
            "write `Statement`",
            key=True,
        )
    if keys <= _OF_DOCUMENTS:
        return Mistake(path, "a policy document has no `Statement`", "no `Statement`", "add `Statement`")
    return None


def _template(path: Path, content: Mapping[Any, Any]) -> Mistake | None:
    names = [str(key) for key in content]
    known = [name for name in names if policy_templates.find(name)]
    if len(names) == 1:
        return _use(path, names[0], content[names[0]]) if names[0] in content else None
    if len(known) > 1:
        return Mistake(
            path,
            f"an item of `Policies` holds {len(known)} policy templates",
            "one item, several policy templates",
            "make each an item of the list: put `- ` before each name",
        )
    if len(known) == 1:
        others = [name for name in names if name != known[0]]
        return Mistake(
            (*path, known[0]),
            f"`{others[0]}` stands beside `{known[0]}` and not below it",
            "its parameters are on the same level",
            f"indent `{others[0]}`, so that it is a parameter of the policy template",
            key=True,
        )
    near = {name: found for name in names if (found := policy_templates.nearest(name))}
    if not near:
        return Mistake(
            path,
            "an item of `Policies` is no policy",
            "neither a policy template, nor a document, nor a managed policy",
            "an item is the name of a managed policy, a policy template with its parameters, or a mapping "
            "with `Statement`",
        )
    name = next(iter(near))
    return _unknown_template(path, name, near[name])


def _use(path: Path, name: str, parameters: Any) -> Mistake | None:
    found = policy_templates.find(name)
    if found is None:
        return _unknown_template(path, name, policy_templates.nearest(name))
    if not isinstance(parameters, dict):
        if parameters is None and not found.parameters:
            return Mistake(
                (*path, name),
                f"the policy template `{name}` stands without a mapping, which SAM wants even if empty",
                "no mapping follows",
                f"write `{name}: {{}}`",
                key=True,
            )
        wanted = ", ".join(f"{parameter}: …" for parameter in found.parameters)
        return Mistake(
            (*path, name),
            f"the policy template `{name}` has no parameters below it",
            "its parameters must be a mapping",
            f"write `{name}: {{{wanted}}}`",
            key=True,
        )
    if has_macro(parameters):
        return None
    unknown = [str(key) for key in parameters if key not in found.parameters]
    missing = [parameter for parameter in found.parameters if parameter not in parameters]
    if missing and unknown:
        meant = _near(unknown[0], missing) or missing[0]
        return Mistake(
            (*path, name, unknown[0]),
            f"the policy template `{name}` has no parameter `{unknown[0]}`",
            f"`{name}` does not know it",
            f"write `{meant}`",
            key=True,
        )
    if missing:
        return Mistake(
            (*path, name),
            f"the policy template `{name}` lacks its parameter `{missing[0]}`",
            f"`{missing[0]}` is not given",
            f"write `{missing[0]}` below it",
            key=True,
        )
    if unknown:
        takes = f"it takes `{found.parameters[0]}` alone" if found.parameters else "it takes none"
        return Mistake(
            (*path, name, unknown[0]),
            f"the policy template `{name}` has no parameter `{unknown[0]}`",
            "SAM drops it without a word",
            f"remove `{unknown[0]}`: {takes}" if len(found.parameters) < 2 else f"remove `{unknown[0]}`",
            key=True,
        )
    return None


def _unknown_template(path: Path, name: str, near: str | None) -> Mistake:
    managed = managed_policies.path_of(name) is not None
    advice = f"write `{near}`" if near else "look it up in the list of policy templates"
    return Mistake(
        (*path, name),
        f"SAM has no policy template `{name}`",
        "SAM refuses the item",
        f"it is a managed policy: write `- {name}`, without a colon" if managed else advice,
        key=True,
    )


def _managed(item: Property | Alternative, sam: bool) -> Mistake | None:
    """A managed policy by name (SAM looks it up) or by ARN."""
    value = item.value
    if item.parameter or not isinstance(value, (Known, Text)):
        return None
    text = render(value)
    if isinstance(value, Known) and not isinstance(value.value, str):
        return None
    arn = managed_policies.ARN.fullmatch(text)
    if arn is None:
        return _by_name(item.path, text, sam) if isinstance(value, Known) and ":" not in text else None
    name, path = arn["name"], arn["path"]
    known = managed_policies.path_of(name)
    if arn["account"] and (known == path or (known is None and not managed_policies.nearest(name))):
        return None
    if known is None:
        if not arn["account"]:
            return None
        name = managed_policies.nearest(name) or name
        known = managed_policies.path_of(name)
    right = f"{arn['partition']}:iam::aws:policy/{known}{name}"
    return Mistake(
        item.path,
        f"AWS has no managed policy with the ARN `{text}`",
        "the deployment fails: no such policy",
        f"write `arn:{right}`",
    )


def _by_name(path: Path, text: str, sam: bool) -> Mistake | None:
    bare = text.rpartition("/")[2]
    if not sam:
        known = managed_policies.path_of(bare)
        if known is None:
            return None
        return Mistake(
            path,
            f"a role takes the ARNs of managed policies, and `{text}` is a name",
            "a name, no ARN",
            f"write `arn:aws:iam::aws:policy/{known}{bare}`",
        )
    if policy_templates.find(text):
        parameters = policy_templates.templates()[text].parameters
        filled = ", ".join(f"{parameter}: …" for parameter in parameters)
        return Mistake(
            path,
            f"the policy template `{text}` stands as the name of a managed policy",
            "no managed policy of that name",
            f"write it with its parameters: `{text}: {{{filled}}}`",
        )
    if "${" in text or managed_policies.path_of(text) is not None:
        return None
    near = bare if managed_policies.path_of(bare) is not None else managed_policies.nearest(text)
    template = policy_templates.nearest(text) if near is None and text.endswith("Policy") else None
    if near is None and template is None:
        return None
    return Mistake(
        path,
        f"AWS has no managed policy `{text}`",
        "no managed policy of that name",
        f"write `{near}`" if near else f"write the policy template `{template}` with its parameters",
    )


def _near(text: str, known: tuple[str, ...] | list[str]) -> str | None:
    lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(text.lower(), lower, 1, 0.7)
    return lower[found[0]] if found else None
