"""Reading a SAM template: what the local cloud and the tests need to know of it."""
