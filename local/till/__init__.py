"""The till: a payment provider of the laptop's own, which speaks as WeChat Pay, Alipay and Stripe do.

It is written from the providers' documentation, and knows nothing of how the suite speaks to them.
"""
