"""Services and rules: read from files, kept as numbered revisions, followed by every process."""

from pipeline.registry.changes import Change, changes
from pipeline.registry.current import CurrentRegistry
from pipeline.registry.export import to_yaml
from pipeline.registry.findings import Finding, RegistryErrors
from pipeline.registry.follow import follow
from pipeline.registry.interventions import Intervention, Interventions, InterventionStore, Kind
from pipeline.registry.json_schema import json_schema
from pipeline.registry.model import Retry, ServiceBase
from pipeline.registry.read import Reading, read_paths, read_texts
from pipeline.registry.registry import Registry, compile_registry
from pipeline.registry.sealing import Sealing
from pipeline.registry.store import Outdated, Resealed, RevisionStore
from pipeline.registry.transport_schema import TransportSchema

__all__ = [
    # what a registry is
    "Registry",
    "Retry",
    "ServiceBase",
    "TransportSchema",
    "compile_registry",
    # files
    "Finding",
    "Reading",
    "RegistryErrors",
    "Sealing",
    "json_schema",
    "read_paths",
    "read_texts",
    "to_yaml",
    # revisions
    "Change",
    "CurrentRegistry",
    "Outdated",
    "Resealed",
    "RevisionStore",
    "changes",
    "follow",
    # people's word
    "Intervention",
    "InterventionStore",
    "Interventions",
    "Kind",
]
