"""Whatever is found and whatever was asked, lists and unclear questions are valid Telegram HTML within its length."""

from hypothesis import given
from hypothesis import strategies as st
from test_views_properties import EN, SPEAKERS, check, operations, quick, texts
from views_samples import FAILED, SHOP, attempts
from views_searches import PAYER, list_report, search_report

from bot.errors import Unclear, UsageError
from bot.model import Condition, Field, Method, Search, Tally
from bot.texts import Voice
from bot.views import Sight, error_message, failed_list, last_list, search_results

rows = st.lists(operations, max_size=20)
voices = st.sampled_from(SPEAKERS)


@quick
@given(rows, st.lists(texts, max_size=5), voices, st.sampled_from(Sight))
def test_any_search_can_be_shown(found: list, asked: list[str], voice: Voice, sight: Sight) -> None:  # type: ignore[type-arg]
    conditions = (PAYER, *(Condition(Field.INVOICE, Method.CONTAINS, (text or "x",)) for text in asked))
    currencies = {operation.currency: Tally(paid=10**6, paid_sum=10**15, failed=1) for operation in found}
    check(search_results(search_report(*found, search=Search(conditions), currencies=currencies), voice, sight))


@quick
@given(rows, texts, voices, st.booleans())
def test_any_list_can_be_shown(found: list, name: str, voice: Voice, more: bool) -> None:  # type: ignore[type-arg]
    for view in (failed_list, last_list):
        check(view(list_report(*found, name=name, more=more, size=20), voice))


@quick
@given(texts, st.integers(0, 50), st.integers(0, 50), texts, voices)
def test_any_mistake_can_be_shown(said: str, start: int, size: int, offered: str, voice: Voice) -> None:
    error = Unclear(
        UsageError("I know no terminal “{terminal}”", terminal=said),
        said,
        start,
        start + size,
        [(offered or "x", offered)],
    )
    check(error_message(error, voice, command="search"))


def test_nobody_sees_payers_in_a_list_who_did_not_ask_for_them_in_private() -> None:
    report = search_report(FAILED, search=Search((PAYER,)))
    assert "Aigerim K." in search_results(report, EN, Sight.FULL).text
    assert "Aigerim" not in search_results(report, EN, Sight.MASKED).text.replace("payer~Aigerim", "")
    assert "Aigerim" not in search_results(search_report(FAILED), EN, Sight.FULL).text
    assert "Aigerim" not in last_list(list_report(FAILED), EN).text


def test_a_single_page_has_nothing_to_turn_and_nothing_to_sort() -> None:
    labels = [
        button.text for row in search_results(search_report(FAILED, pages=1), EN, Sight.FULL).buttons for button in row
    ]
    assert labels == ["🔄 Refresh"]
    alone = [
        button.text
        for row in last_list(list_report(FAILED, terminals=SHOP.terminals[:1]), EN).buttons
        for button in row
    ]
    assert alone == ["🔄 Refresh"]


def test_a_row_of_twenty_fits_whole() -> None:
    assert "more" not in last_list(list_report(*attempts([FAILED] * 20), size=20), EN).text
