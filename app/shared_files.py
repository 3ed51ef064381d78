"""A file of a message as Slack tells of it, and its bytes, fetched from Slack alone."""

import re
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPException, HTTPMessage, HTTPResponse, IncompleteRead
from typing import IO, Any, Literal
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import BaseModel, ConfigDict, TypeAdapter
from slack_sdk import WebClient

from sync.attach_errors import FileElsewhere, FileNotFetched, FileNotGiven, FileTooLarge

FETCH_SECONDS = 60.0
_WAIT_SECONDS = 15.0
"""For the next bytes."""
_MOST_NAME_CHARACTERS = 200
_TABLES = ("csv", "tsv")
_WORKBOOKS = ("xlsx", "xls", "xlsm", "xlsb", "ods", "numbers", "parquet")
_SLACK = "slack.com"
_NOT_GIVEN = (301, 302, 303, 307, 308, 401, 403)
"""Without files:read Slack sends whoever asks to its login."""


class SharedFile(BaseModel):
    """A file of a message that may be a table."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    size: int
    url: str
    """Where Slack keeps its bytes; empty where it does not tell."""
    kind: Literal["text", "workbook"]


_FILES = TypeAdapter(tuple[SharedFile, ...])


def shared_file(told: Mapping[str, Any]) -> SharedFile | None:
    """Read a file object of Slack's; None for what is no table, or is gone.

    https://docs.slack.dev/reference/objects/file-object
    """
    name = str(told.get("name") or told.get("title") or "")[:_MOST_NAME_CHARACTERS]
    ends = (name.rpartition(".")[2].lower(), str(told.get("filetype") or "").lower())
    kind = "text" if any(one in _TABLES for one in ends) else "workbook"
    if kind == "workbook" and not any(one in _WORKBOOKS for one in ends):
        return None
    if not told.get("id") or told.get("mode") in ("tombstone", "hidden_by_limit"):
        return None
    return SharedFile(
        id=str(told["id"]),
        name=name or "data." + ends[1],
        size=int(told.get("size") or 0),
        url=str(told.get("url_private_download") or told.get("url_private") or ""),
        kind=kind,
    )


def written_files(files: Sequence[SharedFile]) -> str:
    """Write files for the inbox."""
    return _FILES.dump_json(tuple(files)).decode()


def read_files(written: str) -> tuple[SharedFile, ...]:
    """Read what `written_files` wrote; none of an empty text."""
    return _FILES.validate_json(written) if written else ()


def fetch(slack: WebClient, file: SharedFile, most_mb: int) -> bytes:
    """Fetch a file's bytes with the bot's token, which goes to Slack's own hosts alone.

    Raises `FileElsewhere`, `FileNotGiven`, `FileNotFetched` and `FileTooLarge`.
    """
    url = address_in_slack(file.url, slack.base_url)
    if not file.url:
        raise FileNotGiven(file=file.name)
    if url is None:
        raise FileElsewhere(file=file.name)
    too_large = FileTooLarge(file=file.name, most=most_mb)
    if file.size > most_mb * 1_000_000:
        raise too_large
    request = Request(url, headers={"Authorization": f"Bearer {slack.token}"})  # noqa: S310 -- checked
    try:
        with build_opener(_Stay).open(request, timeout=_WAIT_SECONDS) as answer:
            if "text/html" in str(answer.headers.get("Content-Type")):  # its login
                raise FileNotGiven(file=file.name)
            data = _taken(answer, most_mb * 1_000_000 + 1)
    except HTTPError as error:
        error.close()
        if error.code in _NOT_GIVEN:
            raise FileNotGiven(file=file.name) from None
        raise FileNotFetched(file=file.name, reason=f"HTTP {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise FileNotFetched(file=file.name, reason=type(error).__name__) from None
    if len(data) > most_mb * 1_000_000:
        raise too_large
    return data


def address_in_slack(url: str, api_url: str) -> str | None:
    """Give *url* as it is asked for, if it lies at Slack or where the API is; None elsewhere."""
    try:
        asked, api = urlsplit(url), urlsplit(api_url)
        host, port = asked.hostname or "", asked.port
    except ValueError:
        return None
    if not re.fullmatch(r"[a-z0-9.-]+", host) or "@" in asked.netloc or "\\" in url:
        return None
    is_slacks = asked.scheme == "https" and port in (None, 443) and host.endswith(f".{_SLACK}")
    is_apis = (asked.scheme, asked.netloc) == (api.scheme, api.netloc)
    if not (is_slacks or is_apis):
        return None
    path = quote(asked.path, safe="/%~-._")
    return f"{asked.scheme}://{asked.netloc}{path}" + (f"?{asked.query}" if asked.query else "")


def _taken(answer: HTTPResponse, most: int) -> bytes:
    """Read so many bytes at most.

    Raises TimeoutError where that takes too long, and IncompleteRead where it breaks off.
    """
    until, parts, left = time.monotonic() + FETCH_SECONDS, list[bytes](), most
    while left > 0 and (part := answer.read1(min(left, 1 << 16))):
        parts.append(part)
        left -= len(part)
        if time.monotonic() > until:
            raise TimeoutError
    if left and answer.length:  # read1 takes a connection that broke for the end
        raise IncompleteRead(b"", answer.length)
    return b"".join(parts)


class _Stay(HTTPRedirectHandler):
    """Follows nothing: the token would go along."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        """Refuse, so that the answer becomes an `HTTPError`."""
        del req, fp, code, msg, headers, newurl
