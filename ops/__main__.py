"""The command line: ``python -m ops --stack memberday-prod COMMAND``, or ``--local`` for the local cloud."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from functions.domain import policy as policies
from functions.platform.dynamo import Tables
from ops import halt, jobs, offers, pages, redrive, restore, staff, stock, trail
from ops.stack import Stack
from reach.aws import Aws, CallersAccount, Clients
from reach.errors import CommandError
from reach.folder import folder_of
from reach.server import required, running

ROOT = Path(__file__).resolve().parent.parent
DEV = "memberday-dev"
FAILED = 1
Answer = tuple[dict[str, Any], str]


def failures(stack: Stack, _arguments: argparse.Namespace) -> Answer:
    """Show what was set aside."""
    found = redrive.failures(stack)
    lines = [
        f"{each['queue']}: {each['messages']}" + "".join(f"\n  {json.dumps(what)}" for what in each["what"])
        for each in found
        if each["messages"]
    ]
    return {"failures": found}, "\n".join(lines) or "nothing was set aside"


def redrive_queue(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Process again what was set aside."""
    outcome = redrive.redrive(stack, arguments.queue)
    value = {"redriven": outcome.done, "forgotten": outcome.forgotten, "failed": outcome.failed}
    failed = len(outcome.failed)
    text = f"{outcome.done} redriven, {outcome.forgotten} forgotten by the stream, {failed} failed"
    return value, "\n".join([text, *(f"  {each}" for each in outcome.failed)])


def redeliver(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Give a reader the rows of an order, a member or a product again."""
    count = redrive.redeliver(stack, arguments.queue, arguments.key)
    return {"redelivered": count}, f"{count} rows redelivered"


def discard(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Delete the notices of what the stream has forgotten."""
    count = redrive.discard(stack, arguments.queue, known=arguments.known)
    return {"discarded": count}, f"{count} discarded"


def fire(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Start a job."""
    value = jobs.fire(stack, arguments.job)
    return value, ", ".join(f"{name} {count}" for name, count in value.items())


def by_hand(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Start a job that no schedule starts."""
    value = jobs.by_hand(stack, arguments.command)
    return value, ", ".join(f"{name} {count}" for name, count in value.items())


def stock_rows(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Show the stock that lies in several rows, or gather it."""
    tables, table = Tables(stack.aws.client("dynamodb")), stack.table("Catalog")
    if arguments.gather:
        count = stock.gather(tables, table)
        return {"gathered": count}, f"the stock of {count} products is in one row each"
    found = list(stock.shelves(tables, table))
    lines = [
        f"{each.sku}: {each.stock} in {each.rows} rows" + "".join(f"\n  {fault}" for fault in each.faults)
        for each in found
    ]
    return {"stock": [asdict(each) for each in found]}, "\n".join(lines) or "all stock is in one row each"


def count_offers(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Count anew what is counted of campaigns and coupons."""
    names = offers.Names(
        catalog=stack.table("Catalog"), members=stack.table("Members"), orders=stack.table("Orders")
    )
    tables = Tables(stack.aws.client("dynamodb"))
    found = offers.differences(tables, names, arguments.at or datetime.now(UTC))
    lines = [f"{each.what} of {each.of}: expected {each.expected}, found {each.found}" for each in found]
    return {"differences": [asdict(each) for each in found]}, "\n".join(lines) or "all of it fits"


def pause(stack: Stack, _arguments: argparse.Namespace) -> Answer:
    """Let no function run."""
    count = halt.pause(stack)
    return {"paused": count}, f"{count} functions stand still: resume them when you are done"


def resume(stack: Stack, _arguments: argparse.Namespace) -> Answer:
    """Let all functions run."""
    count = halt.resume(stack)
    return {"resumed": count}, f"{count} functions may run"


def find(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Show the lines of all logs that name something."""
    until = arguments.until or datetime.now(UTC)
    lines = trail.find(stack, arguments.id, until=until, hours=arguments.hours)
    text = "\n".join(
        f"{datetime.fromtimestamp(each['at'] / 1_000, UTC).isoformat()} {each['function']} {each['line']}"
        for each in lines
    )
    return {"lines": lines}, text or f"no line names {arguments.id}"


def trace(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Trace a function, or no more."""
    trail.trace(stack, arguments.function, on=not arguments.off)
    told = "is traced no more" if arguments.off else "is traced: switch it --off when you have seen enough"
    return {"function": arguments.function, "traced": not arguments.off}, f"{arguments.function} {told}"


def restore_tables(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Restore all tables beside those that are, and say what to deploy."""
    streams = restore.restore(stack, at=arguments.at, suffix=arguments.suffix)
    told = restore.context(streams)
    return {"streams": streams, "context": told}, told


def publish_pages(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Put the console and the storefront where browsers get them."""
    policy = policies.load()
    zone, tiers = policy.time_zone, [tier.code for tier in policy.tiers]
    done = [
        pages.publish(stack, app, arguments.folder or pages.dist_of(ROOT, app), zone, tiers)
        for app in ([arguments.app] if arguments.app else pages.APPS)
    ]
    lines = [f"{each.app}: {len(each.put)} put, {len(each.deleted)} deleted; {each.url}" for each in done]
    return {"pages": [asdict(each) for each in done]}, "\n".join(lines)


def staff_member(stack: Stack, arguments: argparse.Namespace) -> Answer:
    """Give somebody their roles, and a second factor before that."""

    def ask() -> str:
        print("the code that it shows now: ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip()

    member = staff.set_up(
        stack,
        arguments.name,
        arguments.role,
        anew=arguments.new_factor,
        show=lambda address: print(f"for the authenticator: {address}", file=sys.stderr, flush=True),
        ask=ask,
    )
    told = f"{member.name}: {', '.join(member.roles) or 'no role'}"
    if member.password is not None:
        told += f"; signs in with {member.password} once, and chooses another one there"
    return asdict(member), told


COMMANDS = {
    "failures": failures,
    "redrive": redrive_queue,
    "redeliver": redeliver,
    "discard": discard,
    "fire": fire,
    **dict.fromkeys(jobs.BY_HAND, by_hand),
    "stock": stock_rows,
    "offers": count_offers,
    "pause": pause,
    "resume": resume,
    "restore": restore_tables,
    "pages": publish_pages,
    "staff": staff_member,
    "find": find,
    "trace": trace,
}


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="python -m ops", description="operating a deployed memberday")
    top.add_argument("--stack", default=DEV, help=f"the stack's name; default {DEV}")
    top.add_argument("--local", action="store_true", help="on the local cloud instead of AWS")
    top.add_argument("--dir", type=Path, metavar="PATH", help="on the local cloud of this state folder")
    top.add_argument("--json", action="store_true", help="print one JSON document")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    queue = "what the alarm calls it, for example OrdersToPoints"
    add("failures", "what lies on the failure queues, with the ids of what failed")
    add("redrive", "process again what lies on a failure queue").add_argument("queue", help=queue)
    again = add("redeliver", "give a stream's reader all rows of one key again, as they are now")
    again.add_argument("queue", help=queue)
    again.add_argument("key", help="an order id, a member id or a sku")
    gone = add("discard", "delete the notices of what a stream has forgotten")
    gone.add_argument("queue", help=queue)
    gone.add_argument("--known", action="store_true", help="also what the stream still has: you mended it")
    add("fire", "run a scheduled job now").add_argument("job")
    add("replay", "post what the accounts have not seen of the orders, and nothing twice")
    add("index-members", "let members be found by name and phone who are not yet, or under another key")
    add("index-parcels", "let orders be found by tracking number that were shipped before they could be")
    in_rows = add("stock", "the stock that lies in several rows, and whether these fit together")
    in_rows.add_argument("--gather", action="store_true", help="bring it all into one row each")
    counted = add("offers", "count anew what is counted of campaigns and coupons, and show what differs")
    counted.add_argument("--at", type=_moment, help="what the time is there; default: now")
    published = add("pages", "put the console and the storefront where browsers get them")
    published.add_argument("--app", choices=pages.APPS, help="this one alone")
    published.add_argument("--folder", type=Path, help="where it is built; default: web/APP/dist")
    hired = add("staff", "give somebody exactly these roles, and a second factor if they have none")
    hired.add_argument("name", help="as whom they sign in; made if new")
    hired.add_argument("--role", action="append", default=[], help="one of them; none takes all away")
    hired.add_argument("--new-factor", action="store_true", help="set it up anew: the telephone is gone")
    add("pause", "let no function of the stack run")
    add("resume", "let all functions run again")
    named = add("find", "the lines of all logs that name a request, an order, a member or a record")
    named.add_argument("id")
    named.add_argument("--hours", type=float, default=24, help="how far back; default 24")
    named.add_argument("--until", type=_moment, help="2026-12-31T23:59:50+08:00; default: now")
    traced = add("trace", "let a function be traced, which in production none is by itself")
    traced.add_argument("function", help="what it is called in the app, for example ShopApi")
    traced.add_argument("--off", action="store_true", help="no more")
    restored = add("restore", "restore all tables to a moment, beside those that are")
    restored.add_argument("suffix", help="what the new tables' names end with")
    restored.add_argument(
        "--at", type=_moment, help="2026-12-31T23:59:50+08:00; default: as late as possible"
    )
    return top


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset, such as +08:00")
    return moment


def _clients(arguments: argparse.Namespace) -> Clients:
    if not arguments.local and arguments.dir is None:
        return CallersAccount()
    return Aws(required(running(folder_of(arguments.dir, ROOT))).endpoint)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    from botocore.exceptions import BotoCoreError, ClientError

    arguments = parser().parse_args(argv)
    try:
        stack = Stack(_clients(arguments), arguments.stack)
        value, text = COMMANDS[arguments.command](stack, arguments)
    except (CommandError, BotoCoreError, ClientError) as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return FAILED
    print(json.dumps(value) if arguments.json else text)
    return FAILED if value.get("differences") else 0


if __name__ == "__main__":
    sys.exit(main())
