"""`make bench`: measure, print a table, and say which bars are missed."""

from __future__ import annotations

from benchmarks import imports, latency
from benchmarks.figures import machine, table


def main() -> None:
    """Print every figure of this run beside its bar. Nothing fails: figures of a shared machine are for reading."""
    figures = [*imports.measure(), *latency.measure()]
    print(f"{machine()}\n\n{table(figures)}\n")
    missed = [figure.name for figure in figures if figure.met is False]
    print("missed: " + "; ".join(missed) if missed else "every bar is met")


if __name__ == "__main__":
    main()
