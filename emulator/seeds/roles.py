"""A deployment around a single role document."""

from lxml.etree import _Element

from emulator.asm import xml
from emulator.asm.xml import node
from emulator.seeds.compute import encoded
from emulator.seeds.model import CREATED, number


def deployment_of_role(role: _Element) -> bytes:
    """A running deployment, named like the role, with nothing else in it; one with a subnet is in a network."""
    name = xml.text(role, "RoleName")
    configuration = "ConfigurationSets/ConfigurationSet"
    address = xml.text(role, f"{configuration}/StaticVirtualNetworkIPAddress") or "10.0.0.4"
    in_network = bool(xml.findall(role, f"{configuration}/SubnetNames/SubnetName"))
    instance = [
        node("RoleName", name),
        node("InstanceName", name),
        node("InstanceStatus", "ReadyRole"),
        node("InstanceUpgradeDomain", 0),
        node("InstanceFaultDomain", 0),
        node("InstanceSize", xml.text(role, "RoleSize")),
        node("InstanceStateDetails", ""),
        node("IpAddress", address),
        node("PowerState", "Started"),
        node("HostName", name),
    ]
    content = xml.embed(xml.canonical(role)).replace(b"<PersistentVMRole>", b"", 1)
    return xml.document(
        node(
            "Deployment",
            [
                node("Name", name),
                node("DeploymentSlot", "Production"),
                node("PrivateID", number("deployment", name).hex),
                node("Status", "Running"),
                node("Label", encoded(name)),
                node("Url", f"http://{name.lower()}.cloudapp.net/"),
                node("RoleInstanceList", [node("RoleInstance", instance)]),
                node("UpgradeDomainCount", 1),
                node(
                    "RoleList",
                    [
                        node(
                            "Role",
                            [content.removesuffix(b"</PersistentVMRole>")],
                            ' i:type="PersistentVMRole"',
                        )
                    ],
                ),
                node("SdkVersion", ""),
                node("Locked", False),
                node("RollbackAllowed", False),
                node("VirtualNetworkName", f"{name}-vnet" if in_network else None),
                node("CreatedTime", CREATED),
                node("LastModifiedTime", CREATED),
                node("ExtendedProperties", []),
                node("VirtualIPs", []),
                node("InternalDnsSuffix", f"{name}.d1.internal.cloudapp.net"),
                node("LoadBalancers", []),
            ],
        )
    )
