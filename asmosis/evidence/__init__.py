"""What an auditor accepts: everything that was seen, promised, decided and done about a unit, content-addressed."""

from asmosis.evidence.bundle import Bundle
from asmosis.evidence.manifest import Content, Manifest, Part, json_content
from asmosis.evidence.store import EvidenceStore, evidence_url

__all__ = ["Bundle", "Content", "EvidenceStore", "Manifest", "Part", "evidence_url", "json_content"]
