"""What the jobs on orders cost: so many unpaid orders that lapse, so many parcels that count as received.

``python -m benchmarks.order_jobs 10000 100000`` prints the table of docs/checkout.md. Each size runs on an
emulator of its own, with one worker in one process; the baseline is a bare loop of the SDK that writes each
order in a transaction of its own, with the same rows and conditions, in the same run.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from benchmarks import jobs as bench
from benchmarks.jobs import BASELINE_WRITES, Figures
from functions.domain import identifiers
from functions.domain.policy import load
from functions.offers.quotes import Cart, CartLine
from functions.orders import jobs, life
from functions.orders.jobs import OrderJobs
from functions.orders.order import Order
from functions.orders.rows import row_of
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.platform import dynamo
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables
from functions.platform.runs import Runs
from functions.points.account_rows import wallet_row
from functions.points.ledger import Wallet
from tests.support import dynoxide, tables
from tests.support.accounts import hold_points
from tests.support.shop import NOON, Shop

POLICY = load()
LATER = NOON + timedelta(days=30)
POINTS, WITH_POINTS = 500, 5
"""Points of every fifth order of a sale: what the model's mix has, too."""
HELD = Wallet(version=3, entries=2, available={"2026": POINTS})
PRODUCTS, LINES = 300, 3
"""Products that an ordinary day's orders of three lines are spread over."""
STOCK = 1_000_000
CHUNK = 1_000


def member(number: int) -> str:
    """Return a member's id."""
    return f"member-{number:08}"


def sku(number: int) -> str:
    """Return a product's sku."""
    return f"sku-{number:03}"


@dataclass(frozen=True, kw_only=True)
class _Backlog:
    """Orders that are due, each of another member's, made of a few that the shop has priced."""

    shop: Shop
    of: Callable[[int], Order]
    event: Callable[[Order], Order]

    def order(self, number: int) -> Order:
        """Return an order by its number."""
        order_id = identifiers.order_id(member(number), "k")
        return replace(self.of(number), order_id=order_id, member_id=member(number))

    def put(self, numbers: range) -> None:
        """Put orders, with the wallets of those that have points to restore."""
        client, settings = self.shop.tables.client, self.shop.settings
        for start in range(numbers.start, numbers.stop, CHUNK):
            orders = [self.order(number) for number in range(start, min(start + CHUNK, numbers.stop))]
            bench.put(client, settings.orders_table, map(row_of, orders))
            wallets = (wallet_row(each.member_id, HELD) for each in orders if each.redeemed_by_year)
            bench.put(client, settings.members_table, wallets)

    def bare_seconds(self, numbers: range) -> float:
        """Return the seconds that the bare SDK takes to write one of these orders by itself."""
        sent = []
        for number in numbers:
            transaction = self.shop.tables.transaction()
            order = self.order(number)
            self.shop.book.replace(transaction, order, self.event(order), Deadline(20))
            sent.append(transaction.actions)
        client = self.shop.tables.client
        return bench.seconds_each(lambda actions: client.transact_write_items(TransactItems=actions), sent)


def lapse_of_a_sale(count: int) -> Figures:
    """Measure the lapse of so many orders of one product."""

    def of(shop: Shop) -> Callable[[int], Order]:
        with_points, without = (_placed(shop, [0], points=points) for points in (POINTS, 0))
        return lambda number: without if number % WITH_POINTS else with_points

    return _measured(LAPSE_UNPAID, count, of, lambda order: life.as_of(order, LATER))


def lapse_of_a_day(count: int) -> Figures:
    """Measure the lapse of so many orders of three lines, which seldom have the same ones."""

    def of(shop: Shop) -> Callable[[int], Order]:
        placed = [_placed(shop, _three(number)) for number in range(PRODUCTS)]
        return lambda number: placed[number % PRODUCTS]

    figures = _measured(LAPSE_UNPAID, count, of, lambda order: life.as_of(order, LATER))
    return replace(figures, job=f"{LAPSE_UNPAID} ({LINES} lines)")


def receive(count: int) -> Figures:
    """Measure the receipt of so many parcels that nobody has confirmed."""

    def of(shop: Shop) -> Callable[[int], Order]:
        placed = [_shipped(_placed(shop, _three(number))) for number in range(PRODUCTS)]
        return lambda number: placed[number % PRODUCTS]

    return _measured(AUTO_RECEIPT, count, of, lambda order: life.as_of(order, LATER))


def _three(number: int) -> Sequence[int]:
    return [(number + step) % PRODUCTS for step in (0, 7, 18)]


def _placed(shop: Shop, products: Iterable[int], *, points: int = 0) -> Order:
    """Return an order as the shop prices it, placed; the shop's own is cancelled, so that no job finds it."""
    made = shop.placing("template", f"{list(products)} {points}", sku(0))
    cart = Cart(lines=tuple(CartLine(sku=sku(each), quantity=1) for each in products), points=points)
    order, _ = shop.checkout.place(replace(made, cart=cart), Deadline(20))
    shop.book.change(order.order_id, lambda placed: life.cancel(placed, now=NOON), Deadline(20))
    return order


def _shipped(order: Order) -> Order:
    paid = life.pay(order, payment_id="p", amount_fen=order.quote.paid_fen, now=NOON)
    return life.ship(paid, told={}, now=NOON)


def _measured(
    job: str, count: int, of: Callable[[Shop], Callable[[int], Order]], event: Callable[[Order], Order]
) -> Figures:
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        settings = tables.create(client, "orders")
        shop = Shop(Tables(client), settings, POLICY)
        shop.register("template")
        hold_points(shop.tables, settings.members_table, "template", {"2026": 10 * POINTS})
        for number in range(PRODUCTS):
            shop.stock(sku(number), STOCK)
        backlog = _Backlog(shop=shop, of=of(shop), event=event)
        backlog.put(range(count + BASELINE_WRITES))
        bare = backlog.bare_seconds(range(count, count + BASELINE_WRITES))
        stock = sum(shop.units(sku(number)) for number in range(PRODUCTS))
        runs = Runs(shop.tables, settings.reports_table)
        figures = bench.measured(
            jobs.tasks(job, LATER),
            lambda queue: OrderJobs(shop.book, runs, queue).work,
            client,
            due=count,
            others=0,
            baseline_seconds=bare,
        )
        _check(backlog, count, sum(shop.units(sku(number)) for number in range(PRODUCTS)) - stock)
        return figures


def _check(backlog: _Backlog, count: int, came_back: int) -> None:
    """Fail unless every unit has come back, and the orders are as they should be."""
    orders = [backlog.order(number) for number in range(count)]
    units = sum(line.quantity for order in orders for line in order.quote.lines if not order.paid_at)
    stored = [backlog.shop.book.find(orders[number].order_id) for number in (0, count - 1)]
    if came_back != units or any(order is None or order.due is not None for order in stored):
        raise SystemExit(f"{came_back} units instead of {units}; {stored}")


def main() -> None:
    """Measure each job at each size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    bench.table(parser.parse_args().sizes, (lapse_of_a_sale, lapse_of_a_day, receive))


if __name__ == "__main__":
    main()
