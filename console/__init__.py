"""The `thinkaloud` command."""
