"""A conversation: admission of a question, its prompt, the turn itself and the worker that runs it."""
