"""Incidents in the store: numbers people call them by, one open incident a trouble."""

import sqlite3
from dataclasses import replace

import pytest
from builders import BAKERY, NOW, an_incident, minutes

from bot.model import IncidentState, Severity
from bot.store import alerts
from bot.store.driver import Connection


def test_an_incident_comes_back_as_it_was_kept(db: Connection) -> None:
    incident = an_incident(severity=Severity.CRITICAL, count=3, last_at=NOW + minutes(1))
    alerts.save_incidents(db, [incident])
    assert alerts.list_open_incidents(db, incident.merchant_id) == [incident]
    assert alerts.list_open_incidents(db, BAKERY) == []


def test_a_new_state_replaces_the_old_one_and_keeps_the_beginning(db: Connection) -> None:
    alerts.save_incidents(db, [an_incident()])
    later = an_incident(severity=Severity.CRITICAL, count=2, last_at=NOW + minutes(5))
    alerts.save_incidents(db, [replace(later, opened_at=NOW + minutes(5))])
    assert alerts.list_open_incidents(db, later.merchant_id) == [later]


def test_numbers_go_on_over_merchants_and_after_the_end(db: Connection) -> None:
    assert alerts.next_incident_number(db) == 1
    alerts.save_incidents(db, [an_incident(1), an_incident(2, merchant_id=BAKERY, state=IncidentState.RESOLVED)])
    assert alerts.next_incident_number(db) == 3


def test_the_same_trouble_may_come_again_once_it_is_over_and_not_before(db: Connection) -> None:
    alerts.save_incidents(db, [an_incident(1)])
    with pytest.raises(sqlite3.IntegrityError):
        alerts.save_incidents(db, [an_incident(2)])
    alerts.save_incidents(db, [an_incident(1, state=IncidentState.RESOLVED), an_incident(2)])
    assert [incident.number for incident in alerts.list_open_incidents(db, an_incident().merchant_id)] == [2]
