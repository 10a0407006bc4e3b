"""Who is calling: tokens, their keys, and the principal they prove."""
