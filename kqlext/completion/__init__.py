"""What an editor asks for: completions, diagnostics before a query is sent, formatting.

``service`` runs Microsoft's KQL language service in V8; ``vocabulary`` and ``basic`` are what there is without it.
``places`` says what stands at the cursor of a cell, ``own_words`` completes kqlext's own grammar, ``editor`` puts them
together, ``matcher`` hands them to IPython. ``diagnostics`` finds mistakes, ``checking`` tells of them.
"""
