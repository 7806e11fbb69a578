"""Registry files as the commands about rules read them: nothing is sent, and no setting but the keys is needed."""

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.attempt.transports import SCHEMAS
from pipeline.registry import Reading, Sealing, read_paths
from pipeline.registry.references import secret_keys


def read_files(files: Iterable[Path]) -> Reading:
    """Read files and folders.

    Raises RegistryErrors with everything that is wrong, in all files.
    """
    keys = secret_keys(os.environ.get("MIH_SECRET_KEYS", ""))
    # Where no key is at hand a sealed secret is as good as any; where one is, a secret may stand in clear.
    return read_paths(files, SCHEMAS, sealing=Sealing(keys, {}) if keys else None)
