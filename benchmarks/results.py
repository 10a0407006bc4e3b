"""Everything of one run of `make bench`, and its JSON for machines."""

from __future__ import annotations

import json
from dataclasses import dataclass

from benchmarks.cost import Use
from benchmarks.figures import Figure
from benchmarks.stream.bars import COST_PER_1000, READ_UNITS, WRITE_UNITS, Bar, bars
from benchmarks.stream.script import Language
from benchmarks.stream.timeline import Run, System
from benchmarks.stream.units import Units


@dataclass(frozen=True)
class Results:
    """All that was measured. `uses` are of one answer at the load that the cost is reckoned for, `cost` per 1,000."""

    machine: str
    runs: list[Run]
    units: dict[Language, Units]
    uses: dict[System, Use]
    cost: dict[System, float]
    imports: dict[str, Figure]
    latency: list[Figure]

    @property
    def most_units(self) -> Units:
        """The units of the language that needs more."""
        return Units(
            max(units.write for units in self.units.values()), max(units.read for units in self.units.values())
        )

    @property
    def bars(self) -> list[Bar]:
        """Every bar of the product, beside what this run has."""
        figures = [*self.imports.values(), *self.latency]
        return [
            *(bar for run in self.runs if run.system == "thinkaloud" for bar in bars(run)),
            Bar("write units an answer", self.most_units.write, WRITE_UNITS),
            Bar("read units an answer", self.most_units.read, READ_UNITS),
            Bar("cost of 1,000 answers", self.cost["thinkaloud"], COST_PER_1000, " USD"),
            *(
                Bar(figure.name, figure.value, figure.bar, f" {figure.unit}")
                for figure in figures
                if figure.bar is not None
            ),
        ]

    def to_json(self) -> str:
        """The stream's figures: milliseconds, units of one answer, US dollars for 1,000."""
        return json.dumps(
            {
                "runs": [
                    {
                        "system": run.system,
                        "post_ms": run.post_ms,
                        "rate": run.rate,
                        "posts": run.posts,
                        "end_lag_ms": round(run.end_lag, 1),
                        "token_delay_p95_ms": round(run.delay_p95, 1),
                        "first_delay_p50_ms": round(run.first_delay_p50, 1),
                    }
                    for run in self.runs
                ],
                "units": {"write": self.most_units.write, "read": self.most_units.read},
                "cost_per_1000_usd": {system: round(dollars, 4) for system, dollars in self.cost.items()},
                "imports_ms": {name: round(figure.value, 1) for name, figure in self.imports.items()},
            },
            indent=2,
        )
