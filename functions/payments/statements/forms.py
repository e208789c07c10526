"""The forms of statements by their providers' names."""

from functions.payments.statements.alipay import AlipayForm
from functions.payments.statements.statement import Form
from functions.payments.statements.stripe import StripeForm
from functions.payments.statements.wechatpay import WeChatPayForm

FORMS: dict[str, type[Form]] = {"wechatpay": WeChatPayForm, "alipay": AlipayForm, "stripe": StripeForm}
