"""Telegram's HTML: which text and which entities come out of which markup."""

import pytest

from bot.demo.telegram.entities import detect
from bot.demo.telegram.html import Formatted, parse, units


def shape(formatted: Formatted) -> list[tuple[str, str]]:
    """Each entity's kind and the words it covers."""
    raw = formatted.text.encode("utf-16-le")
    return [
        (e["type"], raw[e["offset"] * 2 : (e["offset"] + e["length"]) * 2].decode("utf-16-le"))
        for e in formatted.entities
    ]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a<i>b</i></b>", "ab", [("bold", "ab"), ("italic", "b")]),
        ("😀<u>ж</u>", "😀ж", [("underline", "ж")]),
        ("&lt;&#1078;&#x436;&amp;&quot;&nbsp;&", '<жж&"&nbsp;&', []),
        ("<strike>a</strike><tg-spoiler>b</tg-spoiler>", "ab", [("strikethrough", "a"), ("spoiler", "b")]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", "a")]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", "a")]),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "ab", [("blockquote", "ab")]),
        ("<pre>a <b>b</b></pre>", "a b", [("pre", "a b")]),
        ('<a href="https://x.kz/?a=1&amp;b=2">x</a>', "x", [("text_link", "x")]),
        ('<a href="javascript:alert(1)">x</a>', "x", []),
        ("<B>a</B><b></b>", "a", [("bold", "a")]),
        ("  \n <b>  a  </b> \n", "a", [("bold", "a")]),
    ],
)
def test_markup_becomes_text_and_entities(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    formatted = parse(source)
    assert formatted.text.strip() == text
    assert [(kind, words.strip()) for kind, words in shape(formatted)] == entities


def test_entities_carry_what_they_need() -> None:
    source = (
        '<pre><code class="language-python">x</code></pre><a href="https://x.kz/?a=1&amp;b">y</a>'
        '<tg-time unix="1790000000" format="r">z</tg-time><tg-emoji emoji-id="5">🔥</tg-emoji>'
    )
    assert parse(source).entities == (
        {"type": "pre", "language": "python", "offset": 0, "length": 1},
        {"type": "text_link", "url": "https://x.kz/?a=1&b", "offset": 1, "length": 1},
        {"type": "date_time", "unix_time": 1790000000, "date_time_format": "r", "offset": 2, "length": 1},
        {"type": "custom_emoji", "custom_emoji_id": "5", "offset": 3, "length": 2},
    )


def test_spaces_in_front_are_cut_up_to_the_first_entity_and_at_the_end_altogether() -> None:
    assert parse("  <pre>  1\n 22</pre> \n") == Formatted("  1\n 22", ({"type": "pre", "offset": 0, "length": 7},))


def test_commands_links_and_mentions_are_found_outside_code() -> None:
    found = detect(parse("/find@epay_demo_bot 1/2 https://x.kz/a?b=c. @merchant <code>/ack</code> ok/no"))
    assert shape(found) == [
        ("bot_command", "/find@epay_demo_bot"),
        ("url", "https://x.kz/a?b=c"),
        ("mention", "@merchant"),
        ("code", "/ack"),
    ]


def test_length_counts_utf16_units() -> None:
    assert [units(text) for text in ("ж", "😀", "\ud83d")] == [1, 2, 1]
