"""The FastAPI application."""

from __future__ import annotations

from fastapi import FastAPI


def make_application() -> FastAPI:
    """The application with all its routes."""
    return FastAPI(title="Thinkaloud", version="1", redoc_url=None)
