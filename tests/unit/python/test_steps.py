from __future__ import annotations

from textwrap import dedent, indent

import pytest

from lambdalint.python.steps import chain

from .analysis import analyse

HEAD = """
import boto3
s3 = boto3.client("s3")
sns = boto3.client("sns")
sqs = boto3.client("sqs")
ssm = boto3.client("ssm")
table = boto3.resource("dynamodb").Table("t")
"""


def steps(body: str, more: str = "") -> list[str]:
    code = f"{HEAD}{dedent(more)}\ndef handler(event, context):\n{indent(dedent(body), '    ')}\n"
    found = analyse(code)
    return [step.api for step in chain(found.evaluator, found.reach, found.calls)]


READ = "found = s3.get_object(Bucket='b', Key='k')\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (READ + "sns.publish(TopicArn='t', Message=found['ETag'])", ["s3.get_object", "sns.publish"]),
        (READ + "sns.publish(TopicArn='t', Message='m')", []),
        (READ + "if found:\n    sns.publish(TopicArn='t')", ["s3.get_object", "sns.publish"]),
        (READ + "for each in found['x']:\n    sns.publish(Message='m')", ["s3.get_object", "sns.publish"]),
        (READ + "many = []\nmany.append(found)\nsns.publish(Message=many)", ["s3.get_object", "sns.publish"]),
        (READ + "one = {}\none['a'] = found\nsns.publish(**one)", ["s3.get_object", "sns.publish"]),
        (READ + "a = [x for x in found['y']]\nb = len(a) + 1\nsns.publish(Message=b)",
         ["s3.get_object", "sns.publish"]),
        (READ + "a = sns.publish(Message=found)\nsqs.send_message(MessageBody=a)\ntable.put_item(Item=a)",
         ["s3.get_object", "sns.publish", "sqs.send_message"]),
        ("name = ssm.get_parameter(Name='n')\nsns.publish(TopicArn=name['Parameter']['Value'])", []),
        ("a = table.get_item(Key={})\ntable.put_item(Item=a)\ntable.delete_item(Key=a)", []),
    ],
)  # fmt: skip
def test_chains(body: str, expected: list[str]) -> None:
    assert steps(body) == expected


def test_helpers_hand_values_on() -> None:
    more = """
    def read(key):
        return s3.get_object(Bucket="b", Key=key)["Body"].read()

    def tell(text, to="t"):
        return sns.publish(TopicArn=to, Message=text)

    class Sender:
        def __init__(self, text):
            self.text = text

        def send(self):
            sqs.send_message(QueueUrl="q", MessageBody=self.text)
    """
    assert steps("sent = tell(text=read('k'))\nSender(sent['MessageId']).send()", more) == [
        "s3.get_object",
        "sns.publish",
        "sqs.send_message",
    ]


def test_a_test_around_the_caller_counts() -> None:
    more = "def tell():\n    sns.publish(TopicArn='t', Message='m')\n"
    assert steps(f"{READ}if found:\n    tell()", more) == ["s3.get_object", "sns.publish"]


def test_recursion_ends() -> None:
    more = """
    def walk(x):
        y = s3.list_objects_v2(Bucket=x)
        sns.publish(Message=walk(y))
        return walk(y)
    """
    assert steps("walk('b')", more) == ["s3.list_objects_v2", "sns.publish"]
