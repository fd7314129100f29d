"""EmailEvents: mail that comes, goes and stays inside, and four copies of the lure."""

from __future__ import annotations

import numpy as np

from kqlext.samples.columns import Columns, fill, guid, guids, pick
from kqlext.samples.data.company import ACCOUNTS, DOMAIN, PEOPLE
from kqlext.samples.data.mails import (
    LURE_ADDRESS,
    LURE_NAME,
    LURE_SENDER,
    LURE_SUBJECT,
    LURES,
    PARTNERS,
    SUBJECTS,
    UNWANTED,
    UNWANTED_SUBJECTS,
    VERDICTS,
)
from kqlext.samples.draws import Random, below, moment, weighted, work_times

_MAIL_COUNT = 1_100
_OFFICE_RELAY = "192.0.2.25"
_PEOPLE = [f"{account.name}@{DOMAIN}" for account in ACCOUNTS[:PEOPLE]]
# People first, then partners, then who sent the lure.
_ADDRESSES = [*_PEOPLE, *(address for _, address, _, _ in PARTNERS), LURE_SENDER]
_NAMES = [*(account.display for account in ACCOUNTS[:PEOPLE]), *(name for name, *_ in PARTNERS), LURE_NAME]
_RELAYS = [*(_OFFICE_RELAY for _ in _PEOPLE), *(relay for _, _, relay, _ in PARTNERS), LURE_ADDRESS]
_DOMAINS = [address.partition("@")[2] for address in _ADDRESSES]
_SUBJECTS = [*SUBJECTS, *UNWANTED_SUBJECTS, LURE_SUBJECT]


def email_events(random: Random) -> Columns:
    count = _MAIL_COUNT
    inbound = random.random_sample(count) < 0.6
    partner = len(_PEOPLE) + weighted(random, [weight for *_, weight in PARTNERS], count)
    person, other = below(random, PEOPLE, count), below(random, PEOPLE, count)
    leaves = (random.random_sample(count) < 0.3) & ~inbound
    sender = np.where(inbound, partner, person)
    # Nobody answers who sends what is not wanted.
    receiver = np.where(leaves, np.minimum(partner, len(_PEOPLE) + UNWANTED - 1), other)
    unwanted = sender >= len(_PEOPLE) + UNWANTED
    verdict = np.where(unwanted, 1 + (sender > len(_PEOPLE) + UNWANTED), 0)
    subject = np.where(unwanted, len(SUBJECTS) + verdict - 1, below(random, len(SUBJECTS), count))
    attached, links = below(random, 1.35, count), below(random, 1 + 3 * inbound, count)
    times, recipients, verdicts = zip(*LURES, strict=True)
    lures = len(LURES)
    sender = np.concatenate([sender, np.full(lures, len(_ADDRESSES) - 1)])
    receiver = np.concatenate([receiver, [_PEOPLE.index(f"{name}@{DOMAIN}") for name in recipients]])
    verdict = np.concatenate([verdict, verdicts])
    subject = np.concatenate([subject, np.full(lures, len(_SUBJECTS) - 1)])
    time = np.concatenate([work_times(random, "office", count), [moment(each) for each in times]])
    inside = len(_PEOPLE)
    direction = np.where(sender >= inside, 0, np.where(receiver >= inside, 1, 2))
    names = ("DeliveryAction", "DeliveryLocation", "ThreatTypes", "DetectionMethods", "ConfidenceLevel")
    messages = guids("mail", len(time))
    checked = ['{"SPF":"pass","DKIM":"pass","DMARC":"pass"}', '{"SPF":"fail","DKIM":"none","DMARC":"fail"}']
    return {
        **{name: pick([each[part] for each in VERDICTS], verdict) for part, name in enumerate(names)},
        **{name: pick(_ADDRESSES, sender) for name in ("SenderMailFromAddress", "SenderFromAddress")},
        **{name: pick(_DOMAINS, sender) for name in ("SenderMailFromDomain", "SenderFromDomain")},
        "TimeGenerated": time, "Timestamp": time, "NetworkMessageId": messages, "ReportId": messages,
        "InternetMessageId": fill("<<Id>@<Domain>>", Id=messages, Domain=pick(_DOMAINS, sender)),
        "SenderDisplayName": pick(_NAMES, sender), "SenderIPv4": pick(_RELAYS, sender), "SourceSystem": "Azure",
        "RecipientEmailAddress": pick(_ADDRESSES, receiver),
        "RecipientObjectId": pick([guid(each.partition("@")[0]) for each in _ADDRESSES], receiver),
        "Subject": pick(_SUBJECTS, subject), "EmailClusterId": 100_000 + subject,
        "EmailDirection": pick(["Inbound", "Outbound", "Intra-org"], direction), "EmailLanguage": "en",
        "EmailAction": pick(["No action taken", "Move message to junk mail folder", "Send to quarantine"], verdict),
        "AuthenticationDetails": pick(checked, verdict > 0),
        "AttachmentCount": np.concatenate([attached, np.ones(lures, np.int64)]),
        "UrlCount": np.concatenate([links, np.zeros(lures, np.int64)]),
    }  # fmt: skip
