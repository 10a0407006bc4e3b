"""Texts -> terms -> sparse vectors, and how much each term says."""
