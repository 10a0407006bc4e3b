"""`make bench`: every figure that the documentation claims, beside its bar, from one run on one machine."""
