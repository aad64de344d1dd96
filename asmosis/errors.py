"""What can go wrong, as one tree.

AsmosisError
├── ControlPlaneError          the far side answered, and the answer is no
│   ├── AuthenticationFailed   401: who are you
│   ├── Forbidden              403: not yours
│   ├── NotFound               404 (and the classic network's 400): no such resource
│   ├── Conflict               409: another operation holds the resource          (retry)
│   ├── Throttled              429, 503 TooManyRequests: too many calls            (retry)
│   ├── ServerFault            5xx: the platform stumbled                          (retry)
│   └── OperationFailed        accepted, then failed
│       ├── CommitFailed       a commit failed; from here only forward             (retry)
│       └── AbortFailed        an abort failed; the unit stays locked until one succeeds (retry)
├── Unreachable                no answer at all: name, socket, TLS, time           (retry)
├── UnreadableDocument         bytes in a shape we do not know, or refuse to read
├── StillMoving                an earlier step of the unit is still running        (retry)
├── IllegalMove                our life cycle forbids the step; nothing was sent
├── UsageError                 the caller asked for something that cannot be       (exit 2)
│   └── UnknownUnit            no such kind or unit
└── CatalogueError             two definitions claim one id; a fault of ours

Retryability is data on the class. Every error pickles: Prefect carries them between processes.
"""

from typing import ClassVar


class AsmosisError(Exception):
    """Anything this project raises on purpose; its text is one line for an operator."""

    worth_retrying: ClassVar[bool] = False


class ControlPlaneError(AsmosisError):
    """A control plane refused a request, in its own words."""

    def __init__(self, plane: str, status: int, code: str, message: str, request_id: str = "") -> None:
        # Every argument goes to `super()`: unpickling replays `args`.
        super().__init__(plane, status, code, message, request_id)
        self.plane, self.status, self.code, self.message = plane, status, code, message
        self.request_id = request_id

    @property
    def final(self) -> bool:
        """Whether the request itself is not acceptable: not because of who asks, and not only for now."""
        return type(self) is ControlPlaneError

    def __str__(self) -> str:
        tail = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.plane} answered {self.status} {self.code}: {self.message}{tail}"


class AuthenticationFailed(ControlPlaneError):
    """The credential was not accepted."""


class Forbidden(ControlPlaneError):
    """The credential is known, but may not do this."""


class NotFound(ControlPlaneError):
    """The platform knows no such resource."""


class Conflict(ControlPlaneError):
    """Another operation holds the resource."""

    worth_retrying = True


class Throttled(ControlPlaneError):
    """The subscription's call budget is spent for now."""

    worth_retrying = True


class ServerFault(ControlPlaneError):
    """The platform failed by itself; its documentation says to try again."""

    worth_retrying = True


class OperationFailed(ControlPlaneError):
    """The platform accepted a long operation and then reported it as failed."""


class CommitFailed(OperationFailed):
    """A commit failed; abort is closed, and the platform's advice is to send commit again."""

    worth_retrying = True


class AbortFailed(OperationFailed):
    """An abort failed; the unit is neither classic nor prepared, and all that it can do is abort again."""

    worth_retrying = True


class Unreachable(AsmosisError):
    """No answer came from a control plane."""

    worth_retrying = True

    def __init__(self, plane: str, endpoint: str, reason: str) -> None:
        super().__init__(plane, endpoint, reason)
        self.plane, self.endpoint, self.reason = plane, endpoint, reason

    def __str__(self) -> str:
        return f"{self.plane} at {self.endpoint} cannot be reached: {self.reason}"


class UnreadableDocument(AsmosisError):
    """A document is malformed, unsafe, or of a shape no model knows."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(place, problem)
        self.place, self.problem = place, problem

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class StillMoving(AsmosisError):
    """An earlier step of the unit has not ended yet."""

    worth_retrying = True

    def __init__(self, unit: str, state: str) -> None:
        super().__init__(unit, state)
        self.unit, self.state = unit, state

    def __str__(self) -> str:
        return f"{self.unit} is still {self.state}"


class IllegalMove(AsmosisError):
    """The unit's life cycle forbids the step; nothing was sent."""

    def __init__(self, unit: str, verb: str, state: str, remedy: str) -> None:
        super().__init__(unit, verb, state, remedy)
        self.unit, self.verb, self.state, self.remedy = unit, verb, state, remedy

    def __str__(self) -> str:
        return f"cannot {self.verb} {self.unit}: it is {self.state}. {self.remedy}"


class UsageError(AsmosisError):
    """The caller asked for something that cannot be; names the place and the remedy."""

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        super().__init__(place, problem, remedy)
        self.place, self.problem, self.remedy = place, problem, remedy

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}. {self.remedy}"


class UnknownUnit(UsageError):
    """There is no such kind of unit, or no such unit in the subscription."""


class CatalogueError(AsmosisError):
    """Two definitions claim the same id."""
