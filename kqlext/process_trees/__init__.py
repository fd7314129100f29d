"""Trees of processes from the events of their starts.

frame ──schemas──▶ Columns ──reading──▶ Starts ──linking──▶ parents ──building──▶ ProcessTree ──▶ html · text · figure
"""
