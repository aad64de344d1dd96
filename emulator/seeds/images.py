"""Documents of images and service certificates, elements in the recorded order."""

import base64
import hashlib

from emulator.asm import xml
from emulator.asm.xml import node
from emulator.seeds.model import CREATED


def os_image(name: str, media_link: str, location: str = "West US") -> bytes:
    """An image of one's own, made from a generalised VM."""
    return xml.document(
        node(
            "OSImage",
            [
                node("Category", "User"),
                node("Label", name),
                node("Location", location),
                node("LogicalSizeInGB", 30),
                node("MediaLink", media_link),
                node("Name", name),
                node("OS", "Linux"),
                node("IsPremium", False),
                node("OSState", "Generalized"),
                node("IOType", "Standard"),
            ],
        )
    )


def vm_image(name: str, media_link: str, location: str = "West US") -> bytes:
    """An image of a VM with its disks."""
    os_disk = [
        node("Name", f"{name}-os"),
        node("HostCaching", "ReadWrite"),
        node("OSState", "Generalized"),
        node("OS", "Linux"),
        node("MediaLink", media_link),
        node("LogicalDiskSizeInGB", 30),
        node("IOType", "Standard"),
    ]
    return xml.document(
        node(
            "VMImage",
            [
                node("Name", name),
                node("Label", name),
                node("Category", "User"),
                node("OSDiskConfiguration", os_disk),
                node("DataDiskConfigurations", []),
                node("Location", location),
                node("CreatedTime", CREATED),
                node("ModifiedTime", CREATED),
            ],
        )
    )


def certificate(subscription: str, service: str, data: str) -> bytes:
    """A service certificate; its thumbprint is its name."""
    thumbprint = hashlib.sha1(base64.b64decode(data), usedforsecurity=False).hexdigest().upper()
    services = f"https://management.core.windows.net/{subscription}/services/hostedservices"
    return xml.document(
        node(
            "Certificate",
            [
                node("CertificateUrl", f"{services}/{service}/certificates/sha1-{thumbprint}"),
                node("Thumbprint", thumbprint),
                node("ThumbprintAlgorithm", "sha1"),
                node("Data", data),
            ],
        )
    )
