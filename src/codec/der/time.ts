import { unixMs, utf8, type UnixMs } from '../../std/index.ts';

const DAY_SECONDS = 86_400;
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

/** Content of a UTCTime; the moment is rounded down to a second. Requires: isUtcTimeYear(time). */
export function encodeUtcTime(time: UnixMs): Uint8Array {
  return utf8(civilText(time).slice(2));
}

/** Content of a GeneralizedTime; the moment is rounded down to a second. Requires: a year from 0 to 9999. */
export function encodeGeneralizedTime(time: UnixMs): Uint8Array {
  const text = civilText(time);
  if (text.length !== 15) throw new RangeError(`no GeneralizedTime for ${time}`);
  return utf8(text);
}

function moment(year: number, body: Uint8Array, at: number): UnixMs | undefined {
  const month = digits(body, at, 2);
  const day = digits(body, at + 2, 2);
  const hour = digits(body, at + 4, 2);
  const minute = digits(body, at + 6, 2);
  const second = digits(body, at + 8, 2);
  if (body[at + 10] !== 0x5a || Number.isNaN(year + hour + minute + second)) return undefined;
  if (!(month >= 1 && month <= 12) || !(day >= 1 && day <= daysInMonth(year, month))) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = daysFromCivil(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second;
  return unixMs(seconds * 1000);
}

/** NaN when one of the bytes is not a digit. */
function digits(body: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = (body[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function civilText(time: UnixMs): string {
  const seconds = Math.floor(time / 1000);
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  const { year, month, day } = civilFromDays(days);
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60];
  return `${String(year).padStart(4, '0')}${[month, day, ...clock].map((part) => String(part).padStart(2, '0')).join('')}Z`;
}

function daysInMonth(year: number, month: number): number {
  return month === 12 ? 31 : daysFromCivil(year, month + 1, 1) - daysFromCivil(year, month, 1);
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
