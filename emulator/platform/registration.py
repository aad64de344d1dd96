"""Whether a subscription may migrate: it has to be registered with a resource provider first (documented)."""

from emulator.errors import PlatformError
from emulator.store import Store

PROVIDER = "Microsoft.ClassicInfrastructureMigrate"


def require(store: Store, subscription: str) -> None:
    """Let a migration call pass only for a registered subscription.

    Raises:
        PlatformError: 400 in the platform's words.
    """
    if store.setting(_key(subscription), "NotRegistered") != "Registered":
        raise PlatformError(400, "BadRequest", "Subscription is not registered for migration.")


def begin(store: Store, subscription: str, *, registered: bool) -> None:
    """What a seeded subscription starts with."""
    store.set_setting(_key(subscription), "Registered" if registered else "NotRegistered")


def _key(subscription: str) -> str:
    """Where the Resource Manager plane keeps registrations."""
    return f"arm.provider/{subscription.lower()}/{PROVIDER}"
