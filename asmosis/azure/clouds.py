"""The clouds that Microsoft runs apart from each other: each has planes, and a directory, of its own.

Addresses and audiences are documented by Microsoft. Germany's cloud was closed in 2021.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


class CloudName(StrEnum):
    """Which cloud a subscription is in."""

    PUBLIC = "public"
    US_GOVERNMENT = "us-government"
    CHINA = "china"


@dataclass(frozen=True)
class Cloud:
    """Addresses of both planes, the host that signs in, and what tokens are asked for.

    The classic audience ends in a slash, so its scope has two; with one, classic refuses the token.
    """

    asm_url: str
    arm_url: str
    authority: str

    @property
    def asm_scope(self) -> str:
        """What a token for classic is asked for."""
        return f"{self.asm_url}//.default"

    @property
    def arm_scope(self) -> str:
        """What a token for Resource Manager is asked for."""
        return f"{self.arm_url}/.default"


CLOUDS = {
    CloudName.PUBLIC: Cloud(
        "https://management.core.windows.net", "https://management.azure.com", "login.microsoftonline.com"
    ),
    CloudName.US_GOVERNMENT: Cloud(
        "https://management.core.usgovcloudapi.net",
        "https://management.usgovcloudapi.net",
        "login.microsoftonline.us",
    ),
    CloudName.CHINA: Cloud(
        "https://management.core.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "login.chinacloudapi.cn",
    ),
}


def cloud_at(url: str) -> Cloud | None:
    """The cloud that a plane's address, or a region's own, belongs to; none for an emulator."""
    host = (urlsplit(url).hostname or "").casefold()
    of_host = {
        urlsplit(each).hostname or "": cloud for cloud in CLOUDS.values() for each in (cloud.asm_url, cloud.arm_url)
    }
    return next((cloud for name, cloud in of_host.items() if host == name or host.endswith(f".{name}")), None)


def asm_scope_at(url: str) -> str:
    """What a token for the classic plane at an address is asked for.

    Whoever belongs to no cloud gets one for itself alone, as an emulator does: with one for Azure it could act there.
    """
    cloud = cloud_at(url)
    return cloud.asm_scope if cloud else f"{url}/.default"


def arm_scope_at(url: str) -> str:
    """Likewise for Resource Manager."""
    cloud = cloud_at(url)
    return cloud.arm_scope if cloud else f"{url}/.default"
