"""A Pinecone on localhost: the vectors, indexes and inference APIs that the real `pinecone` client speaks, on disk.

    server.py         PineconeServer: one aiohttp application, started and stopped
    data_plane.py     /query, /vectors/*, /namespaces, /describe_index_stats
    control_plane.py  /indexes
    inference.py      /embed, /rerank, /models, for the models of hosted_models.py
    ranking.py        sparse embeddings, and how well a document answers a query
    faults.py         /admin/faults: answer badly for a while, or as if nothing had been written yet
    requests.py       the bodies of the data plane's requests
    index.py          one index: what the data plane does to it
    admission.py      what an index takes, and what it refuses
    namespace.py      the rows of one namespace, in numpy
    search.py         scores: exact nearest neighbours, dense, sparse and hybrid
    filters.py        metadata filters
    paging.py         pages of ids and of namespaces
    records.py        a record and its parts, with their limits
    schema.py         what an index is declared to be
    catalog.py        the indexes of one folder
    storage.py        one index on disk
    errors.py         the service's error codes and its error shapes

Shapes, limits and messages follow the service's 2026-07 API: its OpenAPI documents
(https://github.com/pinecone-io/pinecone-api) and its published limits
(https://docs.pinecone.io/reference/api/database-limits). It differs on purpose in this: a write is visible to the next
read unless a fault says otherwise, the search is exact, matches always come in the order of their scores, and
statistics take a filter. Not here: the documents and records APIs, imports, backups, collections, gRPC; a request for
them is answered 501.
"""
