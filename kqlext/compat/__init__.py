"""kqlext where something else was: opt-in, each module on its own.

``kqlmagic`` is a stand-in for the package Kqlmagic, ``msticpy`` a driver for msticpy's query providers.
"""
