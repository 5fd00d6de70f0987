"""Networks side by side on photographs: what each costs, and what it does to colour that float32 does not."""

from converter.report.compare import compare, expand
from converter.report.figures import Entry, Report, Shot, Spread, View
from converter.report.page import page

__all__ = ["Entry", "Report", "Shot", "Spread", "View", "compare", "expand", "page"]
