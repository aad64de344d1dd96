"""`/_control/*`: what only an emulator has. JSON in, JSON out."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from emulator import faults, identity, journal, operations, quotas, seeds
from emulator.arm import throttling
from emulator.errors import PlatformError
from emulator.seeds.synthetic import Synthetic

_Model = TypeVar("_Model", bound=BaseModel)
_RAISED = 1_000_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _File(_Strict):
    name: str
    content: str


class _Seed(_Strict):
    estate: str | None = None
    synthetic: Synthetic | None = None
    documents: list[_File] | None = None
    subscription: Annotated[str, Field(pattern=seeds.SUBSCRIPTION_PATTERN)] | None = None
    registered: bool = True

    @model_validator(mode="after")
    def _one_source(self) -> "_Seed":
        if sum(each is not None for each in (self.estate, self.synthetic, self.documents)) != 1:
            msg = "give exactly one of estate, synthetic, documents"
            raise ValueError(msg)
        return self


class _Clock(_Strict):
    advance: Annotated[float, Field(ge=0, allow_inf_nan=False, le=10 * 365 * 86400)]


_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False, le=7 * 86400)]


class _Latency(_Strict):
    prepare: _Seconds | None = None
    commit: _Seconds | None = None
    abort: _Seconds | None = None
    write: _Seconds | None = None


_Action = Annotated[str, Field(min_length=1, max_length=200)]


class _Identity(_Strict):
    client_id: Annotated[str, Field(min_length=1)]
    subscriptions: list[Annotated[str, Field(pattern=seeds.SUBSCRIPTION_PATTERN)]]
    classic: bool = True
    actions: list[_Action] | None = None
    not_actions: list[_Action] = []


class _Throttle(_Strict):
    subscription: Annotated[str, Field(pattern=seeds.SUBSCRIPTION_PATTERN)]
    writes_per_hour: Annotated[int, Field(ge=0, lt=2**31)] = throttling.DEFAULT


class _Quota(_Strict):
    subscription: Annotated[str, Field(pattern=seeds.SUBSCRIPTION_PATTERN)]
    region: Annotated[str, Field(min_length=1)] = quotas.ANY
    name: Annotated[str, Field(min_length=1)] = quotas.ANY
    limit: Annotated[int, Field(ge=0, lt=2**31)]


async def seed(request: Request) -> JSONResponse:
    """Load an estate; its subscription is made anew."""
    asked = await _asked(request, _Seed)
    if asked.estate is not None:
        estate = seeds.named(asked.estate, asked.subscription)
    elif asked.synthetic is not None:
        estate = seeds.synthetic(asked.synthetic, asked.subscription)
    else:
        files = {each.name: each.content.encode() for each in asked.documents or []}
        estate = seeds.folder(files, asked.subscription)
    summary = seeds.load(request.app.state.store, estate, registered=asked.registered)
    if asked.synthetic is not None:
        # Whoever runs thousands of machines has had the limits of an ordinary subscription raised.
        quotas.set_limit(request.app.state.store, summary["subscription"], quotas.ANY, quotas.ANY, _RAISED)
    return JSONResponse(summary)


async def seeded(request: Request) -> JSONResponse:
    """The subscriptions there are, with what was loaded into them."""
    return JSONResponse(seeds.loaded(request.app.state.store))


async def turn_clock(request: Request) -> JSONResponse:
    """Turn the clock forward; what is due by then ends with the next request."""
    asked = await _asked(request, _Clock)
    clock = request.app.state.clock
    clock.advance(asked.advance)
    return JSONResponse({"now": clock.now().isoformat(), "offset": clock.offset})


async def set_latency(request: Request) -> JSONResponse:
    """How long operations take from now on, in seconds by verb."""
    asked = await _asked(request, _Latency)
    store = request.app.state.store
    for verb, seconds in asked.model_dump(exclude_none=True).items():
        operations.set_latency(store, verb, seconds)
    return JSONResponse({verb: operations.latency(store, verb) for verb in _Latency.model_fields})


async def set_quota(request: Request) -> JSONResponse:
    """From now on this many of a name, or of all names, in a region or in all regions of a subscription."""
    asked = await _asked(request, _Quota)
    if asked.name != quotas.ANY and quotas.find(asked.name) is None:
        raise PlatformError(400, "BadRequest", f"name: there is no quota {asked.name}; the usages APIs list them")
    quotas.set_limit(request.app.state.store, asked.subscription, asked.region, asked.name, asked.limit)
    return JSONResponse(asked.model_dump())


async def set_rights(request: Request) -> JSONResponse:
    """What an identity may do: subscriptions, the classic plane, a role's actions; counts where tokens are required."""
    asked = await _asked(request, _Identity)
    given = asked.model_dump(exclude={"client_id"})
    identity.set_rights(request.app.state.store, asked.client_id, identity.Rights(**given))
    return JSONResponse(asked.model_dump())


async def actions_asked(request: Request) -> JSONResponse:
    """The actions that an identity with limited rights has asked for (`?client_id=`), and whether it might."""
    client = request.query_params.get("client_id", "")
    return JSONResponse(identity.actions_asked(request.app.state.store, client))


async def set_throttle(request: Request) -> JSONResponse:
    """How many writes to the Resource Manager plane a subscription may send in an hour; counted from zero again."""
    asked = await _asked(request, _Throttle)
    throttling.set_limit(request.app.state.store, asked.subscription, asked.writes_per_hour)
    return JSONResponse(asked.model_dump())


async def add_fault(request: Request) -> JSONResponse:
    """Script a fault."""
    script = await _asked(request, faults.Script)
    return JSONResponse({"id": faults.add(request.app.state.store, script)}, 201)


async def list_faults(request: Request) -> JSONResponse:
    """Faults that may still strike."""
    return JSONResponse(faults.listed(request.app.state.store))


async def clear_faults(request: Request) -> JSONResponse:
    """Forget all faults."""
    faults.clear(request.app.state.store)
    return JSONResponse([])


async def read_journal(request: Request) -> JSONResponse:
    """Every write in order."""
    wanted = {
        key: value for key in ("subscription", "unit", "verb") if (value := request.query_params.get(key)) is not None
    }
    entries = journal.entries(request.app.state.store)
    return JSONResponse([each for each in entries if all(each.get(key) == value for key, value in wanted.items())])


async def dataplane(request: Request) -> JSONResponse:
    """Per machine its public endpoints, where they listen, and when they were up and down."""
    plane = request.app.state.dataplane
    if plane is None:
        return JSONResponse({"mode": "off", "machines": []})
    return JSONResponse(plane.report(request.query_params.get("subscription")))


async def _asked(request: Request, model: type[_Model]) -> _Model:
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise PlatformError(400, "BadRequest", f"{place}: {first['msg']}") from None


ROUTES = [
    Route("/_control/seed", seed, methods=["POST"]),
    Route("/_control/seed", seeded, methods=["GET"]),
    Route("/_control/clock", turn_clock, methods=["POST"]),
    Route("/_control/latency", set_latency, methods=["POST"]),
    Route("/_control/quota", set_quota, methods=["POST"]),
    Route("/_control/identities", set_rights, methods=["POST"]),
    Route("/_control/identities", actions_asked, methods=["GET"]),
    Route("/_control/throttle", set_throttle, methods=["POST"]),
    Route("/_control/faults", add_fault, methods=["POST"]),
    Route("/_control/faults", list_faults, methods=["GET"]),
    Route("/_control/faults", clear_faults, methods=["DELETE"]),
    Route("/_control/journal", read_journal, methods=["GET"]),
    Route("/_control/dataplane", dataplane, methods=["GET"]),
]
