"""How a deployment is reached: on the caller's account, or on the local cloud of a state folder."""
