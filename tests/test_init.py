"""`epay-bot init` as a person meets it on a terminal, and as a script calls it; the bank is a real socket."""

import asyncio
import codecs
import os
import pty
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from running import OWNER, TOKEN, Outside, now

from bot.config import Settings, load
from bot.rules import check_settings

PATIENCE = 20.0


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = await Outside(tmp_path).open()
    for terminal in outside.shop.terminals:
        for _ in range(12):
            outside.world.add(outside.shop.id, terminal.tid, 100, created_at=now())
    yield outside
    await outside.close()


class Typist:
    """The program on a terminal of its own, and who types into it."""

    def __init__(self, outside: Outside, *options: str | Path) -> None:
        self._outside = outside
        self._options = [str(one) for one in options]
        self.screen = self.everything = ""
        self._letters = codecs.getincrementaldecoder("utf-8")()
        self._heard = asyncio.Event()

    async def begin(self) -> "Typist":
        self._keyboard, terminal = pty.openpty()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "init", *addresses(self._outside), *self._options),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            cwd=self._outside.folder,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        )
        os.close(terminal)
        asyncio.get_running_loop().add_reader(self._keyboard, self._hear)
        return self

    def _hear(self) -> None:
        try:
            self.screen += self._letters.decode(os.read(self._keyboard, 4096))
        except OSError:
            asyncio.get_running_loop().remove_reader(self._keyboard)
        self._heard.set()

    async def sees(self, text: str) -> None:
        """Waits for it behind everything seen before."""
        while text not in self.screen:
            self._heard.clear()
            try:
                await asyncio.wait_for(self._heard.wait(), PATIENCE)
            except TimeoutError:
                raise AssertionError(f"{text!r} never came:\n{self.everything}|{self.screen}") from None
        before, _, self.screen = self.screen.partition(text)
        self.everything += before + text

    async def answers(self, prompt: str, text: str) -> None:
        """Waits for the prompt to be whole, and types."""
        await self.sees(prompt)
        await self.sees(": ")
        os.write(self._keyboard, (text + "\n").encode())

    async def ends(self) -> int:
        async with asyncio.timeout(PATIENCE):
            code = await self._process.wait()
        asyncio.get_running_loop().remove_reader(self._keyboard)
        os.close(self._keyboard)
        self.everything += self.screen
        return code


def addresses(outside: Outside) -> list[str]:
    epay = outside.merchant()["epay"]
    urls = {"telegram": outside.api.root, "oauth": epay["oauth_url"], "p2p": epay["p2p_url"], "api": epay["api_url"]}
    return [word for name, url in urls.items() for word in (f"--{name}-url", url)]


def read(path: Path) -> Settings:
    return load(path, check_settings)


async def scripted(outside: Outside, *options: str | Path, **environment: str) -> tuple[int, str]:
    """Exit code and output of a call that asks nothing."""
    path = outside.folder / "config.yaml"
    call = ("init", "--non-interactive", "--config", path, *addresses(outside), *options)
    program = await outside.start(*call, **environment)
    return await program.ends(), program.output


def everything(outside: Outside) -> dict[str, Any]:
    shop = outside.shop
    return {
        "EPAY_BOT_INIT_TOKEN": TOKEN,
        "EPAY_BOT_INIT_OWNERS": str(OWNER),
        "EPAY_BOT_INIT_NAME": "Magnum №1 LLP",
        "EPAY_BOT_INIT_USERNAME": shop.username,
        "EPAY_BOT_INIT_PASSWORD": shop.password,
        "EPAY_BOT_INIT_CLIENT_ID": shop.client_id,
        "EPAY_BOT_INIT_CLIENT_SECRET": shop.client_secret,
    }


async def test_a_person_is_asked_only_again_for_what_does_not_hold(outside: Outside) -> None:
    shop = outside.shop
    await outside.api.says(outside.owner, outside.chat, "/start")
    typist = await Typist(outside).begin()
    await typist.answers("Token of the bot", "700600:not-this-token-not-this-token")
    await typist.sees("Telegram does not know this token")
    await typist.answers("Token of the bot", TOKEN)
    await typist.answers("Done?", "y")
    await typist.answers(f"Is Айгерим, {OWNER}, the owner?", "y")
    await typist.answers("Name of the shop", "Самал")
    await typist.answers("production or test", "")
    await typist.answers("ePay user name", shop.username)
    await typist.answers("ePay password", "not-this-password")
    await typist.answers("ePay client id", shop.client_id)
    await typist.answers("ePay client secret", shop.client_secret)
    await typist.sees("The bank refuses")
    await typist.answers("production or test", "")
    await typist.answers("ePay user name", "")
    await typist.answers("ePay password", shop.password)
    await typist.answers("ePay client id", "")
    await typist.answers("ePay client secret", "")
    await typist.answers("Time zone", "Mars/Olympus")
    await typist.sees("no such time zone")
    await typist.answers("Time zone", "")
    await typist.answers("Language", "kk")
    for terminal in shop.terminals:
        await typist.answers(f"Terminal {terminal.tid}", terminal.name if terminal is shop.terminals[0] else "")
    await typist.answers("files of their own", "y")
    await typist.sees("Next: ")
    assert await typist.ends() == 0
    for secret in (TOKEN, shop.password, shop.client_secret, "not-this"):
        assert secret not in typist.everything
    path = outside.folder / "config.yaml"
    settings = read(path)
    assert settings.access.owners == (OWNER,)
    assert (settings.timezone, settings.language, settings.merchants[0].id) == ("Asia/Almaty", "kk", "shop")
    assert [one.name for one in settings.merchants[0].terminals] == [shop.terminals[0].name]
    assert settings.merchants[0].epay.password.get_secret_value() == shop.password
    written = [path, *(outside.folder / "secrets").iterdir()]
    assert len(written) == 4
    assert {one.stat().st_mode & 0o777 for one in written} == {0o600}
    assert shop.password not in path.read_text()
    assert not outside.bank.money_calls


async def test_a_script_gives_everything_and_the_written_file_passes_the_check(outside: Outside) -> None:
    code, output = await scripted(outside, "--terminal", "98151552=Samal-2", **everything(outside))
    assert code == 0, output
    assert "Next: " in output
    path = outside.folder / "config.yaml"
    assert path.stat().st_mode & 0o777 == 0o600
    merchant = read(path).merchants[0]
    assert (merchant.id, merchant.name, merchant.terminals[0].name) == ("magnum-1-llp", "Magnum №1 LLP", "Samal-2")
    program = await outside.start("check", "--config", path)
    assert await program.ends() == 0, program.output


async def test_a_script_hears_everything_that_is_missing_or_malformed_at_once(outside: Outside) -> None:
    given = everything(outside) | {"EPAY_BOT_INIT_TIMEZONE": "Mars/Olympus"}
    del given["EPAY_BOT_INIT_PASSWORD"], given["EPAY_BOT_INIT_OWNERS"]
    code, output = await scripted(outside, **given)
    assert code == 2
    assert [line.partition(": ")[0] for line in output.splitlines()] == ["owners", "password", "timezone"]
    assert "EPAY_BOT_INIT_PASSWORD or --password-file" in output
    assert not (outside.folder / "config.yaml").exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("TOKEN", "Telegram does not know this token"),
        ("PASSWORD", "The bank refuses"),
    ],
)
async def test_a_script_that_gives_a_wrong_answer_writes_nothing(outside: Outside, wrong: str, sentence: str) -> None:
    code, output = await scripted(outside, **everything(outside) | {f"EPAY_BOT_INIT_{wrong}": "700600:wrong-one-0000"})
    assert code == 1
    assert sentence in output
    assert "wrong-one" not in output
    assert not (outside.folder / "config.yaml").exists()


async def test_a_file_that_is_there_is_overwritten_only_by_force(outside: Outside) -> None:
    path = outside.folder / "config.yaml"
    path.write_text("mine: true\n")
    path.chmod(0o644)
    code, output = await scripted(outside, **everything(outside))
    assert (code, path.read_text()) == (2, "mine: true\n")
    assert "--force overwrites it" in output
    code, output = await scripted(outside, "--force", **everything(outside))
    assert code == 0, output
    assert path.stat().st_mode & 0o777 == 0o600
