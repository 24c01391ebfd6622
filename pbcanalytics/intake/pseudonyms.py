"""Pseudonyms: a keyed hash whose key stays with the analyst; NHS numbers checked (domain 7.7-8).

What says who a patient is goes through SQL macros while a file is read and is kept nowhere. The
hash is HMAC-SHA-256 of the NHS number, cut to 32 hexadecimal digits; one key for all files of an
installation, so that a patient's records can be joined.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

import duckdb
import platformdirs

from pbcanalytics.words.errors import StoreError

KEY_VARIABLE: Final = "PBC_KEY_FILE"
"""Environment variable that names the file of the key."""

_KEY_BYTES: Final = 32
_BLOCK_BYTES: Final = 64
_DIGITS: Final = 32

_WEIGHTED_SUM: Final = " + ".join(
    f"{11 - place} * CAST(substr(d, {place}, 1) AS INTEGER)" for place in range(1, 10)
)
_STATES: Final = f"""
CREATE OR REPLACE TEMP MACRO nhs_digits(t) AS
  CASE WHEN contains(t, '.')
    THEN regexp_replace(replace(replace(replace(t, ' ', ''), '-', ''), chr(160), ''), '[.]0*$', '')
    ELSE replace(replace(replace(t, ' ', ''), '-', ''), chr(160), '') END;
CREATE OR REPLACE TEMP MACRO nhs_check(d) AS (11 - ({_WEIGHTED_SUM}) % 11) % 11;
CREATE OR REPLACE TEMP MACRO nhs_number_state(t) AS CASE
  WHEN t IS NULL THEN 'missing'
  WHEN NOT regexp_full_match(nhs_digits(t), '[0-9]{{1,11}}') THEN
    CASE WHEN regexp_full_match(t, '[A-Za-z0-9+/=_-]{{12,}}') AND regexp_matches(t, '[0-9]')
      AND replace(nhs_digits(t), left(nhs_digits(t), 1), '') <> '' THEN 'elsewhere'
      ELSE 'invalid' END
  WHEN length(nhs_digits(t)) <> 10 THEN 'invalid'
  WHEN replace(nhs_digits(t), left(nhs_digits(t), 1), '') = '' THEN 'invalid'
  WHEN CAST(right(nhs_digits(t), 1) AS INTEGER) <> nhs_check(nhs_digits(t)) THEN 'invalid'
  WHEN starts_with(nhs_digits(t), '999') THEN 'test'
  ELSE 'valid' END;
CREATE OR REPLACE TEMP MACRO looks_like_nhs_number(t) AS
  CASE WHEN length(t) BETWEEN 10 AND 16 THEN nhs_number_state(t) IN ('valid', 'test')
    ELSE FALSE END;
CREATE OR REPLACE TEMP MACRO may_tell_who(t) AS
  length(t) > 20 OR regexp_matches(t, '[A-Za-z][ ]+[A-Za-z]') OR looks_like_nhs_number(t)
  OR regexp_matches(t, '(^|[^0-9])[0-9]{{3}}[ -]?[0-9]{{3}}[ -]?[0-9]{{4}}([^0-9]|$)');
"""
"""An NHS number's state; `elsewhere` is a pseudonym that was made by somebody else: twelve signs or
more with a figure among them, for 'Unknown', 'N/A' and 9.43477E+09 are many patients. A remainder
of 1 asks for a check digit of 10, which no digit is, so that the number is invalid."""

_HASH: Final = """
CREATE OR REPLACE TEMP MACRO pseudonym(t) AS CASE WHEN t IS NOT NULL THEN
  left(sha256('{outer}'::BLOB || unhex(sha256('{inner}'::BLOB || encode(t)))), {digits}) END;
"""


def key_file() -> Path:
    """Give the place of the key: named by PBC_KEY_FILE, else the user's own settings folder."""
    named = os.environ.get(KEY_VARIABLE)
    if named:
        return Path(named)
    return platformdirs.user_config_path("pbcanalytics") / "pseudonym.key"


def key() -> bytes:
    """
    Read the key, making one where there is none.

    Raises
    ------
    StoreError
        If it cannot be read or written, or is no key.
    """
    path = key_file()
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="ascii") as out:
                path.chmod(0o600)
                out.write(secrets.token_hex(_KEY_BYTES) + "\n")
        held = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        held = b""
    except OSError as error:
        raise StoreError(
            f"The key for pseudonyms, {path}, cannot be read or made ({error.strerror}), so "
            f"nothing that names patients was loaded. Name another place with {KEY_VARIABLE}."
        ) from error
    if len(held) != _KEY_BYTES:
        raise StoreError(
            f"{path} is no key for pseudonyms ({_KEY_BYTES * 2} hexadecimal digits), so nothing "
            "that names patients was loaded. Put the key back that earlier files were loaded with."
        )
    return held


def pseudonym(with_key: bytes, text: str) -> str:
    """Give the pseudonym of a text, as the database makes it."""
    return hmac.new(with_key, text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def mark(with_key: bytes) -> str:
    """Give a mark that recognises the key and does not give it away."""
    return pseudonym(with_key, "pbcanalytics key mark")[:12]


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """
    Make the macros for one connection.

    They are `nhs_digits`, `nhs_number_state` and `pseudonym`; and, of any text,
    `looks_like_nhs_number` and `may_tell_who` (too long or too wordy for a code, or ten figures).

    Raises
    ------
    StoreError
        If what is loaded was hashed with another key: the same patient would get two pseudonyms.
    """
    held = key()
    found = con.execute("SELECT mark FROM key_marks").fetchone()
    if found is None:
        con.execute("INSERT INTO key_marks VALUES (?)", [mark(held)])
    elif found[0] != mark(held):
        raise StoreError(
            f"The key for pseudonyms, {key_file()}, is not the one that earlier files were loaded "
            "with, so the same patient would appear under two pseudonyms; nothing was loaded. "
            f"Put the earlier key back, or name it with {KEY_VARIABLE}."
        )
    define(con, held)


def define(con: duckdb.DuckDBPyConnection, with_key: bytes) -> None:
    """Make the macros with a key; they live in memory, for this connection only."""
    block = with_key.ljust(_BLOCK_BYTES, b"\0")
    con.execute(_STATES)
    con.execute(
        _HASH.format(
            inner="".join(f"\\x{b ^ 0x36:02X}" for b in block),
            outer="".join(f"\\x{b ^ 0x5C:02X}" for b in block),
            digits=_DIGITS,
        )
    )
