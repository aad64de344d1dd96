"""Whether public endpoints answer, all the while something happens to them: measured by connecting, and nothing else.

A probe makes TCP handshakes and never sends a byte to the guest. UDP endpoints are listed as not probed.
"""

from asmosis.probe.arm_targets import PROBED_TYPES, arm_targets
from asmosis.probe.classic_targets import classic_targets
from asmosis.probe.gaps import Gap
from asmosis.probe.prober import Pace, Prober
from asmosis.probe.recording import lines_of, read_timeline, timeline_of
from asmosis.probe.routes import DataPlaneRoutes, NameRoutes, Routes
from asmosis.probe.span import Span
from asmosis.probe.target import Target, Targets, Unprobed, parse_target
from asmosis.probe.timeline import Latency, Seen, Timeline, Track
from asmosis.probe.unit_targets import routes_of, targets_of

__all__ = [
    "PROBED_TYPES",
    "DataPlaneRoutes",
    "Gap",
    "Latency",
    "NameRoutes",
    "Pace",
    "Prober",
    "Routes",
    "Seen",
    "Span",
    "Target",
    "Targets",
    "Timeline",
    "Track",
    "Unprobed",
    "arm_targets",
    "classic_targets",
    "lines_of",
    "parse_target",
    "read_timeline",
    "routes_of",
    "targets_of",
    "timeline_of",
]
