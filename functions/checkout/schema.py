"""What placing an order takes: a cart, and what the shopper was told that it costs."""

import json

from functions.domain.identifiers import fingerprint
from functions.offers.schema import CartRequest, Fen


class OrderRequest(CartRequest):
    """A cart to be ordered, and what the shopper was told that it costs."""

    expected_paid_fen: Fen | None = None

    def fingerprint(self) -> str:
        """Return what tells this body from another: equal after defaults, lines in the order sent.

        Defaults are left out, so that a field added later does not make old requests look different (R1).
        """
        return fingerprint(json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True))
