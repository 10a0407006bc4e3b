"""How long to look for trouble: `pytest tests/stream/test_never_lost.py --hypothesis-profile=fuzz`, or `make fuzz`."""

from hypothesis import settings

settings.register_profile("fuzz", max_examples=50_000, deadline=None)
