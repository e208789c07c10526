"""The command line: ``python -m local COMMAND``."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from local import clock
from local.backlog import TIMEOUT_SECONDS
from local.deployment import Project
from local.errors import LocalError
from local.interrupts import Interrupted, Interrupts
from local.lifecycle import Lifecycle
from reach.aws import REGION
from reach.errors import CommandError
from reach.folder import FOLDER, FOLDER_VARIABLE, StateFolder, folder_of

if TYPE_CHECKING:
    from local.users import Person
    from ops.stack import Stack

PROVIDERS = ("wechatpay", "alipay", "stripe")
ROOT = Path(__file__).resolve().parent.parent
TOLD = ("ApiUrl", "DocsUrl")
"""The outputs that `up` tells; `status` has all."""
FAILED = 1
Answer = tuple[dict[str, Any], str]
SIGNALLED = 128


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every command here does."""

    def error(self, message: str) -> NoReturn:
        """End with one line; a step back such as ``-7d`` looks like an option, and is no riddle."""
        if re.search(r" -\d", message):
            raise LocalError("the clock only moves forward")
        raise LocalError(f"{message} (see `python -m local --help`)")


class Commands:
    """Each command returns what ``--json`` prints and what a person reads instead."""

    def __init__(self, project: Project, folder: StateFolder, interrupts: Interrupts) -> None:
        self._project = project
        self._folder = folder
        self._interrupts = interrupts
        self._lifecycle = Lifecycle(project, folder, interrupts, say)
        self._cloud = self._lifecycle.cloud

    def up(self, arguments: argparse.Namespace) -> Answer:
        """Start, deploy, and show how to go on."""
        up = self._lifecycle.up(arguments.port)
        people = self._seed(up.outputs) if arguments.seed else []
        done = "deployed" if up.deployed else "started" if up.started else "running, nothing has changed"
        lines = [
            f"local cloud: {done}",
            *(f"  {name:24} {up.outputs[name]}" for name in TOLD if name in up.outputs),
            *_who(self._project.root, people, up.outputs),
            "go on in the browser, or with",
            "  API=$(.venv/bin/python -m local status ApiUrl)",
            "  TOKEN=$(.venv/bin/python -m local token alice)",
            '  curl -H "Authorization: Bearer $TOKEN" $API/members/me',
            "  .venv/bin/python -m local status",
            "  .venv/bin/python -m local --help",
        ]
        value = {
            "outputs": up.outputs,
            "endpoint": up.server.endpoint,
            "fresh": up.fresh,
            "started": up.started,
            "deployed": up.deployed,
            "people": [asdict(each) for each in people],
        }
        return value, "\n".join(lines)

    def people(self, _arguments: argparse.Namespace) -> Answer:
        """Who can sign in at the pages."""
        from local import users

        with self._folder.locked():
            outputs = self._outputs()
            found = users.make_people(self._aws(), self._folder, outputs)
        return {"people": [asdict(each) for each in found]}, "\n".join(
            _who(self._project.root, found, outputs)
        )

    def _seed(self, outputs: dict[str, str]) -> list[Person]:
        from local import seed, users

        def token(name: str, staff: bool) -> str:
            return users.token(self._aws(), self._folder, outputs, name, staff=staff)["access_token"]

        if seed.seed(outputs["ApiUrl"], token):
            say("seeded a demo catalogue with offers, the members alice and bob, and the clerk of the staff")
        return users.make_people(self._aws(), self._folder, outputs)

    def down(self, _arguments: argparse.Namespace) -> Answer:
        """Stop and keep everything."""
        stopped = self._lifecycle.down()
        return {"stopped": stopped}, "stopped" if stopped else "was not running"

    def reset(self, _arguments: argparse.Namespace) -> Answer:
        """Stop and forget everything."""
        self._lifecycle.reset()
        return {"reset": True}, "forgotten"

    def status(self, arguments: argparse.Namespace) -> Answer:
        """Where it is and what it has, or one output of the stack alone."""
        server, till = self._cloud.require(), self._lifecycle.till.running()
        outputs = self._outputs()
        if arguments.output is not None and arguments.output not in outputs:
            raise LocalError(
                f"there is no output {arguments.output!r}; there are {', '.join(sorted(outputs))}"
            )
        value = {
            "outputs": outputs,
            "running": True,
            "endpoint": server.endpoint,
            "till": till.endpoint if till else "not running: run `python -m local up`",
            "region": REGION,
            "pid": server.pid,
            "now": self._shown(self._cloud.now()),
            "log": str(self._folder.server_log),
        }
        if arguments.output is not None:
            return value, outputs[arguments.output]
        shown = [(name, item) for name, item in value.items() if name != "outputs"]
        return value, "\n".join(f"{name:24} {item}" for name, item in [*shown, *outputs.items()])

    def token(self, arguments: argparse.Namespace) -> Answer:
        """An access token."""
        from local import users

        value = users.token(
            self._aws(),
            self._folder,
            self._outputs(),
            arguments.name,
            staff=arguments.staff,
            role=arguments.role,
        )
        return value, value["access_token"]

    def clock(self, arguments: argparse.Namespace) -> Answer:
        """Show or move the time."""
        if arguments.to is None:
            now = self._cloud.now()
        else:
            with self._folder.locked():
                now = self._cloud.move_clock(arguments.to)
        return {"now": self._shown(now)}, self._shown(now)

    def fire(self, arguments: argparse.Namespace) -> Answer:
        """Run a job with all that follows from it."""
        from ops import jobs

        value = jobs.fire(self._stack(), arguments.job)
        self._lifecycle.settle(arguments.timeout)
        counts = ", ".join(f"{name} {count}" for name, count in value.items() if name != "job")
        return value, f"{arguments.job}: {counts or 'done'}"

    def replay(self, arguments: argparse.Namespace) -> Answer:
        """Post what the accounts have not seen of the orders."""
        from ops import jobs

        value = jobs.by_hand(self._stack(), "replay")
        self._cloud.settle(arguments.timeout)
        return value, "replayed; `fire audit-points` tells whether all fits now"

    def settle(self, arguments: argparse.Namespace) -> Answer:
        """Wait for streams and queues."""
        unread = self._lifecycle.settle(arguments.timeout).unread()
        text = "".join(f"; {count} messages in {queue}" for queue, count in unread.items())
        return {"settled": True, "unread_queues": unread}, f"settled{text}"

    def alarms(self, arguments: argparse.Namespace) -> Answer:
        """Look at the alarms, as CloudWatch does every minute."""
        found = self._cloud.alarms()
        states = Counter(each["state"] for each in found)
        off = [each for each in found if each["state"] != "OK"]
        lines = [f"{each['state']:18} {each['alarm']}: {each['says']} ({each['because']})" for each in off]
        counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        return {"alarms": found}, "\n".join([*lines, counted])

    def pay(self, arguments: argparse.Namespace) -> Answer:
        """Play a shopper who pays for an order."""
        from local import pay, users

        outputs, name = self._outputs(), arguments.shopper
        token = users.token(self._aws(), self._folder, outputs, name, staff=False)["access_token"]
        wish = pay.Wish(
            order_id=arguments.order_id,
            provider=arguments.provider,
            method=arguments.method,
            shopper=name,
            twice=arguments.twice,
            late_seconds=arguments.late,
            wrong_amount=arguments.wrong_amount,
            lost=arguments.lost,
        )
        with closing(pay.Shop(outputs["ApiUrl"], token)) as shop:
            value = pay.pay(shop, self._lifecycle.till, wish)
        return value, pay.shown(value)

    def logs(self, arguments: argparse.Namespace) -> Answer:
        """What the functions printed; while it follows, line by line."""
        from local import logs

        lines = logs.lines(self._aws(), arguments.function, follow=arguments.follow)
        if arguments.follow:
            for line in lines:
                print(json.dumps(line) if arguments.json else logs.shown(line), flush=True)
        kept = list(lines)
        return {"lines": kept}, "\n".join(map(logs.shown, kept))

    def policy_check(self, arguments: argparse.Namespace) -> Answer:
        """What a changed policy would change."""
        from local import policy_check

        value = policy_check.check(arguments.file)
        return value, policy_check.shown(value)

    def demo(self, arguments: argparse.Namespace) -> Answer:
        """A year on a cloud of its own."""
        from local.demo.look import somebody_is_there
        from local.demo.show import show

        stays = arguments.look
        if stays is None:
            stays = somebody_is_there() and not arguments.json
        return show(
            self._project,
            arguments.dir,
            self._interrupts,
            record=arguments.record,
            aside=arguments.json,
            stays=stays,
        )

    def _stack(self) -> Stack:
        from ops.stack import Stack

        return Stack(self._aws(), self._project.stack)

    def _aws(self) -> Any:
        from reach.aws import Aws

        return Aws(self._cloud.require().endpoint)

    def _outputs(self) -> dict[str, str]:
        outputs = self._lifecycle.deployment(self._cloud.require()).outputs()
        if outputs is None:
            raise LocalError(f"the stack {self._project.stack} is not deployed: run `python -m local up`")
        return outputs

    def _shown(self, moment: datetime) -> str:
        return moment.astimezone(clock.time_zone(self._project.root)).isoformat(timespec="seconds")


def _who(root: Path, people: list[Person], outputs: dict[str, str]) -> list[str]:
    """Return who signs in where, and how, as lines."""
    from ops import pages

    lines = []
    for page in dict.fromkeys(each.page for each in people):
        there = pages.built(pages.dist_of(root, page))
        lines.append(f"the {page}: {outputs[f'{page.title()}Url']}/{'' if there else ' (not built yet)'}")
        lines += [f"  {each.name:24} {each.password}" for each in people if each.page == page]
    return lines


def say(text: str) -> None:
    """Progress, for people: never on stdout."""
    print(text, file=sys.stderr, flush=True)


def parser() -> Parser:
    """The command line's grammar."""
    shared = Parser(add_help=False)
    shared.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document"
    )
    shared.add_argument(
        "--dir",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="PATH",
        help=f"state folder; default ${FOLDER_VARIABLE}, else {FOLDER}",
    )
    top = Parser(prog="python -m local", description="memberday's local cloud", parents=[shared])
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[shared])

    up = add("up", "start the local cloud and deploy what has changed")
    up.add_argument("--port", type=_port, default=None, help="default: the port it had, else a free one")
    up.add_argument("--seed", action="store_true", help="put in what a demo catalogue and members lack")
    up.add_argument(
        "-c",
        "--context",
        action="append",
        type=_setting,
        default=[],
        metavar="KEY=VALUE",
        help="what the deployment is told, for example cors=http://localhost:5173",
    )
    up.add_argument("--cdk", action="store_true", help="by the CDK, though the kept stacks still hold")
    add("down", "stop it; everything is kept for the next up")
    add("reset", "stop it and forget everything")
    status = add("status", "the stack's outputs, and where things are")
    status.add_argument("output", nargs="?", help="print this output alone, for example ApiUrl")
    token = add("token", "print an access token of a user, who is made if new")
    token.add_argument("name")
    token.add_argument("--staff", action="store_true", help="as a member of the group staff")
    token.add_argument("--role", help="as one of a role: clerk, marketing, finance, admin")
    add("people", "who can sign in at the console and the storefront, and with which password")
    moved = add("clock", "show the local cloud's time, or move it forward")
    moved.add_argument("to", nargs="?", help="+7d, +1h30m, or a time such as 2026-12-31T23:59:50+08:00")
    fire = add("fire", "run a scheduled job now, and wait for all that follows from it")
    fire.add_argument("job")
    replay = add("replay", "post what the accounts have not seen of the orders, and nothing twice")
    settle = add("settle", "wait until streams and queues are drained")
    for waiting in (fire, replay, settle):
        waiting.add_argument(
            "--timeout", type=_seconds, default=TIMEOUT_SECONDS, metavar="S", help="seconds to wait"
        )
    add("alarms", "look at the alarms; those that go off tell their topic")
    policy_check = add("policy-check", "validate a changed policy, and show what it would change")
    policy_check.add_argument("file", type=Path, help="a policy in TOML, as functions/domain/policy.toml")
    demo = add("demo", "live a year of the programme on a cloud of its own, and check everything")
    demo.add_argument("--record", type=Path, metavar="FILE", help="write it down as a page with charts, too")
    demo.add_argument(
        "--look",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="stay at the end, for a look at console and storefront; default: where somebody sits before it",
    )
    pay = add("pay", "play a shopper who pays for an order through a provider, at the till")
    pay.add_argument("order_id", metavar="ORDER_ID")
    pay.add_argument("--provider", choices=PROVIDERS, required=True)
    pay.add_argument("--method", help="one of the provider's; default: its default")
    pay.add_argument(
        "--as", dest="shopper", default="alice", metavar="NAME", help="whose order; default: alice"
    )
    pay.add_argument("--twice", action="store_true", help="the provider tells it two times")
    pay.add_argument("--late", type=_lasting, default=0, metavar="90s", help="it tells it so much later")
    pay.add_argument("--wrong-amount", action="store_true", help="one fen less than asked for is paid")
    pay.add_argument("--lost", action="store_true", help="it is paid, and the provider never tells it")
    logs = add("logs", "what the functions printed")
    logs.add_argument("function", nargs="?", help="part of the function's name; default: all")
    logs.add_argument("--follow", action="store_true", help="go on as more is printed")
    return top


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no KEY=VALUE")
    return key, value


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def _lasting(text: str) -> int:
    try:
        return clock.lasting_seconds(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90s or 1h30m") from None


def main(argv: Sequence[str] | None = None, project: Project | None = None) -> int:
    """Run one command; its exit status."""
    project = project or Project(ROOT)
    interrupts = Interrupts()
    try:
        arguments = parser().parse_args(argv, argparse.Namespace(json=False, dir=None))
        project = replace(
            project,
            context=tuple(getattr(arguments, "context", ())),
            by_cdk=getattr(arguments, "cdk", False),
        )
        with interrupts.handled():
            commands = Commands(project, folder_of(arguments.dir, project.root), interrupts)
            run: Callable[[argparse.Namespace], Answer] = getattr(
                commands, arguments.command.replace("-", "_")
            )
            value, text = run(arguments)
            print(json.dumps(value) if arguments.json else text, flush=True)
    except CommandError as error:
        say(str(error))
        return FAILED
    except Interrupted as error:
        say(f"interrupted ({error})")
        return SIGNALLED + error.number
    except BrokenPipeError:  # the reader of our output has had enough: let the interpreter flush into nothing
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except _aws_errors() as error:
        say(f"{arguments.command}: {error}")
        return FAILED
    return 0


def _aws_errors() -> tuple[type[Exception], ...]:
    """What boto3 raises; imported only if something has been raised, because that takes a while."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


if __name__ == "__main__":
    sys.exit(main())
