from lambdalint.data import tables
from lambdalint.iam import actions, connectors, managed


def test_names_and_arns_of_aws_are_told_from_an_accounts_own() -> None:
    assert managed.policy_name("AmazonS3FullAccess") == "AmazonS3FullAccess"
    assert managed.policy_name("arn:aws:iam::aws:policy/service-role/AWSLambdaRole") == "AWSLambdaRole"
    assert managed.policy_name("arn:aws:iam::123456789012:policy/AmazonS3FullAccess") is None
    assert managed.policy_name("${Name}") is None


def test_statements_are_read() -> None:
    (power, *_) = managed.statements("PowerUserAccess") or ()
    assert power.allows
    assert power.inverted
    assert managed.statements("AWSLambdaBasicExecutionRole") is not None
    assert managed.statements("NoSuchPolicy") is None


def test_every_statement_has_actions_and_resources() -> None:
    for name in tables.load("managed_policies.json")["policies"]:
        for statement in managed.statements(name) or ():
            assert statement.actions, name
            assert statement.resources, name
            assert all(action == "*" or ":" in action for action in statement.actions), name


def test_connectors_grant_actions_that_exist() -> None:
    profiles = tables.load("connector_profiles.json")["destinations"]
    for destination, categories in profiles.items():
        assert connectors.categories(destination) == set(categories)
        for statement in connectors.statements(destination, categories) or ():
            assert [one for one in statement.actions if not actions.find(one)] in ([], ["lambda:InvokeAsync"])
    assert connectors.categories("AWS::Serverless::SimpleTable") == {"Read", "Write"}
    assert connectors.statements("AWS::SecretsManager::Secret", ["Read"]) is None
