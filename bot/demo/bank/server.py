"""The bank on a socket: endpoint, fault, log. Truth is in `world`, strictness in `search`, bytes in `wire`."""

import json
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import NamedTuple

from aiohttp import web

from bot.demo.bank.answers import Answer, Refused, login_refusal, refusal
from bot.demo.bank.checks import check_p2p, check_payment
from bot.demo.bank.faults import Fault, Faults
from bot.demo.bank.matching import select
from bot.demo.bank.records import render
from bot.demo.bank.search import parse_query
from bot.demo.bank.switches import DEFAULTS, Switches
from bot.demo.bank.tokens import TokenDesk
from bot.demo.bank.wire import answer_instead, send
from bot.demo.bank.world import World

TOKEN_PATH = "/oauth2/token"  # noqa: S105
LIST_PATH = "/p2p/operations"
_CHECK = re.compile(r"/check-status/(p2p|payment)/transaction/([^/]+)")
_MONEY = re.compile(
    r"/operation/[^/]+/(refund|charge|cancel).*|/(p2p|chdebit|chpayment)/transfer.*|/invoice|/payment/.*|/payments/.*"
)
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class Seen(NamedTuple):
    """One request as the bank saw it; status 0 means the line was cut, `fault` is a name or ""."""

    at: datetime
    method: str
    path: str
    status: int
    fault: str


class MoneyCall(NamedTuple):
    """Somebody tried to move money. A look-up bot must never cause one."""

    at: datetime
    method: str
    path: str


class SimulatedBank:
    """A bank for one world. `switches`, `faults`, `clock_offset` and `before_request` may be set while it runs.

    `before_request(endpoint, number)` is called before each request is looked at: the place to slip a row in
    between two pages of one scan. The bank's clock is `now()` plus `clock_offset`; it rules rows, tokens and `Date`.
    """

    def __init__(
        self,
        world: World,
        *,
        now: Callable[[], datetime],
        switches: Switches = DEFAULTS,
        faults: Faults | None = None,
        seed: int = 0,
    ) -> None:
        self.world = world
        self.switches = switches
        self.faults = faults or Faults()
        self.clock_offset = timedelta(0)
        self.before_request: Callable[[str, int], None] | None = None
        self.requests: deque[Seen] = deque(maxlen=5000)
        self.money_calls: list[MoneyCall] = []
        self.port = 0
        self._now = now
        self._rng = Random(seed)
        self._tokens = TokenDesk(world.merchants, self._rng)
        self._number = 0
        self._runner: web.AppRunner | None = None

    def clock(self) -> datetime:
        """Aware instant on the bank's own clock."""
        return self._now() + self.clock_offset

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listens and gives the base address. After `stop` it may start again on the same port, tokens kept."""
        self._runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = self._runner.addresses[0][1]
        return f"http://{host}:{self.port}"

    async def stop(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @property
    def live_tokens(self) -> list[str]:
        """Every token given out and not yet dead."""
        return self._tokens.names()

    def forget_tokens(self) -> None:
        """Every token given out is dead from now on."""
        self._tokens.forget_all()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        endpoint = _find_endpoint(request.method, request.path)
        self._number += 1
        if self.before_request:
            self.before_request(endpoint, self._number)
        now = self.clock()
        self.world.advance_to(now)
        fault = self.faults.take(endpoint, now)
        seen = Seen(now, request.method, request.path, 0, fault.name if fault else "")
        status = 0
        try:
            answer = await self._answer(request, endpoint, now, fault)
            status, response = await send(request, answer, fault, format_datetime(now.astimezone(UTC), usegmt=True))
        finally:
            self.requests.append(seen._replace(status=status))
        return response

    async def _answer(self, request: web.Request, endpoint: str, now: datetime, fault: Fault | None) -> Answer:
        if endpoint == "money":
            self.money_calls.append(MoneyCall(now, request.method, request.path))
        if fault is not None and fault.replaces:
            return answer_instead(fault, self._rng)
        try:
            if endpoint == "token":
                return await self._token(request, now)
            if endpoint == "list":
                return await self._list(request, now)
            if endpoint == "check":
                return self._check(request, now)
        except Refused as refused:
            return refused.answer
        return Answer(404, {"code": 404, "message": "no such path"})

    async def _token(self, request: web.Request, now: datetime) -> Answer:
        if request.content_type not in _FORMS:
            raise login_refusal(400, "form expected", self._rng)
        try:
            form = await request.post()
        except ValueError:
            raise login_refusal(400, "form is broken", self._rng) from None
        texts = {key: value for key, value in form.items() if isinstance(value, str)}
        return self._tokens.issue(texts, now, self.switches)

    async def _list(self, request: web.Request, now: datetime) -> Answer:
        switches = self.switches
        merchant = self._tokens.authorise(request.headers.get("Authorization"), "password", now, switches)
        if request.content_type != "application/json":
            raise refusal(400)
        try:
            document = json.loads(await request.read())
        except ValueError:
            raise refusal(400) from None
        query = parse_query(document, switches)
        rows = self.world.ledger(merchant.id).between(query.first, query.last)
        shown = (row.at(now) for row in rows if row.is_visible(now))
        total, page = select(shown, query, switches, self._rng)
        return Answer(payload={"totalCount": total, "records": [render(row, switches) for row in page]})

    def _check(self, request: web.Request, now: datetime) -> Answer:
        header = request.headers.get("Authorization")
        merchant = self._tokens.authorise(header, "client_credentials", now, self.switches)
        found = _CHECK.fullmatch(request.path)
        if found is None:
            raise refusal(404)
        rows = self.world.ledger(merchant.id).of_invoice(found[2])
        check = check_p2p if found[1] == "p2p" else check_payment
        return check(rows, now, self.switches)


def _find_endpoint(method: str, path: str) -> str:
    """ "token", "list", "check", "money" or "unknown"."""
    if _MONEY.fullmatch(path):
        return "money"
    if method == "POST" and path in {TOKEN_PATH, LIST_PATH}:
        return "token" if path == TOKEN_PATH else "list"
    if method == "GET" and _CHECK.fullmatch(path):
        return "check"
    return "unknown"
