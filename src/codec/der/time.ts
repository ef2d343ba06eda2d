import { unixMs, type UnixMs } from '../../std/index.ts';
import { derTag } from './tags.ts';

const DAY_SECONDS = 86_400;
const DIGIT_0 = 0x30;
const LETTER_Z = 0x5a;
/** 2050-01-01T00:00:00Z and 1950-01-01T00:00:00Z: the span of UTCTime. Source: RFC 5280 §4.1.2.5.1. */
const UTC_TIME_FROM_MS = daysFromCivil(1950, 1, 1) * DAY_SECONDS * 1000;
const UTC_TIME_BEFORE_MS = daysFromCivil(2050, 1, 1) * DAY_SECONDS * 1000;

/**
 * YYMMDDHHMMSSZ in the 13 bytes from `at`; YY from 50 means 19YY. Undefined for anything else.
 * Source: RFC 5280 §4.1.2.5.1.
 */
export function decodeUtcTime(bytes: Uint8Array, at = 0): UnixMs | undefined {
  const year = digits(bytes, at, 2);
  return moment(year < 50 ? 2000 + year : 1900 + year, bytes, at + 2);
}

/** YYYYMMDDHHMMSSZ. Undefined for anything else, fractions included. Source: RFC 5280 §4.1.2.5.2. */
export function decodeGeneralizedTime(body: Uint8Array): UnixMs | undefined {
  return body.length === 15 ? moment(digits(body, 0, 4), body, 4) : undefined;
}

/** True when the moment lies in the years that UTCTime expresses (1950 to 2049). */
export function isUtcTimeYear(time: number): boolean {
  return time >= UTC_TIME_FROM_MS && time < UTC_TIME_BEFORE_MS;
}

/** Bytes of a whole UTCTime or GeneralizedTime, with tag and length, as {@link writeTime} writes it. */
export function timeLength(time: UnixMs): number {
  return isUtcTimeYear(time) ? 15 : 17;
}

/**
 * Writes a UTCTime through 2049, else a GeneralizedTime, into `target` at `at`, and returns its end. The moment is rounded
 * down to a second. Throws RangeError for a year that has not four digits. Source: RFC 5280 §4.1.2.5.
 */
export function writeTime(target: DataView, at: number, time: UnixMs): number {
  return isUtcTimeYear(time)
    ? writeCivil(target, at, time, derTag.utcTime, 13)
    : writeCivil(target, at, time, derTag.generalizedTime, 15);
}

/** Writes a GeneralizedTime, as {@link writeTime}. */
export function writeGeneralizedTime(target: DataView, at: number, time: UnixMs): number {
  return writeCivil(target, at, time, derTag.generalizedTime, 15);
}

function moment(year: number, body: Uint8Array, at: number): UnixMs | undefined {
  const month = digits(body, at, 2);
  const day = digits(body, at + 2, 2);
  const hour = digits(body, at + 4, 2);
  const minute = digits(body, at + 6, 2);
  const second = digits(body, at + 8, 2);
  if (body[at + 10] !== LETTER_Z || Number.isNaN(year + hour + minute + second)) return undefined;
  if (!(month >= 1 && month <= 12) || !(day >= 1 && day <= daysInMonth(year, month))) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = daysFromCivil(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second;
  return unixMs(seconds * 1000);
}

/** NaN when one of the bytes is not a digit. */
function digits(body: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = (body[i] ?? 0) - DIGIT_0;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const DAY_MINUTES = 1_440;
/** Two characters for each number below 100, as one big-endian number. */
const TWO_DIGITS = Uint16Array.from({ length: 100 }, (_, value) => {
  const tens = Math.floor(value / 10);
  return ((DIGIT_0 + tens) << 8) | (DIGIT_0 + value - tens * 10);
});
/** HHMM of each minute of a day. */
const HOUR_AND_MINUTE = Uint32Array.from({ length: DAY_MINUTES }, (_, minute) =>
  fourDigits(Math.floor(minute / 60), minute % 60),
);

/**
 * Days that were written before: a CRL has a million moments and the days of a few months. A slot each, by the day's lowest
 * bits: which day it holds, its century, YYMM and DD.
 */
const DAY_SLOTS = 512;
const slotDays = new Float64Array(DAY_SLOTS).fill(Number.NaN);
const slotCenturies = new Uint16Array(DAY_SLOTS);
const slotMonths = new Uint32Array(DAY_SLOTS);
const slotDates = new Uint16Array(DAY_SLOTS);

/** The slot that holds the characters of a day. Throws RangeError for a year that has not four digits. */
function slotOf(days: number): number {
  const slot = days & (DAY_SLOTS - 1);
  if (slotDays[slot] === days) return slot;
  const { year, month, day } = civilFromDays(days);
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`no GeneralizedTime for day ${days}`);
  slotDays[slot] = days;
  slotCenturies[slot] = twoDigits(Math.floor(year / 100));
  slotMonths[slot] = fourDigits(year % 100, month);
  slotDates[slot] = twoDigits(day);
  return slot;
}

/** Tag, length, and (YY)YYMMDDHHMMSSZ. Not through text: a CRL has as many of them as entries. */
function writeCivil(target: DataView, at: number, time: UnixMs, tag: number, length: number): number {
  const seconds = Math.floor(time / 1000);
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  const slot = slotOf(days);
  const end = at + 2 + length;
  const minutes = (rest / 60) | 0;
  target.setUint16(at, (tag << 8) | length);
  if (length === 15) target.setUint16(end - 15, slotCenturies[slot] ?? 0);
  target.setUint32(end - 13, slotMonths[slot] ?? 0);
  target.setUint16(end - 9, slotDates[slot] ?? 0);
  target.setUint32(end - 7, HOUR_AND_MINUTE[minutes] ?? 0);
  target.setUint16(end - 3, twoDigits(rest - minutes * 60));
  target.setUint8(end - 1, LETTER_Z);
  return end;
}

/** Requires: below 100. */
function twoDigits(value: number): number {
  return TWO_DIGITS[value] ?? 0;
}

function fourDigits(first: number, second: number): number {
  return twoDigits(first) * 0x1_0000 + twoDigits(second);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar; years start in March so that leap days come last. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}
