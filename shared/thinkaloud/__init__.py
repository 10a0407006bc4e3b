"""Thinkaloud: a serverless backend that streams what it does, what it found and the answer as it forms."""
