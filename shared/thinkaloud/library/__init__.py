"""A tenant's documents as things with a life: announced, uploaded, read, found, replaced, removed."""
