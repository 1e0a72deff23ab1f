"""What is written to the log: one line an event, and never a secret, a card or a person."""

import json
import logging
import re
from collections.abc import Iterator

import pytest

from bot import logs
from bot.logs import CUT, Redactor

PASSWORD = 'sh#p&"p\\ss%20 <ж>'
TOKEN = "700700:AAExample_token-of-the-right-length-0000"
log = logging.getLogger("bot.somewhere")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = [(logger, logger.level) for logger in (root, *map(logging.getLogger, ("telegram", "aiohttp.access")))]
    handlers = root.handlers[:]
    yield
    root.handlers[:] = handlers
    for logger, level in before:
        logger.setLevel(level)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


@pytest.mark.parametrize("as_json", [True, False])
def test_a_known_secret_is_cut_out_wherever_it_stands(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    logs.set_up("debug", as_json=as_json, secrets=[PASSWORD])
    log.info("asked with %s", PASSWORD)
    log.info("asked with %r", {"password": PASSWORD})
    log.info("asked with %s", "grant_type=password&password=sh%23p%26%22p%5Css%2520+%3C%D0%B6%3E")
    log.info("asked with %s", "https://host/?p=sh%23p%26%22p%5Css%2520%20%3C%D0%B6%3E")
    log.info("asked with %s", json.dumps({"password": PASSWORD}))
    log.error("failed", exc_info=ValueError(PASSWORD))
    written = said(capsys)
    assert written.count(CUT) >= 6
    assert not re.search(r"sh(#|%23)p", written)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_shows_no_local_variables(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    logs.set_up("debug", as_json=as_json, secrets=[])
    payer = "Alma " + str(len("Invented"))
    try:
        payer.index("nobody")
    except ValueError:
        log.exception("failed")
    written = said(capsys)
    assert "ValueError: substring not found" in written
    assert payer not in written


@pytest.mark.parametrize(
    "secret",
    [
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        "Authorization: Bearer 22charactersofatoken00",
        "card 4400430012345678",
        "card 4400 4300 1234 5678",
        "card 4400-4300-1234-5678",
        "card 440043******5678",
        "card 4400********5678",
        "card 4400 43** **** 5678",
        "card 440043XXXXXX5678",
        "card 4400••••••••5678",
        "payer alma.invented+shop@example.kz",
        "phone +77010000001",
        "phone 77010000001",
        "phone 87010000001",
        "phone +7 (701) 000-00-01",
    ],
)
def test_what_looks_like_a_secret_or_a_person_is_cut_out(secret: str) -> None:
    cut = Redactor([])(secret)
    assert CUT in cut
    assert not set(re.findall(r"\w{5,}|\d{4}", secret)) & set(re.findall(r"\w{5,}|\d{4}", cut)) - {
        "https",
        "telegram",
        "getMe",
        "Authorization",
        "payer",
        "phone",
    }


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-24T09:00:00.123456Z",
        "invoice 182498331120 failed",
        "operation 0b0c1a52-5a1e-4b0e-9d37-61f1a5a0c001",
        "invoice 87654321 of 770123456789 failed",
        "update 700000001 could not be answered",
        "chat -1001234567890 takes no messages",
        "POST /p2p/operations 200 12 ms",
        "the bank answers again after 0:05:00.120000",
        "25 000 operations, 12.5 % failed",
    ],
)
def test_ordinary_numbers_stay(harmless: str) -> None:
    assert Redactor(["p", "abc"])(harmless) == harmless


def test_json_lines_are_json_with_time_level_and_logger(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", as_json=True, secrets=[PASSWORD])
    log.warning("қиын: %s", PASSWORD)
    (line,) = said(capsys).splitlines()
    written = json.loads(line)
    assert (written["event"], written["level"], written["logger"]) == (f"қиын: {CUT}", "warning", "bot.somewhere")
    assert re.match(r"\d{4}-\d\d-\d\dT", written["timestamp"])


def test_one_event_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", as_json=False, secrets=[])
    log.info("a name with\na second line and \x1b[31mcolours")
    assert len(said(capsys).splitlines()) == 1


def test_libraries_stay_quiet_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("debug", as_json=False, secrets=[])
    log.debug("ours")
    for name in ("telegram.Bot", "httpx", "aiohttp.access", "apscheduler.scheduler"):
        logging.getLogger(name).info("theirs")
    assert [line.split()[-2:] for line in said(capsys).splitlines()] == [["ours", "[bot.somewhere]"]]
