"""Connections, sessions and turns, behind small protocols: DynamoDB in service, memory in tests."""
