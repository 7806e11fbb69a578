"""The first stage: an event arrives, in whatever format, and goes on as one Event, once."""

from pipeline.ingest.sample import sample_event
from pipeline.ingest.service import Ingest, run_ingest

__all__ = ["Ingest", "run_ingest", "sample_event"]
