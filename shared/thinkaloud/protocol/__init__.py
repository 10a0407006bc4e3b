"""The frames both ways, and nothing else: no I/O, no clock, no vendor."""

SUBPROTOCOL = "thinkaloud.v1"
