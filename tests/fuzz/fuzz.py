"""Fuzzing, led by coverage: atheris mutates bytes, hypothesis reads them as the inputs of a property.

The properties are those of the unit tests, so that there is one oracle; here they are asked for minutes, with inputs
that reach lines which no input reached before. `make fuzz` runs them all, two at a time, each in its own process:

    fuzz.py SECONDS             every property, for so long each; 1 when one was broken, its input is shown
    fuzz.py SECONDS PROPERTY    one of them, in this process
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from subprocess import PIPE, STDOUT

import atheris

UNIT = Path(__file__).parents[1] / "unit"
#: Files of properties, below tests/unit: every one of their properties is fuzzed.
FILES = (
    "attempt/test_answer_fuzz.py",
    "broker/test_nested_headers_fuzz.py",
    "ingest/test_ingest_properties.py",
    "messages/test_decoder_fuzz.py",
    "messages/test_exact_json.py",
    "plugin_import/test_plugin_import_properties.py",
    "registry/test_registry_fuzz.py",
    "rules/test_condition_properties.py",
    "rules/test_plugin_templates.py",
    "rules/test_template_properties.py",
)
#: libFuzzer's own limits: bytes of an input, and seconds and MB that one may take.
LIMITS = ("-artifact_prefix=.fuzz/", "-max_len=4096", "-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1")


def fuzz(which: str, seconds: int) -> None:
    """Fuzz one property until the time is over, which ends the process, as does a finding."""
    file, _, name = which.partition("::")
    path = UNIT / file
    sys.path.insert(0, str(path.parent))
    with atheris.instrument_imports(include=["pipeline"]):
        test = getattr(import_module(path.stem), name)
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", *LIMITS], test.hypothesis.fuzz_one_input)
    atheris.Fuzz()


def properties() -> Iterator[str]:
    """`file::name` of each."""
    for file in FILES:
        sys.path.insert(0, str((UNIT / file).parent))
        module = import_module(Path(file).stem)
        yield from (f"{file}::{name}" for name, test in vars(module).items() if hasattr(test, "hypothesis"))


def apart(seconds: str) -> Callable[[str], tuple[str, int, str]]:
    """Fuzz in a process of its own, and give what it said at its end."""

    def run(name: str) -> tuple[str, int, str]:
        command = [sys.executable, __file__, seconds, name]
        ended = subprocess.run(command, stdout=PIPE, stderr=STDOUT, text=True, check=False)
        return name, ended.returncode, ended.stdout

    return run


def every(seconds: str) -> int:
    """Fuzz all, two at a time; the number of those that were broken."""
    broken = 0
    with ThreadPoolExecutor(2) as two:
        for name, code, said in two.map(apart(seconds), properties()):
            runs = next(
                (line.rpartition(" ")[2] for line in said.splitlines() if "number_of_executed_units" in line), "?"
            )
            sys.stdout.write(f"{name}: {runs} inputs, {'broken' if code else 'no finding'}\n{said if code else ''}")
            sys.stdout.flush()
            broken += code != 0
    return broken


if __name__ == "__main__":
    if len(sys.argv) > 2:
        fuzz(sys.argv[2], int(sys.argv[1]))
    sys.exit(every(sys.argv[1]) > 0)
