"""CONVERSATIONS: who says what, and what comes back. A new command adds its rows here.

A turn's `says` is typed, or, in square brackets, the label of a button on the newest message of that chat.
Every text of `gets` must be in the answer, in this order; no texts at all mean silence. `then`: a text of each
message or edit that comes later.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from test_chat_dispatch import BAKERY, GROUP, NOW, SHOP, TOPIC, Stage, open_stage

from bot.chat.commands import COMMANDS
from bot.demo.bank import Fault
from bot.demo.telegram import Person
from bot.model import Colleague, Destination, MerchantId, Role, Symptom, TerminalId
from bot.store import people
from bot.store.driver import Connection
from bot.store.incidents import list_open
from bot.views.incidents import living_message

Place = Literal["private", "group", "topic"]
HOURS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Turn:
    who: Literal["owner", "stranger", "accountant", "support", "viewer"]
    says: str
    gets: tuple[str, ...]
    at: Place = "private"
    then: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bank:
    """The bank stops answering, or answers again."""

    answers: bool


@dataclass(frozen=True, slots=True)
class Silent:
    """Samal-2 falls silent, which the owner is told in private."""


def owner(says: str, *gets: str, at: Place = "private", then: tuple[str, ...] = ()) -> Turn:
    return Turn("owner", says, gets, at, then)


def stranger(says: str, *gets: str, at: Place = "private") -> Turn:
    return Turn("stranger", says, gets, at)


def accountant(says: str, *gets: str, at: Place = "private", then: tuple[str, ...] = ()) -> Turn:
    return Turn("accountant", says, gets, at, then)


def support(says: str, *gets: str, at: Place = "private", then: tuple[str, ...] = ()) -> Turn:
    return Turn("support", says, gets, at, then)


def viewer(says: str, *gets: str, at: Place = "private", then: tuple[str, ...] = ()) -> Turn:
    return Turn("viewer", says, gets, at, then)


NOT_YOURS = "⚠️ Your role, or this chat, does not allow that"
NOT_UNDERSTOOD = "I do not understand that. Send an invoice number, or /help"
PAID_AT_LAST = ("1001", "❌ failed → ✅ paid on attempt 2", "Samal-2", "25 000 ₸ · paid", "25 000 ₸ · failed")
LIVE, STORED = "🟢 Live from the bank", "⚠️ The bank does not answer; stored data as of 14:00 (Almaty)"

CONVERSATIONS: dict[str, list[Turn | Bank | Silent]] = {
    "the owner begins": [
        owner("/start", "Hello, Aigerim!", "/find – ", "/today – ", "/health – ", "/id – ", "/help – "),
        owner("/help", "What you can ask:", "/find – All attempts on an invoice"),
        owner("/HELP", "What you can ask:"),
        owner("/id", "Your id: 5"),
    ],
    "the owner asks in a topic": [
        owner("/id", "Your id: 5", f"Chat id: {GROUP} · Shop", f"Topic id: {TOPIC}", at="topic"),
        owner("/health", "epay-bot 1.2.3", at="topic"),
    ],
    "what the bot does not know": [
        owner("/dance", NOT_UNDERSTOOD),
        owner("hello there", NOT_UNDERSTOOD),
        owner("hello", NOT_UNDERSTOOD),
        owner("/dance@epay_demo_bot", at="group"),
    ],
    "a stranger in private": [
        stranger("/id", "Your id: 6"),
        stranger("/start", "This bot is private", "/id"),
        stranger("/start"),
        stranger("/find 1001"),
        stranger("1001"),
        stranger("/health"),
        stranger("/id", "Your id: 6"),
    ],
    "a stranger in a group": [
        stranger("/start", at="group"),
        stranger("/id", at="group"),
        stranger("/find 1001", at="topic"),
        owner("/find 1001", "1001", "✅ paid on attempt 2", at="group"),
    ],
    "an invoice, live": [
        owner("/find 1001", *PAID_AT_LAST, LIVE),
        owner("[🔄 Refresh]", *PAID_AT_LAST, LIVE),
        owner("/find@epay_demo_bot 1001", *PAID_AT_LAST, LIVE, at="group"),
        owner("1001", *PAID_AT_LAST, LIVE),
        owner("/find A:7", "A:7", "✅ paid", LIVE),
        owner("[🔄 Refresh]", "A:7", "✅ paid", LIVE),
        owner("/find 4711", "4711 · nothing found", "Shop, searched:", LIVE),
    ],
    "an invoice the owner forgot to name": [
        owner("/find", "⚠️ Which invoice?", "/find 12345"),
        owner("1001", *PAID_AT_LAST),
    ],
    "an invoice older than the bank is usually asked for": [
        owner("/find OLD-1", "OLD-1", "✅ paid", LIVE),
    ],
    "an invoice while the bank does not answer": [
        Bank(answers=False),
        owner("/find 1001", *PAID_AT_LAST, STORED),
        owner("/find 4711", "4711 · nothing found", "everything the bot has stored", STORED),
        owner("/find 1001", "✅ paid on attempt 2", STORED, at="topic"),
        Bank(answers=True),
        owner("[🔄 Refresh]", "4711 · nothing found", LIVE),
    ],
    "a payment by other numbers than its invoice": [
        owner("OLD", "I do not understand that"),
        owner("/find OLD", "OLD-1", "✅ paid", LIVE),
        owner("900 ₸", "A:7", "✅ paid", LIVE),
        owner("25 000 ₸", *PAID_AT_LAST, LIVE),
        owner("/find 12 345 ₸", "12 345 ₸ · nothing found", "everything the bot has stored"),
        owner("*0000", "•••• 0000 · nothing found"),
        owner("900 ₸", at="group"),
        owner("/find 900 ₸", "A:7", "✅ paid", LIVE, at="group"),
    ],
    "several payments fit": [
        owner("5", "5 · 2 fit", "1. ✅", "TWIN-A", "2. ✅", "TWIN-B", "Bank data up to 14:00"),
        owner("[1]", "TWIN-A", "✅ paid", LIVE),
        owner("/find TWIN", "2 fit", "TWIN-A", "TWIN-B", at="topic"),
        owner("/matches TWIN-A", "⚠️ Nothing else fits “TWIN-A”"),
        stranger("/matches TWIN", "This bot is private"),
        stranger("5"),
    ],
    "who paid, without the button": [
        owner("/payer", "⚠️ Who paid is shown by the button 👁 under an answer"),
        owner("/payer 1", "⚠️ Who paid is shown by the button 👁", at="group"),
        stranger("/payer 1", at="group"),
    ],
    "today": [
        owner("/today", "Shop", "today until 14:00 (Almaty)", "Paid: 2", "Bank data up to 14:00"),
        owner("/today 98151552", "Samal-2", "Paid: 1"),
        owner("/today dost", "Dostyk", "Paid: 1"),
        owner("[🔄 Refresh]", "Dostyk", "Paid: 1"),
        owner("/today DOSTYK", "Dostyk", at="topic"),
        owner("/today 9815", "⚠️ “9815” fits several terminals: Samal-2 (98151552), Dostyk"),
        owner("/today Mars", "⚠️ I know no terminal “Mars”. There are: Samal-2 (98151552), Dostyk"),
        owner("/today .", "Dostyk", at="topic"),
        owner("/today .", "⚠️ No terminal was named in this chat yet", at="group"),
        owner("/today shop", "📊 Shop · today until 14:00"),
        owner("/today", "📊 Shop"),
        owner("[◀ Yesterday]", "📊 Shop · yesterday, Mon 23 Nov (Almaty)", "No operations.", "Updated 14:02:00"),
        owner("[Today]", "📊 Shop · today until 14:00"),
        owner("[By terminal]", "🏪 Shop · today until 14:00", "Samal-2", "failed: 1", "Dostyk", "Paid: 1"),
        owner("[◀ Back]", "📊 Shop · today until 14:00"),
        owner("[📈 Chart]", "📊 Shop", then=("📈 Shop · today",)),
    ],
    "other days": [
        owner("/yesterday", "Shop · yesterday, Mon 23 Nov (Almaty)", "No operations.", "Bank data up to 14:00"),
        owner("/week Dostyk", "Dostyk · 23 Nov – 24 Nov until 14:00", "Paid: 1", "By day:"),
        owner("[Month]", "Dostyk · 1 Nov – 24 Nov until 14:00", "1 Oct – 24 Oct by this time: nothing paid", "Updated"),
        owner("[◀ 1 Oct – 31 Oct]", "Dostyk · 1 Oct – 31 Oct (Almaty)", "No operations."),
        owner("/month", "Shop · 1 Nov – 24 Nov", "Paid: 2 · 25 900 ₸", "Success by attempt: 66.7 % (2 of 3)"),
        owner("/week Mars", "⚠️ I know no terminal “Mars”"),
        owner("/month shop", "Shop · 1 Nov – 24 Nov", at="group"),
    ],
    "any days": [
        owner("/summary", "Which period? For example: /summary 01.11 07.11"),
        owner("[30 days]", "Shop · 26 Oct – 24 Nov until 14:00", "Paid: 2", "Updated 14:01:00"),
        owner("/summary Dostyk", "Which period?"),
        owner("[Yesterday]", "Dostyk · yesterday, Mon 23 Nov"),
        owner("/summary 16.08.2026 Dostyk", "Dostyk · Sun 16 Aug (Almaty)", "Paid: 1 · 500 ₸"),
        owner("[🔄 Refresh]", "Dostyk · Sun 16 Aug (Almaty)", "Paid: 1 · 500 ₸", "Updated 14:03:00"),
        owner("/summary 2026-08-16 2026-08-20", "Shop · 16 Aug – 20 Aug (Almaty)", "Paid: 1", at="topic"),
        owner("/summary 2026-08", "Shop · 1 Aug – 31 Aug (Almaty)", "Paid: 1"),
        owner("/summary 31.11", "⚠️ I cannot read “31.11” as a date. Write for example 2026-11-01"),
        owner("/summary 07.11 01.11", "⚠️ The period ends on 2026-11-01, before it begins on 2026-11-07"),
        owner("/summary 2026-11-25", "⚠️ 2026-11-25 is still to come; today is 2026-11-24"),
        owner("/summary 7d Mars", "⚠️ I know no terminal “Mars”"),
    ],
    "two periods": [
        owner("/compare", "⚖️ Shop · two periods (Almaty)", "1 · Tue 17 Nov until 14:00", "2 · today until 14:00"),
        owner("[Week]", "1 · 16 Nov – 17 Nov until 14:00", "2 · 23 Nov – 24 Nov until 14:00", "Updated"),
        owner("/compare Dostyk 2026-08 2026-11", "⚖️ Dostyk", "1 · 1 Aug – 24 Aug until 14:00", "Sum paid: ▲ 80 %"),
        owner("/compare 16.08 today", "1 · Sun 16 Aug until 14:00", "2 · today", "Success by invoice", at="topic"),
        owner("/compare today today", "⚠️ These are the same period twice"),
        owner("/compare 2026-08 2026-09 2026-10", "⚠️ Two periods can be compared"),
        owner("/compare Mars", "⚠️ I know no terminal “Mars”"),
    ],
    "a stranger who counts": [
        stranger("/yesterday", "This bot is private"),
        stranger("/summary 7d"),
        stranger("/week", at="group"),
        stranger("/compare", at="topic"),
        stranger("/by today"),
        stranger("/language kk"),
        stranger("/month"),
    ],
    "the language": [
        owner("/language", "Which language shall I speak in this chat?"),
        owner("[Русский]", "Теперь в этом чате я говорю по-русски."),
        owner("/today", "Shop · сегодня до 14:00 (Алматы)", "Оплачено: 2"),
        owner("/week Марс", "⚠️ Не знаю терминала «Марс»"),
        owner("/language english", "I speak English in this chat now."),
        owner("/language kk", "Енді бұл чатта қазақша сөйлеймін.", at="topic"),
        owner("/today", "бүгін 14:00 дейін", at="group"),
        owner("/language klingon", "⚠️", "/language ru"),
    ],
    "figures as a picture": [
        owner("/chart", "📊 Shop · today until 14:00", "Paid: 2", then=("📈 Shop · today until 14:00 (Almaty)",)),
        owner("/chart dost week", "📊 Dostyk · 23 Nov – 24 Nov", "Paid: 1", then=("📈 Dostyk · 23 Nov – 24 Nov",)),
        owner("/chart 2026-10 dostyk", "No operations.", then=("📈 Dostyk · 1 Oct – 31 Oct",)),
        owner("/chart", "📊 Shop · today", at="topic", then=("📈 Shop · today",)),
        owner("/chart Mars", "⚠️ I know no terminal “Mars”"),
        owner("/chart 2027-01-01", "⚠️ 2027-01-01 is still to come"),
        stranger("/chart", "This bot is private"),
        stranger("/chart", at="group"),
    ],
    "operations as a file": [
        owner("/export", "A file of which days?", "/export 01.11 07.11 xlsx"),
        owner("[Today XLSX]", "Writing 3 operations", then=("📄 Shop · today until 14:01", "3 operations\nBank data")),
        owner("/export week", "Which kind of file? XLSX"),
        owner("[CSV]", "📄 Shop · 23 Nov", "Writing 3", then=("📄 Shop · 23 Nov – 24 Nov", "3 operations")),
        owner("/export dost csv", "A file of which days?"),
        owner("[Month CSV]", "📄 Dostyk", "Writing 1 operation into", then=("📄 Dostyk", "1 operation\n")),
        owner("/export today DOSTYK CSV", "Writing 1", at="topic", then=("📄 Dostyk", "1 operation\n")),
        owner("/export 2025-01 csv", "📄 Shop · 1 Jan 2025 – 31 Jan 2025", "No operations in this period"),
        owner("/export today Mars csv", "⚠️ I know no terminal “Mars”"),
        owner("/export 99.99 csv", "⚠️ I cannot read “99.99” as a date"),
        stranger("/export", "This bot is private"),
        stranger("/export today csv", at="group"),
    ],
    "a search by anything": [
        owner("/search failed today", "🔎 status=failed created=today", "Shop", "Found: 1 operation · 25 000 ₸", LIVE),
        owner(
            "/search invoice in 1001,A:7", "You named no beginning", "Found: 3 operations · 50 900 ₸", "✅ 2 · 25 900 ₸"
        ),
        owner("[💰 Largest first]", "25 000 ₸ · 1001", "25 000 ₸ · 1001", "900 ₸ · A:7", LIVE),
        owner("[🕒 Newest first]", "Found: 3 operations"),
        owner("[🔄 Refresh]", "Found: 3 operations", "🟢 Live from the bank, 14:03:00"),
        owner("/search terminal=dostyk amount between 1 000 and 100", "terminal=98151553", "900 ₸", LIVE),
        owner("/search invoice like OLD% from=2026-01-01", "500 ₸ · OLD-1", "Dostyk", LIVE),
        owner("/search reason=issuer|458 card=0000", "Nothing found", LIVE),
        owner("/search terminal~9815 sort=amount,-created", "Found: 3 operations", "900 ₸", "25 000 ₸", at="topic"),
    ],
    "a search that is not understood": [
        owner("/search", "What shall I look for?", "amount>=5000", "or press a button:"),
        owner("[❌ Failed today]", "🔎 status=failed created=today", "Found: 1 operation"),
        owner(
            "/search amoun>=5000 today",
            "⚠️ I know no filter “amoun”. There are: created, terminal",
            "amoun >=5000 today",
        ),
        owner("[amount]", "🔎 amount>=5000 created=today", "Found: 2 operations"),
        owner("/search terminal=9815 today", "⚠️ “9815” fits several terminals", "terminal= 9815 today"),
        owner("[Dostyk]", "🔎 terminal=98151553 created=today", "Found: 1 operation"),
        owner("/search status=", "⚠️ A value is missing here"),
        owner('/search invoice="10', "⚠️ The quotation mark is not closed again"),
        owner("/search payer=Aigerim", "🔎 payer~Aigerim", LIVE),
        owner("/search payer=Aigerim", "⚠️ Payers can be looked for in a private chat with me only", at="group"),
    ],
    "a search while the bank does not answer": [
        Bank(answers=False),
        owner("/search failed", "Found: 1 operation · 25 000 ₸", STORED),
        owner("/search invoice~10 sort=-amount", "Found: 2 operations", STORED),
        Bank(answers=True),
        owner("[🔄 Refresh]", "Found: 2 operations", LIVE),
    ],
    "lists": [
        owner("/failed", "❌ Failed payments · Shop", "❌ 12:00 · 25 000 ₸ · 1001", "Samal-2", "Bank data up to 14:00"),
        owner("/failed dostyk", "❌ Failed payments · Dostyk", "No payment failed in the last 90 days"),
        owner("[🔄 Refresh]", "Dostyk", "seen 14:01:00"),
        owner("/failed .", "❌ Failed payments · Dostyk"),
        owner("[All terminals]", "❌ Failed payments · Shop", "1001"),
        owner("/failed .", "⚠️ No terminal was named in this chat yet", at="group"),
        owner("/last", "🧾 Latest payments · Shop", "13:00 · ", "13:00 · ", "12:00 · 25 000 ₸ · 1001"),
        owner("/last samal 1", "🧾 Latest payments · Samal-2", "✅ 13:00 · 25 000 ₸ · 1001"),
        owner("[▶]", "❌ 12:00 · 25 000 ₸ · 1001"),
        owner("[◀]", "✅ 13:00 · 25 000 ₸ · 1001"),
        owner("/last 9815", "⚠️ “9815” fits several terminals"),
        owner("[Dostyk]", "🧾 Latest payments · Dostyk", "900 ₸ · A:7"),
        owner("/terminals", "Shop", "Samal-2", "Paid: 1 · 25 000 ₸", "failed: 1", "Dostyk", "Paid: 1 · 900 ₸"),
        owner("[Dostyk]", "Dostyk", "Paid: 1"),
        owner("/terminals", "Samal-2", at="topic"),
    ],
    "a stranger who searches": [
        stranger("/search failed", "This bot is private"),
        stranger("/failed"),
        stranger("/last", at="group"),
        stranger("/terminals", at="topic"),
    ],
    "alerts when nothing fails": [
        owner("/alerts", "🚨 Alerts", "Nothing is failing now."),
        owner("[🔄 Refresh]", "🚨 Alerts"),
        owner("/ack", "Nothing is failing now."),
        owner("/ack 7", "⚠️ There is no incident #7. /alerts shows those of the last day"),
        owner("/snooze 7 1h", "⚠️ There is no incident #7"),
        owner("/snooze 7 99d", "⚠️ “99d” is too long"),
        owner("/snooze 7 till 25:00", "⚠️ “25:00” is no time of day"),
        owner("/incident 7", "⚠️ There is no incident #7"),
        owner("/incident", "Nothing is failing now."),
        stranger("/alerts", at="group"),
    ],
    "silences": [
        owner("/silences", "Nothing is silenced."),
        owner("/silence", "What shall be silent?"),
        owner("/silence Mars 1h", "⚠️ I know no terminal “Mars”"),
        owner("/silence #7 1h", "⚠️ There is no incident #7"),
        owner("/silence Samal-2", "🔕 Silent until when?"),
        owner("[1 h]", "Samal-2 · 🔕 until 15:", "by Aigerim"),
        owner("/silences", "🔕 Silences", "1. Samal-2"),
        owner("[🔔 End it]", "Nothing is silenced."),
        owner("/unsilence", "⚠️ Which silence?"),
        owner("/unsilence 9999999999999999999", "⚠️ Which silence?"),
        owner("/silence #9999999999999999999 1h", "⚠️ I know no terminal"),
    ],
    "alerts in a topic": [
        owner("/settings", "⚙️ What this chat receives", "Nothing is posted here.", at="topic"),
        owner("/subscribe", "Whose events shall I post here?", at="topic"),
        owner("[Dostyk]", "Which events?", at="topic"),
        owner("[Failures only]", "✅ From now on I post here:", "Dostyk: 🔔 failed", "📰 No digests", at="topic"),
        owner("/settings", "Dostyk: 🔔 failed payments", "🌙 No quiet hours", at="topic"),
        owner("[🔔 failed payments]", "Dostyk: 🔕 failed payments", at="topic"),
        owner("[✖️ the bank and the bot]", "Dostyk: 🔕 failed payments, 🔔 the bank and the bot", at="topic"),
        owner("[Only what is critical]", "the bank and the bot; only what is critical", at="topic"),
        owner("[🌙 No quiet hours]", "🌙 Quiet from 23:00 to 08:00 (Almaty)", at="topic"),
        owner("[📰 No digests]", "the bank and the bot, 🔔 digests", "Daily digest at 09:00", at="topic"),
        owner("[Русский]", "⚙️ Что получает этот чат", "ближайшая – ср, 25 нояб.", at="topic"),
        owner("[English]", "⚙️ What this chat receives", at="topic"),
        owner("[📰 09:00]", "📰 No digests", at="topic"),
        owner("/subscribe all everything", "All terminals: 🔔 failed payments, 🔔 the bank and the bot", at="topic"),
        owner("/unsubscribe Dostyk", "✅ Done. What is left here:", "All terminals: 🔔", "Dostyk: nothing", at="topic"),
        owner("/unsubscribe", "What shall I stop posting here?", at="topic"),
        owner("[Everything]", "✅ Done. What is left here:", "Nothing is posted here.", at="topic"),
        stranger("/subscribe all everything", at="topic"),
        stranger("/settings", at="group"),
    ],
    "what an owner hears": [
        owner("/subscribe Mars", "⚠️ I know no terminal “Mars”"),
        owner("/subscribe @shop_alerts", "⚠️ I see no channel @shop_alerts. Add me to it as an administrator"),
        owner("/subscribe samal critical", "Samal-2: 🔔 failed payments", "only what is critical"),
        owner("/subscribe failures", "Whose events shall I post here?"),
        owner("[All terminals]", "All terminals: 🔔 failed payments"),
        owner("/unsubscribe all", "Nothing is posted here."),
        owner("/settings failures loud", "⚠️ /settings shows what this chat receives"),
        owner("/subscribe all digest", "All terminals: 🔔 digests", "Daily digest at 09:00"),
        stranger("/subscribe", "This bot is private"),
    ],
    "unusual volume": [
        owner("/rules", "📏 The past of which terminal shall I replay?"),
        owner("/rules samal", "📏 I replay the last weeks of Samal-2", then=("what each preset would have told",)),
        owner(
            "/rules dostyk", "📏 I replay the last weeks of Dostyk", at="topic", then=("normal · 0 alerts · in force",)
        ),
        owner("/rules Mars", "⚠️ I know no terminal “Mars”"),
        owner("/picture", "📈 The picture of which terminal?"),
        owner("[Dostyk]", "⚠️ What is usual at Dostyk is not known yet"),
        owner("/picture samal", "⚠️ What is usual at Samal-2 is not known yet"),
        owner("/picture Mars", "⚠️ I know no terminal “Mars”"),
        owner("/picture #99", "⚠️ There is no incident #99"),
        Silent(),
        owner("[📈 Picture]", "⚠️ Of #1 there is no picture: what was usual then is not remembered"),
        owner("/picture 1", "⚠️ Of #1 there is no picture", at="topic"),
        owner("/planned 1", "✅ #1 was planned, so it is over"),
        owner("/falsealarm 1", "✅ #1 was planned, so it is over"),
        Silent(),
        owner("[✅ Planned]"),
        owner("/incident 2", "🔇 No operations since 13:0", "✅ Planned, says Aigerim"),
        Silent(),
        owner("[👎 False alarm]"),
        owner("/incident 3", "👎 A false alarm, says Aigerim"),
        Silent(),
        owner("/falsealarm 4", "👎 #4 is over; the next must be clearer before I speak up", at="group"),
        owner("/planned", "⚠️ Which incident? /alerts shows those of the last day"),
        owner("/planned 99", "⚠️ There is no incident #99", at="group"),
        owner("/falsealarm", "⚠️ Which incident?"),
        owner("/falsealarm all", "⚠️ Which incident?"),
        stranger("/rules", "This bot is private"),
        stranger("/picture 1", at="group"),
        stranger("/planned 1", at="group"),
    ],
    "quiet hours": [
        owner("/quiet", "🌙 No quiet hours"),
        owner("[23:00–08:00]", "🌙 Quiet from 23:00 to 08:00 (Almaty): only what is critical makes a sound"),
        owner("/quiet 22:30–7:00", "🌙 Quiet from 22:30 to 07:00", at="group"),
        owner("/quiet", "🌙 Quiet from 23:00 to 08:00"),
        owner("/quiet at night", "⚠️ I cannot read “at night”", "/quiet 23:00-08:00"),
        owner("/quiet 08:00-08:00", "⚠️ Quiet hours begin and end at different times"),
        owner("/quiet 23:00-25:00", "⚠️ “25:00” is no time of day"),
        owner("/quiet off", "🌙 No quiet hours"),
        stranger("/quiet off", at="group"),
    ],
    "digests": [
        owner("/digest", "📰 No digests"),
        owner("[09:00]", "📰 Daily digest at 09:00 (Almaty), next on Wed 25 Nov"),
        owner("/digest weekly mon 10:00", "Daily digest at 09:00", "Weekly digest at 10:00 (Almaty), next on Mon 30"),
        owner("/digest monthly 1 09:00", "Monthly digest at 09:00 (Almaty), next on Tue 1 Dec"),
        owner("/digest monthly 32 09:00", "⚠️ “32” is no day of a month"),
        owner("/digest weekly someday 09:00", "⚠️ “someday” is no day of the week"),
        owner("/digest soon", "⚠️ “soon” is no time of day"),
        owner("/digest 1 2 3", "⚠️ Write for example /digest 09:00"),
        owner("/digest off", "📰 No digests"),
        owner("/digest now", "📰 Daily digest", "📊 Shop · yesterday, Mon 23 Nov", "✅ All quiet: no incidents"),
        owner("/digest now weekly", "📰 Weekly digest", "📊 Shop · 16 Nov – 22 Nov", at="topic"),
        stranger("/digest now", "This bot is private"),
        stranger("/digest now", at="group"),
    ],
    "support": [
        support("/help", "/find – ", "/alerts – ", "/ack – "),
        support("/find 1001", *PAID_AT_LAST, LIVE),
        support("1001", *PAID_AT_LAST, LIVE),
        support("/failed", "❌ Failed payments · Shop", "25 000 ₸ · 1001"),
        support("/search failed today", "Found: 1 operation\n", "25 000 ₸ · 1001", LIVE),
        support("/search payer=Aigerim", "⚠️ Payers can be looked for in a private chat", "by owners and accountants"),
        support("/today", NOT_YOURS),
        support("/export today csv", NOT_YOURS),
        support("/people", NOT_YOURS),
        support("/ack 7", "⚠️ There is no incident #7"),
        support("/silence Samal-2 1h", "Samal-2 · 🔕 until 15:", "by Support"),
        support("/subscribe samal failures", "Samal-2: 🔔 failed payments"),
        support("/subscribe samal digest", NOT_YOURS),
        support("/subscribe samal everything", "Samal-2: 🔔 failed payments, 🔔 the bank and the bot"),
        support("/settings digest 09:00", NOT_YOURS),
        support("/digest 09:00", NOT_YOURS),
        support("/digest now", NOT_YOURS),
    ],
    "a viewer": [
        viewer("/start", "Hello, Viewer!", "/today – ", "/help – "),
        viewer("/today", "📊 Shop · today until 14:00", "Paid: 2"),
        viewer("[📈 Chart]", "📊 Shop", then=("📈 Shop · today",)),
        viewer("/terminals", "Samal-2", "Dostyk"),
        viewer("/digest now", "📰 Daily digest", "📊 Shop"),
        viewer("/subscribe all digest", "All terminals: 🔔 digests"),
        viewer("/subscribe all failures", NOT_YOURS),
        viewer("/find 1001", NOT_YOURS),
        viewer("1001", NOT_YOURS),
        viewer("/last", NOT_YOURS),
        viewer("/export today csv", NOT_YOURS),
        viewer("/ack 1", NOT_YOURS),
        viewer("hello", NOT_UNDERSTOOD),
    ],
    "an accountant": [
        accountant("/month", "Shop · 1 Nov – 24 Nov", "Paid: 2 · 25 900 ₸"),
        accountant("/find 1001", *PAID_AT_LAST, LIVE),
        accountant("/search payer=Aigerim", "🔎 payer~Aigerim", LIVE),
        accountant("/export today csv", "Writing 3", then=("📄 Shop · today", "3 operations")),
        accountant("/alerts", "Nothing is failing now."),
        accountant("/ack 1", NOT_YOURS),
        accountant("/silence Samal-2 1h", NOT_YOURS),
        accountant("/invite viewer", NOT_YOURS),
        accountant("/audit", NOT_YOURS),
    ],
    "roles in a group": [
        support("/find 1001", at="group"),
        owner("/subscribe Samal-2 failures", "Samal-2: 🔔 failed payments", at="group"),
        support("/find 1001", *PAID_AT_LAST, LIVE, at="group"),
        viewer("/today", "📊 Shop", at="group"),
        viewer("/find 1001", NOT_YOURS, at="group"),
        support("/unsubscribe all", "⚠️ Only administrators of this group who hold a role here", at="group"),
        owner("/ceiling", "🚪 What may appear in this chat", "Shop – Alerts appear here; payments and", at="group"),
        owner("[payments]", "single payments when somebody with a role asks. No totals.", at="group"),
        owner("/today", NOT_YOURS, at="group"),
        owner(
            "/ceiling alerts",
            "Alerts appear here and nothing else.",
            "Of a payer no more than the initials",
            at="group",
        ),
        support("/find 1001", NOT_YOURS, at="group"),
        support("/alerts", "🚨 Alerts", at="group"),
        owner("/ceiling nothing", "Nothing of it appears here.", at="group"),
        support("/alerts", at="group"),
        owner("/ceiling all", "⚠️ /ceiling shows what may appear in this chat", at="group"),
        owner("/people", at="group"),
        stranger("/alerts", at="group"),
    ],
    "people": [
        owner("/people", "👥 People", "Shop", "5 · owner · by the configuration", "Viewer · viewer · since"),
        owner("[Viewer]", "Shop", "Viewer · viewer", "figures; no single payments"),
        owner("[accountant]", "Viewer · accountant", "figures, payments with their payers"),
        viewer("/find 1001", *PAID_AT_LAST),
        owner("[🗑 Remove]", "👥 People", "Support · support"),
        viewer("/find 1001", "This bot is private"),
        owner("/person", "⚠️ Whom? /people shows everybody"),
        owner("/invite", "Whom shall I invite?", "owner – everything", "support – look-ups and failures"),
        owner("[support]", "✉️ support at Shop", "?start=", "?startgroup=", "until 25 Nov, 14:04"),
        owner("/invite viewer for 3 hours", "✉️ viewer at Shop", "until 17:0"),
        owner("/invite viewer 8d", "⚠️ An invitation lasts from 10 minutes to 7 days"),
        owner("/invite viewer mars", "⚠️ I know no merchant “mars”"),
        owner("/revoke", "✉️ Open invitations", "1. viewer · Shop", "2. support · Shop"),
        owner("[🗑 Revoke 2]", "1. viewer · Shop"),
        owner("/revoke mine", "⚠️ Which invitation?"),
        stranger("/start guess", "⚠️ I do not know this invitation"),
        owner("/audit", "🧾 Who did what, page 1", "Aigerim · /revoke", "Aigerim · /invite viewer for 3 hours"),
        owner("[🔄 Refresh]", "page 1"),
    ],
    "an owner is walked through the set-up": [
        owner("/start", "Hello, Aigerim!", "/setup – "),
        owner("[▶️ Set me up]", "1/6 · 🏦 The bank", "✅ Shop: it answered in 0.", "0 payments in the last hour"),
        owner("[🔄 Ask again]", "1/6 · 🏦 The bank", "✅ Shop: it answered in 0."),
        owner("[▶️ Next]", "2/6 · 🏪 Terminals", "✅ Samal-2 · 98151552 · 2 payments in 7 days", "Is that right?"),
        owner(
            "[▶️ Next]",
            "3/6 · 📏 Noise",
            "calm · counting last week…",
            "normal · counting last week… · chosen",
            then=("normal · 0 alerts · chosen",),
        ),
        owner("[calm]", "calm · counting last week… · chosen", then=("calm · 0 alerts · chosen",)),
        owner("[▶️ Next]", "4/6 · 🌙 Quiet hours", "🌙 No quiet hours"),
        owner("[23:00–08:00]", "4/6", "🌙 Quiet from 23:00 to 08:00 (Almaty)"),
        owner("[▶️ Next]", "5/6 · ✉️ People", "It works once, for a day."),
        owner("[✉️ Make a link]", "✉️ support at Shop", "?start="),
        owner("/start", "Hello, Aigerim!"),
        owner("[▶️ Go on with the set-up]", "5/6 · ✉️ People"),
        owner("/settings", "⚙️ What this chat receives"),
        owner("[🔔 A sample alert]", "6/6 · 🔔 A sample alert", "/settings has every step"),
        owner("[🔔 Show a sample]", "A sample: nothing has failed.", "🔴 #1 · failing · Samal-2", "25 000 ₸"),
        owner("/setup", "6/6 · 🔔 A sample alert"),
        owner("[◀️ Back]", "5/6 · ✉️ People"),
        owner("[▶️ Next]", "6/6"),
        owner("[✅ Done]", "✅ All set.", "/settings has every step"),
        owner("[⚙️ Settings]", "⚙️ What this chat receives"),
        owner("/setup", "1/6 · 🏦 The bank"),
        owner("/setup moon", "⚠️ /setup goes through it step by step: bank, terminals, noise, quiet, invite, sample"),
        owner("/setup noise loud", "⚠️ There are three presets: calm, normal and everything"),
        owner("/setup quiet at night", "⚠️ I cannot read “at night”"),
        owner("/setup", at="group"),
        accountant("/setup", NOT_YOURS),
        stranger("/setup", "This bot is private"),
    ],
    "the set-up while the bank does not answer": [
        Bank(answers=False),
        owner("/setup bank", "⚠️ Shop: no answer (", "I keep asking and tell you."),
    ],
    "an owner names a terminal": [
        owner("/name", "⚠️ Write the terminal and its name"),
        owner("/name 98151552", "⚠️ Write the terminal and its name"),
        owner("/name 98151552 Esentai", "⚠️ Samal-2 has its name from the configuration"),
        owner("/name 90000000 Esentai", "⚠️ I know no terminal “90000000”"),
        support("/name 98151552 Esentai", NOT_YOURS),
    ],
    "how the bot is": [
        owner("/health", "epay-bot 1.2.3", "running for 3 h", "Shop", "Nothing waits for Telegram", "Store: "),
        owner("[🔄 Refresh]", "epay-bot 1.2.3"),
        owner("/deliveries", "Messages to Telegram", "Nothing was sent", "✅ Nothing waits and nothing was lost"),
        owner("/deliveries", at="group"),
        stranger("/deliveries", "This bot is private"),
    ],
}


def fill(stage: Stage) -> None:
    """What happened at the bank: the last seconds of an hour ago, and one payment of long ago."""
    add, samal, dostyk = stage.world.add, SHOP.terminals[0].tid, SHOP.terminals[1].tid
    add(SHOP.id, samal, 25_000, invoice_id="1001", outcome="failed", reason_code=458, created_at=NOW - 2 * HOURS)
    add(SHOP.id, samal, 25_000, invoice_id="1001", created_at=NOW - HOURS)
    add(SHOP.id, dostyk, 900, invoice_id="A:7", created_at=NOW - HOURS)
    add(SHOP.id, dostyk, 500, invoice_id="OLD-1", created_at=NOW - timedelta(days=100))
    add(SHOP.id, dostyk, 5, invoice_id="TWIN-B", created_at=NOW - timedelta(days=119))
    add(SHOP.id, samal, 5, invoice_id="TWIN-A", created_at=NOW - timedelta(days=118))
    add(BAKERY.id, BAKERY.terminals[0].tid, 300, invoice_id="BUN", created_at=NOW - HOURS)


@pytest.mark.parametrize("turns", CONVERSATIONS.values(), ids=CONVERSATIONS)
async def test_people_get_what_the_table_says(tmp_path: Path, turns: list[Turn | Bank | Silent]) -> None:
    async with open_stage(tmp_path, SHOP) as stage:
        fill(stage)
        await stage.read_bank(NOW - timedelta(days=120))
        await stage.store.write(let_in, stage)
        for turn in turns:
            if isinstance(turn, Silent):
                await tell(stage, fall_silent(stage.clock()))
            elif isinstance(turn, Bank):
                stage.bank.faults.always("list", None if turn.answers else Fault.server_error())
            else:
                await take(stage, turn)


def let_in(db: Connection, stage: Stage) -> None:
    """An accountant, support and a viewer, each in private and in the group."""
    for user_id, role in enumerate((Role.ACCOUNTANT, Role.SUPPORT, Role.VIEWER), 10):
        person = stage.api.person(user_id, role.title(), "en")
        stage.api.private_chat(person)
        stage.api.chats[GROUP].members[user_id] = person
        people.give(
            db, Colleague(user_id=user_id, name=role.title(), merchant_id=SHOP.id, role=role, given_at=NOW), by=5
        )


def person_of(stage: Stage, turn: Turn) -> Person:
    named = {"owner": stage.owner, "stranger": stage.stranger}
    return named.get(turn.who) or next(one for one in stage.api.people.values() if one.first_name == turn.who.title())


def fall_silent(now: datetime) -> Symptom:
    samal, since = TerminalId(SHOP.terminals[0].tid), int(now.timestamp()) - 3600
    return Symptom(
        rule="volume",
        merchant_id=MerchantId(SHOP.id),
        key=f"{samal}/silence",
        holds=True,
        terminals=(samal,),
        text="silent",
        values={"kind": "silence", "since": since, "seen": 0, "of": 0, "low": 39, "high": 86, "reason": 0},
    )


async def tell(stage: Stage, symptom: Symptom) -> None:
    """As delivery would."""
    incidents = stage.desk.incidents
    await stage.store.write(incidents.settle, symptom.merchant_id, [symptom])
    (known,) = await stage.store.read(list_open, symptom.merchant_id)
    voice = stage.desk.voices.voice("en", "Asia/Almaty")
    message = living_message(await stage.store.read(incidents.describe, known), voice, now=stage.clock())
    await stage.gateway.send(Destination(chat_id=stage.owner.user_id, language="en", timezone="Asia/Almaty"), message)


async def take(stage: Stage, turn: Turn) -> None:
    """One turn: said or pressed, then compared with what the bot said since."""
    person = person_of(stage, turn)
    chat = stage.api.private_chat(person) if turn.at == "private" else stage.api.chats[GROUP]
    before = len(stage.api.deliveries)
    if turn.says.startswith("["):
        stage.clock.at += timedelta(minutes=1)
        shown = stage.api.messages(chat.chat_id)[-1]
        await stage.api.presses(person, shown, shown.data(turn.says.strip("[]")))
        await stage.work()
    else:
        await stage.hears(person, turn.says, chat.chat_id, TOPIC if turn.at == "topic" else None)
    answers = [sent.text for sent in list(stage.api.deliveries)[before:] if sent.chat_id == chat.chat_id]
    assert len(answers) == bool(turn.gets) + len(turn.then), f"{turn.says}: {answers}"
    for text, later in zip(turn.then, answers[1:], strict=True):
        assert text in later.replace("\N{NO-BREAK SPACE}", " "), f"{text!r} is missing in:\n{later}"
    position = 0
    for text in turn.gets:
        position = answers[0].replace("\N{NO-BREAK SPACE}", " ").find(text, position)
        assert position >= 0, f"{text!r} is missing, or comes too early, in:\n{answers[0]}"


async def test_a_bank_that_hangs_is_given_up_and_the_store_answers(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP) as stage:
        fill(stage)
        await stage.read_bank(NOW - timedelta(days=120))
        stage.desk = replace(stage.desk, patience=timedelta(milliseconds=50))
        stage.use(COMMANDS)
        stage.bank.faults.always("list", Fault.slow_headers(delay=60))
        await take(stage, owner("/find 1001", *PAID_AT_LAST, STORED))


async def test_every_merchant_is_asked_and_the_one_that_has_it_answers(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP, BAKERY) as stage:
        fill(stage)
        await take(stage, owner("/find BUN", "BUN", "✅ paid", "Abay", "Bakery"))
        await take(stage, owner("/find NONE", "nothing found", "Shop, searched", "nothing found", "Bakery, searched"))
        await take(stage, owner("/today", "Shop", "Bakery"))
        await take(stage, owner("/today Abay", "Abay"))


async def test_a_live_look_up_is_not_written_to_the_store(tmp_path: Path) -> None:
    async with open_stage(tmp_path, SHOP) as stage:
        fill(stage)
        await take(stage, owner("/find 1001", LIVE))
        stage.bank.faults.always("list", Fault.server_error())
        await take(stage, owner("/find 1001", "1001 · nothing found", "nothing is stored yet"))
