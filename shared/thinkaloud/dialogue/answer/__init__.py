"""The turn itself: what was found becomes a prompt, the prompt text, the text citations."""
