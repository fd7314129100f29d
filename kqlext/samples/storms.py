"""StormEvents: episodes with their events, a year of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from kqlext.samples.columns import Columns, decimals, fill, iso_times, pick
from kqlext.samples.data.storms import (
    EPISODE_OPENINGS,
    EVENT_OBSERVATIONS,
    PLACE_BEGINNINGS,
    PLACE_ENDINGS,
    STATES,
    STORM_SOURCES,
    STORMS,
)
from kqlext.samples.draws import DAY, HOUR, MINUTE, Numbers, Random, below, moment, weighted

_STORM_COUNT, _EPISODE_COUNT = 59_066, 10_700
# Weights of the hours at which a storm begins that is not reported for a zone.
_HOURS = (2, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 7, 9, 11, 12, 12, 11, 9, 7, 5, 4, 3)


def storm_events(random: Random) -> Columns:
    episodes = _episodes(random)
    share = random.exponential(size=_EPISODE_COUNT) + 0.2  # some episodes have many events
    episode = np.sort(weighted(random, share, _STORM_COUNT))
    state, storm = episodes["state"][episode], episodes["storm"][episode]
    companions = np.array([[other.name for other in STORMS].index(each.companion) for each in STORMS])
    storm = np.where(random.random_sample(_STORM_COUNT) < 0.3, companions[storm], storm)
    start, end = _periods(random, episodes["start"][episode], storm)
    names = pick([each[0] for each in STATES], state)
    openings = pick(EPISODE_OPENINGS, episode % len(EPISODE_OPENINGS))
    sources, source_weights = zip(*STORM_SOURCES, strict=True)
    columns = {
        "StartTime": start, "EndTime": end, "EpisodeId": episode + 1, "State": names,
        "EventId": 10_000 + np.argsort(random.random_sample(_STORM_COUNT), kind="stable"),
        "EventType": pick([each.name for each in STORMS], storm),
        "Source": pick(sources, weighted(random, source_weights, _STORM_COUNT)),
        "EpisodeNarrative": fill("<Opening>. It affected parts of <State>.", State=names, Opening=openings),
        **_harm(random, storm), **_places(random, state, storm),
    }  # fmt: skip
    return {**columns, **_storm_texts(random, columns)}


def _episodes(random: Random) -> dict[str, Numbers]:
    state = weighted(random, [each[1] for each in STATES], _EPISODE_COUNT)
    fits = np.array([
        [each.weight * (not each.regions or bool(set(each.regions) & set(regions))) for each in STORMS]
        for *_, regions in STATES
    ])  # fmt: skip
    storm = weighted(random, fits[state], _EPISODE_COUNT)
    months = np.array([[int(digit) for digit in each.months] for each in STORMS])
    month = weighted(random, months[storm], _EPISODE_COUNT)
    first = np.array([moment(f"2007-{number:02}-01") for number in range(1, 13)] + [moment("2008-01-01")])
    zone = np.array([each.zone for each in STORMS])[storm]
    afternoon = weighted(random, _HOURS, _EPISODE_COUNT)
    hour = np.where(zone, below(random, 24, _EPISODE_COUNT), afternoon)
    day = below(random, (first[month + 1] - first[month]) // DAY, _EPISODE_COUNT)
    return {"state": state, "storm": storm, "start": first[month] + day * DAY + hour * HOUR}


def _periods(random: Random, episode_start: Numbers, storm: Numbers) -> tuple[Numbers, Numbers]:
    """From when until when: each event begins within six hours of its episode, none outlasts the year."""
    last = moment("2007-12-31T23:59")
    start = episode_start + below(random, 360, _STORM_COUNT) * MINUTE
    minutes = random.exponential(size=_STORM_COUNT) * np.array([each.hours for each in STORMS])[storm] * 60
    start = np.minimum(start, last)
    return start, np.minimum(start + minutes.astype(np.int64) * MINUTE, last)


def _harm(random: Random, storm: Numbers) -> Columns:
    """Damage and casualties: mostly none, sometimes a great deal."""
    count = len(storm)
    damage = np.array([each.damage for each in STORMS])[storm]
    danger = np.array([each.danger for each in STORMS])[storm]

    def dollars(chance: float) -> Numbers:
        amount = damage * np.exp(random.normal(0, 1.6, count)) * (random.random_sample(count) < chance)
        rounded: Numbers = np.minimum(amount // 500 * 500, 1_500_000_000).astype(np.int64)
        return rounded

    def people(chance: Numbers, mean: float) -> Numbers:
        number: Numbers = np.ceil(random.exponential(mean, count)) * (random.random_sample(count) < chance)
        return number.astype(np.int64)

    return {
        "DamageProperty": dollars(0.22), "DamageCrops": dollars(0.04),
        "InjuriesDirect": people(danger * 0.5, 3), "InjuriesIndirect": people(danger * 0.05, 2),
        "DeathsDirect": people(danger * 0.12, 1), "DeathsIndirect": people(danger * 0.02, 1),
    }  # fmt: skip


def _places(random: Random, state: Numbers, storm: Numbers) -> Columns:
    count = len(state)
    unplaced = np.array([each.zone for each in STORMS])[storm] | (random.random_sample(count) < 0.02)
    towns = ["", *(first + last for first in PLACE_BEGINNINGS for last in PLACE_ENDINGS)]
    begin, end = (1 + below(random, len(towns) - 1, count) for _ in range(2))
    end = np.where(random.random_sample(count) < 0.7, begin, end)
    columns: dict[str, Any] = {
        "BeginLocation": pick(towns, np.where(unplaced, 0, begin)),
        "EndLocation": pick(towns, np.where(unplaced, 0, end)),
    }
    for axis, position in (("Lat", 2), ("Lon", 3)):
        centre = np.array([each[position] for each in STATES])[state]
        value = np.where(unplaced, np.nan, centre + random.normal(0, 0.75, count))
        columns[f"Begin{axis}"] = np.round(value, 4)
        columns[f"End{axis}"] = np.round(value + random.normal(0, 0.04, count) * (begin != end), 4)
    return columns


def _storm_texts(random: Random, columns: Columns) -> Columns:
    observation = pick(EVENT_OBSERVATIONS, below(random, len(EVENT_OBSERVATIONS), _STORM_COUNT))
    narrative = fill("<EventType> <Observation>.", Observation=observation, EventType=columns["EventType"])
    summary = fill(
        '{"TotalDamages":<Damage>,"StartTime":"<Start>.0000000Z","EndTime":"<End>.0000000Z",'
        '"Details":{"Description":"<Text>","Location":"<State>"}}',
        Damage=decimals(columns["DamageProperty"] + columns["DamageCrops"]), Text=narrative, State=columns["State"],
        Start=iso_times(columns["StartTime"]), End=iso_times(columns["EndTime"]),
    )  # fmt: skip
    return {"EventNarrative": narrative, "StormSummary": summary}
