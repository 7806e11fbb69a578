"""YAML as this project reads it: plain data, and the file and line of every key."""

from pipeline.registry.yaml_text.read import Place, YamlText, read_yaml

__all__ = ["Place", "YamlText", "read_yaml"]
