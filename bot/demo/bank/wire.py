"""Turns an answer and perhaps a fault into bytes on the socket."""

import asyncio
import gzip
import json
from contextlib import suppress
from random import Random
from typing import cast

from aiohttp import web

from bot.demo.bank.answers import JSON, Answer, login_refusal
from bot.demo.bank.faults import INSTEAD, RESHAPING, Fault

_CHUNK = 65_536
_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
_CUT = 0


def answer_instead(fault: Fault, rng: Random) -> Answer:
    """The answer of a fault that does not look at the request."""
    status = INSTEAD[fault.name]
    headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
    if fault.name in {"unauthorized", "forbidden"}:
        return login_refusal(status, "access denied", rng).answer
    if fault.name == "redirect":
        return Answer(status, text="", content_type="text/html", headers={"Location": fault.location})
    if fault.name == "empty_200":
        return Answer(status, text="")
    if fault.name in {"error_in_200", "not_found", "conflict"}:
        return Answer(status, {"code": 100, "message": ""})
    return Answer(status, text=_HTML.format(status), content_type="text/html", headers=headers)


def reshape(answer: Answer, fault: Fault) -> Answer:
    """A good answer with its data spoilt; anything but a list is left alone where the fault is about lists."""
    payload = answer.payload
    if not isinstance(payload, dict) or answer.status != 200:
        return answer
    return Answer(answer.status, _spoilt(payload, fault.name), headers=answer.headers)


def _spoilt(payload: dict[str, object], name: str) -> object:
    if name == "numbers_as_strings":
        return _numbers_as_strings(payload)
    records = cast("list[dict[str, object]]", payload.get("records", []))
    if name == "extra_fields":
        records = [{**record, "newField": {"nested": [1, None]}, "updatedAt": None} for record in records]
        extra = {"records": records} if "records" in payload else {}
        return {**payload, **extra, "traceId": "0af7651916cd43dd"}
    if "records" not in payload:
        return payload
    if name == "duplicate_rows":
        return {**payload, "records": records + records[:3]}
    if name == "wrong_total":
        return {**payload, "totalCount": cast("int", payload["totalCount"]) + 7}
    return {**payload, "records": None}


def _numbers_as_strings(value: object) -> object:
    if isinstance(value, dict):
        return {key: _numbers_as_strings(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers_as_strings(inner) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


async def send(request: web.Request, answer: Answer, fault: Fault | None, date: str) -> tuple[int, web.StreamResponse]:
    """Writes the whole answer. Gives the HTTP status sent, 0 when the line was cut before one."""
    name = fault.name if fault else ""
    if name == "reset":
        _hang_up(request)
        return _CUT, web.Response()
    if fault and name in RESHAPING:
        answer = reshape(answer, fault)
    body = _encode(answer)
    content_type = answer.content_type
    headers = {"Date": date, **answer.headers}
    if name == "gzip":
        body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
    if name == "truncated_json":
        body = body[: len(body) // 2]
    if name == "wrong_content_type":
        content_type = "text/html" if content_type == JSON else JSON
    if fault and name == "slow_headers":
        await asyncio.sleep(fault.delay)
    if fault and name in {"slow_body", "reset_mid_body", "huge_body"}:
        started = _start(answer, content_type, headers)
        with suppress(ConnectionError):  # a client may leave in the middle: that is what these faults are for
            await _stream(request, started, body, fault)
        return answer.status, started
    response = web.Response(status=answer.status, body=body, headers=headers)
    response.content_type = content_type
    return answer.status, response


def _encode(answer: Answer) -> bytes:
    if answer.text is not None:
        return answer.text.encode()
    return json.dumps(answer.payload, ensure_ascii=False, separators=(",", ":")).encode()


def _start(answer: Answer, content_type: str, headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_type = content_type
    return response


async def _stream(request: web.Request, response: web.StreamResponse, body: bytes, fault: Fault) -> None:
    if fault.name == "huge_body":
        response.content_type = JSON
        await response.prepare(request)
        await _flood(response, fault.size)
        return
    response.content_length = len(body)
    await response.prepare(request)
    if fault.name == "reset_mid_body":
        await response.write(body[: len(body) // 2])
        _hang_up(request)
        return
    step = max(1, len(body) // 5)
    for start in range(0, len(body), step):
        await response.write(body[start : start + step])
        await asyncio.sleep(fault.delay / 5)
    await response.write_eof()


async def _flood(response: web.StreamResponse, size: int) -> None:
    """A valid, empty list padded with blanks, without a Content-Length to warn of it."""
    await response.write(b'{"totalCount":0,"records":[')
    for _ in range(0, size, _CHUNK):
        await response.write(b" " * _CHUNK)
    await response.write(b"]}")
    await response.write_eof()


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()
