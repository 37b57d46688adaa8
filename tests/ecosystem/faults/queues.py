"""Faults for short-visibility-timeout, queue-without-dlq, stream-without-failure-destination,
unbounded-stream-retries, dlq-on-polled-function, dlq-mismatch, missing-batch-report."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, both, event, property_of, replaced, resource, sole_event

_SQS = """\
PlantedMessages:
  Type: SQS
  Properties:
    Queue: !GetAtt PlantedQueue.Arn"""
_BY_ARN = """\
PlantedMessages:
  Type: SQS
  Properties:
    Queue: !Sub arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:planted
    BatchSize: 20
    MaximumBatchingWindowInSeconds: 5"""
_TOPIC = """\
PlantedTopic:
  Type: SNS
  Properties:
    Topic: !ImportValue planted-topic
    SqsSubscription: true"""
_KINESIS = """\
PlantedStream:
  Type: Kinesis
  Properties:
    Stream: !ImportValue planted-stream
    StartingPosition: LATEST"""
_TABLE = """\
PlantedTable:
  Type: DynamoDB
  Properties:
    Stream: !ImportValue planted-table
    StartingPosition: TRIM_HORIZON
    MaximumRetryAttempts: -1"""
_KAFKA = """\
PlantedKafka:
  Type: MSK
  Properties:
    Stream: !ImportValue planted-cluster
    Topics: [planted]
    StartingPosition: LATEST"""
_QUEUE = "PlantedQueue:\n  Type: AWS::SQS::Queue"
_NAMED = f"{_QUEUE}\n  Properties:\n    QueueName: planted"
_MAPPING = """\

PlantedMapping:
  Type: AWS::Lambda::EventSourceMapping
  Properties:
    FunctionName: !Ref FUNCTION
"""
_FROM_QUEUE = f"{_QUEUE}{_MAPPING}    EventSourceArn: !GetAtt PlantedQueue.Arn"
_FROM_STREAM = f"{_MAPPING.lstrip()}    EventSourceArn: !ImportValue planted\n    StartingPosition: LATEST"
_DEAD_LETTERS = "DeadLetterQueue:\n  Type: SQS\n  TargetArn: !ImportValue planted-dead-letters"
_DESTINATION = (
    "EventInvokeConfig:\n  DestinationConfig:\n    OnFailure:\n      Type: SQS\n"
    "      Destination: !ImportValue planted-dead-letters"
)
_PAIR = """\
PlantedQueue:
  Type: AWS::SQS::Queue
  Properties:
    SOURCE: VALUE
    RedrivePolicy:
      deadLetterTargetArn: !GetAtt PlantedAside.Arn
      maxReceiveCount: 5
PlantedAside:
  Type: AWS::SQS::Queue"""
_STORE = "import json\nimport os\n\nimport boto3\n\ntable = boto3.resource('dynamodb').Table(os.environ['T'])\n\n\n"

FAULTS: dict[str, tuple[Fault, ...]] = {
    "short-visibility-timeout": (
        both(
            "below any timeout",
            event("event", _SQS),
            resource("queue", f"{_QUEUE}\n  Properties:\n    VisibilityTimeout: 5"),
        ),
        both(
            "by default, named by ARN",
            event("event", _BY_ARN),
            property_of("Timeout", "Timeout: 20"),
            resource("queue", _NAMED),
        ),
        both("queue that SAM makes", event("event", _TOPIC), property_of("Timeout", "Timeout: 20")),
        both(
            "of a mapping",
            property_of("Timeout", "Timeout: 20"),
            resource("queue", f"{_FROM_QUEUE}"),
        ),
    ),
    "queue-without-dlq": (
        both("of an event", event("event", _SQS), resource("queue", _QUEUE)),
        both("named by ARN", event("event", _BY_ARN), resource("queue", _NAMED)),
        event("queue that SAM makes", _TOPIC),
        resource("of a mapping", _FROM_QUEUE),
    ),
    "stream-without-failure-destination": (
        event("Kinesis", _KINESIS),
        event("DynamoDB", _TABLE),
        event("Kafka", _KAFKA),
        resource("of a mapping", _FROM_STREAM),
    ),
    "unbounded-stream-retries": (
        event("Kinesis", _KINESIS),
        event("DynamoDB, said to be infinite", _TABLE),
        resource("of a mapping", _FROM_STREAM),
    ),
    "dlq-on-polled-function": (
        both(
            "dead-letter queue",
            sole_event("event", _SQS),
            property_of("DeadLetterQueue", _DEAD_LETTERS),
            resource("queue", _QUEUE),
        ),
        both(
            "destination",
            sole_event("event", _KINESIS),
            property_of("EventInvokeConfig", _DESTINATION),
        ),
    ),
    "dlq-mismatch": (
        resource("FIFO to standard", _PAIR.replace("SOURCE: VALUE", "FifoQueue: true")),
        resource("forgets early", _PAIR.replace("SOURCE: VALUE", "MessageRetentionPeriod: 1209600")),
        resource(
            "standard to FIFO",
            f"{_PAIR}\n  Properties:\n    FifoQueue: true".replace("SOURCE: VALUE", "DelaySeconds: 1"),
        ),
    ),
    "missing-batch-report": (
        both(
            "queue",
            replaced(
                "loop",
                f"{_STORE}def HANDLER(event, context):\n    for record in event['Records']:\n"
                "        table.put_item(Item=json.loads(record['body']))\n",
            ),
            sole_event("event", _SQS),
            resource("queue", _QUEUE),
        ),
        both(
            "stream, in a helper",
            replaced(
                "loop",
                f"{_STORE}def store(record):\n    table.put_item(Item={{'id': record['eventID']}})\n\n\n"
                "def HANDLER(event, context):\n    for record in event.get('Records', []):\n        store(record)\n"
                "    return 'done'\n",
            ),
            sole_event("event", _KINESIS),
        ),
    ),
}
