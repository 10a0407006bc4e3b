"""The edge: raw API Gateway events in, posts to connections out."""
