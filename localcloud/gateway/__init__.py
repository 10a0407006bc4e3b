"""API Gateway's WebSocket API on 127.0.0.1: the sockets, the management API beside them, and faults to inject.

Where a rule comes from stands next to it. `[doc]` is AWS's documentation, `[model]` botocore's service model,
`[trace]` somebody's record of the real service, and `[?]` an inference, kept in one place so that it is easy to
correct.

Not modelled, because nothing on a laptop comes near them: the account's request and connection rates, billing,
access logs, stage variables, and integrations other than Lambda proxies.
"""
