"""Values in, messages out: what a chat reads, in its language and time zone. Knows no network, clock or store."""

from bot.views.alerts_list import alerts_list, ask_incident
from bot.views.answers import (
    error_message,
    found,
    health,
    help_message,
    identity,
    private_bot,
    welcome,
)
from bot.views.audit import audit_page
from bot.views.bands import band_chart, band_picture
from bot.views.bars import sparkline
from bot.views.by_terminal import by_terminal
from bot.views.ceilings import ceilings, level_meaning
from bot.views.charts import chart_buttons, chart_picture, period_chart
from bot.views.comparison import comparison
from bot.views.deliveries import deliveries
from bot.views.digests import digest_message
from bot.views.exported import Export, Listing, ask_export, file_name
from bot.views.figures import grand_total, period_figures
from bot.views.groups import added
from bot.views.handled import acknowledged, ask_snooze, judged, said, snoozed
from bot.views.incident_story import incident_story
from bot.views.invitations import ask_merchant, ask_role, invitations_list, invited, joined, linked
from bot.views.languages import ask_language, language_chosen
from bot.views.lists import failed_list, last_list, with_terminals
from bot.views.matches import matches
from bot.views.payers import payers
from bot.views.people import people_list, person_card, role_meaning, role_name
from bot.views.period_buttons import (
    Asked,
    ask_period,
    comparison_buttons,
    period_buttons,
    terminals_buttons,
    updated,
)
from bot.views.rules import ask_picture, ask_rules, rules_of, rules_replayed
from bot.views.searches import search_help, search_results
from bot.views.setup import (
    bank_step,
    begin_button,
    invite_step,
    noise_step,
    quiet_step,
    sample_alert,
    sample_step,
    setup_done,
    step_buttons,
    terminal_named,
    terminals_step,
)
from bot.views.sight import Sight
from bot.views.silences import ask_silence_of, ask_silence_until, silenced, silences_list
from bot.views.subscriptions import (
    Chosen,
    ask_digest,
    ask_kinds,
    ask_leave,
    ask_place,
    ask_quiet,
    digests_chosen,
    quiet_chosen,
    settings_message,
    steered,
    subscribed,
    unsubscribed,
)

__all__ = [
    "Asked",
    "Chosen",
    "Export",
    "Listing",
    "Sight",
    "acknowledged",
    "added",
    "alerts_list",
    "ask_digest",
    "ask_export",
    "ask_incident",
    "ask_kinds",
    "ask_language",
    "ask_leave",
    "ask_merchant",
    "ask_period",
    "ask_picture",
    "ask_place",
    "ask_quiet",
    "ask_role",
    "ask_rules",
    "ask_silence_of",
    "ask_silence_until",
    "ask_snooze",
    "audit_page",
    "band_chart",
    "band_picture",
    "bank_step",
    "begin_button",
    "by_terminal",
    "ceilings",
    "chart_buttons",
    "chart_picture",
    "comparison",
    "comparison_buttons",
    "deliveries",
    "digest_message",
    "digests_chosen",
    "error_message",
    "failed_list",
    "file_name",
    "found",
    "grand_total",
    "health",
    "help_message",
    "identity",
    "incident_story",
    "invitations_list",
    "invite_step",
    "invited",
    "joined",
    "judged",
    "language_chosen",
    "last_list",
    "level_meaning",
    "linked",
    "matches",
    "noise_step",
    "payers",
    "people_list",
    "period_buttons",
    "period_chart",
    "period_figures",
    "person_card",
    "private_bot",
    "quiet_chosen",
    "quiet_step",
    "role_meaning",
    "role_name",
    "rules_of",
    "rules_replayed",
    "said",
    "sample_alert",
    "sample_step",
    "search_help",
    "search_results",
    "settings_message",
    "setup_done",
    "silenced",
    "silences_list",
    "snoozed",
    "sparkline",
    "steered",
    "step_buttons",
    "subscribed",
    "terminal_named",
    "terminals_buttons",
    "terminals_step",
    "unsubscribed",
    "updated",
    "welcome",
    "with_terminals",
]
