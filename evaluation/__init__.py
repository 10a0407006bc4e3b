"""Measures answers: questions whose answers are known -> figures, a report, and what differs between two runs."""
