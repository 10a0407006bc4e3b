"""Chat and embedding models, each behind one narrow protocol."""
