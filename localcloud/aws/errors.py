"""What goes wrong with the AWS services."""

from __future__ import annotations


class AwsUnavailable(Exception):
    """The AWS services cannot be reached or started. `str()` is one line that says what to do."""
