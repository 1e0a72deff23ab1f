"""One HTTP call to one of the three addresses that only read; anything else is impossible here. Repeats nothing."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, NamedTuple

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.config import Epay
from bot.errors import SourceDenied, SourceUnavailable

BODY_LIMIT = 10 * 1024 * 1024
ORDER = re.compile(r"[0-9A-Za-z_-]{1,64}")
_PASSING = frozenset({408, 425, 429})
_CHECK = "/check-status/p2p/transaction/"
_HOMES = {
    "production": (
        "https://epay-oauth.homebank.kz/oauth2/token",
        "https://epay.homebank.kz/api/p2p/operations",
        "https://epay-api.homebank.kz",
    ),
    "test": (
        "https://test-epay-oauth.epayment.kz/oauth2/token",
        "https://test-epay-api.epayment.kz/p2p/operations",
        "https://test-epay-api.epayment.kz",
    ),
}
_log = logging.getLogger(__name__)


class AnswerTooLarge(SourceUnavailable):
    """More than BODY_LIMIT bytes: the same question will not get a smaller answer."""


class Unauthorised(SourceDenied):
    """401 or 403: perhaps only the token."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Full addresses of the token and the list; the single check hangs under `api`."""

    token: str
    list: str
    api: str

    @classmethod
    def of(cls, settings: Epay) -> "Addresses":
        token, operations, api = _HOMES[settings.environment]
        return cls(settings.oauth_url or token, settings.p2p_url or operations, settings.api_url or api)

    def check(self, invoice_id: str) -> str:
        return f"{self.api}{_CHECK}{invoice_id}"

    def allow(self, method: str, url: str) -> bool:
        """POST to the token and the list, GET of a single check. Nothing that moves money."""
        if method == "POST":
            return url in {self.token, self.list}
        order = url.removeprefix(self.api + _CHECK)
        return method == "GET" and order != url and ORDER.fullmatch(order) is not None


class Reply(NamedTuple):
    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What to send. Secrets of `form` stay hidden until they leave."""

    method: str
    url: str
    form: dict[str, str | SecretStr] | None = field(default=None, repr=False)
    json: dict[str, Any] | None = field(default=None, repr=False)


class Transport:
    """Calls within `timeout` each. `clock_offset`: the bank's clock minus ours, as last seen (to a second)."""

    def __init__(
        self,
        addresses: Addresses,
        *,
        http: aiohttp.ClientSession,
        timeout: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self.addresses = addresses
        self.clock_offset = timedelta()
        self._http = http
        self._seconds = timeout.total_seconds()
        self._now = now

    async def send(self, call: Call, token: SecretStr | None = None) -> Reply:
        """A reply whose status and body the caller judges; 401, 403, 3xx, 429 and 5xx are raised here.

        Raises SourceUnavailable, Unauthorised; PermissionError for a call that is not on the list.
        """
        if not self.addresses.allow(call.method, call.url):
            raise PermissionError(f"this client only reads; {call.method} {URL(call.url).path} is not on its list")
        started, status = monotonic(), 0
        try:
            status, headers, body = await self._exchange(call, token)
        except TimeoutError:
            raise SourceUnavailable(f"the bank did not answer within {self._seconds:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise SourceUnavailable(f"the connection to the bank failed ({type(error).__name__})") from None
        finally:
            spent = (monotonic() - started) * 1000
            _log.debug("%s %s %s %.0f ms", call.method, URL(call.url).path, status or "no answer", spent)
        _raise_for(status, headers.get("Retry-After"), self._now() + self.clock_offset)
        return Reply(status, body)

    async def _exchange(self, call: Call, token: SecretStr | None) -> tuple[int, Any, bytes]:
        async with self._http.request(
            call.method,
            URL(call.url, encoded=True),
            data=call.form and {name: _revealed(value) for name, value in call.form.items()},
            json=call.json,
            headers={"Authorization": f"Bearer {token.get_secret_value()}"} if token else None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self._seconds),
        ) as response:
            self._note_clock(response.headers.get("Date"))
            return response.status, response.headers, await _read(response)

    def _note_clock(self, date: str | None) -> None:
        if at := _http_date(date):
            self.clock_offset = at - self._now()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The unpacked body. Stops at the limit, so that a small gzip cannot become a large memory."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > BODY_LIMIT:
            response.close()
            raise AnswerTooLarge("the bank's answer is larger than 10 MB")
    return bytes(body)


def _raise_for(status: int, retry_after: str | None, now: datetime) -> None:
    if status in {401, 403}:
        raise Unauthorised(f"the bank refuses access (HTTP {status})")
    if 300 <= status < 400:
        raise SourceUnavailable(f"the bank points elsewhere (HTTP {status})")
    if status >= 500 or status in _PASSING:
        raise SourceUnavailable(f"the bank answers HTTP {status}", _delay(retry_after, now))


def _delay(retry_after: str | None, now: datetime) -> timedelta | None:
    """Retry-After as seconds or as an HTTP date."""
    if retry_after and re.fullmatch(r"\d{1,6}", retry_after.strip()):
        return timedelta(seconds=int(retry_after))
    at = _http_date(retry_after)
    return max(at - now, timedelta()) if at else None


def _http_date(text: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _revealed(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
