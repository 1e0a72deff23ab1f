"""From the bank to the store: what may have changed is read, kept and judged, in one transaction a slice.

A crash anywhere means "read again", never "stored but not announced".
"""

from bot.ingest.poll import Ingest

__all__ = ["Ingest"]
