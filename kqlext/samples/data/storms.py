"""States, event types and the words of their narratives."""

from __future__ import annotations

from dataclasses import dataclass

# State, weight, latitude, longitude, regions: P plains and midwest, S south, C coast with hurricanes,
# N snow belt, M western mountains, W dry west, L shore of a great lake, O ocean shore, H hot islands.
STATES: tuple[tuple[str, int, float, float, str], ...] = (
    ("TEXAS", 4701, 31.4, -99.3, "PSCW"), ("KANSAS", 3166, 38.5, -98.4, "P"),
    ("IOWA", 2337, 42.0, -93.5, "PN"), ("ILLINOIS", 2022, 40.0, -89.2, "PNL"),
    ("MISSOURI", 2016, 38.4, -92.5, "P"), ("GEORGIA", 1983, 32.6, -83.4, "SO"),
    ("MINNESOTA", 1881, 46.3, -94.3, "PNL"), ("WISCONSIN", 1850, 44.6, -89.9, "PNL"),
    ("NEBRASKA", 1766, 41.5, -99.8, "PN"), ("NEW YORK", 1750, 42.9, -75.5, "NLO"),
    ("OKLAHOMA", 1691, 35.6, -97.5, "PS"), ("COLORADO", 1654, 39.0, -105.5, "PNM"),
    ("VIRGINIA", 1647, 37.5, -78.9, "SO"), ("KENTUCKY", 1391, 37.5, -85.3, "SP"),
    ("ALABAMA", 1315, 32.8, -86.8, "SC"), ("MICHIGAN", 1310, 44.3, -85.4, "NL"),
    ("OHIO", 1233, 40.3, -82.8, "PNL"), ("SOUTH DAKOTA", 1215, 44.4, -100.2, "PN"),
    ("PENNSYLVANIA", 1209, 40.9, -77.8, "NL"), ("INDIANA", 1164, 39.9, -86.3, "PL"),
    ("TENNESSEE", 1125, 35.8, -86.3, "SP"), ("NORTH CAROLINA", 1721, 35.5, -79.4, "SCO"),
    ("MONTANA", 1230, 47.0, -109.6, "NM"), ("CALIFORNIA", 898, 37.2, -119.3, "MWO"),
    ("SOUTH CAROLINA", 915, 33.9, -80.9, "SCO"), ("ARKANSAS", 1028, 34.8, -92.4, "PS"),
    ("MISSISSIPPI", 1218, 32.7, -89.7, "SC"), ("FLORIDA", 1042, 28.6, -82.4, "SCO"),
    ("NORTH DAKOTA", 905, 47.4, -100.5, "PN"), ("WYOMING", 792, 43.0, -107.5, "NMW"),
    ("NEW JERSEY", 824, 40.2, -74.7, "NO"), ("MAINE", 737, 45.4, -69.2, "NO"),
    ("LOUISIANA", 802, 31.0, -92.0, "SC"), ("WEST VIRGINIA", 757, 38.6, -80.6, "N"),
    ("MARYLAND", 708, 39.0, -76.8, "SO"), ("MASSACHUSETTS", 622, 42.3, -71.8, "NO"),
    ("OREGON", 610, 43.9, -120.6, "NMO"), ("NEW MEXICO", 527, 34.4, -106.1, "MW"),
    ("VERMONT", 466, 44.1, -72.7, "N"), ("WASHINGTON", 604, 47.4, -120.5, "NMO"),
    ("IDAHO", 414, 44.4, -114.6, "NM"), ("NEW HAMPSHIRE", 463, 43.7, -71.6, "NO"),
    ("UTAH", 346, 39.3, -111.7, "NMW"), ("ARIZONA", 340, 34.3, -111.7, "MW"),
    ("NEVADA", 304, 39.4, -116.6, "MW"), ("CONNECTICUT", 278, 41.6, -72.7, "NO"),
    ("ALASKA", 257, 64.5, -152.5, "NMO"), ("PUERTO RICO", 192, 18.2, -66.4, "CH"),
    ("HAWAII", 133, 20.3, -156.4, "H"), ("DELAWARE", 104, 39.0, -75.5, "SO"),
    ("RHODE ISLAND", 73, 41.6, -71.5, "NO"), ("DISTRICT OF COLUMBIA", 28, 38.9, -77.0, "S"),
    ("GUAM", 25, 13.4, 144.8, "H"),
)  # fmt: skip


@dataclass(frozen=True)
class Storm:
    """One event type: how often, when, where, how long, how harmful, and what comes with it."""

    name: str
    weight: int  # of its episodes; companions come on top
    months: str  # one digit a month, the relative frequency
    hours: float  # mean duration
    damage: int  # typical damage in dollars, when there is any
    danger: float  # chance that somebody is hurt
    companion: str  # the event type that shares its episodes
    regions: str = ""  # where it occurs; empty means everywhere
    zone: bool = False  # reported for a forecast zone: no coordinates, no locations


STORMS: tuple[Storm, ...] = (
    Storm("Thunderstorm Wind", 9800, "123579985221", 0.1, 9_000, 0.012, "Hail"),
    Storm("Hail", 10200, "124899632111", 0.1, 20_000, 0.002, "Thunderstorm Wind"),
    Storm("Flash Flood", 3688, "112468987432", 3.0, 60_000, 0.012, "Thunderstorm Wind"),
    Storm("Drought", 3616, "223345789864", 720.0, 900_000, 0.0, "Drought", "SWP", True),
    Storm("Winter Weather", 3900, "997100000159", 14.0, 4_000, 0.012, "Winter Storm", "NPM", True),
    Storm("Winter Storm", 2932, "997200000149", 20.0, 60_000, 0.010, "Heavy Snow", "NPM", True),
    Storm("Heavy Snow", 2764, "997310001369", 18.0, 12_000, 0.006, "Winter Storm", "NM", True),
    Storm("High Wind", 2392, "876532112468", 9.0, 20_000, 0.010, "Strong Wind", "", True),
    Storm("Flood", 2215, "345678776443", 30.0, 120_000, 0.004, "Flash Flood"),
    Storm("Frost/Freeze", 1240, "338910002653", 8.0, 700_000, 0.0, "Frost/Freeze", "SPW", True),
    Storm("Tornado", 2000, "235897432322", 0.2, 250_000, 0.090, "Thunderstorm Wind", "PS"),
    Storm("Excessive Heat", 420, "000013897100", 60.0, 1_000, 0.160, "Heat", "SPW", True),
    Storm("Heat", 606, "000025898300", 60.0, 1_000, 0.120, "Excessive Heat", "", True),
    Storm("Extreme Cold/Wind Chill", 812, "897100000025", 24.0, 2_000, 0.030, "Winter Weather", "NP", True),
    Storm("Strong Wind", 1010, "776542112356", 7.0, 9_000, 0.020, "High Wind", "", True),
    Storm("Heavy Rain", 945, "334566778643", 12.0, 8_000, 0.004, "Flood"),
    Storm("Lightning", 730, "112468997321", 0.1, 40_000, 0.200, "Thunderstorm Wind"),
    Storm("Funnel Cloud", 540, "113698643211", 0.1, 0, 0.0, "Hail", "PS"),
    Storm("Ice Storm", 410, "886100000049", 20.0, 1_500_000, 0.010, "Winter Storm", "PN", True),
    Storm("Blizzard", 390, "798300000138", 16.0, 30_000, 0.012, "Heavy Snow", "NP", True),
    Storm("Wildfire", 350, "112345899631", 90.0, 600_000, 0.060, "Drought", "MW", True),
    Storm("Dense Fog", 345, "865321123578", 7.0, 2_000, 0.060, "Dense Fog", "", True),
    Storm("Coastal Flood", 210, "434532245655", 12.0, 60_000, 0.004, "High Surf", "O", True),
    Storm("High Surf", 190, "765422346667", 24.0, 4_000, 0.050, "Coastal Flood", "OH", True),
    Storm("Lake-Effect Snow", 165, "986200000248", 30.0, 9_000, 0.006, "Heavy Snow", "L", True),
    Storm("Dust Storm", 80, "234676543222", 2.0, 6_000, 0.080, "Thunderstorm Wind", "W", True),
    Storm("Rip Current", 75, "012356887420", 2.0, 0, 0.900, "High Surf", "OC", True),
    Storm("Tropical Storm", 70, "000013579610", 30.0, 2_000_000, 0.040, "Flash Flood", "CH", True),
    Storm("Avalanche", 55, "987400000138", 0.3, 1_000, 0.700, "Heavy Snow", "M", True),
    Storm("Hurricane (Typhoon)", 14, "000001278310", 30.0, 9_000_000, 0.120, "Tropical Storm", "CH", True),
    Storm("Waterspout", 290, "112467899532", 0.2, 0, 0.002, "Thunderstorm Wind", "OC"),
)

STORM_SOURCES: tuple[tuple[str, int], ...] = (
    ("Trained Spotter", 25), ("Law Enforcement", 18), ("Public", 15), ("Emergency Manager", 11),
    ("COOP Observer", 7), ("Newspaper", 5), ("NWS Employee", 4), ("Broadcast Media", 4),
    ("Drought Monitor", 3), ("Amateur Radio", 3), ("ASOS", 2), ("Mesonet", 2),
    ("Fire Department/Rescue", 1),
)  # fmt: skip
PLACE_BEGINNINGS = (
    "OAK", "CEDAR", "MAPLE", "STONE", "RIVER", "SPRING", "MILL", "FAIR", "PLEASANT ", "EAGLE ", "RED ",
    "PRAIRIE ", "CLEAR", "WEST", "NORTH", "GREEN", "LAKE ", "UNION ", "BRIDGE", "HARVEST ",
)  # fmt: skip
PLACE_ENDINGS = (
    "VIEW", "FIELD", "TON", "DALE", "WOOD", "CREEK", "GROVE", "PORT", "HILL", "HAVEN", "CITY", "FALLS",
)  # fmt: skip
EPISODE_OPENINGS = (
    "A cold front moved across the area", "A slow moving low pressure system crossed the state",
    "An upper level disturbance interacted with moist air", "High pressure dominated the region",
    "A stationary boundary remained over the region", "A strong storm system lifted out of the southwest",
)  # fmt: skip
EVENT_OBSERVATIONS = (
    "was reported by a resident", "was confirmed by a survey", "downed several trees and power lines",
    "blocked a county road for a few hours", "damaged the roof of a barn",
    "was observed with no known damage", "left a number of homes without power",
    "caused minor damage to vehicles",
)  # fmt: skip
