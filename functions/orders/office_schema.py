"""What the routes of the shop's people about all orders answer."""

from datetime import date

from functions.orders.due_list import Kind
from functions.orders.schema import OrderAnswer
from functions.platform.shapes import Answer, StoreTime

Date = date
"""The type, where a field has its name."""


class DueAnswer(Answer):
    """An order that something will happen to by itself, and when it does."""

    kind: Kind
    due_at: StoreTime
    order: OrderAnswer


class SalesAnswer(Answer):
    """What the orders of one day of the store come to: how many, and what those that were paid charge."""

    date: Date
    placed_orders: int
    paid_orders: int
    cancelled_orders: int
    lapsed_orders: int
    list_fen: int
    discount_fen: int
    shipping_fen: int
    points_value_fen: int
    paid_fen: int
    refunded_fen: int
    redeemed_points: int
