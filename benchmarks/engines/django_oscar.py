"""django-oscar's adapter, which runs among its packages.

It prices a basket as a page of the shop does: lines and offers are read, the applicator applies the offers,
the basket is added up. The database is SQLite in memory. Offers may be combined on the same items, and each
is applied once. A coupon is a voucher that is in the basket.

The argument ``in_memory`` has it read nothing: offers, ranges, lines and their prices are kept from one
pricing to the next, and a range looks into a set. A shop could have that by an applicator and ranges of its
own; how offers are applied is not touched.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.engines.answering import Price
    from benchmarks.engines.cases import Case, Saving

APPS = (
    "analytics.apps.AnalyticsConfig",
    "checkout.apps.CheckoutConfig",
    "address.apps.AddressConfig",
    "shipping.apps.ShippingConfig",
    "catalogue.apps.CatalogueConfig",
    "catalogue.reviews.apps.CatalogueReviewsConfig",
    "communication.apps.CommunicationConfig",
    "partner.apps.PartnerConfig",
    "basket.apps.BasketConfig",
    "payment.apps.PaymentConfig",
    "offer.apps.OfferConfig",
    "order.apps.OrderConfig",
    "customer.apps.CustomerConfig",
    "search.apps.SearchConfig",
    "voucher.apps.VoucherConfig",
    "wishlists.apps.WishlistsConfig",
)


class NoMigrations:
    """Has all tables made as they are now, instead of by the steps of years."""

    def __contains__(self, _app: str) -> bool:
        return True

    def __getitem__(self, _app: str) -> None:
        return None


def started() -> None:
    """Start Django with an empty shop."""
    defaults: Any = import_module("oscar.defaults")
    settings: Any = import_module("django.conf").settings
    own = {name: getattr(defaults, name) for name in dir(defaults) if name.startswith("OSCAR")}
    settings.configure(
        **own | {"OSCAR_DEFAULT_CURRENCY": "CNY"},
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions", "messages", "sites")),
            "django.contrib.flatpages",
            *(f"oscar.apps.{app}" for app in APPS),
            "haystack",
            "treebeard",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        MIGRATION_MODULES=NoMigrations(),
        SECRET_KEY="of nothing",  # noqa: S106 - a shop of one process
        SITE_ID=1,
        USE_TZ=True,
    )
    import_module("django").setup()
    import_module("django.core.management").call_command("migrate", run_syncdb=True, verbosity=0)


def model(app: str, name: str) -> Any:
    """Return one of its models."""
    return import_module("oscar.core.loading").get_model(app, name)


def yuan(fen: int) -> Decimal:
    """Return an amount as it keeps amounts."""
    return Decimal(fen).scaleb(-2)


class Shop:
    """A case as it stands in the database: products, offers, vouchers, and a user."""

    def __init__(self, case: "Case") -> None:
        self._case = case
        self.user = import_module("django.contrib.auth").get_user_model().objects.create(username="shopper")
        self._products = self._stocked()
        self._every = model("offer", "Range").objects.create(name="all", includes_all_products=True)
        for each in case["percentages"]:
            range_ = self._range(each["id"], each["skus"])
            one = _part("Condition", range_, type="Count", value=1)
            self._offer(
                each["id"], one, _part("Benefit", range_, type="Percentage", value=each["percent_off"])
            )
        for saving in case["savings"]:
            self._saving(saving)
        self._vouchers = {each["id"]: self._voucher(each) for each in case["coupons"]}

    def basket(self, coupon: str | None) -> Any:
        """Return a new basket of the user, with one voucher or none."""
        basket = model("basket", "Basket").objects.create(owner=self.user)
        basket.strategy = import_module("oscar.apps.partner.strategy").Default()
        for line in self._case["lines"]:
            basket.add_product(self._products[line["sku"]], line["quantity"])
        if coupon is not None:
            basket.vouchers.add(self._vouchers[coupon])
        return basket

    def _stocked(self) -> dict[str, Any]:
        goods = model("catalogue", "ProductClass").objects.create(name="goods", track_stock=False)
        partner = model("partner", "Partner").objects.create(name="us")
        found = {}
        for line in self._case["lines"]:
            sku = line["sku"]
            made = model("catalogue", "Product").objects.create(title=sku, upc=sku, product_class=goods)
            model("partner", "StockRecord").objects.create(
                product=made, partner=partner, partner_sku=sku, price=yuan(line["price_fen"])
            )
            found[sku] = made
        return found

    def _range(self, name: str, skus: Iterable[str] | None) -> Any:
        if skus is None:
            return self._every
        found = model("offer", "Range").objects.create(name=name)
        for sku in skus:
            found.add_product(self._products[sku])
        return found

    def _offer(self, name: str, condition: Any, benefit: Any, offer_type: str = "Site") -> Any:
        return model("offer", "ConditionalOffer").objects.create(
            name=name,
            condition=condition,
            benefit=benefit,
            offer_type=offer_type,
            exclusive=False,
            max_basket_applications=1,
        )

    def _saving(self, saving: "Saving", offer_type: str = "Site") -> Any:
        range_ = self._range(saving["id"], saving["skus"])
        reached = _part("Condition", range_, type="Value", value=yuan(saving["from_fen"]))
        off = _part("Benefit", range_, type="Absolute", value=yuan(saving["off_fen"]))
        return self._offer(saving["id"], reached, off, offer_type)

    def _voucher(self, coupon: "Saving") -> Any:
        now = import_module("django.utils.timezone").now()
        voucher = model("voucher", "Voucher").objects.create(
            name=coupon["id"],
            code=coupon["id"],
            usage="Multi-use",
            start_datetime=now - timedelta(days=9),
            end_datetime=now + timedelta(days=9),
        )
        voucher.offers.add(self._saving(coupon, "Voucher"))
        return voucher


def _part(name: str, range_: Any, **said: Any) -> Any:
    """Return a new condition or benefit of an offer."""
    return model("offer", name).objects.create(range=range_, **said)


def paid_fen(basket: Any) -> int:
    """Return what the goods of a basket come to."""
    found = basket.total_incl_tax * 100
    if found != int(found):
        raise ValueError(f"{basket.total_incl_tax} is no amount of whole fen")
    return int(found)


def as_it_comes(basket: Any, user: Any) -> "Price":
    """Return what prices a basket as the shop's pages have it priced."""
    applicator = import_module("oscar.apps.offer.applicator").Applicator()

    def price() -> int:
        basket.reset_offer_applications()
        applicator.apply(basket, user)
        return paid_fen(basket)

    return price


class Products:
    """The products of a range, in memory."""

    def __init__(self, range_: Any) -> None:
        self._ids = frozenset(range_.all_products().values_list("id", flat=True))

    def contains_product(self, product: Any) -> bool:
        """Tell whether the range has a product."""
        return product.id in self._ids


def in_memory(basket: Any, user: Any) -> "Price":
    """Return what prices a basket of which everything has been read."""
    applicator = import_module("oscar.apps.offer.applicator").Applicator()
    offers = kept(applicator.get_offers(basket, user))
    lines = basket.all_lines()

    def price() -> int:
        for line in lines:
            line.clear_discount()
        applicator.apply_offers(basket, offers)
        return paid_fen(basket)

    return price


def kept(offers: Sequence[Any]) -> Sequence[Any]:
    """Return offers that read nothing more: with their ranges, and what may be combined with them."""
    import_module("django.db.models").prefetch_related_objects(offers, "combinations")
    ranges: dict[int, Any] = {}
    for offer in offers:
        for name in ("condition", "benefit"):
            part = getattr(offer, name)
            range_ = ranges.setdefault(part.range_id, part.range)
            if "proxy" not in vars(range_):
                range_.proxy = Products(range_)
            of_its_type = part.proxy()
            of_its_type.range = range_
            setattr(offer, name, of_its_type)
    return offers


WAYS: Mapping[str, Callable[[Any, Any], "Price"]] = {each.__name__: each for each in (as_it_comes, in_memory)}


class Oscar:
    """A started django-oscar with the shop of a case, which prices in one of two ways."""

    def __init__(self, case: "Case", way: str = as_it_comes.__name__) -> None:
        started()
        self.version = f"{version('django-oscar')} (Django {version('Django')})"
        self._way = WAYS[way]
        self._shop = Shop(case)

    def prepared(self, coupon: str | None) -> "Price":
        """Return what prices a basket with one voucher or none."""
        return self._way(self._shop.basket(coupon), self._shop.user)


engine = Oscar
