"""Faults for the rules about how functions run: runtimes, limits, layers, versions, tracing and logs."""

from __future__ import annotations

from tests.ecosystem.faults.shapes import Fault, both, cut, dropped, property_of, written

_LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer"
_SIX = "Layers:\n" + "\n".join(f"  - {_LAYER}:planted{number}:1" for number in range(6))
_PROVISIONED = "ProvisionedConcurrencyConfig:\n  ProvisionedConcurrentExecutions: 5"
_ALIAS = property_of("AutoPublishAlias", "AutoPublishAlias: planted")

FAULTS: dict[str, tuple[Fault, ...]] = {
    "deprecated-runtime": (
        written("python3.8", "Runtime", lambda _: "python3.8"),
        written("python3.6", "Runtime", lambda _: '"python3.6"'),
        cut("put together", r"^( +)Runtime: *python\S+ *$", r"\1Runtime: !Sub python3.7"),
    ),
    "default-memory": (dropped("no memory", "MemorySize"),),
    "default-timeout": (dropped("no timeout", "Timeout"),),
    "too-many-layers": (property_of("Layers", _SIX),),
    "unpinned-layer": (
        property_of("Layers", f"Layers:\n  - {_LAYER}:planted"),
        property_of("Layers", f"Layers:\n  - {_LAYER}:planted:latest"),
        property_of(
            "Layers", "Layers:\n  - !Sub arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:layer:planted"
        ),
    ),
    "provisioned-without-alias": (
        property_of("ProvisionedConcurrencyConfig", _PROVISIONED),
        property_of("SnapStart", "SnapStart:\n  ApplyOn: PublishedVersions"),
    ),
    "provisioned-without-scaling": (
        both("fixed", _ALIAS, property_of("ProvisionedConcurrencyConfig", _PROVISIONED)),
    ),
    "no-tracing": (
        cut("nothing in Globals", r"^ +Tracing: *Active *\n"),
        cut("left to the caller", r"^( +)Tracing: *Active *$", r"\1Tracing: PassThrough"),
        cut("API", r"^ +TracingEnabled: *[Tt]rue *\n"),
    ),
    "log-retention": (
        cut("no retention", r"^ +RetentionInDays: *\S.*\n"),
        cut("another name", r"LogGroupName: *.*/aws/lambda/.*$", "LogGroupName: /planted/elsewhere"),
    ),
    "x86-only": (
        cut("by default", r"^ +Architectures: *\n +- *arm64 *\n"),
        cut("asked for", r"^( +)(Architectures: *\n +- *)arm64 *$", r"\1\2x86_64"),
        property_of("Architectures", "Architectures: [x86_64]"),
    ),
}
