"""Who may do what: the rights of a role, below the ceiling of a chat; strangers nothing but their own id."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.access import REFUSE_AGAIN_AFTER, REMEMBERED, Decision, Refusals, Verdict, decide
from bot.model import (
    ADMINISTRATORS,
    ALL_MERCHANTS,
    CEILINGS,
    RIGHTS,
    ChatKind,
    Level,
    MerchantId,
    Right,
    Role,
    Standing,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
A, B = MerchantId("a"), MerchantId("b")
STRANGER = 6
GROUPS = [ChatKind.GROUP, ChatKind.SUPERGROUP]
merchants = st.sampled_from([ALL_MERCHANTS, A, B])
standings = st.builds(
    Standing,
    roles=st.dictionaries(merchants, st.sampled_from(Role)),
    levels=st.dictionaries(merchants, st.sampled_from(Level)),
    administrator=st.booleans(),
)


def decided(right: Right, standing: Standing, kind: ChatKind = ChatKind.PRIVATE) -> Decision:
    return decide(right, standing, kind, [A, B])


@given(standings, st.sampled_from(Right), st.sampled_from(ChatKind))
def test_nobody_sees_a_merchant_at_which_they_hold_no_role(standing: Standing, right: Right, kind: ChatKind) -> None:
    decision = decided(right, standing, kind)
    assert all(standing.role(one) for one in (*decision.merchants, *decision.circle))
    if decision.verdict is Verdict.REFUSED:
        assert decision.merchants == ()


@given(standings, st.sampled_from(Right), st.sampled_from(GROUPS))
def test_no_role_exceeds_the_ceiling_of_the_chat(standing: Standing, right: Right, kind: ChatKind) -> None:
    decision = decided(right, standing, kind)
    assert decision.verdict is not Verdict.ALLOWED, "a payer is never told in a group"
    for one in decision.merchants:
        level = standing.level(one)
        if standing.levels:
            assert level is not None
            assert right in CEILINGS[level] | {Right.KEY, Right.ANYBODY}
        else:
            assert standing.role(one) is Role.OWNER
        if right in ADMINISTRATORS:
            assert standing.administrator


@given(standings, st.sampled_from(Right))
def test_a_payer_is_told_to_those_alone_who_may_know_every_one_shown(standing: Standing, right: Right) -> None:
    decision = decided(right, standing)
    if decision.verdict is Verdict.ALLOWED:
        roles = [standing.role(one) for one in decision.merchants]
        assert all(role and Right.PAYER in RIGHTS[role] for role in roles)


@pytest.mark.parametrize("right", [one for one in Right if one not in {Right.KEY, Right.ANYBODY}])
@pytest.mark.parametrize("kind", ChatKind)
def test_a_stranger_may_do_nothing(right: Right, kind: ChatKind) -> None:
    linked = Standing(levels={A: Level.FIGURES}, administrator=True)
    assert decided(right, linked, kind) == Decision(verdict=Verdict.REFUSED)


def test_a_stranger_may_ask_for_an_id_in_private_and_bring_a_key_anywhere() -> None:
    assert decided(Right.ANYBODY, Standing()).verdict is Verdict.ALLOWED
    assert decided(Right.ANYBODY, Standing(), ChatKind.GROUP).verdict is Verdict.REFUSED
    assert decided(Right.KEY, Standing(), ChatKind.GROUP).verdict is not Verdict.REFUSED


def test_of_two_merchants_only_those_with_the_right_are_seen() -> None:
    standing = Standing(roles={A: Role.SUPPORT, B: Role.VIEWER})
    assert decided(Right.LOOK_UP, standing).merchants == (A,)
    assert decided(Right.FIGURES, standing).merchants == (B,)
    assert decided(Right.LOOK_UP, standing).rights[A] == RIGHTS[Role.SUPPORT]


def test_a_chat_nobody_linked_is_open_to_owners_alone() -> None:
    for role in Role:
        decision = decided(Right.LINKED, Standing(roles={A: role}), ChatKind.GROUP)
        assert (decision.verdict is Verdict.REFUSED) == (role is not Role.OWNER)


def test_a_person_is_refused_once_a_day() -> None:
    refusals = Refusals()
    moments = [NOW, NOW + timedelta(hours=23), NOW + REFUSE_AGAIN_AFTER, NOW + timedelta(hours=25)]
    assert [refusals.is_due(STRANGER, at) for at in moments] == [True, False, True, False]
    assert refusals.is_due(STRANGER + 1, NOW)


def test_a_crowd_of_strangers_takes_bounded_memory() -> None:
    refusals = Refusals()
    for user_id in range(REMEMBERED + 1):
        refusals.is_due(user_id, NOW)
    assert not refusals.is_due(REMEMBERED, NOW)
    assert refusals.is_due(0, NOW)
