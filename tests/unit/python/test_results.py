"""What becomes of what a call returns."""

from __future__ import annotations

import libcst as cst
import pytest

from lambdalint.python.results import Results, Uses, Way

from .analysis import analyse

HEAD = "import json, logging, boto3\nlogger = logging.getLogger()\nbus = boto3.client('events')\n"


def uses(files: dict[str, str] | str, method: str = "put_events") -> Uses:
    """What becomes of the result of the first call of a method."""
    found = analyse(files)
    results = Results(found.evaluator, found.reach)
    for module in found.reach.modules:
        for call in module.nodes(cst.Call):
            if isinstance(call.func, cst.Attribute) and call.func.attr.value == method:
                return results.of(module, call)
    raise AssertionError(method)


def in_handler(body: str, before: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"{HEAD}{before}\ndef handler(event, context):\n{lines}"


def short(found: Uses) -> set[str]:
    """Each use as its way, with the key."""
    return {use.way.value + (f" {use.key}" if use.key is not None else "") for use in found}


CALL = "bus.put_events(Entries=[])"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (CALL, set()),
        (f"answer = {CALL}", set()),
        (f"_ = {CALL}\nreturn event", set()),
        (f"return {CALL}", {"return"}),
        (f"return {{'statusCode': 200, 'body': json.dumps({CALL})}}", {"return"}),
        (f"answer = {CALL}\nif answer['Failed']:\n    raise ValueError", {"key Failed"}),
        (f"answer = {CALL}\nn = answer.get('Failed', 0)", {"key Failed"}),
        (f"if {CALL}['Failed'] > 0:\n    pass", {"key Failed"}),
        (f"if (answer := {CALL}).get('Failed'):\n    pass", {"key Failed"}),
        (f"name = 'Failed'\nanswer = {CALL}\nanswer[name]", {"key Failed"}),
        (f"answer = {CALL}\nif 'Failed' in answer:\n    pass", {"test Failed"}),
        (f"answer = {CALL}\nif answer:\n    pass", {"test"}),
        (f"answer = {CALL}\nif answer is None:\n    pass", {"test"}),
        (f"print({CALL})", {"log"}),
        (f"answer = {CALL}\nlogger.info('sent %s', answer)", {"log"}),
        (f"answer = {CALL}\nlogger.info(f'sent {{json.dumps(answer)}}')", {"log"}),
        (f"answer = {CALL}\nlogger.info('sent: ' + str(answer))", {"log"}),
        (f"answer = {CALL}\ntext = json.dumps(answer, default=str)\nprint(text)", {"log"}),
        (f"answer = json.loads(json.dumps({CALL}))\nanswer['Failed']", {"key Failed"}),
        (f"answer = {CALL}\nsend(answer)", {"lost"}),
        (f"answer = {CALL}\nfor key in answer:\n    pass", {"whole"}),
        (f"answer = {CALL}\nanswer[event['key']]", {"key"}),
        (f"answer = {CALL} or {{}}\nanswer.get('Failed')", {"key Failed"}),
        (f"answer, other = {CALL}, 1\nanswer['Failed']", {"key Failed"}),
        (f"answer, other = {CALL}, 1\nother['Failed']", set()),
        (f"answers = [{CALL} for _ in event]\nfor a in answers:\n    a['Failed']", {"key Failed"}),
        (f"answers = [{CALL} for _ in event]\nprint(len(answers))", set()),
        (f"answers = []\nanswers.append({CALL})\nfor a in answers:\n    a['Failed']", {"key Failed"}),
        (f"answers = []\nanswers.append({CALL})", set()),
        (f"answers = []\nanswers += [{CALL}]\nreturn answers", {"return"}),
        (f"by = {{}}\nby['a'] = {CALL}\nby['a']['Failed']", {"key Failed"}),
        (f"by = {{'a': {CALL}, 'b': 1}}\nprint(by['b'])", set()),
        (f"failed = sum(a['Failed'] for a in [{CALL}])", {"key Failed"}),
        (f"answer = {CALL}\nanswer = {{}}\nanswer['Failed']", set()),
        (f"answer = {CALL}\nanswer['Failed'] = 1", set()),
        (f"with open({CALL}) as f:\n    pass", {"lost"}),
        (f"answer = {CALL}\nlen(answer['Entries'])", {"key Entries"}),
    ],
)
def test_within_a_function(body: str, expected: set[str]) -> None:
    assert short(uses(in_handler(body))) == expected


@pytest.mark.parametrize(
    ("before", "body", "expected"),
    [
        (f"def send():\n    return {CALL}", "send()", set()),
        (f"def send():\n    return {CALL}", "send()['Failed']", {"key Failed"}),
        (f"def send():\n    return 1, {CALL}", "one, two = send()\ntwo['Failed']", {"key Failed"}),
        (f"def send():\n    return 1, {CALL}", "one, two = send()\none['Failed']", set()),
        (f"def send():\n    return {CALL}", "list(map(send, event))", {"lost"}),
        (f"def send():\n    yield {CALL}", "for a in send():\n    a['Failed']", {"key Failed"}),
        (f"async def send():\n    return {CALL}", "answer = asyncio.run(send())", {"lost"}),
        ("def look(answer):\n    return answer['Failed']", f"look({CALL})", {"key Failed"}),
        ("def look(a, answer=None):\n    return a", f"look(1, answer={CALL})", set()),
        ("def look(*answers):\n    return 1", f"look({CALL})", {"lost"}),
        (
            f"class Bus:\n    def send(self):\n        self.answer = {CALL}\n"
            "    def check(self):\n        return self.answer['Failed']",
            "b = Bus()\nb.send()\nb.check()",
            {"key Failed"},
        ),
        (
            f"class Bus:\n    def send(self):\n        return {CALL}\n"
            "    def publish(self):\n        self.send()",
            "Bus().publish()",
            set(),
        ),
        (
            "class Answer:\n    def __init__(self, raw):\n        self.failed = raw['Failed']",
            f"Answer({CALL})",
            {"key Failed"},
        ),
        (f"@tenacity.retry\ndef send():\n    return {CALL}", "send()", set()),
        (f"@route('/')\ndef send():\n    return {CALL}", "send()", {"lost"}),
        (f"@property\ndef send(self):\n    return {CALL}", "self.send['Failed']\nsend", {"key Failed"}),
    ],
)
def test_across_functions(before: str, body: str, expected: set[str]) -> None:
    assert short(uses(in_handler(body, before))) == expected


def test_across_modules() -> None:
    helper = f"{HEAD}def send(entries):\n    return {CALL}\n"
    app = "import helper\nfrom helper import send\n\ndef handler(event, context):\n    send(event)\n"
    assert short(uses({"app.py": app, "helper.py": helper})) == set()
    reading = f"{app}    print(helper.send(event)['Failed'])\n"
    assert short(uses({"app.py": reading, "helper.py": helper})) == {"key Failed"}
    handing = f"{app}    run(helper.send)\n"
    assert short(uses({"app.py": handing, "helper.py": helper})) == {"lost"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("for item in items:\n    pass", {"whole"}),
        ("[item for item in items]", {"whole"}),
        ("for item in items:\n    print(item)\n    break", {"one"}),
        ("return items", {"return"}),
        ("items[0]", {"key 0"}),
        ("items[:5]", {"one"}),
        ("for item in items[1:]:\n    pass", {"whole"}),
        ("next(iter(items), None)", {"one"}),
        ("if not items:\n    return", {"test"}),
        ("if len(items) > 0:\n    return", {"test"}),
        ("print(len(items))", {"count"}),
        ("found = []\nfound.extend(items)", {"whole"}),
        ("found = []\nfound += items", {"whole"}),
        ("if 'a' in items:\n    pass", {"test a"}),
        ("found = []\nfound.extend(items)\nreturn found", {"whole", "return"}),
        ("found = [1]\nfound += items\nprint(found[0])", {"whole", "key 0"}),
        ("sorted(items)[0]", {"whole", "key 0"}),
        ("max(items)", {"whole"}),
        ("items.sort()", {"whole"}),
    ],
)
def test_of_a_part(body: str, expected: set[str]) -> None:
    text = in_handler(f"answer = {CALL}\nitems = answer['Items']\n{body}")
    found = analyse(text)
    results = Results(found.evaluator, found.reach)
    call = next(c for c in found.module.nodes(cst.Call) if found.module.tree.code_for_node(c) == CALL)
    (part,) = results.of(found.module, call).parts("Items")
    assert short(results.of(part.module, part.node)) == expected


def test_of_each_item() -> None:
    text = in_handler("for page in bus.put_events(Entries=[]):\n    for item in page['Items']:\n        pass")
    found = analyse(text)
    results = Results(found.evaluator, found.reach)
    call = next(c for c in found.module.nodes(cst.Call) if found.module.tree.code_for_node(c) == CALL)
    assert short(results.of_items(found.module, call)) == {"key Items"}


def test_what_may_be_claimed() -> None:
    assert uses(in_handler(CALL)).is_ignored
    logged = uses(in_handler(f"print({CALL})"))
    assert logged.is_only_logged
    assert logged.leaves_unread("Failed")
    assert not uses(in_handler(f"send({CALL})")).leaves_unread("Failed")
    assert not uses(in_handler(f"return {CALL}")).leaves_unread("Failed")
    assert uses(in_handler(f"{CALL}['Entries']")).leaves_unread("Failed")
    lost = uses(in_handler(f"send({CALL})")).lost
    assert lost is not None
    assert lost.way is Way.LOST
