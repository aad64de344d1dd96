"""What the checks look at: the planes and the server that the environment names, each thing read once for all."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from azure.core.credentials import AccessToken

from asmosis.azure.clouds import arm_scope_at, asm_scope_at
from asmosis.azure.inventory import take_snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import token
from asmosis.classic.estate import Estate
from asmosis.doctor.asking import Answer, ask
from asmosis.errors import UnreadableDocument
from asmosis.runs import Runs

T = TypeVar("T")


class Once(Generic[T]):
    """A value that several checks need: made by the first, waited for by the others; a failure is kept as well."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: list[T] = []
        self._error: Exception | None = None

    def __call__(self) -> T:
        """The value.

        Raises:
            Exception: whatever it could not be made for.
        """
        with self._lock:
            if self._error is None and not self._made:
                try:
                    self._made.append(self._make())
                except Exception as error:  # noqa: BLE001 - it is raised below, for everybody
                    self._error = error
            if self._error is not None:
                raise self._error
            return self._made[0]


class Patient:
    """Everything that is examined, for at most `patience` seconds; nothing is asked before somebody asks.

    `block` names the ControlPlanes block that the flows sign in with.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        subscription: str = "",
        *,
        block: str = "emulator",
        patience: float = 20.0,
    ) -> None:
        self.environment, self.block, self.patience = environment, block, patience
        self._planes = Once(lambda: Planes.from_environment(environment, subscription))
        self._runs = Once(lambda: Runs.from_environment(environment, tries=0))
        self.asm_token = Once(lambda: self._token(asm_scope_at(self.planes.asm_url)))
        """For classic; nobody needs it who signs in there by certificate."""
        self.arm_token = Once(lambda: self._token(arm_scope_at(self.planes.arm_url)))
        """For Resource Manager."""
        self.estate = Once(self._estate)
        """The classic side, whole."""

    @property
    def planes(self) -> Planes:
        """Both control planes.

        Raises:
            UsageError: the environment does not say which, or of which subscription.
        """
        return self._planes()

    @property
    def runs(self) -> Runs:
        """The Prefect server."""
        return self._runs()

    def arm(self, method: str, path: str, version: str, body: Any = None) -> Answer:
        """What Resource Manager answers about `path`, relative to the subscription; asked once.

        Raises:
            ControlPlaneError: the answer is no.
            Unreachable: there is none.
        """
        url = f"{self.planes.arm_url}/subscriptions/{self.planes.subscription}{path}?api-version={version}"
        headers = {"Authorization": f"Bearer {self.arm_token().token}"}
        return ask("ARM", method, url, headers=headers, body=body).accepted()

    def _token(self, scope: str) -> AccessToken:
        return token(self.planes.signed_in(), scope)

    def _estate(self) -> Estate:
        with self.planes.asm() as asm:
            found = take_snapshot(asm)
        if found.unreadable:
            # What cannot be read may be what is looked for.
            raise UnreadableDocument(f"subscription {self.planes.subscription}", "; ".join(found.unreadable))
        return found.estate
