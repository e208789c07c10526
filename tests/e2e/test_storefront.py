"""The storefront's page, typed into a shell: its calls answer what it shows."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import typed
from tests.support.stack import ROOT, Stack

PAGE = (ROOT / "docs" / "storefront.md").read_text(encoding="utf-8")
SKU = "tea-longjing-100"
PUER = "tea-puer-357"
"""What the page's campaign is about: nobody else here buys it."""
ENDS, LATER = "2026-12-13T00:00:00+08:00", "2099-12-13T00:00:00+08:00"
"""When the page's campaign ends, and when it does here: a new one cannot be over, whatever the clock says."""
STEP = re.compile(
    r"```sh\n(?P<commands>.*?)```"
    r"|<!-- (?P<part>part of )?answer: (?P<operation>\S+ \S+) (?P<status>\d+) -->\n"
    r"```json\n(?P<answer>.*?)```",
    re.DOTALL,
)
SHOWN_UP_TO = PAGE.index("## The states of an order")
"""The answers further down are of another day, and of refusals."""
REFUSED = {"cancel": 409, "refusal": 409}
"""What the page tells to do instead of what the walk has done by then."""
DIFFERS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|ord_[a-z2-7]{26}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00|\d{4}-12-20"
)
"""Ids and moments, and Erin's next birthday, whose year is that of the cloud's clock."""
RECORDING = """
export NEXT=none
curl() {
  command curl -o "$FOLDER/body" -w '%{http_code} %{method} %{url_effective}\\n' "$@" >> "$FOLDER/calls"
  sed '1,/^\\r$/{/^HTTP/,/^\\r$/d}' "$FOLDER/body" > "$FOLDER/$(wc -l < "$FOLDER/calls").json"
}
"""
"""A ``curl`` that keeps each answer in a file by the call's number, without the headers of ``-i``."""
ORDER_ID = """ORDER=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["order_id"])' \\
  "$FOLDER/$(wc -l < "$FOLDER/calls").json")"""
MEMBER_ID = """MEMBER=$(.venv/bin/python -m local token erin --json \\
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["member_id"])')"""


def walk() -> list[re.Match[str]]:
    """Return the page's commands and answers in turn."""
    return list(STEP.finditer(PAGE))


def same(shown: Any, got: Any) -> Any:
    """Return the answer with the page's ids and moments, where it has some of its own there."""
    if isinstance(shown, dict) and isinstance(got, dict):
        return {name: same(shown.get(name), value) for name, value in got.items()}
    if isinstance(shown, list) and isinstance(got, list) and len(shown) == len(got):
        return [same(one, other) for one, other in zip(shown, got, strict=True)]
    texts = isinstance(shown, str) and isinstance(got, str)
    return shown if texts and DIFFERS.fullmatch(shown) and DIFFERS.fullmatch(got) else got


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page uses curl")
def test_the_pages_calls_answer_what_it_shows(ordinary_day: Stack, tmp_path: Path) -> None:
    deployed = ordinary_day  # the page's carts are priced on no member day
    product = {"name": "Longjing tea, 100 g", "price_fen": 9_950, "member_zone": False}
    assert deployed.call("PUT", f"/products/{SKU}", product, who="clerk", staff=True).status in (200, 201)
    puer = {"name": "Pu'er tea cake, 357 g", "price_fen": 16_800, "member_zone": False}
    assert deployed.call("PUT", f"/products/{PUER}", puer, who="clerk", staff=True).status in (200, 201)
    stock = {"movement_id": "walk", "delta": 10, "reason": "delivery"}
    assert deployed.call("POST", f"/products/{SKU}/stock", stock, who="clerk", staff=True).status == 200
    script, calls = [RECORDING], 0
    shown: dict[int, re.Match[str]] = {}
    for step in walk():
        if step["commands"]:
            commands = step["commands"].replace(ENDS, LATER)
            commands = re.sub(r"^ORDER=.*$", lambda _: ORDER_ID, commands, flags=re.MULTILINE)
            commands = re.sub(r"^MEMBER=.*$", lambda _: MEMBER_ID, commands, flags=re.MULTILINE)
            script.append(commands)
            first, calls = calls + 1, calls + len(re.findall(r"^curl ", commands, re.MULTILINE))
        elif step.start() < SHOWN_UP_TO:
            shown[first] = step
    typed(deployed, "\n".join(script), FOLDER=str(tmp_path))
    made = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    assert len(made) == calls > 15
    for status, method, url in made:
        path = url.removeprefix(deployed.outputs["ApiUrl"])
        wanted = REFUSED.get(path.rpartition("/")[2], 400 if "cursor=" in path else None)
        assert int(status) == wanted or (wanted is None and int(status) in (200, 201)), (method, path, status)
    assert len(shown) >= 6
    for number, step in shown.items():
        got = json.loads((tmp_path / f"{number}.json").read_text(encoding="utf-8"))
        answer = json.loads(step["answer"])
        assert made[number - 1][0] == step["status"], step["operation"]
        part = {name: got[name] for name in answer} if step["part"] else got
        assert same(answer, part) == answer, step["operation"]
