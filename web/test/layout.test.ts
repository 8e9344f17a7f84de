import { describe, expect, it } from 'vitest';
import type { SiteSummary } from '../src/api/types';
import { pins, rings, view } from '../src/screens/home/layout';

const box = { width: 328, height: 260 };
const site = (id: number, latitude: number, longitude: number): SiteSummary => ({
  id: String(id), name: `Site ${id}`, address: '', city: 'Pune', state: '', latitude, longitude, timeZone: 'Asia/Kolkata', currency: 'INR',
  openingHours: [], openNow: true, lockers: 1, free: {}, perHour: {}, features: [], alwaysOpen: true, distanceMetres: null,
});

describe('the schematic map', () => {
  it('keeps every site, whatever is drawn together', () => {
    const many = Array.from({ length: 300 }, (_, n) => site(n, 18.4 + ((n * 37) % 100) / 400, 73.7 + ((n * 61) % 100) / 300));
    const drawn = pins(many, view(many, box));
    expect(drawn.flatMap((pin) => pin.sites)).toHaveLength(300);
    expect(drawn.length).toBeLessThan(30);
  });

  it('draws north up and east right, inside the frame', () => {
    const places = [site(1, 18.5, 73.8), site(2, 18.6, 73.95)];
    const { project } = view(places, box);
    const [southWest, northEast] = places.map(project);
    expect(southWest!.x).toBeLessThan(northEast!.x);
    expect(southWest!.y).toBeGreaterThan(northEast!.y);
    for (const { x, y } of [southWest!, northEast!]) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(box.width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(box.height);
    }
  });

  it('stacks sites at one address, so that each can be pressed', () => {
    const same = [site(1, 18.5, 73.8), site(2, 18.5, 73.8), site(3, 18.5, 73.8)];
    const drawn = pins(same, view(same, box));
    expect(drawn.map((pin) => pin.sites.length)).toEqual([1, 1, 1]);
    expect(new Set(drawn.map((pin) => pin.y)).size).toBe(3);
  });

  it('puts rings at round distances with room between them', () => {
    const all = rings(12.5, box);
    expect(all[0]).toEqual({ metres: 1000, pixels: 80 });
  });
});
