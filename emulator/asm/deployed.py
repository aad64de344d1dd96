"""A deployment in the hands of a write: what is in it, and how it is kept after the change."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import changes, locks, requests, shapes, xml
from emulator.asm.call import Call
from emulator.asm.service_writes import mark_network
from emulator.errors import PlatformError
from emulator.faults import Failure
from emulator.platform import documents, fabric


@dataclass(frozen=True)
class Deployed:
    """A deployment of a hosted service, its document open for changes."""

    service: str
    element: _Element

    @classmethod
    def named(cls, call: Call) -> "Deployed":
        """The one that the path names."""
        row = locks.deployment_row(call)
        return cls(row.parent, xml.read(row.document))

    @property
    def roles(self) -> _Element:
        """The list of roles."""
        return self._list(self.element, "RoleList")

    @property
    def balancers(self) -> _Element:
        """The list of internal load balancers."""
        return self._list(self.element, "LoadBalancers")

    def role(self, name: str) -> _Element:
        """A VM of the deployment."""
        for each in self.roles:
            if xml.text(each, "RoleName").lower() == name.lower():
                if xml.text(each, "RoleType") != "PersistentVMRole":
                    raise changes.bad(f"The role {name} is not a virtual machine.")
                return each
        raise PlatformError(404, "ResourceNotFound", f"The role name '{name}' does not exist.")

    def instance(self, name: str) -> _Element:
        """The instance of a VM; both have one name."""
        for each in xml.findall(self.element, "RoleInstanceList/RoleInstance"):
            if xml.text(each, "InstanceName").lower() == name.lower():
                self.role(xml.text(each, "RoleName"))
                return each
        raise PlatformError(404, "ResourceNotFound", f"The role instance {name} does not exist in the deployment.")

    def disks(self, role: _Element) -> _Element:
        """The list of data disks of a VM."""
        return self._list(role, "DataVirtualHardDisks")

    def balancer(self, name: str) -> _Element:
        """The internal load balancer of a name."""
        for each in self.balancers:
            if xml.text(each, "Name").lower() == name.lower():
                return each
        raise PlatformError(404, "ResourceNotFound", f"The load balancer {name} does not exist.")

    def keep(
        self,
        call: Call,
        *,
        disks: Collection[bytes] = (),
        installed: Collection[str] = (),
        more: Callable[[], None] | None = None,
    ) -> Response:
        """Accept the change; two endpoints on one port make its operation fail (recorded)."""
        unit = f"hostedService/{self.service}"
        if conflict := requests.complete_endpoints(self.element):
            failure = Failure(code=conflict.code, message=conflict.message)
            failing = replace(call, plan=call.plan.model_copy(update={"failure": failure}))
            return changes.later(failing, lambda: None, unit)
        shapes.put(self.element, "LastModifiedTime", changes.now(call))
        document = fabric.settle(call.store, call.subscription, self.service, self.element, installed)

        def effect() -> None:
            documents.put(call.store, call.subscription, document, parent=self.service)
            for disk in disks:
                documents.put(call.store, call.subscription, disk)
            if network := xml.text(self.element, "VirtualNetworkName"):
                mark_network(call, network)
            if more:
                more()

        return changes.later(call, effect, unit)

    @staticmethod
    def _list(parent: _Element, tag: str) -> _Element:
        found = xml.find(parent, tag)
        return shapes.insert(parent, tag) if found is None else found
