"""A provider's statement of a day, read line by line: what each line says, in our words (Y8).

A statement may be of any size: it is read in constant memory, and from any line on. What a form has to
remember between lines is in its :class:`Standing`, which is plain values, so that another worker goes on
with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, Self

from functions.payments.providers.provider import CNY

LINE_BYTES_MAX = 64 * 1024
"""A longer line is none of a statement's."""
FEE_PARTS = 1_000
"""Fees are summed up in so many parts of a fen: providers write some with five places of a yuan."""


class Entry(StrEnum):
    """What a line is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    APART = "apart"
    """Fees, payouts and the like: they are no payment of ours, and not compared."""


class Says(StrEnum):
    """How a line says that it stands."""

    DONE = "succeeded"
    UNDER_WAY = "processing"
    UNDONE = "failed"


class Because(StrEnum):
    """Why a statement is refused as a whole."""

    ENCODING = "encoding"
    LENGTH = "length"
    COLUMNS = "columns"
    """It has no columns, lacks one that is needed, or a line has more or fewer than they are."""
    FIELD = "field"
    """A field of a line is not what it has to be."""
    TOTALS = "totals"
    """Its totals are not what its lines come to."""
    CUT_OFF = "cut_off"
    """It ends before its end."""
    MORE = "more"
    """It goes on after its end."""


class FaultError(Exception):
    """A line is not as it has to be."""

    def __init__(self, because: Because) -> None:
        super().__init__(because.value)
        self.because = because


class DamagedError(Exception):
    """A statement is not as its provider writes it: it is refused whole. What the line holds is not told."""

    def __init__(self, line: int, because: Because) -> None:
        super().__init__(f"line {line}: {because}")
        self.line = line
        self.because = because


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line says. ``amount`` is in minor units of ``currency``, and never negative.

    ``object_id`` is the provider's number of what it is about, ``number`` ours of the attempt or of the
    transfer, if it names one; ``payment`` the provider's number of the payment that a refund is of.
    """

    line: int
    entry: Entry
    object_id: str = ""
    number: str | None = None
    payment: str | None = None
    amount: int = 0
    currency: str = CNY
    says: Says = Says.DONE
    at: datetime | None = None


class Part(StrEnum):
    """Which part of a statement comes next."""

    HEAD = "head"
    LINES = "lines"
    TRAILER = "trailer"
    END = "end"


@dataclass(slots=True, kw_only=True)
class Standing:
    """Where the reading of a statement stands, and what its lines came to until there."""

    offset: int = 0
    """Bytes that have been read, to the end of a line."""
    line: int = 0
    part: Part = Part.HEAD
    columns: list[str] = field(default_factory=list)
    sums: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, number: int) -> None:
        """Add to a sum."""
        self.sums[name] = self.sums.get(name, 0) + number

    def to_row(self) -> dict[str, Any]:
        """Write it as plain values."""
        return {**asdict(self), "part": self.part.value}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_row` wrote."""
        return cls(**{**row, "part": Part(row["part"]), "sums": dict(row["sums"])})


class Form(Protocol):
    """How a provider writes its statements."""

    encoding: ClassVar[str]
    quoted: ClassVar[bool]
    """Whether a field in quotes may hold the end of a line."""

    @staticmethod
    def take(text: str, standing: Standing) -> Line | None:
        """Return what a line says, or None of one that says nothing of a payment; move the standing on.

        Raises
        ------
        FaultError
            It is not as it has to be.
        """

    @staticmethod
    def end(standing: Standing) -> None:
        """Check that a statement may end here.

        Raises
        ------
        FaultError
        """


def read(form: type[Form], chunks: Iterable[bytes], standing: Standing) -> Iterator[Line | None]:
    """Give what each line of a statement says, None for one without any; the standing moves on with them.

    Parameters
    ----------
    chunks
        The statement's bytes from the standing's offset on.

    Raises
    ------
    DamagedError
    """
    lines = _lines(chunks, standing, quoted=form.quoted)
    for raw, physical in lines:
        standing.line += physical
        try:
            text = raw.decode(form.encoding).rstrip("\r\n")
            found = form.take(text.removeprefix("\ufeff") if standing.offset == 0 else text, standing)
        except UnicodeDecodeError:
            raise DamagedError(standing.line, Because.ENCODING) from None
        except FaultError as fault:
            raise DamagedError(standing.line, fault.because) from None
        standing.offset += len(raw)
        yield found
    try:
        form.end(standing)
    except FaultError as fault:
        raise DamagedError(standing.line, fault.because) from None


def count(standing: Standing, line: Line, *, fee: int = 0) -> Line:
    """Count a line for what is shown of the statement; the fee is in :data:`FEE_PARTS` of a fen."""
    if line.entry is Entry.APART:
        standing.add("apart", 1)
    else:
        standing.add("lines", 1)
        if line.currency != CNY:
            standing.add("foreign", 1)
        elif line.says is not Says.UNDONE:
            standing.add("payments" if line.entry is Entry.PAYMENT else "refunds", line.amount)
    standing.add("fees", fee)
    return line


def needed(columns: list[str], wanted: Iterable[str]) -> list[str]:
    """Return the columns of a statement.

    Raises
    ------
    FaultError
        One is missing that is needed.
    """
    if not set(wanted) <= set(columns) or len(set(columns)) != len(columns):
        raise FaultError(Because.COLUMNS)
    return columns


def by_column(columns: list[str], fields: list[str]) -> dict[str, str]:
    """Return the fields of a line by their columns.

    Raises
    ------
    FaultError
        They are more or fewer.
    """
    if len(columns) != len(fields):
        raise FaultError(Because.COLUMNS)
    return dict(zip(columns, fields, strict=True))


def _lines(chunks: Iterable[bytes], standing: Standing, *, quoted: bool) -> Iterator[tuple[bytes, int]]:
    """Give lines to the byte, and of how many lines of the file each is.

    A byte that ends a line is no part of any character, in UTF-8 as in GBK.
    """
    rest, record, physical = b"", b"", 0
    for chunk in chunks:
        rest += chunk
        *whole, rest = rest.split(b"\n")
        for each in whole:
            record, physical = record + each + b"\n", physical + 1
            _check_length(record, standing, physical)
            if not quoted or record.count(b'"') % 2 == 0:
                yield record, physical
                record, physical = b"", 0
        _check_length(record + rest, standing, physical + 1)
    if record or rest:
        yield record + rest, physical + (1 if rest else 0)


def _check_length(record: bytes, standing: Standing, physical: int) -> None:
    if len(record) > LINE_BYTES_MAX:
        raise DamagedError(standing.line + physical, Because.LENGTH)
