from __future__ import annotations

from pathlib import Path

from localcloud.functions.reload import affected
from localcloud.template.model import Function

SHARED = Path("/project/shared")


def function(name: str, *layers: Path) -> Function:
    code = Path("/project/functions") / name
    return Function(name, name, "app.handler", "python3.13", code, layers, 3, 128, {})


FUNCTIONS = {name: function(name, SHARED) for name in ("turn", "connect")} | {"plain": function("plain")}


def test_code_is_one_functions_and_a_layer_is_everybodys_who_has_it() -> None:
    assert affected(FUNCTIONS, {Path("/project/functions/turn/app.py")}) == {"turn"}
    assert affected(FUNCTIONS, {SHARED / "thinkaloud/settings.py"}) == {"turn", "connect"}
    assert affected(FUNCTIONS, {Path("/project/functions/turnstile/app.py")}) == set()
