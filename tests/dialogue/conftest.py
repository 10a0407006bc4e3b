"""The stores of tests/state, for what is tried on both versions here too."""

from tests.state.conftest import control, conversations, dynamodb, table, table_definition

__all__ = ["control", "conversations", "dynamodb", "table", "table_definition"]
