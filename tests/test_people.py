"""People, groups and what is kept of what they did: over real sockets and a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import an_alert
from test_chat_dispatch import BAKERY, GROUP, NOW, SHOP, TOPIC, Stage, open_stage
from test_invitations import a_key, redeems

from bot.demo.telegram import Message, Person
from bot.guests import STAY, Guests
from bot.model import ALL_MERCHANTS, ChatKind, Colleague, Destination, Level, Role
from bot.store import audit, outbox, people
from bot.store.driver import Connection

NEW_GROUP = -700
SHOP_ONLY = [SHOP.id]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, SHOP, BAKERY) as stage:
        yield stage


async def has(stage: Stage, person: Person, role: Role, merchant_id: str = SHOP.id) -> None:
    """A person has a role from now on."""
    colleague = Colleague(
        user_id=person.user_id, name=person.first_name, merchant_id=merchant_id, role=role, given_at=NOW
    )
    await stage.store.write(lambda db: people.give(db, colleague, by=stage.owner.user_id))


async def presses(stage: Stage, person: Person, shown: Message, data: str) -> str:
    """Presses a button, or sends data no button has; the toast."""
    press = await stage.api.presses(person, shown, data)
    await stage.work()
    return (await press.answer()).text


async def roles(stage: Stage, person: Person) -> dict[str, Role]:
    return await stage.store.read(people.roles_of, person.user_id)


async def test_an_owner_changes_a_role_and_takes_it_away_with_buttons(stage: Stage) -> None:
    await has(stage, stage.stranger, Role.VIEWER)
    await stage.hears(stage.owner, "/people")
    shown = stage.last()
    assert "Daniyar · viewer · since" in shown.text
    await presses(stage, stage.owner, shown, shown.data("✏️ Daniyar"))
    await presses(stage, stage.owner, shown, shown.data("accountant"))
    assert await roles(stage, stage.stranger) == {SHOP.id: Role.ACCOUNTANT}
    old = shown.data("🗑 Remove")
    await presses(stage, stage.owner, shown, old)
    assert await roles(stage, stage.stranger) == {}
    await presses(stage, stage.owner, shown, f"e1:person:{stage.stranger.user_id} shop owner")
    assert await roles(stage, stage.stranger) == {}
    assert "no role here any more" in stage.last().text


async def test_the_last_owner_stays(stage: Stage) -> None:
    await stage.store.write(people.configure, [], NOW)
    await has(stage, stage.owner, Role.OWNER)
    await has(stage, stage.stranger, Role.ACCOUNTANT)
    await stage.hears(stage.owner, "/person 5 shop remove")
    assert "The last owner stays" in stage.last().text
    await stage.hears(stage.owner, "/person 5 shop viewer")
    assert "The last owner stays" in stage.last().text
    await stage.hears(stage.owner, "/person 6 shop owner")
    await stage.hears(stage.owner, "/person 5 shop remove")
    assert (await roles(stage, stage.owner), await roles(stage, stage.stranger)) == ({}, {SHOP.id: Role.OWNER})


async def test_owners_of_the_configuration_are_not_changed_in_the_chat(stage: Stage) -> None:
    for words in ("5 shop remove", "5  viewer", "5 viewer", "99 shop", "x shop", "5 mars remove", "²5 shop"):
        await stage.hears(stage.owner, f"/person {words}")
        assert stage.last().text.startswith("⚠️")
    assert await roles(stage, stage.owner) == {ALL_MERCHANTS: Role.OWNER}


async def test_a_person_removed_hears_and_sees_nothing_more(stage: Stage) -> None:
    await redeems(stage, await a_key(stage, "support shop"))
    await stage.hears(stage.owner, "/person 6 shop remove")
    before = len(stage.api.deliveries)
    await stage.hears(stage.stranger, "/find 1001")
    assert "This bot is private" in [sent.text for sent in stage.api.deliveries][before:][0]
    assert not await stage.store.read(lambda db: db.rows("SELECT 1 FROM subscription WHERE chat_id = 6"))


async def test_an_old_owner_of_one_merchant_never_learns_of_the_other(stage: Stage) -> None:
    await has(stage, stage.stranger, Role.OWNER)
    before = len(stage.api.deliveries)
    for words in ("/people", "/audit", "/terminals", "/today", "/alerts", "/health", "/revoke", "/invite viewer"):
        await stage.hears(stage.stranger, words)
    for words in (
        "/today Abay",
        "/find BUN",
        "/search terminal=Abay",
        "/ceiling figures bakery",
        "/invite viewer bakery",
    ):
        await stage.hears(stage.stranger, words)
    said = "\n".join(sent.text for sent in list(stage.api.deliveries)[before:])
    assert "Bakery" not in said
    assert "bakery" not in said.replace("“bakery”", "")


async def test_of_two_merchants_each_shows_what_the_role_there_allows(stage: Stage) -> None:
    await has(stage, stage.stranger, Role.OWNER, SHOP.id)
    await has(stage, stage.stranger, Role.SUPPORT, BAKERY.id)
    for merchant in (SHOP, BAKERY):
        tid, invoice = merchant.terminals[0].tid, f"PAID-{merchant.id}"
        stage.world.add(merchant.id, tid, 700, invoice_id=invoice, name="Zhanna Secretova")
    for invoice in ("PAID-shop", "PAID-bakery"):
        await stage.hears(stage.stranger, f"/find {invoice}")
        assert invoice in stage.last(6).text
        assert "Secretova" not in stage.last(6).text, "the stricter of the two roles counts"
    await stage.hears(stage.stranger, "/today")
    assert "Bakery" not in stage.last(6).text
    await stage.store.write(people.remove, stage.stranger.user_id, BAKERY.id)
    await stage.hears(stage.stranger, "/find PAID-shop")
    assert "Secretova" in stage.last(6).text


async def test_the_buttons_of_a_private_chat_are_nobody_elses(stage: Stage) -> None:
    await has(stage, stage.stranger, Role.OWNER)
    await stage.hears(stage.owner, "/today")
    shown = stage.last()
    before = shown.text
    assert await presses(stage, stage.stranger, shown, shown.data("🔄 Refresh")) == "These buttons are not for you"
    assert shown.text == before


async def test_a_channel_is_left_without_a_word(stage: Stage) -> None:
    channel = stage.api.group(-900, "News", [stage.owner], "channel")
    channel.standing = "left"
    stage.api.adds_bot(stage.owner, channel, administrator=True)
    await stage.work()
    assert [one for one in stage.api.messages(-900) if one.sender is stage.api.me] == []
    stage.clock.at += STAY
    await leave_what_is_due(stage)
    assert channel.standing == "left"


async def added(stage: Stage, by: Person, chat_id: int = NEW_GROUP) -> str:
    """Somebody makes a group with the bot in it; what it says."""
    group = stage.api.group(chat_id, "New", [by, stage.owner, stage.stranger])
    group.standing = "left"
    stage.api.adds_bot(by, group)
    await stage.work()
    return stage.last(chat_id).text


async def leave_what_is_due(stage: Stage) -> None:
    await Guests(stage.store, stage.gateway.leave, now=stage.clock).step()


@pytest.mark.parametrize("is_owner", [True, False])
async def test_a_group_is_told_once_what_will_be_posted_and_left_when_nobody_links_it(
    stage: Stage, *, is_owner: bool
) -> None:
    said = await added(stage, stage.owner if is_owner else stage.stranger)
    assert "Nothing is posted here yet" in said
    assert "I leave in an hour" in said
    assert "Shop" not in said
    stage.clock.at += STAY - timedelta(seconds=1)
    await leave_what_is_due(stage)
    assert stage.api.chats[NEW_GROUP].standing == "member"
    stage.clock.at += timedelta(seconds=1)
    await leave_what_is_due(stage)
    assert stage.api.chats[NEW_GROUP].standing == "left"
    await leave_what_is_due(stage)
    assert [call.method for call in stage.api.calls].count("leaveChat") == 1


async def test_a_group_an_owner_subscribes_is_linked_and_stays(stage: Stage) -> None:
    await added(stage, stage.owner)
    await stage.hears(stage.owner, "/subscribe shop everything", NEW_GROUP)
    assert await stage.store.read(people.levels_of, NEW_GROUP) == {SHOP.id: Level.FIGURES}
    stage.clock.at += STAY
    await leave_what_is_due(stage)
    assert stage.api.chats[NEW_GROUP].standing == "member"


async def test_a_group_the_bot_was_thrown_out_of_is_not_linked_by_whoever_brings_it_back(stage: Stage) -> None:
    await added(stage, stage.owner)
    await stage.hears(stage.owner, "/subscribe shop everything", NEW_GROUP)
    group = stage.api.chats[NEW_GROUP]
    for person, expected in ((stage.owner, {SHOP.id: Level.FIGURES}), (stage.stranger, {})):
        stage.api.removes_bot(stage.owner, group)
        stage.api.adds_bot(person, group)
        await stage.work()
        assert await stage.store.read(people.levels_of, NEW_GROUP) == expected


async def test_what_waited_for_a_group_is_not_told_to_whoever_brings_the_bot_back(stage: Stage) -> None:
    await added(stage, stage.owner)
    await stage.hears(stage.owner, "/subscribe shop everything", NEW_GROUP)
    group = stage.api.chats[NEW_GROUP]
    here = Destination(chat_id=NEW_GROUP, kind=ChatKind.GROUP)
    for person, left in ((stage.owner, 1), (stage.stranger, 0)):
        stage.api.removes_bot(stage.owner, group)
        await stage.work()
        await stage.store.write(outbox.announce, [(person.first_name, an_alert())], [here], stage.clock())
        await stage.store.write(lambda db: db.run("DELETE FROM outbox WHERE dedup LIKE '%catch-up%'"))
        stage.api.adds_bot(person, group)
        await stage.work()
        waiting = await stage.store.read(
            lambda db: db.rows("SELECT dedup FROM outbox WHERE chat_id = -700 AND state = 'waiting'")
        )
        assert len([row for row in waiting if person.first_name in row["dedup"]]) == left


async def test_a_refused_first_word_is_no_error(stage: Stage) -> None:
    stage.api.faults.add(method="sendMessage", status=403, description="Forbidden: bot is not a member")
    group = stage.api.group(NEW_GROUP, "New", [stage.stranger])
    group.standing = "left"
    stage.api.adds_bot(stage.stranger, group)
    await stage.work()
    assert await stage.store.read(people.list_unlinked, NOW + STAY) == [NEW_GROUP]


async def test_only_administrators_with_a_role_change_what_a_group_receives(stage: Stage) -> None:
    await stage.hears(stage.owner, "/subscribe shop everything", GROUP)
    await has(stage, stage.stranger, Role.SUPPORT)
    await stage.hears(stage.stranger, "/unsubscribe all", GROUP)
    assert "Only administrators of this group who hold a role here" in stage.last(GROUP).text
    stage.api.chats[GROUP].administrators.add(stage.stranger.user_id)
    await stage.hears(stage.stranger, "/quiet 23:00-08:00", GROUP)
    assert "Quiet from 23:00" in stage.last(GROUP).text
    await stage.hears(stage.stranger, "/ceiling figures shop", GROUP)
    assert "⚠️" in stage.last(GROUP).text
    assert await stage.store.read(people.levels_of, GROUP) == {SHOP.id: Level.FIGURES}
    dana = stage.api.person(8, "Dana", "en")
    stage.api.chats[GROUP].members[8] = dana
    stage.api.chats[GROUP].administrators.add(8)
    before = len(stage.api.deliveries)
    await stage.hears(dana, "/unsubscribe all", GROUP)
    assert len(stage.api.deliveries) == before


async def test_without_telegrams_word_nobody_administers_a_group(stage: Stage) -> None:
    await stage.hears(stage.owner, "/subscribe shop everything", GROUP)
    stage.api.faults.add(method="getChatMember", status=502)
    await stage.hears(stage.owner, "/quiet 23:00-08:00", GROUP)
    assert "Only administrators" in stage.last(GROUP).text


async def test_a_ceiling_holds_for_owners_too_and_only_they_raise_it(stage: Stage) -> None:
    await stage.hears(stage.owner, "/subscribe shop everything", GROUP)
    await stage.hears(stage.owner, "/ceiling", GROUP)
    shown = stage.last(GROUP)
    assert "Shop – Alerts appear here; payments and figures when somebody with a role asks." in shown.text
    await presses(stage, stage.owner, shown, shown.data("alerts"))
    assert "Alerts appear here and nothing else" in shown.text
    await stage.hears(stage.owner, "/today", GROUP)
    assert "Your role, or this chat, does not allow that" in stage.last(GROUP).text
    await stage.hears(stage.owner, "/alerts", GROUP)
    assert "🚨 Alerts" in stage.last(GROUP).text
    await stage.hears(stage.owner, "/ceiling figures", GROUP)
    await stage.hears(stage.owner, "/today", GROUP)
    assert "📊 Shop" in stage.last(GROUP).text
    await stage.hears(stage.owner, "/ceiling everything", GROUP)
    assert stage.last(GROUP).text.startswith("⚠️ /ceiling shows")


async def test_what_a_group_may_show_follows_it_to_its_new_id(stage: Stage) -> None:
    group = stage.api.group(-42, "Old", [stage.owner])
    await stage.hears(stage.owner, "/subscribe shop everything", -42)
    supergroup = stage.api.migrate(group)
    await stage.work()
    assert await stage.store.read(people.levels_of, supergroup.chat_id) == {SHOP.id: Level.FIGURES}
    assert await stage.store.read(people.levels_of, -42) == {}


async def test_a_topic_is_chosen_by_writing_in_it(stage: Stage) -> None:
    await stage.hears(stage.owner, "/subscribe shop everything", GROUP, TOPIC)
    rows = await stage.store.read(lambda db: db.rows("SELECT DISTINCT chat_id, thread_id FROM subscription"))
    assert [tuple(dict(row).values()) for row in rows] == [(GROUP, TOPIC)]


def kept(db: Connection) -> list[tuple[str, str, int]]:
    return [(row["command"], row["words"], row["refused"]) for row in db.rows("SELECT * FROM audit ORDER BY id")]


async def test_what_people_did_is_kept_without_a_word_that_may_tell_of_a_payer(stage: Stage) -> None:
    await has(stage, stage.stranger, Role.VIEWER)
    for words in (
        "/find Касымова 87011234567",
        "/search payer=Касымова",
        "Касымова 5",
        "/today samal",
        "/silence samal 1h Касымова",
    ):
        await stage.hears(stage.owner, words)
    for words in ("/ack 7 Касымова", "/today Касымова", "/export Касымова"):
        await stage.hears(stage.owner, words)
    await stage.hears(stage.stranger, "/export today csv")
    assert await stage.store.read(kept) == [
        ("find", "", 0),
        ("search", "", 0),
        ("today", "samal", 0),
        ("silence", "samal", 0),
        ("export", "", 1),
    ]


async def test_the_audit_shows_pages_and_no_others_merchants(stage: Stage) -> None:
    await has(stage, stage.stranger, Role.OWNER)
    for number in range(25):
        await stage.hears(stage.stranger, f"/quiet {number % 12}:00-{number % 12 + 1}:00")
    await stage.hears(stage.owner, "/today abay")
    await stage.hears(stage.stranger, "/audit")
    shown = stage.last(6)
    assert "Daniyar · /quiet 0:00-1:00" in shown.text
    assert "abay" not in shown.text
    await presses(stage, stage.stranger, shown, shown.data("▶"))
    assert "page 2" in shown.text
    await stage.hears(stage.owner, "/audit")
    assert "Aigerim · /today abay" in stage.last().text


async def test_the_audit_is_forgotten_after_its_time(stage: Stage) -> None:
    await stage.hears(stage.owner, "/today")
    await stage.store.write(audit.forget, NOW)
    assert len(await stage.store.read(kept)) == 1
    await stage.store.write(audit.forget, NOW + timedelta(seconds=1))
    assert await stage.store.read(kept) == []
    assert await stage.store.read(lambda db: db.rows("SELECT 1 FROM audit_merchant")) == []
