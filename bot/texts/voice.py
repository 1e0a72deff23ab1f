"""One language and one time zone speaking: texts, numbers, money and times for a destination."""

from datetime import date, datetime, timedelta
from gettext import GNUTranslations
from zoneinfo import ZoneInfo

from babel import Locale
from markupsafe import Markup

from bot.texts.catalogues import LANGUAGES, read_catalogue
from bot.texts.cleaning import clean
from bot.texts.numbers import format_amount, format_money, format_number, format_percent, unit_of
from bot.texts.times import (
    format_ago,
    format_day,
    format_moment,
    format_short_date,
    format_span,
    format_weekday,
    zone_city,
)

_LOCALES = {"ru": Locale("ru"), "kk": Locale("kk"), "en": Locale("en", "GB")}
_DECIMALS = {"ru": ",", "kk": ",", "en": "."}
_JUST_NOW = timedelta(seconds=5)


class Voices:
    """All catalogues, read once. `fallback` speaks for a language that is not one of LANGUAGES."""

    def __init__(self, fallback: str = "ru") -> None:
        self._fallback = fallback
        self._catalogues = {language: read_catalogue(language) for language in LANGUAGES}

    def voice(self, language: str | None, timezone: str) -> "Voice":
        """`language` as stored or as Telegram sends it (`kk`, `en-US`, None); `timezone` an IANA name."""
        spoken = (language or "").lower().partition("-")[0]
        if spoken not in self._catalogues:
            spoken = self._fallback
        return Voice(spoken, ZoneInfo(timezone), self._catalogues[spoken])


class Voice:
    """Texts are English catalogue texts with `{named}` places; what fills them is cleaned and escaped here."""

    def __init__(self, language: str, zone: ZoneInfo, catalogue: GNUTranslations) -> None:
        self.language = language
        self.zone = zone
        self._catalogue = catalogue
        self._locale = _LOCALES[language]
        self._decimal = _DECIMALS[language]

    def __call__(self, text: str, /, **values: object) -> Markup:
        """The translation as Telegram HTML. Markup passes through, every other value is cleaned and escaped."""
        return _filled(self._catalogue.gettext(text), values)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> Markup:
        """The form the language wants for `n`, which also fills the place `{n}`."""
        return _filled(self._catalogue.ngettext(one, many, abs(n)), {"n": self.number(n), **values})

    def plain(self, text: str, /, **values: object) -> str:
        """For places that know no HTML: buttons, menus, callback answers."""
        return self(text, **values).unescape()

    def reason(self, code: int) -> str:
        """The bank's reason code in words, in lower case; 0 is a failure without a reason."""
        known = self._catalogue.pgettext("reason", str(code))
        return self.plain("code {code}", code=code) if known == str(code) else known

    def money(self, tiyn: int, currency: str) -> str:
        """`184 500 ₸` with no-break spaces; hundredths only when there are any."""
        return format_money(tiyn, currency, self._decimal)

    def amount(self, tiyn: int) -> str:
        """Money where its unit stands elsewhere: `184 500`."""
        return format_amount(tiyn, self._decimal)

    def unit(self, currency: str) -> str:
        """`₸`, or the code of another currency."""
        return unit_of(currency)

    def number(self, number: int) -> str:
        return format_number(number)

    def percent(self, rate: float) -> str:
        """`94.2 %` for 0.942."""
        return format_percent(rate, self._decimal)

    def local(self, at: datetime) -> datetime:
        """The instant on the clock of this voice's zone."""
        return at.astimezone(self.zone)

    def clock(self, at: datetime) -> str:
        """`14:32`."""
        return f"{self.local(at):%H:%M}"

    def clock_seconds(self, at: datetime) -> str:
        """`14:32:07`."""
        return f"{self.local(at):%H:%M:%S}"

    def day(self, on: date) -> str:
        """`9 November 2026`."""
        return format_day(on, self._locale)

    def weekday(self, on: date) -> str:
        """`Mon 9 Nov`."""
        return format_weekday(on, self._locale)

    def date(self, on: date, year: int) -> str:
        """`9 Nov`, with its year when that is not `year`."""
        return format_short_date(on, year, self._locale)

    def moment(self, at: datetime, now: datetime, *, seconds: bool = False) -> str:
        """The clock time, with the date when it is not today's."""
        time = self.clock_seconds(at) if seconds else self.clock(at)
        return format_moment(self.local(at), self.local(now).date(), time, self._locale)

    def span(self, duration: timedelta) -> str:
        """`41 min`, `2 h 5 min`; never negative."""
        return format_span(duration, self._locale)

    def ago(self, at: datetime, now: datetime) -> str:
        """`5 minutes ago`; "just now" also for a clock that runs ahead."""
        return self.plain("just now") if now - at < _JUST_NOW else format_ago(now - at, self._locale)

    def zone_name(self) -> str:
        """The city people call the zone by."""
        return zone_city(self.zone, self._locale)


def _filled(text: str, values: dict[str, object]) -> Markup:
    return Markup(text).format(  # noqa: S704
        **{name: value if hasattr(value, "__html__") else clean(str(value)) for name, value in values.items()}
    )
