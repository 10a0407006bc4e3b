"""The HTTP API: what may be asked of a tenant's documents, and how it is answered."""
