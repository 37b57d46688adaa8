"""What functions of libraries do to data: the vocabulary of the flow analysis.

Whatever is not here is unknown, and so is everything that it touches.
"""

from __future__ import annotations

from collections.abc import Mapping

# Functions that only change how data is written down: the step that they are.
CODERS: Mapping[str, str] = {
    "ast.literal_eval": "json",
    "base64.b64decode": "base64",
    "base64.b64encode": "base64",
    "base64.standard_b64decode": "base64",
    "base64.standard_b64encode": "base64",
    "base64.urlsafe_b64decode": "base64",
    "base64.urlsafe_b64encode": "base64",
    "builtins.bytearray": "encode",
    "builtins.bytes": "encode",
    "builtins.float": "number",
    "builtins.int": "number",
    "builtins.repr": "format",
    "builtins.str": "format",
    "bz2.compress": "gzip",
    "bz2.decompress": "gzip",
    "copy.copy": "copy",
    "copy.deepcopy": "copy",
    "dataclasses.asdict": "build",
    "decimal.Decimal": "number",
    "gzip.GzipFile": "gzip",
    "gzip.compress": "gzip",
    "gzip.decompress": "gzip",
    "html.unescape": "urldecode",
    "io.BytesIO": "encode",
    "io.StringIO": "encode",
    "io.TextIOWrapper": "encode",
    "json.dump": "json",
    "json.dumps": "json",
    "json.load": "json",
    "json.loads": "json",
    "orjson.dumps": "json",
    "orjson.loads": "json",
    "pprint.pformat": "format",
    "simplejson.dumps": "json",
    "simplejson.loads": "json",
    "typing.cast": "copy",
    "ujson.dumps": "json",
    "ujson.loads": "json",
    "urllib.parse.quote": "urldecode",
    "urllib.parse.quote_plus": "urldecode",
    "urllib.parse.unquote": "urldecode",
    "urllib.parse.unquote_plus": "urldecode",
    "urllib.parse.urlencode": "urldecode",
    "zlib.compress": "gzip",
    "zlib.decompress": "gzip",
}
# Coders that give text whatever they get.
TEXT_MAKERS = frozenset(
    {
        "builtins.repr",
        "builtins.str",
        "json.dumps",
        "pprint.pformat",
        "simplejson.dumps",
        "ujson.dumps",
        "urllib.parse.quote",
        "urllib.parse.quote_plus",
        "urllib.parse.unquote",
        "urllib.parse.unquote_plus",
        "urllib.parse.urlencode",
    }
)

# Identifiers and the time of day.
GENERATORS = frozenset(
    {
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "datetime.timezone.utc",
        "shortuuid.uuid",
        "time.gmtime",
        "time.localtime",
        "time.monotonic",
        "time.perf_counter",
        "time.strftime",
        "time.time",
        "time.time_ns",
        "ulid.new",
        "ulid.ULID",
        "uuid.uuid1",
        "uuid.uuid4",
        "uuid.uuid7",
    }
)
# Methods that write a time or an identifier as text.
TIME_METHODS = frozenset(
    {
        "astimezone",
        "date",
        "hex",
        "isoformat",
        "replace",
        "strftime",
        "time",
        "timestamp",
        "timetuple",
        "total_seconds",
    }
)

# Functions without effect on anything, whose result is computed.
COMPUTING_PREFIXES = (
    "bisect.",
    "calendar.",
    "collections.",
    "datetime.",
    "dateutil.",
    "decimal.",
    "difflib.",
    "email.",
    "functools.reduce",
    "hashlib.",
    "heapq.",
    "hmac.",
    "html.",
    "itertools.",
    "math.",
    "numpy.",
    "operator.",
    "os.path.",
    "pytz.",
    "random.",
    "re.",
    "secrets.",
    "statistics.",
    "string.",
    "textwrap.",
    "time.mktime",
    "time.strptime",
    "unicodedata.",
    "urllib.parse.",
    "uuid.",
    "xml.",
    "zoneinfo.",
)
COMPUTING_BUILTINS = frozenset(
    {
        "abs",
        "all",
        "any",
        "ascii",
        "bin",
        "bool",
        "callable",
        "chr",
        "divmod",
        "format",
        "frozenset",
        "hasattr",
        "hash",
        "hex",
        "id",
        "isinstance",
        "issubclass",
        "max",
        "min",
        "oct",
        "ord",
        "pow",
        "reversed",
        "round",
        "set",
        "sorted",
        "sum",
        "type",
    }
)

# Watching what happens: logs, metrics and traces. Nothing that flows into them is passed on.
HARMLESS_PREFIXES = (
    "aws_lambda_powertools.Logger",
    "aws_lambda_powertools.Metrics",
    "aws_lambda_powertools.Tracer",
    "aws_lambda_powertools.logging",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.single_metric",
    "aws_lambda_powertools.tracing",
    "aws_xray_sdk.",
    "builtins.print",
    "faulthandler.",
    "gc.",
    "logging.",
    "loguru.",
    "pprint.pprint",
    "structlog.",
    "sys.getsizeof",
    "sys.stderr.",
    "sys.stdout.",
    "traceback.",
    "urllib3.disable_warnings",
    "warnings.",
)
HARMLESS_DECORATORS = (
    "abc.abstractmethod",
    "aws_xray_sdk.",
    "builtins.classmethod",
    "builtins.property",
    "builtins.staticmethod",
    "contextlib.contextmanager",
    "functools.cache",
    "functools.cached_property",
    "functools.lru_cache",
    "functools.wraps",
    "typing.override",
)
# Methods of the Powertools utilities, by which they decorate without touching the data.
HARMLESS_DECORATOR_METHODS = frozenset(
    {
        "capture",
        "capture_async",
        "capture_lambda_handler",
        "capture_method",
        "inject_lambda_context",
        "log_metrics",
    }
)
EVENT_SOURCE = "aws_lambda_powertools.utilities.data_classes"
VALIDATION_PREFIXES = (
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.validation",
    "cerberus.",
    "jsonschema.",
    "marshmallow.",
    "pydantic.",
    "schema.",
    "voluptuous.",
)
IDEMPOTENCY_PREFIX = "aws_lambda_powertools.utilities.idempotency"

# Structure, in the words of libraries.
STRUCTURAL_PREFIXES = (
    "boto3.dynamodb.conditions.",
    EVENT_SOURCE + ".",
)
SERIALIZERS = ("boto3.dynamodb.types.TypeDeserializer", "boto3.dynamodb.types.TypeSerializer")

# Sending over HTTP: the positions of the parameters in a request function with the method in its name.
HTTP_MODULES = ("requests", "httpx")
HTTP_LIBRARIES = frozenset({*HTTP_MODULES, "urllib", "urllib3"})
HTTP_SESSIONS = (
    "httpx.Client",
    "requests.Session",
    "requests.session",
    "requests.sessions.Session",
    "urllib3.PoolManager",
)
HTTP_SENDS = frozenset({"delete", "patch", "post", "put"})
HTTP_READS = frozenset({"get", "head", "options"})

# SDK operations that only fetch configuration: what they return is as good as a constant.
CONFIGURATION = frozenset(
    {
        "appconfig.get_configuration",
        "appconfigdata.get_latest_configuration",
        "appconfigdata.start_configuration_session",
        "secretsmanager.get_secret_value",
        "ssm.get_parameter",
        "ssm.get_parameters",
        "ssm.get_parameters_by_path",
        "sts.get_caller_identity",
    }
)
# The first word of operations that read …
READ_VERBS = frozenset({"batch_get", "describe", "get", "head", "list", "query", "scan", "search", "select"})
# … and of those that write, send or start.
SINK_VERBS = frozenset(
    {
        "add",
        "associate",
        "attach",
        "authorize",
        "batch_write",
        "cancel",
        "change",
        "confirm",
        "copy",
        "create",
        "delete",
        "deregister",
        "detach",
        "disable",
        "disassociate",
        "enable",
        "forgot",
        "initiate",
        "invoke",
        "modify",
        "publish",
        "purge",
        "put",
        "reboot",
        "register",
        "release",
        "remove",
        "replace",
        "resend",
        "reset",
        "respond",
        "restore",
        "revoke",
        "run",
        "send",
        "set",
        "sign",
        "start",
        "stop",
        "submit",
        "subscribe",
        "tag",
        "terminate",
        "transact_write",
        "unsubscribe",
        "untag",
        "update",
        "upload",
        "write",
    }
)
# Services whose calls compute, beside Bedrock's: what goes in is not what comes out.
COMPUTING_SERVICES = frozenset(
    {
        "comprehend",
        "lex-runtime",
        "lexv2-runtime",
        "polly",
        "rekognition",
        "sagemaker-runtime",
        "textract",
        "translate",
    }
)
# Batch operations: the member whose items are calls of their own.
BATCH_MEMBERS: Mapping[str, str] = {
    "batch_write_item": "RequestItems",
    "publish_batch": "PublishBatchRequestEntries",
    "put_events": "Entries",
    "put_log_events": "logEvents",
    "put_record_batch": "Records",
    "put_records": "Records",
    "send_message_batch": "Entries",
}
