"""What a machine's guest and host say at the moment of prepare, as an ARM instance view.

The classic instance is gone after commit, so the view is derived during prepare and kept beside the body.
"""

from typing import Any

from lxml.etree import _Element

from emulator.transform.reading import findall, number, text

_POWER = {
    "Started": ("running", "VM running"),
    "Starting": ("starting", "VM starting"),
    "Stopping": ("stopping", "VM stopping"),
    "Stopped": ("stopped", "VM stopped"),
}


def instance_view(role: _Element, instance: _Element | None, deployment: _Element) -> dict[str, Any]:
    """Statuses in the recorded shapes; `time` is the deployment's last change."""
    changed = _time(text(deployment, "LastModifiedTime") or text(deployment, "CreatedTime"))
    view: dict[str, Any] = {
        "platformUpdateDomain": number(instance, "InstanceUpgradeDomain", 0),
        "platformFaultDomain": number(instance, "InstanceFaultDomain", 0),
    }
    if agent := _agent(instance):
        view["vmAgent"] = agent
    provisioned = {**_succeeded("Provisioning succeeded"), **changed}
    disks = [*findall(role, "OSVirtualHardDisk"), *findall(role, "DataVirtualHardDisks/DataVirtualHardDisk")]
    view["disks"] = [{"name": text(disk, "DiskName"), "statuses": [provisioned]} for disk in disks]
    if screenshot := text(role, "DebugSettings/ConsoleScreenshotBlobUri"):
        view["bootDiagnostics"] = {"consoleScreenshotBlobUri": screenshot}
        if serial := text(role, "DebugSettings/SerialOutputBlobUri"):
            view["bootDiagnostics"]["serialConsoleLogBlobUri"] = serial
    if extensions := [_extension(role, status) for status in _extension_statuses(instance)]:
        view["extensions"] = extensions
    view["statuses"] = [provisioned, *_power(instance)]
    return view


def _power(instance: _Element | None) -> list[dict[str, Any]]:
    state = text(instance, "PowerState")
    code, shown = _POWER.get(state, ("", ""))
    if text(instance, "InstanceStatus") == "StoppedDeallocated":
        code, shown = "deallocated", "VM deallocated"
    return [{"code": f"PowerState/{code}", "level": "Info", "displayStatus": shown}] if code else []


def _agent(instance: _Element | None) -> dict[str, Any]:
    if not text(instance, "GuestAgentStatus/Status"):
        return {}
    ready = text(instance, "GuestAgentStatus/Status") == "Ready"
    status = _succeeded("Ready") if ready else _status("unavailable", "Warning", "Not Ready")
    message = {"message": text(instance, "GuestAgentStatus/FormattedMessage/Message")}
    return {
        "vmAgentVersion": text(instance, "GuestAgentStatus/GuestAgentVersion"),
        "statuses": [{**status, **message, **_time(text(instance, "GuestAgentStatus/Timestamp"))}],
        "extensionHandlers": [_handler(status) for status in _extension_statuses(instance)],
    }


def _extension_statuses(instance: _Element | None) -> list[_Element]:
    return findall(instance, "ResourceExtensionStatusList/ResourceExtensionStatus")


def _handler(classic: _Element) -> dict[str, Any]:
    ready = text(classic, "Status") == "Ready"
    status = _succeeded("Ready") if ready else _status("transitioning", "Info", text(classic, "Status"))
    if message := text(classic, "FormattedMessage/Message"):
        status["message"] = message
    return {
        "type": text(classic, "HandlerName"),
        "typeHandlerVersion": text(classic, "Version"),
        "status": status,
    }


def _extension(role: _Element, classic: _Element) -> dict[str, Any]:
    """One extension under the name the machine knows it by; without settings the handler's state counts."""
    handler = text(classic, "HandlerName")
    name = handler.rpartition(".")[2]
    for reference in findall(role, "ResourceExtensionReferences/ResourceExtensionReference"):
        if f"{text(reference, 'Publisher')}.{text(reference, 'Name')}" == handler:
            name = text(reference, "ReferenceName") or name
    outcome = text(classic, "ExtensionSettingStatus/Status") or text(classic, "Status")
    if outcome in {"Success", "Ready"}:
        status = _succeeded("Provisioning succeeded")
    elif outcome == "Error":
        status = _status(f"failed/{text(classic, 'ExtensionSettingStatus/Code', '0')}", "Error", "Provisioning failed")
    else:
        status = _status("transitioning", "Info", "Transitioning")
    if message := text(classic, "ExtensionSettingStatus/FormattedMessage/Message"):
        status["message"] = message
    return {
        "name": name,
        "type": handler,
        "typeHandlerVersion": text(classic, "Version"),
        "statuses": [{**status, **_time(text(classic, "ExtensionSettingStatus/Timestamp"))}],
    }


def _succeeded(shown: str) -> dict[str, Any]:
    return _status("succeeded", "Info", shown)


def _status(code: str, level: str, shown: str) -> dict[str, Any]:
    return {"code": f"ProvisioningState/{code}", "level": level, "displayStatus": shown}


def _time(value: str) -> dict[str, str]:
    """`...Z` as `...+00:00` (both recorded)."""
    return {"time": value.removesuffix("Z") + "+00:00"} if value else {}
