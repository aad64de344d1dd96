"""A bundle of evidence as a page: what is in it, by which digests, and what is not."""

from asmosis.evidence import Manifest
from asmosis.reports.markdown import code, count, link, page, paragraph, table, text
from asmosis.units import Unit


def evidence_page(manifest: Manifest, location: str) -> str:
    """The table of contents, with the digest of the whole and where it lies."""
    unit = Unit.parse(manifest.unit)
    former = f" It goes on from {code(manifest.former)}." if manifest.former else ""
    return page(
        f"# Evidence of {text(unit.short)}",
        f"Version {manifest.version}, SHA-256 {code(manifest.digest)}, made {text(manifest.made)}.{former}",
        f"**{count(len(manifest.doubts), 'part is', 'parts are')} missing or partial.**" if manifest.doubts else "",
        "\n".join(f"- {text(doubt)}" for doubt in manifest.doubts),
        f"It lies in {code(location)}.",
        f"As a page: {code(f'asmosis report {unit} --out unit.html')}",
        f"Whether it is as it was kept: {code(f'asmosis report {unit} --verify')}",
        table(
            ("Part", "Bytes", "SHA-256", "Partial"),
            (
                (code(part.name), str(part.size), code(part.sha256), text(part.partial) if part.partial else "")
                for part in manifest.parts
            ),
        ),
    )


def evidence_words(manifest: Manifest, address: str) -> str:
    """The bundle in one paragraph, for the form that asks for an approval; `address` leads to its page."""
    # So many digits as an answer's key has; all of them are wider than the form.
    words = f"The answer signs the evidence {manifest.signed[:32]}, which is version {manifest.version} of the bundle."
    if manifest.doubts:
        words += f" It is not complete: {'; '.join(manifest.doubts)}."
    return f"{paragraph(words)} {link('Its page', address)}".rstrip()
