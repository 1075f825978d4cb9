"""Words for jobs: states, spans of time, sizes, signals. Pure, and no markup."""

from __future__ import annotations

import re
import signal as signals
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.core.job_state import Standing

_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_NUMBER = r"\d+(?:\.\d+)?"
_LONGEST_S = 10 * 365 * 86400


def shown(standing: Standing) -> str:
    """The state with its number: 'failed (3)', 'quiet for 14 min', 'killed (SIGKILL)'."""
    match standing.state:
        case "failed":
            return f"failed ({standing.exit_code})" if standing.exit_code is not None else "failed"
        case "killed" if standing.signal is not None:
            return f"killed ({signal_name(standing.signal)})"
        case "quiet" if standing.quiet_s is not None:
            return f"quiet for {span(standing.quiet_s)}"
        case "unreachable":
            heard = "" if standing.heard_s is None else f" (last heard {span(standing.heard_s)} ago)"
            return f"unreachable{heard}"
        case state:
            return state


def span(seconds: float) -> str:
    """A length of time: '0 s', '45 s', '14 min', '2 h 05 min', '3 d 4 h'."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, hours = whole // 60 % 60, whole // 3600
    if hours < 1:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    return f"{hours // 24} d {hours % 24} h"


def parse_span(text: str) -> float:
    """Seconds in a span as a person writes it: '90', '90s', '15m', '4h', '1h30m', '2d'.

    Raises:
        ValueError: it is none.
    """
    whole = text.strip().lower().replace(" ", "")
    if re.fullmatch(_NUMBER, whole):
        whole += "s"
    if not re.fullmatch(rf"({_NUMBER}({'|'.join(_UNITS)}))+", whole):
        raise ValueError(text)
    total = sum(float(number) * _UNITS[unit] for number, unit in re.findall(rf"({_NUMBER})([a-z]+)", whole))
    if not 0 < total < _LONGEST_S:
        raise ValueError(text)
    return total


def size(n: float) -> str:
    """Bytes: '312 B', '4.0 kB', '1.2 GB' (powers of 1000)."""
    unit = "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if n < 1000 or unit == "TB":
            break
        n /= 1000
    return f"{n:.0f} {unit}" if unit == "B" else f"{n:.1f} {unit}"


def signal_name(number: int) -> str:
    """'SIGKILL' for 9; 'signal 99' for what has no name."""
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}"


def iso(seconds: float) -> str:
    """A time of day (seconds since 1970) as every table writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def clock(moment: str) -> str:
    """A stored time as a person reads it here: '2026-03-04 10:02:03' in local time."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
