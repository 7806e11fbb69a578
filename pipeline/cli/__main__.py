"""`python -m pipeline.cli …` is `mih …`."""

from pipeline.cli import main

main()
