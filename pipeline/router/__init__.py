"""The second stage: who must hear of an event, and in which words."""

from pipeline.router.service import Router, run_router

__all__ = ["Router", "run_router"]
