"""What the sample database is drawn from: tables of data only, by subject.

Every person, host and domain is invented; outside addresses come from the documentation ranges (RFC 5737).
"""
