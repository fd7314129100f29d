"""Mail: who writes to the company, what the filter thinks of it, and the mail that brought the intruder's document."""

from __future__ import annotations

# Name, address, the relay's address, weight.
PARTNERS: tuple[tuple[str, str, str, int], ...] = (
    ("Adatum news", "news@adatum.example", "198.51.100.201", 14),
    ("Litware support", "support@litware.example", "198.51.100.202", 12),
    ("Northwind orders", "orders@northwind.example", "198.51.100.203", 16),
    ("Proseware events", "events@proseware.example", "198.51.100.204", 9),
    ("Wingtip invoices", "invoices@wingtiptoys.example", "198.51.100.205", 10),
    ("Prize office", "win@prizes-today.example", "203.0.113.211", 6),
    ("IT helpdesk", "helpdesk@contoso-login.example", "203.0.113.212", 3),
)
UNWANTED = 5  # from this position on
SUBJECTS = (
    "Offer 4711", "Minutes of Monday", "Rota of next week", "Question about the forecast", "Your order",
    "Invoice of February", "Travel in April", "Lunch?", "Reminder: expenses", "Newsletter of March",
)  # fmt: skip
UNWANTED_SUBJECTS = ("You have won", "Your mailbox is full: confirm your password")
# DeliveryAction, DeliveryLocation, ThreatTypes, DetectionMethods, ConfidenceLevel.
VERDICTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("Delivered", "Inbox/folder", "", "", ""),
    ("Junked", "Junk folder", "Spam", '{"Spam":["Fingerprint matching"]}', '{"Spam":"High"}'),
    ("Blocked", "Quarantine", "Phish", '{"Phish":["URL malicious reputation"]}', '{"Phish":"High"}'),
)
LURE_NAME, LURE_SENDER, LURE_ADDRESS = "Fabrikam billing", "billing@fabrikam-invoices.example", "203.0.113.140"
LURE_SUBJECT = "Overdue: Invoice_March"
# Time, recipient, verdict: the filter had understood when the third came.
LURES: tuple[tuple[str, str, int], ...] = (
    ("2024-03-13T09:24:50.130", "jlind", 0), ("2024-03-13T09:24:52.874", "ahart", 0),
    ("2024-03-13T09:24:58.401", "tbrandt", 1), ("2024-03-13T09:25:03.219", "lgreen", 2),
)  # fmt: skip
