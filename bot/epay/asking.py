"""Puts one question to the list in the dialect this bank understands, and finds that dialect out by trying."""

import json
from dataclasses import replace
from datetime import timedelta

from bot.config import Epay
from bot.epay.calls import Calls
from bot.epay.dialect import Dialect
from bot.epay.payloads import Page, parse_page
from bot.epay.search import Query
from bot.epay.tokens import Tokens
from bot.epay.transport import Addresses, Call
from bot.errors import SourceRejected, SourceUnavailable
from bot.model import MerchantId, Window

TICK = timedelta(seconds=1)
MARGIN = timedelta(minutes=1)


class Asker:
    """The list of one merchant. `dialect` is what is known so far of the bank's reading of our questions."""

    def __init__(
        self, merchant_id: MerchantId, settings: Epay, *, calls: Calls, tokens: Tokens, dialect: Dialect
    ) -> None:
        self.dialect = dialect.under(settings)
        self._merchant_id = merchant_id
        self._settings = settings
        self._calls = calls
        self._tokens = tokens
        self._url = Addresses.of(settings).list

    @property
    def page_size(self) -> int:
        return self.dialect.size_under(self._settings)

    def learn(self, dialect: Dialect) -> None:
        """Keeps what was found out, as far as the configuration leaves it open."""
        self.dialect = dialect.under(self._settings)

    async def ask(self, query: Query) -> Page:
        """One page. Raises SourceRejected when no dialect makes the bank answer, and what calls raise."""
        try:
            page = await self._search(query, self.dialect)
        except SourceRejected as rejection:
            return await self._negotiate(query, rejection)
        if self.dialect.date_field is None:
            self.learn(replace(self.dialect, date_field="created_at"))
        return page

    async def _negotiate(self, query: Query, rejection: SourceRejected) -> Page:
        """The same again, since a refusal may be a hiccup, then each other dialect that changes the question."""
        tried: set[str] = set()
        for dialect in self.dialect.alternatives(self._settings):
            question = json.dumps(self._body(query, dialect))
            if question in tried:
                continue
            tried.add(question)
            try:
                page = await self._search(query, dialect)
            except SourceRejected:
                continue
            self.learn(dialect)
            return page
        raise rejection

    async def _search(self, query: Query, dialect: Dialect) -> Page:
        call = Call(method="POST", url=self._url, json=self._body(query, dialect))
        return await self._calls.make(call, self._tokens, lambda body: self._read(body, query.period))

    def _body(self, query: Query, dialect: Dialect) -> dict[str, object]:
        return query.body(dialect, dialect.size_under(self._settings))

    def _read(self, body: bytes, period: Window) -> Page:
        """An answer to another question (a cache, a mix-up) is no answer.

        What is shown may differ a little from what is searched: whole seconds, `dateTime` beside `created_at`.
        """
        page = parse_page(body, self._merchant_id)
        if all(period.start - MARGIN <= row.created_at <= period.end + MARGIN for row in page.operations):
            return page
        raise SourceUnavailable("the bank sent operations from outside the period asked for")
