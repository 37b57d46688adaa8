from __future__ import annotations

import dataclasses
import json
from pathlib import Path, PurePosixPath

import pytest

from lambdalint import engine, fixer
from lambdalint.application.application import Linked, Project
from lambdalint.config import Configuration, Overrides
from lambdalint.discovery import Files, discover
from lambdalint.registry import load_registry
from lambdalint.report import Report
from lambdalint.rule import Settings
from tests.unit.application.assemblies import (
    HANDLER,
    KEY,
    asset,
    assets,
    function,
    manifest,
    shop,
    template,
)
from tests.unit.application.projects import write

RETENTION = "LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a"
ORDERS = f"cdk.out/asset.{KEY['orders']}"


def found(root: Path, files: dict[str, str], *given: str) -> Files:
    write(root, files)
    return discover(root, [root / path for path in given or ("cdk.out",)])


def handlers(files: Files) -> dict[str, str]:
    """Where each function's code is, by logical id; else why it has none."""
    project = Project.build(files.root, files, lambda path: Settings())
    result = {}
    for unit in project.template_units:
        for application in unit:
            for function_ in application.functions:
                link = application.links[function_.logical_id]
                result[function_.logical_id] = str(link.path) if isinstance(link, Linked) else link.reason
    return result


def lint(files: Files, *rules: str) -> Report:
    registry = load_registry()
    configuration = Configuration(files.root, registry, None, True, Overrides(rules, (), (), True, ""))
    return engine.check(files, configuration, registry, engine.Options(jobs=1))


class TestWhatIsRead:
    def test_an_assembly_that_is_given_although_git_ignores_it(self, tmp_path: Path) -> None:
        files = found(tmp_path, shop())
        assert [str(path) for path in files.templates] == ["cdk.out/Shop.template.json"]
        assert files.notes == ()

    def test_not_one_that_is_only_below_a_given_folder_but_it_is_named(self, tmp_path: Path) -> None:
        files = found(tmp_path, shop(), ".")
        assert files.templates == ()
        assert [str(path) for path in files.python] == ["src/orders/app.py"]
        assert len(files.notes) == 1
        assert files.notes[0].startswith("cdk.out: left out")

    def test_no_remark_for_a_file_elsewhere(self, tmp_path: Path) -> None:
        assert found(tmp_path, shop(), "src/orders/app.py").notes == ()

    def test_a_folder_beside_the_assembly_is_no_build_output(self, tmp_path: Path) -> None:
        files = {f"infra/{name}": text for name, text in shop().items()}
        assert [str(path) for path in found(tmp_path, files, ".").python] == ["infra/src/orders/app.py"]

    def test_an_assembly_of_another_name(self, tmp_path: Path) -> None:
        files = {name.replace("cdk.out/", "dist/", 1): text for name, text in shop().items()}
        assert handlers(found(tmp_path, files, "dist")) == {"Orders1": "src/orders/app.py"}

    def test_only_what_the_manifest_names(self, tmp_path: Path) -> None:
        old = template(Gone=function("orders", asset("orders")))
        files = found(tmp_path, shop(**{"cdk.out/Old.template.json": old}))
        assert [str(path) for path in files.templates] == ["cdk.out/Shop.template.json"]

    def test_everything_without_a_manifest(self, tmp_path: Path) -> None:
        files = shop()
        del files["cdk.out/manifest.json"]
        assert handlers(found(tmp_path, files)) == {"Orders1": "src/orders/app.py"}

    @pytest.mark.parametrize("text", ["", "[]", '{"artifacts": 1}', '{"artifacts": {"a": 1}}', "{", "\x00"])
    def test_a_broken_manifest(self, tmp_path: Path, text: str) -> None:
        files = found(tmp_path, shop(**{"cdk.out/manifest.json": text}))
        assert handlers(files) == {"Orders1": "src/orders/app.py"}

    def test_what_is_excluded_stays_out(self, tmp_path: Path) -> None:
        write(tmp_path, shop())
        files = discover(tmp_path, [tmp_path / "cdk.out"], Settings(exclude=("cdk.out/",)))
        assert files.templates == ()
        assert files.assemblies == ()
        assert any("excludes" in note for note in files.notes)

    def test_stages_and_nested_stacks(self, tmp_path: Path) -> None:
        stack = {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": {"Fn::Sub": "https://s3/9.json"}},
        }
        staged = json.loads(template(Staged=function("orders", {})))
        files = shop(
            **{
                "cdk.out/manifest.json": manifest("Shop", stages=("assembly-Prod",)),
                "cdk.out/Shop.assets.json": assets("orders", "nested", nested="Inner.nested.template.json"),
                "cdk.out/Shop.template.json": template(Inner=stack),
                "cdk.out/Inner.nested.template.json": template(Nested1=function("nested", {})),
                "cdk.out/assembly-Prod/cdk.out": "{}",
                "cdk.out/assembly-Prod/manifest.json": manifest("Prod"),
                "cdk.out/assembly-Prod/Prod.assets.json": assets("orders").replace("asset.", "../asset."),
                "cdk.out/assembly-Prod/Prod.template.json": json.dumps(staged),
                "src/nested/app.py": HANDLER + "# nested\n",
                f"cdk.out/asset.{KEY['nested']}/app.py": HANDLER + "# nested\n",
            }
        )
        expected = {"Nested1": "src/nested/app.py", "Staged": "src/orders/app.py"}
        assert handlers(found(tmp_path, files)) == expected

    def test_nested_stacks_by_their_metadata(self, tmp_path: Path) -> None:
        inner = {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "Inner.template.json"}}
        files = shop(
            **{
                "cdk.out/Shop.template.json": template(Inner=inner),
                "cdk.out/Inner.template.json": template(Orders1=function("orders", asset("orders"))),
            }
        )
        assert handlers(found(tmp_path, files)) == {"Orders1": "src/orders/app.py"}

    def test_nothing_outside_the_root(self, tmp_path: Path) -> None:
        outside = assets("orders").replace("asset.", "../../asset.")
        files = shop(**{"cdk.out/Shop.assets.json": outside})
        files["cdk.out/Shop.template.json"] = template(Orders1=function("orders", {}))
        write(tmp_path, {f"asset.{KEY['orders']}/app.py": HANDLER})
        assert handlers(found(tmp_path / "inner", files)) == {"Orders1": "code in S3"}


class TestWhereTheCodeIs:
    def test_by_the_key_of_the_upload_without_metadata(self, tmp_path: Path) -> None:
        files = shop(**{"cdk.out/Shop.template.json": template(Orders1=function("orders", {}))})
        assert handlers(found(tmp_path, files)) == {"Orders1": "src/orders/app.py"}

    def test_where_it_was_copied_from_with_files_left_out(self, tmp_path: Path) -> None:
        files = found(tmp_path, shop(**{"src/orders/tests/test_app.py": "x = 1\n"}))
        copy = files.copies[PurePosixPath(ORDERS)]
        assert str(copy.folder) == "src/orders"
        assert copy.whole

    def test_the_copy_itself_when_the_source_has_changed(self, tmp_path: Path) -> None:
        files = found(tmp_path, shop(**{"src/orders/app.py": HANDLER + "\n# changed\n"}))
        assert handlers(files) == {"Orders1": f"{ORDERS}/app.py"}
        assert any("differs from src/orders" in note and "cdk synth" in note for note in files.notes)

    def test_the_copy_itself_when_nothing_is_like_it(self, tmp_path: Path) -> None:
        files = shop()
        del files["src/orders/app.py"]
        assert handlers(found(tmp_path, files)) == {"Orders1": f"{ORDERS}/app.py"}

    def test_the_source_of_a_bundle_with_packages_in_it(self, tmp_path: Path) -> None:
        files = found(
            tmp_path,
            shop(
                **{
                    f"{ORDERS}/requests/__init__.py": "",
                    f"{ORDERS}/requests-2.32.0.dist-info/RECORD": "requests/__init__.py,,\n",
                    f"{ORDERS}/version.py": "VERSION = 1\n",
                }
            ),
        )
        assert handlers(files) == {"Orders1": "src/orders/app.py"}
        assert not files.copies[PurePosixPath(ORDERS)].whole
        assert PurePosixPath(f"{ORDERS}/version.py") in files.python
        assert PurePosixPath(f"{ORDERS}/requests/__init__.py") not in files.python

    def test_a_folder_that_was_not_staged(self, tmp_path: Path) -> None:
        metadata = {"aws:asset:path": f"{tmp_path.resolve()}/src/orders"}
        files = shop(**{"cdk.out/Shop.template.json": template(Orders1=function("orders", metadata))})
        del files[f"{ORDERS}/app.py"]
        assert handlers(found(tmp_path, files)) == {"Orders1": "src/orders/app.py"}

    def test_a_folder_that_another_machine_did_not_stage(self, tmp_path: Path) -> None:
        metadata = {"aws:asset:path": "/home/someone/shop/src/orders"}
        files = shop(**{"cdk.out/Shop.template.json": template(Orders1=function("orders", metadata))})
        assert handlers(found(tmp_path, files)) == {"Orders1": "src/orders/app.py"}

    def test_the_context_of_an_image(self, tmp_path: Path) -> None:
        metadata = asset("image", **{"aws:asset:dockerfile-path": "Dockerfile"})
        image = {
            "Type": "AWS::Lambda::Function",
            "Properties": {"PackageType": "Image", "Code": {"ImageUri": {"Fn::Sub": f"r:{KEY['image']}"}}},
            "Metadata": metadata,
        }
        dockerfile = 'FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./\nCMD ["app.handler"]\n'
        files = shop(
            **{
                "cdk.out/Shop.template.json": template(Image1=image),
                "cdk.out/Shop.assets.json": json.dumps(
                    {
                        "dockerImages": {
                            "i": {
                                "source": {"directory": f"asset.{KEY['image']}"},
                                "destinations": {"here": {"imageTag": KEY["image"]}},
                            }
                        }
                    }
                ),
                "src/image/app.py": HANDLER + "# image\n",
                "src/image/Dockerfile": dockerfile,
                f"cdk.out/asset.{KEY['image']}/app.py": HANDLER + "# image\n",
                f"cdk.out/asset.{KEY['image']}/Dockerfile": dockerfile,
            }
        )
        assert handlers(found(tmp_path, files)) == {"Image1": "src/image/app.py"}
        del image["Metadata"]
        files["cdk.out/Shop.template.json"] = template(Image1=image)
        assert handlers(found(tmp_path, files)) == {"Image1": "src/image/app.py"}

    def test_layers(self, tmp_path: Path) -> None:
        layer = {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {"Content": {"S3Bucket": "b", "S3Key": f"{KEY['shared']}.zip"}},
            "Metadata": {},
        }
        orders = function("orders", asset("orders"), Layers=[{"Ref": "Shared1"}])
        files = found(
            tmp_path,
            shop(
                **{
                    "cdk.out/Shop.template.json": template(Orders1=orders, Shared1=layer),
                    "cdk.out/Shop.assets.json": assets("orders", "shared"),
                    "src/orders/app.py": "import shared\n" + HANDLER,
                    f"{ORDERS}/app.py": "import shared\n" + HANDLER,
                    "src/layer/python/shared.py": "A = 1\n",
                    f"cdk.out/asset.{KEY['shared']}/python/shared.py": "A = 1\n",
                }
            ),
        )
        project = Project.build(files.root, files, lambda path: Settings())
        application = project.application(files.templates[0])
        assert application is not None
        paths = [str(module.source.path) for module in application.modules]
        assert paths == ["src/layer/python/shared.py", "src/orders/app.py"]
        assert application.handlers[0].opaque == ()

    def test_assets_are_no_loose_handlers(self, tmp_path: Path) -> None:
        old = f"cdk.out/asset.{'0' * 64}/app.py"
        report = lint(found(tmp_path, shop(**{old: HANDLER})), "client-per-invocation")
        assert [str(finding.path) for finding in report.findings] == ["src/orders/app.py"]


class TestFindings:
    def test_about_code_point_at_the_source_although_only_the_assembly_is_given(self, tmp_path: Path) -> None:
        (finding,) = lint(found(tmp_path, shop()), "client-per-invocation").findings
        assert str(finding.path) == "src/orders/app.py"
        assert finding.constructs == ()

    def test_of_a_stack_that_is_not_given_stay_out(self, tmp_path: Path) -> None:
        files = shop(
            **{
                "cdk.out/manifest.json": manifest("Shop", "Other"),
                "cdk.out/Other.template.json": template(Nested1=function("nested", asset("nested"))),
                "cdk.out/Other.assets.json": assets("nested"),
                "src/nested/app.py": HANDLER + "# nested\n",
                f"cdk.out/asset.{KEY['nested']}/app.py": HANDLER + "# nested\n",
            }
        )
        report = lint(found(tmp_path, files, "cdk.out/Other.template.json"), "client-per-invocation")
        assert [str(finding.path) for finding in report.findings] == ["src/nested/app.py"]

    def test_about_the_template_name_the_construct(self, tmp_path: Path) -> None:
        (finding,) = lint(found(tmp_path, shop()), "default-memory").findings
        assert str(finding.path) == "cdk.out/Shop.template.json"
        assert finding.constructs == ("Shop/Orders",)

    def test_by_the_manifest_where_the_template_does_not(self, tmp_path: Path) -> None:
        files = shop(
            **{
                "cdk.out/Shop.template.json": template(Orders1=function("orders", {})),
                "cdk.out/manifest.json": manifest("Shop", constructs={"Shop/Orders/Resource": "Orders1"}),
            }
        )
        (finding,) = lint(found(tmp_path, files), "default-memory").findings
        assert finding.constructs == ("Shop/Orders",)

    def test_by_neither_where_nested_stacks_share_a_logical_id(self, tmp_path: Path) -> None:
        constructs = {"Shop/Orders/Resource": "Orders1", "Shop/Inner/Orders/Resource": "Orders1"}
        files = shop(
            **{
                "cdk.out/Shop.template.json": template(Orders1=function("orders", {})),
                "cdk.out/manifest.json": manifest("Shop", constructs=constructs),
            }
        )
        (finding,) = lint(found(tmp_path, files), "default-memory").findings
        assert finding.constructs == ()

    def test_have_no_fix_in_what_is_written_anew(self, tmp_path: Path) -> None:
        findings = lint(found(tmp_path, shop()), "no-tracing").findings
        assert [finding.fix for finding in findings] == [None]

    def test_are_fixed_in_the_source(self, tmp_path: Path) -> None:
        text = "import json\nimport os\n\n\ndef handler(event, context):\n    return os.name\n"
        write(tmp_path, shop(**{"src/orders/app.py": text, f"{ORDERS}/app.py": text}))
        files = discover(tmp_path, [tmp_path / "cdk.out"])
        fixed = fixer.fix(files.root, lambda: lint(files, "unused-import"), files.reported, False)
        fixer.write(fixed.changes)
        assert "import json" not in (tmp_path / "src/orders/app.py").read_text()
        assert (tmp_path / ORDERS / "app.py").read_text() == text

    def test_leave_out_what_the_library_makes_for_itself(self, tmp_path: Path) -> None:
        names = {
            f"{RETENTION}FD4BFC8A": RETENTION,
            "PframeworkonEventCB72A785": "P/framework-onEvent",
            "CustomS3AutoDeleteObjectsCustomResourceProviderHandler9D90184F": "Custom::S3AutoDelete",
        }
        own = {
            name: function("orders", {"aws:cdk:path": f"Shop/{path}/Resource"})
            for name, path in names.items()
        }
        theirs = {"Orders1": function("orders", asset("orders"))}
        files = found(tmp_path, shop(**{"cdk.out/Shop.template.json": template(**own, **theirs)}))
        (finding,) = lint(files, "default-memory").findings
        assert [each.logical_id for each in finding.functions] == ["Orders1"]

    @pytest.mark.parametrize(
        ("actions", "flagged"), [(["s3:GetObject*", "s3:List*"], []), (["s3:*"], [True])]
    )
    def test_leave_out_what_its_grants_write(
        self, tmp_path: Path, actions: list[str], flagged: list[bool]
    ) -> None:
        statement = {"Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::bucket"}
        policy = {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "P",
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
                "Roles": [{"Ref": "Role1"}],
            },
            "Metadata": {"aws:cdk:path": "Shop/Orders/ServiceRole/DefaultPolicy/Resource"},
        }
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
        role = {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
        }
        orders = function("orders", asset("orders"), Role={"Fn::GetAtt": ["Role1", "Arn"]})
        text = template(Role1=role, Policy1=policy, Orders1=orders)
        report = lint(found(tmp_path, shop(**{"cdk.out/Shop.template.json": text})), "wildcard-permission")
        assert [True for _ in report.findings] == flagged


def test_workers_give_the_same(tmp_path: Path) -> None:
    files = found(tmp_path, shop())
    registry = load_registry()
    configuration = Configuration(files.root, registry, None, True, Overrides((), (), (), True, ""))
    one, two = (
        engine.check(files, configuration, registry, engine.Options(jobs=jobs)).findings for jobs in (1, 2)
    )
    assert one == two
    assert one


def test_copies_are_plain_data(tmp_path: Path) -> None:
    files = found(tmp_path, shop())
    assert dataclasses.asdict(files.copies[PurePosixPath(ORDERS)])["whole"] is True
