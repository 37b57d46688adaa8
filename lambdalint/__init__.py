"""lambdalint: a linter for AWS Lambda that reads the handler and the template, and joins them."""

__version__ = "0.1.0"
