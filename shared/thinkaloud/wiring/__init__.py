"""Where the parts are put together: one module a function, so that each imports only what it runs.

Nothing is built on import. Each `build` is cached, so clients live as long as the Lambda process does.
"""
