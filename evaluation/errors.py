"""What can be wrong with an evaluation that a person can mend.

ThinkaloudError
└── EvaluationError
    ├── DatasetError      a file of questions or documents cannot be read
    ├── RunError          a saved run cannot be read
    └── BarMissed         a figure is below what `--fail-under` asks for
"""

from __future__ import annotations

from thinkaloud.errors import ThinkaloudError


class EvaluationError(ThinkaloudError):
    """Base of all; `str(error)` is one line for a person."""


class DatasetError(EvaluationError):
    """A set cannot be read. The message names the file, and the line or the place in it."""


class RunError(EvaluationError):
    """What should be a saved run is none, or two runs cannot be compared."""


class BarMissed(EvaluationError):
    """A figure is below its bar, or could not be measured at all."""
