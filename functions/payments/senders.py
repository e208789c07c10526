"""Who asks a provider: made anew for each use, with the keys of its secret (Y1, W7)."""

from dataclasses import dataclass

from functions.domain.errors import TryAgainError
from functions.payments.keys import Keys, KeysError
from functions.payments.providers import directory
from functions.payments.providers.provider import Sender, UnansweredError
from functions.platform.observability import logger

SEND = "send"


@dataclass(frozen=True, slots=True)
class Senders:
    """Gives who asks a provider, by its name."""

    keys: Keys

    def __call__(self, provider: str) -> Sender:
        """Return who asks a provider.

        Raises
        ------
        UnansweredError
            Its keys cannot be had now, or are none.
        """
        try:
            return directory.sender(provider)(self.keys.secret(provider, SEND))
        except (KeysError, ValueError) as error:
            logger.error("keys cannot be used", extra={"provider": provider, "because": str(error)})
            raise UnansweredError(provider) from None
        except TryAgainError:
            raise UnansweredError(provider) from None
