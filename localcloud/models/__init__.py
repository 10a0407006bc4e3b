"""Models without a network: an OpenAI-compatible server for the real `openai` client.

`extractive` quotes the passages in the prompt, `script:<name>` plays what a script says, and `local-embedding`
makes vectors.
"""
