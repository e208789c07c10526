"""What must hold of campaigns and coupons after every step, recounted from orders and coupons (V1-V16)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.offers_parts import FIGURES, Part, parts_of, uses_of
from tests.simulation.offers_rows import campaign_id_of, moment, price_of, runs_at, surely_counts
from tests.simulation.script import Violation
from tests.simulation.world import Outcome

Json = dict[str, Any]
KNOWN_FOR_SECONDS = 5
"""V16: so long functions may go by a campaign as it was before."""
USES_KEPT = timedelta(days=100)
"""How long after a campaign's end it is known for sure what a member had of it."""
LIMITS = {"orders": ("orders", "orders_left"), "budget_fen": ("budget", "budget_left_fen")}
"""The limits that are counters: how their partitions end, and what the amount is called."""
AMOUNTS = {
    ":orders": "orders_left",
    ":budget": "budget_left_fen",
    ":claims": "claims_left",
    ":uses": "uses_left",
}


class OffersWatch:
    """All campaigns with their versions, what is left of them, and what orders and members have of them."""

    def __init__(self) -> None:
        self.history: dict[str, list[tuple[int, Json]]] = defaultdict(list)
        """The rows that a campaign has had, each with when it was put."""
        self.exhausted: set[tuple[str, str, str | None, int]] = set()
        """Of which limits nothing was left, by campaign, limit, sku and the version that said how much."""
        self.parts: dict[str, dict[str, Part]] = defaultdict(dict)
        """What orders have of each campaign, by their ids."""
        self._rows: dict[str, dict[str, Json]] = defaultdict(dict)
        self._figures: dict[str, dict[str, Json]] = defaultdict(dict)
        self._uses: dict[str, Json] = {}
        self._may_leak: Counter[tuple[str, str]] = Counter()
        self._must_leak: Counter[tuple[str, str]] = Counter()
        self._campaigns: set[str] = set()
        self._members: set[str] = set()
        self.now = 0

    def take(self, before: Json | None, row: Json, written: int) -> None:
        """Take in a changed row, in the order of the commits."""
        self.now = max(self.now, written)
        item, name = row["item"], str(row.get("sku", "")).partition("#")[0]
        if item == "CAMPAIGN":
            self.history[campaign_id_of(row)].append((written, row))
            self._campaigns.add(campaign_id_of(row))
        elif item in ("SET_ASIDE", "LIMIT"):
            self._counter(name, row)
        elif item == "FIGURES":
            campaign_id = name.split(":")[1]
            self._figures[campaign_id][row["sku"]] = row
            self._campaigns.add(campaign_id)
        elif item == "USES":
            self._uses[row["member_id"]] = row
            self._members.add(row["member_id"])
        elif item == "ORDER":
            self._order(before, row, written)

    def current(self, campaign_id: str) -> Json:
        """Return a campaign as it was put last."""
        return self.history[campaign_id][-1][1]

    def known(self, campaign_id: str, since: float, until: float) -> list[Json | None]:
        """Return what a campaign was between two moments, the latest first; None while it was not there."""
        found: list[Json | None] = []
        ends = until
        for at, row in reversed(self.history[campaign_id]):
            if at <= until:
                found.append(row)
            ends = at
            if at < since:
                return found
        return [*found, None] if ends >= since else found

    def amount(self, name: str) -> int | None:
        """Return what is left of a counter in all its rows; None where there is none, or it is closed."""
        rows, attribute = self._rows.get(name, {}), _attribute(name)
        if name not in rows or attribute not in rows[name]:
            return None
        return sum(int(row.get(attribute, 0)) for row in rows.values())

    def told(self, name: str) -> int | None:
        """Return what the home row of a counter says is left: of several rows, a moment ago."""
        home = self._rows.get(name, {}).get(name, {})
        several = home.get("rows", 1) > 1
        if _attribute(name) not in home:
            return None
        return int(home["total" if several else _attribute(name)])

    def amounts(self, *, told: bool = False) -> dict[str, int]:
        """Return what is left of all counters, or what their home rows tell of it."""
        found = {name: (self.told if told else self.amount)(name) for name in self._rows}
        return {name: amount for name, amount in found.items() if amount is not None}

    def aside(self, sku: str) -> int:
        """Return how many units of a product are set aside for flash sales (V2)."""
        names = [name for name in self._rows if name.startswith("aside:") and name.endswith(f":{sku}")]
        return sum(self.amount(name) or 0 for name in names)

    def check(self) -> None:
        """Recount what the last changes were about."""
        for campaign_id in sorted(self._campaigns):
            self._check_limits(campaign_id)
            self._check_figures(campaign_id)
            self._check_flash(campaign_id)
        for member in sorted(self._members):
            self._check_uses(member)
        self._campaigns.clear()
        self._members.clear()

    # What changes

    def _counter(self, name: str, row: Json) -> None:
        attribute = _attribute(name)
        if row.get(attribute, 0) < 0:
            raise Violation("limit passed", f"{row}")
        self._rows[name][row["sku"]] = row
        of_aside, of_campaign = name.startswith("aside:"), name.startswith("campaign:")
        if not (of_aside or of_campaign):
            return
        campaign_id = name.split(":")[1]
        self._campaigns.add(campaign_id)
        if row["sku"] == name and self.told(name) == 0:
            limit = "units" if of_aside else name.split(":")[2]
            sku = name.split(":")[2] if of_aside else None
            self.exhausted.add((campaign_id, limit, sku, row["set_by"]))

    def _order(self, before: Json | None, order: Json, written: int) -> None:
        parts = parts_of(order)
        for campaign_id, part in parts.items():
            was = self.parts[campaign_id].get(order["order_id"])
            self.parts[campaign_id][order["order_id"]] = part
            self._campaigns.add(campaign_id)
            self._members.add(part.member)
            if was is not None:
                self._comes_back(campaign_id, was.had - part.had, moment(order["changed_at"]), written)
        if before is None:
            for campaign_id in parts:
                self._check_placed(order, campaign_id, written)

    def _comes_back(self, campaign_id: str, units: Counter[str], at: datetime, written: int) -> None:
        """V2: units go back to a flash unless it has ended, which the transaction has looked at."""
        ends = [
            at >= moment(row["ends_at"])
            for row in self.known(campaign_id, at.timestamp() - 1, written)
            if row is not None
        ]
        for sku, count in units.items():
            self._may_leak[campaign_id, sku] += count if any(ends) else 0
            self._must_leak[campaign_id, sku] += count if all(ends) else 0

    # What must hold

    def _check_placed(self, order: Json, campaign_id: str, written: int) -> None:
        """V2, V14, V16: an order uses a campaign as it was 5 s before at most, and within its limits."""
        placed_at, part = moment(order["placed_at"]), self.parts[campaign_id][order["order_id"]]
        known = self.known(campaign_id, placed_at.timestamp() - KNOWN_FOR_SECONDS, written)
        row = next((each for each in known if each and each["version"] == part.version), None)
        if row is None:
            raise Violation("campaign of before", f"{campaign_id} {part.version}: {order}, {known}")
        if not runs_at(row, placed_at):
            raise Violation("campaign does not run", f"{row}: {order}")
        if row["tiers"] is not None and order["quote"]["tier"] not in row["tiers"]:
            raise Violation("campaign of other tiers", f"{row}: {order}")
        theirs = [each for each in self.parts[campaign_id].values() if each.member == part.member]
        most = row["limits"]["per_member"]
        if most is not None and sum(each.is_open for each in theirs) > most:
            raise Violation("limit of a member passed", f"{row}: {order}")
        if row["kind"] == "flash":
            had: Counter[str] = sum((each.had for each in theirs), Counter())
            if any(had[sku] > row["terms"]["per_member"] for sku in part.had):
                raise Violation("flash limit of a member passed", f"{row}: {had}, {order}")
        for line in order["quote"]["lines"]:
            if price_of(line) == campaign_id and line.get("gift_of") is None:
                self._check_counts(row, line)

    @staticmethod
    def _check_counts(row: Json, line: Json) -> None:
        if (
            row["kind"] == "flash"
            and line["unit_price_fen"] != row["terms"]["items"][line["sku"]]["price_fen"]
        ):
            raise Violation("flash at another price", f"{line}: {row}")
        if line["unit_price_fen"] > line["list_price_fen"]:
            raise Violation("dearer than list", f"{line}: {row}")

    def _check_limits(self, campaign_id: str) -> None:
        """V14: what is left of a limit is the limit less what open orders have of it, to the fen."""
        if campaign_id not in self.history:
            return
        limits = self.current(campaign_id)["limits"]
        parts = self.parts[campaign_id].values()
        used = {
            "orders": sum(part.is_open for part in parts),
            "budget_fen": sum(part.given_fen for part in parts if part.is_open),
        }
        for limit, (ends, _) in LIMITS.items():
            left = self.amount(f"campaign:{campaign_id}:{ends}")
            expected = None if limits[limit] is None else limits[limit] - used[limit]
            if left != expected:
                raise Violation("limit not what is left", f"{campaign_id} {limit}: {left}, not {expected}")

    def _check_figures(self, campaign_id: str) -> None:
        """The figures of a campaign are the sums over its orders."""
        parts = self.parts[campaign_id].values()
        stored: Counter[str] = Counter()
        for row in self._figures[campaign_id].values():
            stored.update({name: row.get(name, 0) for name in (*FIGURES, "members")})
        expected: Counter[str] = sum((part.figures for part in parts), Counter())
        names = list(FIGURES)
        if campaign_id in self.history and not self._is_old(campaign_id):
            expected["members"] = len({part.member for part in parts if part.is_open})
            names.append("members")
        if any(stored[name] != expected[name] for name in names):
            raise Violation("figures of a campaign", f"{campaign_id}: {stored}, not {expected}")

    def _check_flash(self, campaign_id: str) -> None:
        """V2: of the units of a flash those are set aside that are not sold."""
        row = self.current(campaign_id) if campaign_id in self.history else None
        if row is None or row["kind"] != "flash":
            return
        sold: Counter[str] = sum((part.had for part in self.parts[campaign_id].values()), Counter())
        for sku, item in row["terms"]["items"].items():
            name = f"aside:{campaign_id}:{sku}"
            if "terms" not in self._rows[name].get(name, {}):
                if self.now < moment(row["ends_at"]).timestamp():
                    raise Violation("no units set aside", f"{row}")
                continue
            left, expected = self.amount(name), item["units"] - sold[sku]
            least = expected - self._may_leak[campaign_id, sku]
            most = expected - self._must_leak[campaign_id, sku]
            if left is None or not least <= left <= most:
                raise Violation("flash units not conserved", f"{campaign_id} {sku}: {left}, not {expected}")

    def _check_uses(self, member: str) -> None:
        """V2, V14: what a member has had of campaigns is what their orders say."""
        stored = self._uses.get(member, {"campaigns": {}})["campaigns"]
        for campaign_id in sorted({*self._campaigns, *stored}):
            parts = self.parts[campaign_id].values()
            theirs = [part for part in parts if part.member == member]
            had: Counter[str] = sum((part.had for part in theirs), Counter())
            expected = sum(part.is_open for part in theirs), dict(+had)
            use = stored.get(campaign_id)
            if use is None and self._is_old(campaign_id):
                continue
            if ((0, {}) if use is None else (use["orders"], use["units"])) != expected:
                raise Violation("uses of a member", f"{member} {campaign_id}: {use}, not {expected}")

    def _is_old(self, campaign_id: str) -> bool:
        ends_at = moment(self.current(campaign_id)["ends_at"])
        return self.now >= (ends_at + USES_KEPT).timestamp()

    # What is answered

    def check_told(self, outcomes: Iterable[Outcome]) -> None:
        """V13: each campaign that runs all the while and touches the cart is used, or told with a reason."""
        for outcome in outcomes:
            answer = outcome.answer
            if outcome.op.do not in ("quote", "order") or answer is None or answer.status >= 300:
                continue
            quote = answer.body if outcome.op.do == "quote" else answer.body["quote"]
            placed_at = moment(answer.body["placed_at"]) if outcome.op.do == "order" else outcome.started
            if placed_at < outcome.started - timedelta(seconds=1):
                continue  # it was placed by another request
            named = {*uses_of(quote), *(each.get("campaign_id") for each in quote["not_applied"])}
            named |= {price_of(line) for line in quote["lines"]}
            self._check_named(outcome, quote, placed_at, named)

    def _check_named(self, outcome: Outcome, quote: Json, placed_at: datetime, named: set[str]) -> None:
        since = outcome.started.timestamp() - KNOWN_FOR_SECONDS - 1
        bought = [line["sku"] for line in quote["lines"] if not line["gift_of"]]
        for campaign_id in self.history:
            known = self.known(campaign_id, since, outcome.ended.timestamp() + 1)
            row = known[0]
            if len(known) != 1 or row is None or campaign_id in named:
                continue
            runs = all(runs_at(row, at) for at in (placed_at, outcome.started, outcome.ended))
            if runs and any(surely_counts(row, sku) for sku in bought):
                raise Violation("campaign not told", f"{row}: {outcome.op}, {quote}")


def _attribute(name: str) -> str:
    """Return what a counter's amount is called, by the partition of its home row."""
    if name.startswith("aside:"):
        return "units"
    return next(amount for ends, amount in AMOUNTS.items() if name.endswith(ends))
