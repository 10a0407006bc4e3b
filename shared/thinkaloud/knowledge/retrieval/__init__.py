"""A question -> the passages to answer it from."""
