"""Offers of a world at rest: figures, what members are shown, what the outside was told (V2, V14, V16)."""

from datetime import datetime, timedelta
from typing import Any

from tests.simulation.lives import Life, differ
from tests.simulation.offers_rows import campaign_id_of, moment, runs_at
from tests.simulation.watch import Watch
from tests.simulation.world import World
from tests.support.events import Call, claims, staff

Json = dict[str, Any]
STAYS = timedelta(minutes=1)
"""How long after its end a campaign is not put away yet."""


class OfferBooks:
    """One look at the offers of a world at rest.

    Raises
    ------
    Violation
        Whatever does not agree.
    """

    def __init__(self, world: World, watch: Watch, lives: list[Life], now: datetime) -> None:
        self._world = world
        self._offers = watch.offers
        self._lives = lives
        self._now = now

    def check(self, members: list[str]) -> None:
        """Compare everything."""
        for campaign_id in sorted(self._offers.history):
            self._check_figures(campaign_id)
        self._check_put_away()
        for member in members:
            self._check_shown(member)
        self._check_told()

    def _check_figures(self, campaign_id: str) -> None:
        """What staff are shown is what came of the orders, as the model of orders has them."""
        shown = self._world.ask(Call("GET", f"/campaigns/{campaign_id}", None, staff())).body
        row, used = self._offers.current(campaign_id), shown["used"]
        differ("version shown", campaign_id, row["version"], shown["version"])
        differ("limits shown", campaign_id, row["limits"], shown["limits"])
        of_orders = self._offers.parts[campaign_id]
        theirs = [life for life in self._lives if life.row["order_id"] in of_orders]
        differ("orders of a campaign", campaign_id, len(of_orders), len(theirs))
        refunded = sum(life.shown["refunded_fen"] for life in theirs)
        differ("refunded of a campaign", campaign_id, refunded, used["refunded_fen"])
        still = [life for life in theirs if any(life.staying)]
        given = sum(of_orders[life.row["order_id"]].given_fen for life in still)
        differ("orders and given", campaign_id, (len(still), given), (used["orders"], used["given_fen"]))
        for limit, most in (("orders", used["orders"]), ("budget_fen", used["given_fen"])):
            if row["limits"][limit] is not None and most > row["limits"][limit]:
                differ("limit passed", campaign_id, row["limits"], used)

    def _check_put_away(self) -> None:
        """V2: of campaigns that are over nothing is set aside, and the directory has none of them."""
        row = self._world.cloud.row("Catalog", sku="campaigns", item="DIRECTORY")
        listed = set(row["campaigns"] if row else {})
        for campaign_id in self._offers.history:
            last = self._offers.current(campaign_id)
            over = moment(last["ends_at"]) + STAYS <= self._now
            differ("put away", f"{last}", over, campaign_id not in listed)
            for sku in last["terms"].get("items", {}) if over else ():
                differ("units of a sale that is over", f"{last}", None, self._aside(campaign_id, sku))

    def _aside(self, campaign_id: str, sku: str) -> int | None:
        return self._offers.amount(f"aside:{campaign_id}:{sku}")

    def _check_shown(self, member: str) -> None:
        """A member is shown what runs for their tier, with what they may still have."""
        shown = self._world.ask(Call("GET", "/offers", None, claims(member))).body
        standing = self._world.cloud.row("Members", member_id=member, item="STANDING")
        assert standing is not None
        expected = {}
        for campaign_id in self._offers.history:
            row = self._offers.current(campaign_id)
            if runs_at(row, self._now) and (row["tiers"] is None or standing["tier"] in row["tiers"]):
                expected[campaign_id] = self._may_have(row, member, campaign_id)
        found = {each["campaign_id"]: each["your"] for each in shown["running"]}
        differ("offers shown", member, expected, found)

    def _may_have(self, row: Json, member: str, campaign_id: str) -> Json:
        theirs = [part for part in self._offers.parts[campaign_id].values() if part.member == member]
        units, most = None, row["limits"]["per_member"]
        if row["kind"] == "flash":
            units = {
                sku: max(0, row["terms"]["per_member"] - sum(part.had[sku] for part in theirs))
                for sku in row["terms"]["items"]
            }
        used = sum(part.is_open for part in theirs)
        return {"orders_left": None if most is None else max(0, most - used), "units_left": units}

    def _check_told(self) -> None:
        """Each version of a campaign is told once, and each limit of which nothing was left."""
        if "catalog-publisher" in self._world.lost:
            return
        rows = [row for rows in self._offers.history.values() for _, row in rows]
        versions = sorted((campaign_id_of(row), row["version"]) for row in rows)
        told = self._world.told("CampaignChanged").values()
        differ("CampaignChanged told", "campaigns", versions, sorted(map(_version, told)))
        exhausted = self._world.told("CampaignExhausted").values()
        names = ("campaign_id", "limit", "sku", "version")
        found = {tuple(each[name] for name in names) for each in exhausted}
        differ("CampaignExhausted told", "campaigns", self._offers.exhausted, found)


def _version(event: Json) -> tuple[str, int]:
    return event["campaign_id"], event["version"]
