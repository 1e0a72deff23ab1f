"""A headless Chromium over its DevTools protocol: tabs that are looked at, typed into and photographed. No sleeping."""

import asyncio
import base64
import itertools
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-extensions", "--hide-scrollbars")
SHOTS = os.environ.get("EPAY_BOT_SCREENSHOTS", "")
KEYS = {"Enter": ("\r", 13), "Escape": ("", 27), "Tab": ("", 9), "ArrowDown": ("", 40), "ArrowUp": ("", 38)}
PATIENCE = 30.0
# Resolves as soon as the expression holds: asked after every change of the page, ten times a second too.
UNTIL = """new Promise((done) => {
  const ask = () => {
    const found = (() => %s)();
    if (found) { watch.disconnect(); clearInterval(tick); done(found); }
  };
  const watch = new MutationObserver(ask);
  const tick = setInterval(ask, 100);
  watch.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  ask();
})"""


def find_chromium() -> str | None:
    """The program's path, None when this machine has none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


class Tab:
    """One page in a browser context of its own. `errors` holds whatever its console complained about."""

    def __init__(self, browser: "Browser", session: str) -> None:
        self.errors: list[str] = []
        self._browser = browser
        self._session = session

    async def call(self, method: str, **parameters: Any) -> Any:
        return await self._browser.call(method, self._session, **parameters)

    async def screen(self, width: int, height: int, *, dark: bool = False, moving: bool = False) -> None:
        """The size of the window, day or night; usually without motion, so that a press meets its button."""
        phone = width < 600
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        await self.call("Emulation.setDeviceMetricsOverride", **metrics)
        await self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        colours = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        motion = {"name": "prefers-reduced-motion", "value": "" if moving else "reduce"}
        await self.call("Emulation.setEmulatedMedia", features=[colours, motion])

    async def open(self, address: str) -> None:
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState === 'complete' && document.querySelector('#places li')")

    async def evaluate(self, expression: str) -> Any:
        """The JSON value of an expression; a promise is awaited."""
        wanted = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        said = await self.call("Runtime.evaluate", expression=expression, **wanted)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def until(self, condition: str, patience: float = PATIENCE) -> Any:
        """The first truthy value of a condition."""
        try:
            async with asyncio.timeout(patience):
                return await self.evaluate(UNTIL % condition)
        except TimeoutError:
            shown = await self.evaluate("document.body.innerText")
            raise AssertionError(f"never true: {condition}\n{self.errors}\n{shown[-1500:]}") from None

    async def click(self, selector: str, text: str = "") -> None:
        """A real press in the middle of the last visible element that matches and contains the text."""
        script = f"""(() => {{
          const all = [...document.querySelectorAll({json.dumps(selector)})];
          const node = all.filter((one) => one.checkVisibility() && one.innerText.includes({json.dumps(text)})).at(-1);
          if (!node) return null;
          node.scrollIntoView({{ block: "center" }});
          const box = node.getClientRects()[0];
          return [box.x + box.width / 2, box.y + box.height / 2];
        }})()"""
        x, y = await self.until(script)
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def type(self, text: str) -> None:
        await self.call("Input.insertText", text=text)

    async def key(self, name: str, *, shift: bool = False) -> None:
        text, code = KEYS[name]
        about = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    async def picture(self) -> bytes:
        """What is seen now, as PNG."""
        shot = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])

    async def photograph(self, name: str) -> None:
        """Keeps a picture when EPAY_BOT_SCREENSHOTS names a folder for it."""
        if SHOTS:
            keep(Path(SHOTS, f"{name}.png"), await self.picture())

    def heard(self, method: str, about: Any) -> None:
        """Console errors, uncaught ones, and what the browser itself reports."""
        if method == "Runtime.exceptionThrown":
            self.errors.append(str(about["exceptionDetails"].get("exception", about["exceptionDetails"])))
        elif method == "Runtime.consoleAPICalled" and about["type"] in {"error", "warning", "assert"}:
            self.errors.append(str(about["args"]))
        elif method == "Log.entryAdded" and about["entry"]["level"] in {"error", "warning"}:
            self.errors.append(about["entry"]["text"])


class Browser:
    """One process of Chromium; answers are matched by number, events go to their tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tabs: dict[str, Tab] = {}

    async def listen(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._waiting.pop(said["id"]).set_result(said)
            elif tab := self._tabs.get(said.get("sessionId", "")):
                tab.heard(said["method"], said["params"])
        for waiting in self._waiting.values():
            waiting.set_exception(ConnectionError("Chromium is gone"))

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        target = {"sessionId": session} if session else {}
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **target})
        said = await self._waiting[number]
        assert "error" not in said, f"{method}: {said['error']}"
        return said["result"]

    @asynccontextmanager
    async def tab(self, language: str = "en-US") -> AsyncIterator[Tab]:
        """A tab with empty storage, in this language of the browser."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = await self.call("Target.createTarget", url="about:blank", browserContextId=context)
        session = (await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True))["sessionId"]
        tab = self._tabs[session] = Tab(self, session)
        for domain in ("Page", "Runtime", "Log"):
            await tab.call(f"{domain}.enable")
        agent = (await self.call("Browser.getVersion"))["userAgent"]
        await tab.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
        yield tab
        del self._tabs[session]
        await self.call("Target.disposeBrowserContext", browserContextId=context)


@asynccontextmanager
async def open_browser(program: str, folder: Path) -> AsyncIterator[Browser]:
    """Chromium with its profile in `folder`, ended on leaving."""
    arguments = (*FLAGS, *QUIET, f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank")
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(program, *arguments, stdout=nothing, stderr=pipe)
    assert process.stderr is not None
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE) as starting:
            async for line in process.stderr:
                if found := re.search(rb"DevTools listening on (\S+)", line):
                    break
            else:
                raise AssertionError("Chromium ended before it listened")
            starting.reschedule(None)
            draining = asyncio.create_task(process.stderr.read())
            async with http.ws_connect(found[1].decode(), max_msg_size=0) as socket:
                browser = Browser(socket)
                listening = asyncio.create_task(browser.listen())
                yield browser
                listening.cancel()
            draining.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
