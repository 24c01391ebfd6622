"""The folder of agreed budgets: one file a version, kept for good and chained to the one before."""

import contextlib
import datetime as dt
import hashlib
import io
import json
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pbcanalytics.store.warehouse import explained
from pbcanalytics.words import periods
from pbcanalytics.words.errors import StoreError

FOLDER: Final = "agreed"
MANIFEST: Final = "manifest.json"
_NAME: Final = re.compile(r"budget-(\w+)-(\d{4}-\d\d)-v(\d+)\.zip")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Members carry no time of their own, so that equal content makes equal files."""


@dataclass(frozen=True)
class Bundle:
    """
    A file of an agreed version, as it was read.

    Attributes
    ----------
    manifest : dict
        What the file says of itself.
    members : dict of str to bytes
        The files in it, by name; the manifest aside.
    seal : str
        SHA-256 of the manifest, which holds those of all members.
    altered : tuple of str
        Members that are not as they were when it was kept, each with what is wrong.
    """

    manifest: dict[str, Any]
    members: dict[str, bytes]
    seal: str
    altered: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """
    One version of a PCT's budgets of a year, as the folder holds it.

    Attributes
    ----------
    path : Path
    pct_code, financial_year : str
    version : int
        From 1, in the order in which they were agreed.
    agreed_by, reason, made_at, program : str
        Who and why; when it was kept, and by which version of the program.
    agreed_on : date or None
    indicative_pence : int or None
        All budgets together. [pence]
    seal : str
        SHA-256 of its manifest.
    fault : str
        What is wrong with the file or its place in the chain; empty where it is intact.
    is_altered : bool
        The file itself is damaged or changed, and not only the one before it.
    """

    path: Path
    pct_code: str
    financial_year: str
    version: int
    agreed_by: str = ""
    agreed_on: dt.date | None = None
    reason: str = ""
    made_at: str = ""
    program: str = ""
    indicative_pence: int | None = None
    seal: str = ""
    fault: str = ""
    is_altered: bool = False


def versions(data: Path, pct_code: str | None = None, year: str | None = None) -> list[Version]:
    """
    List the versions kept, each checked against its own checksums and against the one before.

    Parameters
    ----------
    data : Path
        The data folder.
    pct_code, year : str, optional
        Only those of one PCT, or one financial year.

    Returns
    -------
    list of Version
        By PCT, year and version; a file that cannot be read is among them, with its fault.
    """
    found = []
    before: dict[tuple[str, str], Version] = {}
    named = ((p, _NAME.fullmatch(p.name)) for p in (data / FOLDER).glob("budget-*.zip"))
    keyed = [(m[1], m[2].replace("-", "/"), int(m[3]), p) for p, m in named if m]
    for pct, of_year, number, path in sorted(keyed):
        if pct_code not in (None, pct) or year not in (None, of_year):
            continue
        one = _version(path, pct, of_year, number, before.get((pct, of_year)))
        before[pct, of_year] = one
        found.append(one)
    return found


_DAMAGES: Final = (
    *(zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError, OSError),
    # Members that a damaged entry says are encrypted, or packed in some other way.
    *(NotImplementedError, RuntimeError),
)


def opened(path: Path) -> Bundle:
    """
    Read a version's file, wherever it lies, and hold every member against its checksum.

    Raises
    ------
    StoreError
        If there is no such file, or it is no file of an agreed version.
    """
    try:
        with zipfile.ZipFile(path) as held:
            names = held.namelist()
            members = {name: held.read(name) for name in names}
        sealed = members.pop(MANIFEST)
        manifest = dict(json.loads(sealed))
        digests = dict(manifest["members"])
    except FileNotFoundError:
        raise StoreError(
            f"There is no file {path}, so no budget can be set again from it. 'pbc versions' "
            "lists the versions that are kept."
        ) from None
    except _DAMAGES as error:
        raise StoreError(
            f"{path} is no file of an agreed version, or it is damaged ({error}), so what was "
            "agreed cannot be read from it. Put it back from a copy."
        ) from error
    altered = [f"{n} (twice)" for n in sorted({n for n in names if names.count(n) > 1})]
    altered += [f"{n} (added)" for n in sorted(set(members) - set(digests))]
    altered += [f"{n} (removed)" for n in sorted(set(digests) - set(members))]
    altered += [
        f"{n} (changed)"
        for n in sorted(set(digests) & set(members))
        if _sha(members[n]) != digests[n]
    ]
    return Bundle(manifest, members, _sha(sealed), tuple(altered))


def keep(data: Path, about: Mapping[str, Any], members: Mapping[str, bytes]) -> Version:
    """
    Keep the next version of a PCT's budgets, or change nothing.

    Parameters
    ----------
    data : Path
        The data folder.
    about : mapping
        What the manifest says besides the version, the checksums and the chain; needs `pct_code`,
        `financial_year`, `agreed_by`, `agreed_on` (ISO), `reason`, `made_at`, `program` and
        `indicative_pence`.
    members : mapping of str to bytes
        The files, by name.

    Returns
    -------
    Version

    Raises
    ------
    StoreError
        If the last version is not intact, another is kept at the same moment, or the disk refuses.
    """
    pct_code, year = str(about["pct_code"]), str(about["financial_year"])
    held = versions(data, pct_code, year)
    last = held[-1] if held else None
    if last is not None and last.is_altered:
        raise StoreError(
            f"{last.path.name} is not as it was kept: {last.fault}. A new version would rest on "
            "it, so none was kept. Put the file back from a copy first."
        )
    number = last.version + 1 if last else 1
    manifest = {
        **about,
        "version": number,
        "previous": last.seal if last else None,
        "members": {name: _sha(content) for name, content in members.items()},
    }
    sealed = json.dumps(manifest, indent=1, ensure_ascii=False).encode()
    name = f"budget-{pct_code}-{periods.in_file_name(year)}-v{number}.zip"
    final = data / FOLDER / name
    _placed(final, _zipped({MANIFEST: sealed, **members}))
    return _version(final, pct_code, year, number, last)


def _version(path: Path, pct: str, year: str, number: int, before: Version | None) -> Version:
    """Read what a version says of itself, and find what is wrong with it."""
    try:
        bundle = opened(path)
        manifest = bundle.manifest
        one = Version(
            path,
            pct,
            year,
            number,
            str(manifest["agreed_by"]),
            dt.date.fromisoformat(manifest["agreed_on"]),
            str(manifest["reason"]),
            str(manifest["made_at"]),
            str(manifest["program"]),
            int(manifest["indicative_pence"]),
            bundle.seal,
        )
        named = (manifest["pct_code"], manifest["financial_year"], manifest["version"])
    except (StoreError, KeyError, ValueError, TypeError):
        fault = "the file is damaged and cannot be read"
        return Version(path, pct, year, number, fault=fault, is_altered=True)
    wrong = []
    if bundle.altered:
        wrong.append(f"changed since it was kept: {', '.join(bundle.altered)}")
    if named != (pct, year, number):
        wrong.append("the file bears the name of another version")
    is_altered = bool(wrong)
    expected = before.seal if before and before.version == number - 1 else None
    if (manifest.get("previous") or None) != expected or (number > 1 and expected is None):
        wrong.append(
            f"version {number - 1}, to which it is chained, is not here as it was"
            if number > 1
            else "it is chained to a version before it, and it is called the first"
        )
    return Version(**{**vars(one), "fault": "; ".join(wrong), "is_altered": is_altered})


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """Pack members into one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            out.writestr(info, content)
    return packed.getvalue()


def _placed(final: Path, content: bytes) -> None:
    """Put a file in its place whole, and only where no file of that name is."""
    coming: Path | None = None
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=final.parent, prefix=".coming-", suffix=".zip", delete=False
        ) as opened_file:
            coming = Path(opened_file.name)
            opened_file.write(content)
            opened_file.flush()
            os.fsync(opened_file.fileno())
        coming.chmod(0o444)
        _taken(coming, final)
    except FileExistsError:
        raise StoreError(
            f"{final.name} was kept by another command at the same moment and stays as it is, so "
            "this version was not kept. See 'pbc versions', then agree again if it is still needed."
        ) from None
    except OSError as error:
        raise explained(error, final, "keeping the agreed budgets") from error
    finally:
        if coming is not None:
            with contextlib.suppress(OSError):
                coming.unlink(missing_ok=True)


def _taken(coming: Path, final: Path) -> None:
    """Give a file its final name; a name that is taken is refused."""
    try:
        os.link(coming, final)  # unlike a rename, a link never replaces what is there
    except FileExistsError:
        raise
    except OSError:
        # A disk without links: the working database, open to one command, keeps others out.
        if final.exists():
            raise FileExistsError(final) from None
        coming.replace(final)


def _sha(content: bytes) -> str:
    """Give the SHA-256 of a member, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
