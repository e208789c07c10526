"""The pages that a shopper sees at the provider: one with a button, and what follows it."""

from __future__ import annotations

import html
import json

from local.till.trades import State, Trade

_PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 24em; margin: 4em auto; padding: 0 1em; }}
strong {{ font-size: 2em; }} button {{ font: inherit; padding: .5em 2em; }} small {{ color: #666; }}
</style>
{content}
"""
_CASHIER = """<h1>{provider}</h1>
<p>{what}</p>
<p><strong>{amount} {currency}</strong></p>
<p><small>{number}: the till of a local cloud, no money moves</small></p>
<button id="pay">Pay</button>
<p id="said" role="status"></p>
<script>
document.getElementById("pay").onclick = async () => {{
  const asked = {{ method: "POST", headers: {{ "Content-Type": "application/json" }}, body: {body} }};
  const answer = await fetch("/till/pay", asked);
  const value = await answer.json();
  document.getElementById("said").textContent = answer.ok ? "paid" : value.error;
  if (answer.ok && value.return_to) location.href = value.return_to;
}};
</script>"""
SAYS = {
    State.PAID: "This has been paid already.",
    State.PAYING: "This is being paid.",
    State.CLOSED: "This can no longer be paid.",
}


def cashier(trade: Trade, provider: str, return_to: str) -> str:
    """The page where a trade is paid, or says why it cannot be."""
    if trade.state is not State.OPEN:
        return refusal(SAYS[trade.state])
    back = return_to if return_to.startswith(("http://", "https://")) else ""
    body = json.dumps({"provider": trade.provider, "number": trade.number, "return_to": back})
    content = _CASHIER.format(
        provider=html.escape(provider),
        what=html.escape(trade.title),
        amount=f"{trade.amount / 100:.2f}",
        currency=html.escape(trade.currency),
        number=html.escape(trade.number),
        # A text of a script: nothing in it may end the script.
        body=json.dumps(body).replace("<", "\\u003c"),
    )
    return _PAGE.format(title=html.escape(provider), content=content)


def refusal(says: str) -> str:
    """A page that says why there is nothing to pay."""
    return _PAGE.format(title="Not payable", content=f"<p>{html.escape(says)}</p>")
