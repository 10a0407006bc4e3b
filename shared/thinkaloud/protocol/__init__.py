"""The frames both ways, and nothing else: no I/O, no clock, no vendor."""

SUBPROTOCOL = "thinkaloud.v1"
#: Seconds of silence after which a live turn says so.
HEARTBEAT = 10.0
