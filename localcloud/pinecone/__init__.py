"""A Pinecone on localhost: the vectors, indexes and inference APIs that the real `pinecone` client speaks, on disk.

    server.py         PineconeServer: one aiohttp application, started and stopped
    data_plane.py     /query, /vectors/*, /namespaces, /describe_index_stats
    control_plane.py  /indexes
    inference.py      /embed, /rerank, /models
    faults.py         /admin/faults: answer badly for a while
    requests.py       the bodies those routes take
    index.py          one index: what the data plane does to it
    namespace.py      the rows of one namespace, in numpy
    search.py         scores: exact nearest neighbours, dense, sparse and hybrid
    filters.py        metadata filters
    records.py        a record and its parts, checked as the service checks them
    schema.py         what an index is declared to be
    catalog.py        the indexes of one folder
    storage.py        one index on disk
    errors.py         the service's error codes and its two error shapes

Shapes, limits and messages follow the service's 2026-07 API: its OpenAPI documents
(https://github.com/pinecone-io/pinecone-api) and its published limits
(https://docs.pinecone.io/reference/api/database-limits). Where it differs on purpose: a write is visible to the next
read, the search is exact, and matches come in the order of their scores.
"""
