"""The PHP plugin's services and rules, as its tables hold them, to a registry file and all that differs from there."""

from pipeline.plugin_import.convert import Imported, import_tables
from pipeline.plugin_import.entry import Difference, Entry, Variable
from pipeline.plugin_import.file_text import file_text, told
from pipeline.plugin_import.place import Place, PluginErrors, Problem
from pipeline.plugin_import.tables import Tables, read_tables

__all__ = [
    # read
    "Place",
    "PluginErrors",
    "Problem",
    "Tables",
    "read_tables",
    # converted
    "Difference",
    "Entry",
    "Imported",
    "Variable",
    "file_text",
    "import_tables",
    "told",
]
