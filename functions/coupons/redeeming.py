"""Getting a coupon for a code, once per member and code; wrong guesses are counted (V10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.coupons import attempts, codes, issuing
from functions.coupons.attempts import Attempts, Guess, attempts_of
from functions.coupons.code_rows import USES_TERMS, code_key, use_unique, uses_counter
from functions.coupons.held import coupon_key, held_of, key
from functions.coupons.issuing import Given, Giving, Origin, made, not_eligible
from functions.coupons.taking import Taking
from functions.coupons.template_rows import key as template_key
from functions.coupons.template_rows import template_of
from functions.coupons.templates import Template
from functions.domain import identifiers
from functions.domain.errors import InvalidError, RefusalError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Transaction, until_clear
from functions.tiers import members
from functions.tiers.members import STANDING
from functions.tiers.qualification import Standing

NO_CODE = "-"
"""What is looked for where what was typed can be no code: nothing is called so."""
_OF_UNIQUE: Mapping[int, int] | None = {}
"""Nothing is picked from a counter for a code that works once."""


@dataclass(frozen=True, slots=True)
class Redeeming:
    """How members get coupons for codes."""

    giving: Giving

    def redeem(self, member_id: str, typed: str, guess_id: str, at: datetime, deadline: Deadline) -> Given:
        """Give a member the coupon of a code; sent again, the same one.

        Parameters
        ----------
        typed
            The code as the member has typed it.
        guess_id
            What tells this attempt from others.

        Raises
        ------
        InvalidError
            ``code_not_valid``: wrong, used, ended, or one that never was. It counts as a guess.
        TooManyError
            ``too_many_attempts``: too many guesses in the last minutes.
        ForbiddenError
            ``not_eligible``: the code is right, and for other tiers.
        ConflictError
            ``not_registered``, ``too_many_coupons``.
        """
        code = codes.normal(typed) or NO_CODE
        coupon_id = identifiers.code_coupon_id(member_id, code)
        taking = Taking(self.giving.tables, uses_counter(self.giving.catalog_table, code), coupon_id)
        guess = Guess(at=at, guess_id=guess_id)

        def attempt() -> Given | RefusalError:
            try:
                return self._try_to_redeem(member_id, code, taking, guess, deadline)
            except RefusalError:
                # A batch is no snapshot: what refuses may be from after the coupon was got by this very code.
                own = self.giving.own(member_id, coupon_id)
                if own is None:
                    raise
                return self.giving.again(own, deadline)

        found = until_clear(attempt, deadline)
        if isinstance(found, RefusalError):
            raise found
        return found

    def _try_to_redeem(
        self, member_id: str, code: str, taking: Taking, guess: Guess, deadline: Deadline
    ) -> Given | RefusalError:
        """Return the coupon, or a refusal that was put down: it stands whatever came of earlier attempts."""
        own, standing_row, held_row, attempts_row, code_row, home = self.giving.tables.batch_get(
            [
                (self.giving.table, coupon_key(member_id, taking.coupon_id)),
                (self.giving.table, members.key(member_id, STANDING)),
                (self.giving.table, key(member_id)),
                (self.giving.table, attempts.key(member_id)),
                (self.giving.catalog_table, code_key(code)),
                (self.giving.catalog_table, taking.counter.home),
            ],
            deadline,
        )
        if own is not None:
            return self.giving.again(own, deadline)
        standing, tried = issuing.registered(standing_row), attempts_of(attempts_row)
        if tried.has(guess.guess_id):
            return _not_valid()
        tried.check(guess.at)
        template, picked = self._template_of(code_row, guess.at), _OF_UNIQUE
        if template is not None and code_row is not None and not code_row["unique"]:
            home = home or self.giving.tables.get(self.giving.catalog_table, taking.counter.home) or {}
            picked = taking.pick(home, deadline)
        if template is None or code_row is None or "used_by" in code_row or picked is None:
            own = self.giving.own(member_id, taking.coupon_id)
            if own is not None:  # used meanwhile, by this very member
                return self.giving.again(own, deadline)
            self._put_down(member_id, tried.failed(guess), deadline)
            return _not_valid()
        transaction = self.giving.tables.transaction()
        ref = made(template, taking.coupon_id, guess.at, self.giving.zone)
        try:
            _check_tier(template, standing)
            issuing.put(
                transaction,
                self.giving.table,
                member_id=member_id,
                held=held_of(held_row),
                template=template,
                ref=ref,
                origin=Origin(way="code", code=code),
            )
        except RefusalError as refusal:
            # It tells that the code is right, and so stands in line with the guesses.
            self._put_down(member_id, tried, deadline)
            return refusal
        attempts.require(transaction, self.giving.table, member_id, tried)
        if home is None or picked is _OF_UNIQUE:
            use_unique(transaction, self.giving.catalog_table, code, member_id=member_id)
            transaction.commit(deadline)
        else:
            taking.commit(transaction, home, picked, terms=USES_TERMS, deadline=deadline)
        return Given(coupon=ref.coupon(template.worth), repeat=False)

    def _template_of(self, code_row: Row | None, at: datetime) -> Template | None:
        """Return the template that a code gives a coupon of now, None where it gives none."""
        if code_row is None:
            return None
        row = self.giving.tables.get(self.giving.catalog_table, template_key(code_row["template_id"]))
        template = None if row is None else template_of(row)
        return template if template is not None and template.gives_at(at) else None

    def _put_down(self, member_id: str, tried: Attempts, deadline: Deadline) -> None:
        transaction: Transaction = self.giving.tables.transaction()
        attempts.put(transaction, self.giving.table, member_id, tried)
        transaction.commit(deadline)


def _check_tier(template: Template, standing: Standing) -> None:
    if not template.is_for(standing.tier):
        raise not_eligible()


def _not_valid() -> InvalidError:
    return InvalidError("code_not_valid", "This code is not valid.")
