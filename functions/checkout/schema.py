"""What placing an order takes: a cart, and what the shopper was told that it costs."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from functions.domain.identifiers import fingerprint
from functions.offers.schema import CAMPAIGNS_MAX, CartRequest, Fen, Quantity
from functions.platform.shapes import Request, Sku


class GiftRequest(Request):
    """A gift that the shopper was told of."""

    sku: Sku
    quantity: Quantity


class OrderRequest(CartRequest):
    """A cart to be ordered, what the shopper was told that it costs, and which gifts it brings."""

    expected_paid_fen: Fen | None = None
    expected_gifts: Annotated[list[GiftRequest], Field(max_length=CAMPAIGNS_MAX)] | None = Field(
        default=None, description="The gifts that the quote showed, in any order; not said, any will do."
    )

    def gifts(self) -> Mapping[str, int] | None:
        """Return the gifts that the shopper was told of, units by sku; None where nothing is said of them."""
        if self.expected_gifts is None:
            return None
        gifts: Counter[str] = Counter()
        for gift in self.expected_gifts:
            gifts[gift.sku] += gift.quantity
        return dict(gifts)

    def fingerprint(self) -> str:
        """Return what tells this body from another: equal after defaults, lines in the order sent.

        Defaults are left out, so that a field added later does not make old requests look different (R1).
        """
        return fingerprint(json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True))
