"""What must hold of templates, codes and coupons after every step, recounted from the rows (V8-V11)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.offers_rows import GIVEN_BACK, TEMPLATE_COUPON, moment, window_of
from tests.simulation.script import Violation
from tests.simulation.world import GUESSES_MAX, HELD_MAX, Outcome

Json = dict[str, Any]
GUESSES_WITHIN = timedelta(minutes=10)
NO_LIMIT = 1_000_000_000
WORTH = ("kind", "face_value_fen", "rate", "max_off_fen", "min_fen", "exclusive")


class CouponsWatch:
    """All coupons of templates, how they came to their members, and which orders use them.

    Parameters
    ----------
    amount
        Tells what is left of a counter, by the partition of its home row.
    """

    def __init__(self, amount: Callable[[str], int | None]) -> None:
        self._amount = amount
        self.versions: dict[tuple[str, int], Json] = {}
        """What each version of a template said, for ever."""
        self.templates: dict[str, Json] = {}
        self.coupons: dict[str, Json] = {}
        """The coupons of templates, by their ids."""
        self.codes: dict[str, Json] = {}
        self._batches: dict[tuple[str, str], Json] = {}
        self._held: dict[str, Json] = {}
        self._of_member: dict[str, dict[str, Json]] = defaultdict(dict)
        self._open: dict[str, set[str]] = defaultdict(set)
        """The open orders that use a coupon, by the coupon's id."""
        self._order_of: dict[str, str] = {}
        self._since: dict[str, int] = {}
        self._members: set[str] = set()
        self._templates: set[str] = set()
        self._codes: set[str] = set()
        self._used: set[str] = set()
        self._guesses: dict[str, list[datetime]] = defaultdict(list)

    def take(self, before: Json | None, row: Json) -> None:
        """Take in a changed row, in the order of the commits."""
        item, name = row["item"], str(row.get("sku", "")).partition("#")[0]
        if item == "TEMPLATE":
            template_id = name.removeprefix("template:")
            self._since.setdefault(template_id, (before or {"version": 1})["version"])
            self.templates[template_id] = row
            self._templates.add(template_id)
        elif item.startswith("VERSION#"):
            self.versions[name.removeprefix("template:"), row["version"]] = row
        elif item.startswith("BATCH#"):
            self._batches[name.removeprefix("template:"), item.removeprefix("BATCH#")] = row
        elif item == "CODE":
            self.codes[name.removeprefix("code:")] = row
            self._codes.add(name.split(":")[1])
        elif item == "LIMIT" and name.startswith("template:"):
            self._templates.add(name.split(":")[1])
        elif item == "LIMIT" and name.startswith("code:"):
            self._codes.add(name.split(":")[1])
        elif item == "HELD":
            self._held[row["member_id"]] = row
            self._members.add(row["member_id"])
        elif item.startswith("COUPON#"):
            self._coupon(before, row)
        elif item == "ORDER":
            self._order(row)

    def check(self, now: float) -> None:
        """Recount what the last changes were about, the latest of which was at this moment."""
        for coupon_id in sorted(self._used):
            self._check_used(coupon_id)
        for member in sorted(self._members):
            self._check_held(member, now)
        for template_id in sorted(self._templates):
            self._check_claims(template_id)
        for code in sorted(self._codes):
            self._check_code(code)
        for changed in (self._used, self._members, self._templates, self._codes, self._since):
            changed.clear()

    def _coupon(self, before: Json | None, row: Json) -> None:
        self._used.add(row["coupon_id"])
        self._order_of[row["coupon_id"]] = row["order_id"] or ""
        if not row["item"].startswith(TEMPLATE_COUPON):
            return
        self.coupons[row["coupon_id"]] = row
        self._of_member[row["member_id"]][row["coupon_id"]] = row
        self._members.add(row["member_id"])
        if before is not None:
            return
        self._templates.add(row["template_id"])
        if "code" in row:
            self._codes.add(row["code"])
        self._check_issue(row)

    def _order(self, order: Json) -> None:
        coupon = order["quote"]["coupon"]
        if coupon is None:
            return
        if order["status"] in GIVEN_BACK:
            self._open[coupon["coupon_id"]].discard(order["order_id"])
        else:
            self._open[coupon["coupon_id"]].add(order["order_id"])
        self._used.add(coupon["coupon_id"])

    def _check_issue(self, coupon: Json) -> None:
        """V9, V10: a coupon is as its template says when it is got, and within the limits of its member."""
        template_id, issued_at = coupon["template_id"], moment(coupon["issued_at"])
        latest = self.templates[template_id]["version"]
        if not self._since.get(template_id, latest) <= coupon["template_version"] <= latest:
            raise Violation("coupon of a template of before", f"{coupon}: {self.templates[template_id]}")
        version = self.versions[template_id, coupon["template_version"]]
        if any(coupon[name] != version[name] for name in WORTH):
            raise Violation("coupon of another worth", f"{coupon}: {version}")
        window = moment(coupon["valid_from"]), moment(coupon["valid_until"])
        if window != window_of(version, issued_at):
            raise Violation("coupon of another window", f"{coupon}: {version}")
        if version["status"] != "active" or (coupon["way"] == "claim" and not version["claimable"]):
            raise Violation("coupon of a template that gives none", f"{coupon}: {version}")
        theirs = self._of_member[coupon["member_id"]].values()
        claims = sum(each["way"] == "claim" and each["template_id"] == template_id for each in theirs)
        if coupon["way"] == "claim" and version["per_member"] and claims > version["per_member"]:
            raise Violation("claims of a member passed", f"{coupon}: {version}")
        usable = [
            each for each in theirs if not each["order_id"] and issued_at <= moment(each["valid_until"])
        ]
        if len(usable) > HELD_MAX:
            raise Violation("too many coupons held", f"{coupon}: {len(usable)}")

    def _check_used(self, coupon_id: str) -> None:
        """V11, B5: a coupon is used by the one open order that uses it, and by no other."""
        orders, said = self._open[coupon_id], self._order_of.get(coupon_id, "")
        if orders != ({said} if said else set()):
            raise Violation("coupon not of its order", f"{coupon_id}: {orders}, its row says {said}")

    def _check_held(self, member: str, now: float) -> None:
        """What a member has at hand are the coupons that no order uses; ended ones may be left out."""
        stored = self._held.get(member, {"coupons": {}, "claims": {}})
        theirs = self._of_member[member]
        unused = {name for name, row in theirs.items() if not row["order_id"]}
        if not set(stored["coupons"]) <= unused:
            raise Violation("coupon at hand that is used", f"{member}: {stored}, {unused}")
        for name in unused - set(stored["coupons"]):
            if moment(theirs[name]["valid_until"]).timestamp() >= now:
                raise Violation("coupon not at hand", f"{member}: {theirs[name]}")
        claims = Counter(row["template_id"] for row in theirs.values() if row["way"] == "claim")
        if dict(claims) != {name: count for name, count in stored["claims"].items() if count}:
            raise Violation("claims of a member", f"{member}: {stored}, {claims}")

    def _check_claims(self, template_id: str) -> None:
        """V10, V15: what is left of the claims is what there may be less the coupons that were claimed."""
        total = self.templates[template_id]["total"]
        claimed = sum(
            row["way"] == "claim" and row["template_id"] == template_id for row in self.coupons.values()
        )
        left = self._amount(f"template:{template_id}:claims")
        if left != (NO_LIMIT if total is None else total) - claimed:
            raise Violation("claims not what is left", f"{template_id}: {left}, {total} less {claimed}")

    def _check_code(self, code: str) -> None:
        """V10: a code that works once has one coupon at most, a shared one as many as are gone of it."""
        row = self.codes[code]
        got = sorted(each["member_id"] for each in self.coupons.values() if each.get("code") == code)
        if row["unique"]:
            if got != ([row["used_by"]] if "used_by" in row else []):
                raise Violation("code that works once", f"{row}: {got}")
            return
        limit = self._batches[row["template_id"], row["batch_id"]]["limit"]
        left = self._amount(f"code:{code}:uses")
        if left != limit - len(got) or len(set(got)) != len(got):
            raise Violation("uses of a code", f"{row}: {left} left of {limit}, {got}")

    # What is answered

    def check_guesses(self, outcomes: Iterable[Outcome]) -> None:
        """V10: of wrong codes no more are answered within ten minutes than are allowed."""
        for outcome in outcomes:
            if outcome.op.do != "enter_code" or outcome.answer is None:
                continue
            if outcome.answer.body.get("code") == "code_not_valid":
                self._guesses[outcome.op["member"]].append(outcome.started)
        for member, times in self._guesses.items():
            times.sort()
            for first, last in zip(times, times[GUESSES_MAX:], strict=False):
                if last < first + GUESSES_WITHIN:
                    raise Violation("too many guesses", f"{member}: {times}")
            self._guesses[member] = times[-2 * GUESSES_MAX :]

    def stands_alone(self, used: Json | None) -> bool:
        """P4, V8: tell whether a coupon that a quote uses excludes every other offer."""
        if used is None:
            return False
        return bool(self.coupons.get(used["coupon_id"], {"exclusive": True})["exclusive"])

    def available(self, member: str, at: datetime) -> set[str]:
        """Return the coupons that a member can use at a moment."""
        return {
            name
            for name, row in self._of_member[member].items()
            if not row["order_id"] and moment(row["valid_from"]) <= at <= moment(row["valid_until"])
        }
