"""The event catalogue: which types of events were seen, how often, and what they hold, for people who write rules."""

from pipeline.catalogue.counting import counting
from pipeline.catalogue.shape import MAX_NAMES
from pipeline.catalogue.store import CatalogueStore, SeenType
from pipeline.catalogue.unseen import Unseen, unseen_names

__all__ = [
    # written by the router
    "counting",
    # looked up by people
    "CatalogueStore",
    "SeenType",
    "MAX_NAMES",
    # told when rules are planned
    "Unseen",
    "unseen_names",
]
