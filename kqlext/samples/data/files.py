"""What programs write, and the files of the intrusion."""

from __future__ import annotations

from dataclasses import dataclass

from kqlext.samples.data.intrusion import SERVER, VICTIM_HOST

_PROFILE = "C:\\Users\\<user>\\"
_INBOX = "AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\"


@dataclass(frozen=True)
class FileKind:
    """Files of one of `names` that a kind of program writes; `<user>` in the folder is filled in."""

    program: str
    weight: float
    action: str
    folder: str
    names: tuple[str, ...]
    largest: int  # bytes
    origin: str = ""


FILE_KINDS: tuple[FileKind, ...] = (
    FileKind("edge", 22, "FileCreated", _PROFILE + "Downloads\\",
             ("Price list.pdf", "Invoice 4711.pdf", "Agenda.pdf", "Tickets.pdf"), 900_000,
             "https://www.wingtiptoys.example/files/"),
    FileKind("edge", 3, "FileCreated", _PROFILE + "Downloads\\", ("Setup.exe", "Viewer.msi", "Fonts.zip"), 24_000_000,
             "https://cdn.litware.example/get/"),
    FileKind("outlook", 14, "FileCreated", _PROFILE + _INBOX,
             ("Minutes.docx", "Rota.xlsx", "Offer 4711.docx", "Agenda.pdf"), 300_000),
    FileKind("word", 18, "FileModified", _PROFILE + "Documents\\", ("Minutes.docx", "Offer 4711.docx", "Travel.docx"),
             250_000),
    FileKind("excel", 21, "FileModified", _PROFILE + "Documents\\",
             ("Budget 2024.xlsx", "Forecast Q2.xlsx", "Rota.xlsx"), 700_000),
    FileKind("notepad", 5, "FileModified", _PROFILE + "Documents\\", ("notes.txt", "todo.txt"), 4_000),
    FileKind("word", 4, "FileRenamed", _PROFILE + "Documents\\", ("Offer 4711 final.docx",), 250_000),
    FileKind("edge", 5, "FileDeleted", _PROFILE + "Downloads\\", ("Tickets.pdf", "Agenda.pdf"), 900_000),
    FileKind("svchost", 9, "FileCreated", "C:\\Windows\\SoftwareDistribution\\Download\\",
             ("package.cab", "update.cab"), 60_000_000),
    FileKind("inventory", 4, "FileModified", "C:\\Scripts\\", ("inventory.log", "patchlevel.log"), 20_000),
)  # fmt: skip


@dataclass(frozen=True)
class PlantedFile:
    """A file that a process of the intrusion, or the latest of that kind on the host, wrote."""

    program: str
    time: str
    host: str
    action: str
    path: str
    size: int


PLANTED_FILES: tuple[PlantedFile, ...] = (
    PlantedFile("mail", "2024-03-13T09:31:03.850", VICTIM_HOST, "FileCreated",
                "C:\\Users\\jlind\\AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\7K2QX1\\"
                "Invoice_March.docm", 48_213),
    PlantedFile("dump", "2024-03-13T09:48:31.204", VICTIM_HOST, "FileCreated", "C:\\Windows\\Temp\\d.dmp", 58_720_256),
    PlantedFile("stager", "2024-03-13T10:00:44.918", VICTIM_HOST, "FileDeleted", "C:\\Windows\\Temp\\d.dmp",
                58_720_256),
    PlantedFile("shell", "2024-03-13T10:25:48.730", SERVER, "FileCreated", "C:\\ProgramData\\sync.ps1", 1_604),
    PlantedFile("schedule", "2024-03-13T10:26:37.288", SERVER, "FileCreated",
                "C:\\Windows\\System32\\Tasks\\Microsoft\\Windows\\Maps\\CacheSync", 3_412),
)  # fmt: skip
