"""Documents -> chunks -> vectors; question -> passages."""
