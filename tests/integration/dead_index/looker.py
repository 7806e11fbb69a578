"""Looks at the dead again and again, in a process of its own: `looker.py TIMES`."""

import sys

import typer

from pipeline.cli.dlq import register

if __name__ == "__main__":
    app = typer.Typer()
    register(app)
    for number in range(int(sys.argv[1])):
        look = ["list", "--service", "erp"] if number % 2 else ["show", "d1"]
        app(["dlq", *look, "--json"], standalone_mode=False)
