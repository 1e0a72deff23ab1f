"""What a digest tells: the figures of a period that is over, its incidents, what is open and what is silenced."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.model import (
    Calendar,
    DigestAlert,
    DigestIncident,
    DigestKind,
    DigestPart,
    Incident,
    Merchant,
    PeriodFigures,
    PeriodReport,
    Terminal,
    Window,
    digest_period,
    to_micros,
)
from bot.store import figures, incidents, silences, sources
from bot.store.driver import Connection


def digest(
    db: Connection,
    places: Sequence[tuple[Merchant, Terminal | None]],
    kind: DigestKind,
    *,
    due_at: datetime,
    calendar: Calendar,
    now: datetime,
) -> DigestAlert:
    """The digest due at `due_at` of these merchants, whole (None) or one terminal each."""
    period = digest_period(kind, due_at, calendar)
    reports = (
        figures.period_report(db, merchant, terminal, period, calendar=calendar, now=now)
        for merchant, terminal in places
    )
    parts = tuple(_part(db, report, calendar.window(period)) for report in reports)
    return DigestAlert(kind=kind, parts=parts, due_at=due_at, at=now)


def _part(db: Connection, report: PeriodReport, window: Window) -> DigestPart:
    merchant_id, terminal_id = report.merchant.id, report.terminal.id if report.terminal else ""
    source = sources.find(db, merchant_id)
    active = silences.list_active(db, merchant_id)
    return DigestPart(
        report=_without_series(report),
        payer_refusals=_count_payer_refusals(db, report, window),
        set_aside=source.set_aside if source else 0,
        incidents=tuple(_incidents(db, report, window)),
        silences=tuple(one for one in active if not terminal_id or not one.terminals or terminal_id in one.terminals),
    )


def _incidents(db: Connection, report: PeriodReport, window: Window) -> Iterator[DigestIncident]:
    """Those of the period and those that are open now, the oldest first."""
    for incident in reversed(incidents.list_recent(db, report.merchant.id, window.start)):
        here = report.terminal is None or not incident.places or report.terminal.id in incident.places
        if here and (incident.is_open or incident.opened_at < window.end):
            yield _told(incident, report.merchant)


def _told(incident: Incident, merchant: Merchant) -> DigestIncident:
    return DigestIncident(
        number=incident.number,
        terminals=tuple(map(merchant.terminal_name, incident.places)),
        count=incident.count,
        text=incident.text,
        values=incident.values,
        since=incident.since,
        resolved_at=incident.resolved_at,
        who=incident.acknowledged.name if incident.acknowledged else "",
    )


def _without_series(report: PeriodReport) -> PeriodReport:
    """Bars are not kept in the outbox: a digest has none."""

    def plain(figures: PeriodFigures) -> PeriodFigures:
        return replace(figures, figures=replace(figures.figures, bars=()))

    return replace(report, asked=plain(report.asked), earlier=tuple(map(plain, report.earlier)))


def _count_payer_refusals(db: Connection, report: PeriodReport, window: Window) -> int:
    row = db.row(
        "SELECT COUNT(*) AS count FROM operation WHERE merchant_id = :merchant_id AND created_at >= :start "
        "AND created_at < :end AND (:terminal_id = '' OR terminal_id = :terminal_id) "
        "AND outcome = 'failed' AND reason_class = 'payer'",
        merchant_id=report.merchant.id,
        terminal_id=report.terminal.id if report.terminal else "",
        start=to_micros(window.start),
        end=to_micros(window.end),
    )
    return int(row["count"]) if row else 0
