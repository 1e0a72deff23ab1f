"""What people have done here, for owners."""

import re

from bot import views
from bot.chat.desk import Desk
from bot.model import Message, Request
from bot.store import audit

SIZE = 20
LAST_PAGE = 500
_PAGE = re.compile(r"p?(\d{1,3})", re.ASCII)


async def audit_(request: Request, desk: Desk) -> Message:
    """`/audit [PAGE]`: the newest first, of what was about the owner's merchants and no others."""
    found = _PAGE.fullmatch(request.arguments[0]) if request.arguments else None
    page = min(max(int(found[1]), 1), LAST_PAGE) if found else 1
    ours = [merchant.id for merchant in desk.merchants]
    entries = await desk.store.read(audit.list_page, ours, limit=SIZE + 1, offset=(page - 1) * SIZE)
    return views.audit_page(entries[:SIZE], page, desk.voice(request.chat), desk.now(), more=len(entries) > SIZE)
