"""What is done with offers: staff put campaigns, templates and codes, members claim and enter codes."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulation.offers_rows import moment
from tests.simulation.script import Op
from tests.simulation.world import START, Outcome, World

Json = dict[str, Any]
KINDS = ("discount", "flash", "spend_save", "spend_save", "gift")
LETTER = {"discount": "d", "flash": "f", "spend_save": "s", "gift": "g"}
OPEN_WANTED = 9
"""About so many campaigns are open at a time."""
STEPS: tuple[tuple[tuple[int, int], ...], ...] = (
    ((10_000, 1_000), (30_000, 5_000)),
    ((20_000, 3_333),),
    ((300, 299),),
    ((9_900, 9_900), (1_000_000, 99_999)),
)
"""From how much, so much off."""
SCOPES: tuple[Json, ...] = ({"all": True}, {"all": True}, {"zone": True}, {"skus": ["tea", "cup", "pin"]})
TIERS = (*(None,) * 7, ["J1", "J2"], ["J0", "J3"])
LIMITS: tuple[Json | None, ...] = (
    None,
    {"orders": 2},
    {"per_member": 1},
    {"budget_fen": 12_345},
    {"orders": 5, "per_member": 2, "budget_fen": 40_000},
)
LASTING = tuple(timedelta(hours=hours) for hours in (0.1, 2, 72, 960, 960, 9_600))
CHANGES = (
    "status",
    "status",
    "active",
    "ends",
    "later",
    "limits",
    "limits",
    "terms",
    "terms",
    "group",
    "same",
)
"""What staff change of a campaign."""

GENERAL_CODE = "SPRING-26"


class OfferActs:
    """Thinks of what is done next with campaigns, templates, codes and coupons.

    Parameters
    ----------
    prices
        The products that there are, with their usual prices.
    """

    def __init__(
        self,
        chance: random.Random,
        world: World,
        name: Callable[[str], str],
        prices: dict[str, int],
        members: tuple[str, ...],
    ) -> None:
        self._chance = chance
        self._world = world
        self._name = name
        self._prices = prices
        self._members = members
        self.bodies: dict[str, Json] = {}
        """What staff have said of campaigns last, as far as they know."""
        self.templates: dict[str, Json] = {}
        self._codes: list[str] = []
        self.rush: list[str] = []
        """Campaigns that were put lately, and that have a limit: somebody will want the last of it."""

    def beginning(self) -> list[Op]:
        """Return the campaigns and templates that a world begins with."""
        ends = {"ends_at": _text(START + timedelta(days=self._chance.choice((3, 40, 400)))), "tiers": None}
        bodies = [self._body(kind, START) | ends for kind in ("flash", "discount", "spend_save", "gift")]
        return [
            *(self._op_put(self._name(LETTER[body["kind"]]), body) for body in bodies),
            Op("put_template", template=self._name("t"), body=self._template("amount")),
            Op("put_template", template=self._name("t"), body=self._template("rate")),
        ]

    def acts(self) -> dict[str, Callable[[], Op | None]]:
        """Return what can be done, by what it is called."""
        return {
            "put_campaign": self.put_campaign,
            "put_template": self._put_template,
            "claim": self.claim,
            "make_codes": self._make_codes,
            "enter_code": self.enter_code,
            "issue": self._issue,
        }

    def learn(self, outcome: Outcome) -> None:
        """Take in what was answered, or that nothing was."""
        op, answer = outcome.op, outcome.answer
        refused = answer is not None and 400 <= answer.status < 500
        if op.do == "put_campaign" and not refused:
            self.bodies[op["campaign"]] = op["body"]
            if op["body"].get("limits") or op["body"]["kind"] == "flash":
                self.rush = [*self.rush[-3:], op["campaign"]]
        if op.do == "put_template" and not refused:
            self.templates[op["template"]] = op["body"]
        if op.do == "make_codes" and answer is not None and answer.status < 300:
            self._codes = [*self._codes[-12:], *answer.body["codes"]]

    # Campaigns

    def put_campaign(self, campaign_id: str | None = None) -> Op:
        """Put a new campaign, or say something else of one that there is."""
        now, chance = self._world.time.now(), self._chance
        open_ids = [name for name, body in self.bodies.items() if moment(body["ends_at"]) > now]
        over = [name for name in self.bodies if name not in open_ids]
        if campaign_id is None and over and chance.random() < 0.05:
            campaign_id = chance.choice(over[-4:])  # it has ended, and nothing of it changes
        if campaign_id is None and len(open_ids) > chance.randint(1, OPEN_WANTED):
            campaign_id = chance.choice(open_ids)
        if campaign_id is None:
            kind = chance.choice(KINDS)
            return self._op_put(self._name(LETTER[kind]), self._body(kind, now))
        return self._op_put(campaign_id, self._changed(self.bodies[campaign_id], now))

    def flash_of(self, skus: list[str]) -> Op:
        """Put a flash sale of these products with few units."""
        now = self._world.time.now()
        body = self._body("flash", now) | {"starts_at": _text(now), "tiers": None}
        body["terms"] = {
            "items": {sku: self._item(sku) for sku in skus},
            "per_member": self._chance.choice((1, 2, 4)),
        }
        body["limits"] = self._chance.choice((None, {"orders": 3}, {"budget_fen": 9_000}, {"per_member": 1}))
        return self._op_put(self._name("f"), body)

    def _op_put(self, campaign_id: str, body: Json) -> Op:
        return Op("put_campaign", campaign=campaign_id, body=body)

    def _body(self, kind: str, now: datetime) -> Json:
        chance = self._chance
        starts = now + timedelta(seconds=chance.choice((-60, 0, 0, 0, 5, 90, 86_400)))
        body: Json = {
            "name": kind,
            "kind": kind,
            "starts_at": _text(starts),
            "ends_at": _text(starts + chance.choice(LASTING) + timedelta(seconds=61)),
            "tiers": chance.choice(TIERS),
            "terms": self._terms(kind),
            "status": "active",
        }
        limits = chance.choice(LIMITS)
        if limits is not None:
            body["limits"] = limits
        if kind != "flash":
            body["scope"] = chance.choice(SCOPES)
            if "all" in body["scope"] and chance.random() < 0.2:
                body["except_skus"] = ["pin", "art"]
        if kind in ("discount", "flash"):
            if chance.random() < 0.3:
                body["stacks"] = False
        else:
            if chance.random() < 0.4:
                body["group"] = chance.choice(("x", "y"))
            for name in ("with_coupons", "with_points"):
                if chance.random() < 0.2:
                    body[name] = False
        return body

    def _terms(self, kind: str) -> Json:
        chance = self._chance
        match kind:
            case "discount":
                return {"rate": chance.choice(("0.85", "0.5", "0.9999", "0.333"))}
            case "flash":
                skus = chance.sample(sorted(self._prices), chance.choice((1, 1, 2)))
                return {
                    "items": {sku: self._item(sku) for sku in skus},
                    "per_member": chance.choice((1, 2, 3)),
                }
            case "gift":
                return {
                    "from_fen": chance.choice((300, 15_000, 30_000)),
                    "sku": chance.choice(("pin", "tea", "cup")),
                    "quantity": chance.choice((1, 1, 2)),
                }
        steps = chance.choice(STEPS)
        terms: Json = {"steps": [{"from_fen": from_fen, "off_fen": off_fen} for from_fen, off_fen in steps]}
        if len(steps) == 1 and chance.random() < 0.5:
            terms |= {"repeat": True, "max_off_fen": chance.choice((None, 5_000))}
        return terms

    def _item(self, sku: str) -> Json:
        price = max(1, self._prices[sku] * self._chance.choice((30, 50, 99, 100)) // 100)
        return {"price_fen": price, "units": self._chance.choice((1, 2, 3, 6))}

    def _changed(self, body: Json, now: datetime) -> Json:
        """Say something else of a campaign: of its end, its limits, its terms, or that it is paused."""
        chance = self._chance
        match chance.choice(
            ("status", "status", "ends", "later", "limits", "limits", "terms", "group", "same")
        ):
            case "status":
                return body | {"status": "paused" if body["status"] == "active" else "active"}
            case "active":
                return body | {"status": "active"}
            case "ends" if moment(body["starts_at"]) < now:
                return body | {"ends_at": _text(now)}
            case "later":
                return body | {"ends_at": _text(moment(body["ends_at"]) + chance.choice(LASTING))}
            case "limits":
                return body | {"limits": chance.choice(LIMITS)}
            case "terms" if body["kind"] == "flash":
                return body | {"terms": self._changed_flash(body["terms"])}
            case "terms":
                return body | {"terms": self._terms(body["kind"])}
            case "same" if chance.random() < 0.3:
                return self._body(chance.choice(KINDS), now)
            case "group" if body["kind"] in ("spend_save", "gift"):
                return body | {"group": chance.choice(("x", "y"))}
        return body

    def _changed_flash(self, terms: Json) -> Json:
        """Change units, leave a product out, or take another one in."""
        chance = self._chance
        items = dict(terms["items"])
        sku = chance.choice(sorted(items))
        match chance.choice(("more", "fewer", "out", "in", "price")):
            case "more":
                items[sku] = items[sku] | {"units": items[sku]["units"] + chance.choice((1, 3))}
            case "fewer":
                items[sku] = items[sku] | {"units": max(1, items[sku]["units"] - chance.choice((1, 2)))}
            case "out" if len(items) > 1:
                del items[sku]
            case "in":
                other = chance.choice(sorted(self._prices))
                items.setdefault(other, self._item(other))
            case _:
                items[sku] = self._item(sku) | {"units": items[sku]["units"]}
        return {"items": items, "per_member": chance.choice((terms["per_member"], 1, 3))}

    def asked_for(self) -> str | list[str] | None:
        """Return which campaigns a cart asks for; None if it does not say."""
        chance = self._chance
        roll = chance.random()
        if roll < 0.7 or not self.bodies:
            return None if roll < 0.4 else "best"
        if roll < 0.8:
            return "none"
        running = self._running()
        offers = [name for name in running if self.bodies[name]["kind"] in ("spend_save", "gift")]
        offers = offers or list(self.bodies)[-2:]
        named = chance.sample(offers[-6:], min(len(offers), chance.choice((1, 1, 2))))
        return [*named, "d0"] if chance.random() < 0.05 else named

    def _running(self) -> list[str]:
        """Return the campaigns that run now, as far as staff know."""
        now = self._world.time.now()
        return [
            name
            for name, body in self.bodies.items()
            if body["status"] == "active" and moment(body["starts_at"]) <= now < moment(body["ends_at"])
        ]

    def some_units(self) -> dict[str, int] | None:
        """Return what somebody buys because of a campaign that runs; None where none does."""
        running = self._running()
        return self.units_for(self._chance.choice(running)) if running else None

    def units_for(self, campaign_id: str) -> dict[str, int]:
        """Return what somebody buys who wants to have something of a campaign."""
        body, chance = self.bodies[campaign_id], self._chance
        if body["kind"] == "flash":
            sku = chance.choice(sorted(body["terms"]["items"]))
            return {sku: chance.choice((1, 1, 2))}
        skus = body["scope"].get("skus", ["cup", "pin"])
        first = skus[0]
        return {first: chance.choice((1, 2)), **({"pin": 1} if first != "pin" else {})}

    # Templates, codes and coupons

    def _template(self, kind: str) -> Json:
        now, chance = self._world.time.now(), self._chance
        valid: Json = {"days": chance.choice((1, 3, 30))}
        if chance.random() < 0.4:
            begins = now + timedelta(days=chance.choice((-1, 0, 2)))
            valid = {"from": _text(begins), "until": _text(begins + chance.choice(LASTING[1:]))}
        worth: Json = {"face_value_fen": chance.choice((1, 1_500, 20_000))}
        if kind == "rate":
            worth = {"rate": chance.choice(("0.9", "0.5")), "max_off_fen": chance.choice((None, 3_000))}
        return {
            "name": kind,
            "kind": kind,
            **worth,
            "min_fen": chance.choice((0, 9_000, 25_000)),
            "scope": chance.choice(SCOPES),
            "tiers": chance.choice(TIERS),
            "exclusive": chance.random() < 0.2,
            "claimable": chance.random() < 0.85,
            "valid": valid,
            "limits": chance.choice((None, {"total": 2}, {"per_member": 1}, {"total": 9, "per_member": 2})),
            "status": "paused" if chance.random() < 0.1 else "active",
        }

    def _put_template(self) -> Op:
        chance = self._chance
        if len(self.templates) < 3 or chance.random() < 0.2:
            return Op(
                "put_template",
                template=self._name("t"),
                body=self._template(chance.choice(("amount", "rate"))),
            )
        template_id = chance.choice(list(self.templates)[-4:])
        kind = self.templates[template_id]["kind"] if chance.random() < 0.95 else "rate"
        body = self._template(kind)
        if chance.random() < 0.5:
            body = self.templates[template_id] | {"limits": body["limits"], "status": body["status"]}
        return Op("put_template", template=template_id, body=body)

    def _some_template(self) -> str:
        now = self._world.time.now()
        ids = list(self.templates)[-4:] or ["t0"]
        if self._chance.random() < 0.7:  # mostly one that gives something
            until = {
                name: self.templates[name]["valid"].get("until") for name in ids if name in self.templates
            }
            ids = [name for name, last in until.items() if last is None or moment(last) > now] or ids
        return self._chance.choice(ids)

    def claim(self, template_id: str | None = None, member: str | None = None) -> Op:
        """Have a member claim a coupon."""
        template_id = template_id or self._some_template()
        member = member or self._chance.choice(self._members)
        return Op("claim", member=member, template=template_id, key=self._name("q"))

    def _make_codes(self) -> Op:
        chance = self._chance
        told: Json = {"count": chance.choice((1, 3))}
        if chance.random() < 0.5:
            code = GENERAL_CODE if chance.random() < 0.3 else self._name("CODE-")
            told = {"code": code, "limit": chance.choice((1, 2, 3))}
        return Op("make_codes", template=self._some_template(), batch=self._name("b"), told=told)

    def enter_code(self, code: str | None = None, member: str | None = None) -> Op:
        """Have a member enter a code: a right one, one that is gone, or one that never was."""
        chance = self._chance
        if code is None:
            wrong = chance.random() < 0.25 or not self._codes
            code = chance.choice(("nothing", "????", "CODE-0")) if wrong else chance.choice(self._codes[-8:])
        typed = code.lower() if chance.random() < 0.1 else code
        return Op("enter_code", member=member or chance.choice(self._members), code=typed)

    def _issue(self) -> Op:
        member = self._chance.choice(self._members)
        return Op("issue", member=member, issue=self._name("i"), template=self._some_template())

    def coupon_of(self, member: str) -> str | None:
        """Return a coupon that a member has, or has had."""
        rows = self._world.cloud.row("Members", member_id=member, item="HELD")
        held = [] if rows is None else sorted(rows["coupons"])
        return self._chance.choice(held) if held else None

    def many_at_once(self, count: int) -> list[Op]:
        """Let several members want the same of a template or a code at once, while staff change it."""
        chance = self._chance
        if chance.random() < 0.2:  # somebody guesses
            member = chance.choice(self._members)
            return [self.enter_code(f"WRONG{number}", member) for number in range(count)]
        if self._codes and chance.random() < 0.5:
            code = chance.choice(self._codes[-6:])
            return [self.enter_code(code, member) for member in chance.choices(self._members, k=count)]
        template_id = self._some_template()
        ops = [self.claim(template_id, member) for member in chance.choices(self._members, k=count)]
        if chance.random() < 0.3:
            ops[0] = self._put_template()
        return ops


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
