"""How late a token is shown, and what an answer costs: Thinkaloud, one post per token, and FastAPI, side by side.

    script ──> sender (Thinkaloud's worker, or one post per token) ──boto3──> management API ──WebSocket──> client
    script ──> FastAPI under uvicorn ──────────────────────────────────────────────────────WebSocket──> client

Sender, gateway, FastAPI, moto and client are processes of their own, as they are computers of their own in the cloud.
All take times from `time.monotonic`, which on Linux and macOS is one clock for every process of the machine.
"""
