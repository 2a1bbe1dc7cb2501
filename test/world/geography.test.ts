import assert from "node:assert/strict";
import { test } from "node:test";
import {
  climateZone,
  countWords,
  degreeWords,
  distanceKm,
  kmWords,
  longestDayHours,
  oneDigit,
  partOfCountry,
  solarTime,
} from "../../lib/world/geography";

test("great-circle distances", () => {
  assert.ok(
    Math.abs(distanceKm({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 180 }) - Math.PI * 6371) < 1e-6,
  );
  const paris = { latitude: 48.853, longitude: 2.349 };
  const tokyo = { latitude: 35.69, longitude: 139.692 };
  assert.ok(Math.abs(distanceKm(paris, tokyo) - 9712) < 15);
  assert.equal(distanceKm(paris, paris), 0);
});

test("numbers in words keep one significant digit", () => {
  assert.deepEqual([94, 95, 350, 7].map(oneDigit), [90, 100, 400, 7]);
  assert.deepEqual([22_315_474, 951_000, 97_179, 61].map(countWords), [
    "20 million",
    "1 million",
    "100 thousand",
    "60",
  ]);
  assert.deepEqual([0.2, 8.4, 352, 12_243].map(kmWords), ["1 km", "8 km", "400 km", "10000 km"]);
  assert.deepEqual(
    [
      degreeWords(-33.9, 5, "north", "south"),
      degreeWords(2.4, 5, "north", "south"),
      degreeWords(139.7, 10, "east", "west"),
    ],
    ["35 south", "0", "140 east"],
  );
});

test("climate, longest day, solar time", () => {
  assert.deepEqual([0, -23.4, 23.5, -36, 60].map(climateZone), [
    "tropical",
    "tropical",
    "subtropical",
    "temperate",
    "cool",
  ]);
  assert.deepEqual([0, 40.7, -33.9, 59.9, 70].map(longestDayHours), [12, 15, 14, 18, 24]);
  assert.deepEqual([0, 139.7, -74, -7.4, 7.6].map(solarTime), ["UTC", "UTC+9", "UTC-5", "UTC", "UTC+1"]);
});

test("part of a country, across the date line too", () => {
  const centre = { latitude: 60, longitude: 170 };
  assert.equal(partOfCountry({ latitude: 60.1, longitude: 170 }, centre, 1e6), "central");
  assert.equal(partOfCountry({ latitude: 60, longitude: -175 }, centre, 1e6), "eastern");
  assert.equal(partOfCountry({ latitude: 60, longitude: 150 }, centre, 1e6), "western");
  assert.equal(partOfCountry({ latitude: 70, longitude: 170 }, centre, 1e6), "northern");
  // Ten degrees of longitude are five of latitude at 60 north.
  assert.equal(partOfCountry({ latitude: 53, longitude: 180 }, centre, 1e6), "southern");
});
