"""Sites whose mutant nothing can tell from the original, and why.

A test fails if one of them is not found any more. ``--equivalent`` runs them all the same, to see that none
is caught.
"""

_WITH_THE_WALLET = (
    "the wallet goes on by one version in the same transaction, and nothing else writes such a row: whoever"
    " would write it a second time fails at the wallet"
)
_REGISTRATION = (
    "profile, standing and the opening rows are written together and never one without the others, so that"
    " each one's condition stands for those of all"
)
_NEVER_DELETED = "rows are never deleted, so what a query found is there when it is put again"

_READ_TWICE = "it is looked for once more where there is no need: that costs a read, and says the same"

_MOVING = "functions/catalog/catalog.py _try_to_move_stock"

EQUIVALENT: dict[str, str] = {
    f"{_MOVING}: if moved is None and earlier is None always": _READ_TWICE,
    f"{_MOVING}: moved is None and earlier is None: without earlier is None": (_READ_TWICE),
    f"{_MOVING}: moved is None and earlier is None: without moved is None": (_READ_TWICE),
    "functions/coupons/coupons.py give_back: #order_id = :order": (
        "the order's version in the same transaction lets it close once, and from its placing until then no"
        " other order can have the coupon"
    ),
    "functions/coupons/coupons.py use: #face_value_fen = :face": (
        "the face value of a coupon never changes once it is issued (B3)"
    ),
    "functions/platform/dynamo.py put_over: attribute_exists(#{next(iter(row))})": _NEVER_DELETED,
    "functions/platform/dynamo.py put_version: put_new(table, row) without its condition": (
        f"only a lot begins at version 0: {_WITH_THE_WALLET}"
    ),
    "functions/points/accounts.py _put_lot: put_version(self.table, lot_row(member_id, lot)) without its"
    " condition": _WITH_THE_WALLET,
    "functions/points/accounts.py _add: put_new(self.table, tier_change_row(member_id, change,"
    " made.wallet.version, number)) wi...": _WITH_THE_WALLET,
    "functions/points/accounts.py put_wallet: put_new(table, entry_row(member_id, entry)) without its"
    " condition": f"the number of the wallet's entries is in its key, and {_WITH_THE_WALLET}",
    "functions/points/audit.py _chain: entries * (entries + 1) // 2 up": (
        "the product of two successive numbers is even, so nothing is rounded"
    ),
    "functions/points/replay.py work.handle: lot.lacks(order) is True": (
        "a posting finds by itself that there is nothing to post: that costs a read, and counts as nothing"
    ),
    "functions/tiers/members.py _forget_reasons: put_over(self.table, row) without its condition": (
        _NEVER_DELETED
    ),
    "functions/tiers/members.py _try_to_put: put_new(self.table, _profile_row(told)) without its condition": (
        _REGISTRATION
    ),
    "functions/tiers/members.py _try_to_put: put_new(self.table, opened) without its condition": (
        _REGISTRATION
    ),
    "functions/tiers/members.py _try_to_put: put_new(self.table, standing_row(told.member_id, held)) without"
    " its condition": _REGISTRATION,
    "functions/tiers/members.py change_birthday.attempt: put_new(self.table, { **key(member_id,"
    ' f"{BIRTHDAY_CHANGE}{profile.version:0{_NUMBER_DI...': (
        "the profile's version is in its key, and the profile goes on by one version in the same transaction"
    ),
    "functions/offers/pricing.py points_value_fen: points * FEN_PER_YUAN //"
    " policy.points.redeemed_per_yuan up": (
        "points are redeemed in whole steps only, and the policy is refused unless a step is worth whole fen"
    ),
}
"""By :attr:`tools.mutations.sites.Site.key`."""
