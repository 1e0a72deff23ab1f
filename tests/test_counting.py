"""What the tests read out of the owner's messages: every failed payment once, and nothing else as one."""

from pathlib import Path

from builders import NOW, SAMAL, an_alert
from pydantic import SecretStr
from running import OWNER, TOKEN, Outside

from bot.chat.telegram import Gateway
from bot.model import AlertReason, Destination, IncidentAlert
from bot.texts import Voices
from bot.views.announcements import change_message
from bot.views.incidents import living_message


def a_symptom(number: int) -> IncidentAlert:
    values = {"kind": "drop", "since": int(NOW.timestamp()), "seen": 12, "of": 40, "low": 39, "high": 86}
    return an_alert(number, rule="volume", key=f"{SAMAL}/drop", members=(), attempts=(), count=0, values=values)


async def test_a_lasting_state_is_no_failed_payment(tmp_path: Path) -> None:
    outside = await Outside(tmp_path).open()
    gateway = Gateway(SecretStr(TOKEN), outside.api.root)
    voice = Voices("ru").voice("ru", "Asia/Almaty")
    for alert in (an_alert(1), an_alert(2, count=1_030), a_symptom(3)):
        await gateway.send(Destination(chat_id=OWNER), living_message(alert, voice, now=NOW))
    await gateway.send(
        Destination(chat_id=OWNER), change_message(an_alert(2, count=7, reason=AlertReason.REMINDER), voice), reply_to=2
    )
    assert outside.counted() == {1: 1, 2: 1_030}
    assert set(outside.opened()) == {1, 2, 3}
    await gateway.close()
    await outside.close()
