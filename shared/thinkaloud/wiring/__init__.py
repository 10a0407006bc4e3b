"""Where the parts are put together: one module a function, so that each imports only what it runs.

Nothing is built on import. What builds a client is cached, so that it lives as long as the Lambda process does.
"""

import gc

# A cold start makes half a million objects that all stay. With its default threshold the collector walks over them a
# thousand times and finds nothing: a sixth of the CPU that importing takes.
gc.set_threshold(50_000, 20, 20)
