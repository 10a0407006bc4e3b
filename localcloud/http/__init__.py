"""API Gateway's HTTP API on 127.0.0.1, for Lambda integrations in payload format 2.0.

Where a rule comes from stands next to it: `[doc]` is AWS's documentation, `[trace]` somebody's record of the real
service, and `[?]` an inference.

Not modelled: TLS and custom domains, throttling, access logs, stage variables, JWT and IAM authorizers, integrations
other than Lambda's, payload format 1.0, parameter mapping.
"""
