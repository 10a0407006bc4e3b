"""One worker's time with a turn: claimed, run, sent, stored, handed over."""
