"""python-telegram-bot's HTTP on aiohttp: tells "surely not sent" from "maybe delivered", and never shows an address."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    FormData,
    InvalidURL,
    TCPConnector,
)
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

CONNECT = 5.0
WRITE = 5.0
WRITE_FILES = 60.0
_NEVER_LEFT = (ClientConnectorError, ConnectionTimeoutError, ClientHttpProxyError, InvalidURL)


class Unsent(TelegramError):
    """The request surely did not reach Telegram."""


class Unanswered(TelegramError):
    """The request left and nothing that Telegram says came back."""


class Refused(TelegramError):
    """Telegram's own refusal. `retry_after` in seconds, 0 when Telegram named no time."""

    def __init__(self, status: int, description: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = int(parameters.get("retry_after") or 0)
        self.new_chat_id = int(parameters.get("migrate_to_chat_id") or 0)


class AiohttpRequest(BaseRequest):
    """One connection pool for all calls. A session given from outside is not closed here."""

    __slots__ = ("_own", "_read", "_session")

    def __init__(self, session: ClientSession | None, read: float) -> None:
        """`read` in seconds: how long to wait for the next part of an answer."""
        self._read = read
        self._own = session is None
        self._session = session

    @property
    def read_timeout(self) -> float | None:
        return self._read

    async def initialize(self) -> None:
        """Opens the pool; must run inside the event loop."""
        if self._session is None:
            self._session = ClientSession(connector=TCPConnector(limit=100, keepalive_timeout=30))

    async def shutdown(self) -> None:
        if self._own and self._session is not None:
            await self._session.close()

    async def do_request(  # noqa: PLR0913, PLR0917 - the shape is python-telegram-bot's
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - one limit covers both
    ) -> tuple[int, bytes]:
        """HTTP status 2xx and the body. Raises Unsent, Unanswered or Refused for everything else."""
        files = request_data is not None and request_data.contains_files
        limits = _limits(
            _seconds(connect_timeout, CONNECT),
            _seconds(write_timeout, WRITE_FILES if files else WRITE),
            _seconds(read_timeout, self._read),
        )
        return await self._exchange(url, method, _body(request_data), limits)

    async def call(self, url: str, fields: Mapping[str, str], *, wait: float) -> Any:
        """One method without python-telegram-bot's types: the raw `result`, which may take `wait` seconds longer."""
        _, payload = await self._exchange(url, "POST", dict(fields), _limits(CONNECT, WRITE, self._read + wait))
        return self.parse_json_payload(payload)["result"]

    async def _exchange(
        self, url: str, method: str, body: FormData | Mapping[str, str] | None, limits: ClientTimeout
    ) -> tuple[int, bytes]:
        await self.initialize()
        session = self._session
        if session is None or session.closed:
            raise Unsent("the connection to Telegram is already closed")
        try:
            async with session.request(method, url, data=body, timeout=limits, allow_redirects=False) as response:
                status, payload = response.status, await response.read()
        except _NEVER_LEFT as error:
            raise Unsent(f"Telegram cannot be reached: {_cause(error)}") from None
        except (ClientError, TimeoutError, OSError) as error:
            raise Unanswered(f"no answer from Telegram: {_cause(error)}") from None
        _refuse(status, payload)
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as a dict with `ok`. Raises Unanswered; the library's own version would log the body."""
        answer = _answer(payload)
        if answer is None:
            raise Unanswered("Telegram's answer is not JSON")
        return answer


def _answer(payload: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(payload)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and "ok" in answer else None


def _refuse(status: int, payload: bytes) -> None:
    """A page of a proxy is not Telegram's word: its 403 must not switch a chat off."""
    answer = _answer(payload)
    if 200 <= status < 300:
        if answer is None or "result" not in answer:
            raise Unanswered(f"HTTP {status} with something that is not Telegram's answer")
        return
    if answer is not None:
        raise Refused(status, str(answer.get("description") or f"HTTP {status}"), answer.get("parameters") or {})
    if status == 413:
        raise Refused(status, "Request Entity Too Large", {})
    if status >= 500:
        raise Unanswered(f"HTTP {status} from something in front of Telegram")
    raise Unsent(f"HTTP {status} from something in front of Telegram")


def _body(data: RequestData | None) -> FormData | Mapping[str, str] | None:
    if data is None:
        return None
    if not data.contains_files:
        return data.json_parameters
    form = FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form


def _seconds(given: object, default: float) -> float:
    return float(given) if isinstance(given, int | float) else default


def _limits(connect: float, write: float, read: float) -> ClientTimeout:
    return ClientTimeout(total=connect + write + read, connect=connect, sock_connect=connect, sock_read=read)


def _cause(error: BaseException) -> str:
    """Kind of error and the system's word for it: an error's own text may hold the address, and so the token."""
    word = getattr(error, "strerror", None)
    return f"{type(error).__name__} ({word})" if word else type(error).__name__
