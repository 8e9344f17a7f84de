import { describe, expect, it } from 'vitest';
import { week } from '../src/format/hours';
import { minorOf, money, typed } from '../src/format/money';
import { readNumber } from '../src/format/number';
import { estimate } from '../src/format/price';
import { countdown, day } from '../src/format/time';
import { en } from '../src/text/en';
import { numbersOf } from '../src/screens/entry/useForm';
import { hi } from '../src/text/hi';
import { lease } from './lease';

describe('money', () => {
  it('has the decimals of its currency', () => {
    expect(money({ minor: 5000, currency: 'INR' })).toBe('₹50.00');
    expect(money({ minor: 5000, currency: 'JPY' })).toMatch(/5,000$/);
    expect(money({ minor: 5000, currency: 'KWD' })).toMatch(/5\.000$/);
  });

  it('is never more a day than the cap', () => {
    const { tariff } = lease();
    expect(estimate(tariff, 'M', 3)?.minor).toBe(15_000);
    expect(estimate(tariff, 'M', 24)?.minor).toBe(40_000);
    expect(estimate(tariff, 'M', 26)?.minor).toBe(50_000);
    expect(estimate(tariff, 'S', 1)).toBeNull();
  });
});

describe('time', () => {
  it('is the time of the site', () => {
    expect(day(Date.now(), 'Asia/Kolkata')).toMatch(/^today \d\d:\d\d$/);
    expect(day(Date.parse('2020-01-01T18:45:00Z'), 'Asia/Kolkata')).toMatch(/2 Jan.*00:15$/);
  });

  it('counts down to zero and not below', () => {
    expect(countdown(899_001)).toBe('15:00');
    expect(countdown(-5)).toBe('0:00');
    expect(countdown(3_723_000)).toBe('1:02:03');
  });

  it('joins days with the same hours', () => {
    const openings = [0, 1, 2, 3, 4].map((index) => ({ day: index, opens: '06:00', closes: '23:00' }));
    expect(week(openings, 'Asia/Kolkata').map(({ days, hours }) => [days, hours])).toEqual([['Mon to Fri', '06:00 to 23:00'], ['Sat to Sun', 'closed']]);
  });
});

it('fills the same values into both languages', () => {
  const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) expect([key, ...names(hi[key])]).toEqual([key, ...names(en[key])]);
});

describe('numbers that are typed', () => {
  it('have a comma or a point, and an empty field is none', () => {
    expect(readNumber(' 12,50 ')).toBe(12.5);
    expect(readNumber('12.50')).toBe(12.5);
    expect(readNumber('-18')).toBe(-18);
    for (const text of ['', ' ', '1,000.50', '12a', 'NaN', '1e3', '.5', '0x10']) expect(readNumber(text), text).toBeNull();
  });

  it('become the minor units of a currency and back', () => {
    expect(minorOf(12.5, 'INR')).toBe(1250);
    expect(minorOf(1.1, 'KWD')).toBe(1100);
    expect(typed({ minor: 5000, currency: 'INR' })).toBe('50.00');
    expect(typed({ minor: 5000, currency: 'JPY' })).toBe('5000');
  });

  it('are asked for beside their field where there is none', () => {
    expect(numbersOf({ latitude: '18,5', longitude: '73.9' })).toEqual({ latitude: 18.5, longitude: 73.9 });
    expect(() => numbersOf({ latitude: '', longitude: 'x', storage: '1' })).toThrow(expect.objectContaining({ errors: { latitude: ['Please write a number.'], longitude: ['Please write a number.'] } }));
  });
});
