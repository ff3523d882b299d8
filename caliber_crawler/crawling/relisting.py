"""When an incremental crawl goes past known articles, and how far.

An article may appear further down a listing: it was offline when it was new and came back, or an editor added it later.
So time is divided into periods, and the first traversal of a listing in a period goes further down. Every second time
it goes back over two periods, every fourth time over four, and so on: what comes back after a time is found after about
as long again, and over the years a listing is fetched again only a few times in all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zlib import crc32

from caliber_crawler.archive import BEGINNING

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PHASES = 1_024
"""By how many periods, at most, the periods of a listing begin earlier: not all listings go far down at once."""


def relisted_since(url: str, crawled_at: datetime, now: datetime, period: timedelta) -> datetime | None:
    """The publication date back to which a traversal of a listing goes past known articles; ``None``: it does not.

    ``crawled_at``: when the last complete traversal of the listing ended. A period of 0 disables such traversals.
    """
    if period <= timedelta():
        return None
    phase = crc32(url.encode()) / 2**32 * PHASES
    last, this = (int((time - EPOCH) / period + phase) for time in (crawled_at, now))
    if this <= last:
        return None
    # The highest bit in which two numbers differ is that of the highest power of two between them.
    periods = 2 ** (last ^ this).bit_length()
    return now - periods * period if periods < (now - BEGINNING) / period else BEGINNING
