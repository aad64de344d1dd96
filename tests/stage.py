"""A subscription of its own in a running local copy: seeded, disturbed, decided about as a person would, and counted."""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import requests
from pydantic import SecretStr

from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.classic.estate import Estate
from asmosis.ledger import Lock, locks, states_of
from asmosis.parameters import WaveParameters
from asmosis.runs import Run, Runs, newest
from deployments import local

PATIENCE = 240.0


def answered(ask: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """The answer of something that may be down for a while."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return ask()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


class Stage:
    """One subscription of the copy at `place`, and the runs about it."""

    def __init__(self, place: local.Place, estate: Mapping[str, Any], subscription: str = "") -> None:
        self.place, self.subscription = place, subscription or str(uuid.uuid4())
        self.runs = Runs(place.api_url, login=SecretStr(place.login) if place.login else None)
        self.control("POST", "seed", {**estate, "subscription": self.subscription})
        self.units = tuple(unit.short for unit in self.estate().units)

    def control(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> Any:
        """What only an emulator can be asked."""

        def ask() -> Any:
            answer = requests.request(method, f"{self.place.emulator_url}/_control/{what}", json=body, timeout=30)
            answer.raise_for_status()
            return answer.json()

        return answered(ask)

    @property
    def _login(self) -> tuple[str, str] | None:
        user, given, password = self.place.login.partition(":")
        return (user, password) if given else None

    def disturb(self, unit: str, when: Mapping[str, Any], then: Mapping[str, Any], times: int = 1) -> None:
        """Script a fault that only this unit meets; on requests without a verb, `path` has to tell it."""
        told = {"unit": unit} if "verb" in when else {}
        script = {"when": {"subscription": self.subscription, **told, **when}, "then": then, "times": times}
        self.control("POST", "faults", script)

    def estate(self) -> Estate:
        """The classic side as it is now."""
        environment = {**self.place.environment(), "ASMOSIS_TOKEN": "any"}
        with Planes.from_environment(environment, self.subscription).asm() as asm:
            estate: Estate = answered(lambda: snapshot(asm))
            return estate

    def wave(self, name: str, units: Iterable[str], **more: Any) -> Run:
        return self.runs.wave(WaveParameters(subscription=self.subscription, name=name, units=list(units), **more))

    def submit(self, flow: str, parameters: Mapping[str, Any]) -> Run:
        """Start a flow with whatever parameters, as curl or the form of the UI does; nothing of ours looks at them."""
        url = f"{self.place.api_url}/deployments"
        deployment = requests.get(f"{url}/name/{flow}/{flow}", timeout=60, auth=self._login).json()
        url = f"{url}/{deployment['id']}/create_flow_run"
        answer = requests.post(url, json={"parameters": parameters}, timeout=60, auth=self._login)
        answer.raise_for_status()
        return self.runs.read(answer.json()["id"])

    def until(self, run: Run, reached: Callable[[Run], bool]) -> Run:
        """The run once it is as wanted."""
        deadline = time.monotonic() + PATIENCE
        while not reached(run := answered(lambda: self.runs.read(run))):
            assert time.monotonic() < deadline, f"{run.name} is {run.state}: {run.message}"
            time.sleep(0.5)
        return run

    def members(self, wave: str = "") -> dict[str, Run]:
        """The newest migration of each unit."""
        return {run.unit: run for run in newest(run for run in self.found(wave) if run.flow == "migrate")}

    def found(self, wave: str = "") -> tuple[Run, ...]:
        """All runs about the subscription, newest first."""
        runs: tuple[Run, ...] = answered(lambda: self.runs.find(self.subscription, wave))
        return runs

    def answer(self, run: Run, decision: str, approver: str, reason: str) -> Any:
        """Fill in the form of a run that waits, as any program can."""
        form = {"run_input": {"decision": decision, "approver": approver, "reason": reason}}
        url = f"{self.place.api_url}/flow_runs/{run.id}/resume"
        answer = requests.post(url, json=form, timeout=60, auth=self._login)
        answer.raise_for_status()
        return answer.json()

    def steps(self) -> Counter[tuple[str, str]]:
        """How often each step of each unit, as KIND/NAME and verb, took effect."""
        entries = self.control("GET", f"journal?subscription={self.subscription}")
        return Counter((entry["unit"], entry["verb"]) for entry in entries if entry["verb"] and entry["effect"])

    def failures(self) -> Counter[tuple[str, str]]:
        """How often each step of each unit was accepted and then failed by the platform itself."""
        entries = self.control("GET", f"journal?subscription={self.subscription}")
        return Counter(
            (entry["unit"], entry["verb"])
            for entry in entries
            if entry["plane"] == "platform" and entry["verb"] and entry["status"] >= 400
        )

    def locks(self) -> tuple[Lock, ...]:
        """What the platform has locked, and who holds it."""
        return locks(states_of(self.estate()), self.found(), answered(self.runs.prepared))
