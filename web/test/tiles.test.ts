import { describe, expect, it } from 'vitest';
import { view } from '../src/screens/home/layout';
import { addressOf, tilesFor } from '../src/screens/home/tiles';

const pune = { latitude: 18.5289, longitude: 73.8744 };

describe('the street map', () => {
  it('asks for the pictures that everybody numbers the same way', () => {
    // At zoom 13 Pune's station lies in 5777/3666: n = 2^13; x = (lon + 180) / 360 n; y = (1 - ln(tan lat + 1 / cos lat) / pi) / 2 n.
    const box = { width: 300, height: 200 };
    const scene = { ...view([pune], box), metresPerPixel: 18.1 };
    const project = (at: { latitude: number; longitude: number }) => ({ x: 150 + ((at.longitude - pune.longitude) * 111_320 * Math.cos((pune.latitude * Math.PI) / 180)) / 18.1, y: 100 - ((at.latitude - pune.latitude) * 111_320) / 18.1 });
    const tiles = tilesFor({ ...scene, project }, box);
    expect(tiles.map(({ z, x, y }) => `${z}/${x}/${y}`)).toContain('13/5777/3666');
    expect(addressOf('https://t.example/{z}/{x}/{y}.png', tiles[0]!)).toMatch(/^https:\/\/t\.example\/13\/577\d\/366\d\.png$/);
  });

  it('covers the whole box without a gap, at every size', () => {
    for (const box of [{ width: 328, height: 260 }, { width: 900, height: 720 }]) {
      for (const away of [0, 0.02, 0.5, 8]) {
        const scene = view([pune, { latitude: pune.latitude + away, longitude: pune.longitude + away }], box);
        const tiles = tilesFor(scene, box);
        expect(tiles.length).toBeGreaterThan(0);
        expect(tiles.length).toBeLessThan(80);
        for (const at of [{ x: 1, y: 1 }, { x: box.width - 1, y: 1 }, { x: 1, y: box.height - 1 }, { x: box.width - 1, y: box.height - 1 }, { x: box.width / 2, y: box.height / 2 }])
          expect(tiles.some((tile) => at.x >= tile.left && at.x <= tile.left + tile.width && at.y >= tile.top && at.y <= tile.top + tile.height), `${box.width} ${away}`).toBe(true);
      }
    }
  });

  it('puts a place on the picture that shows it', () => {
    const box = { width: 600, height: 500 };
    const scene = view([pune, { latitude: 18.562, longitude: 73.9167 }], box);
    const at = scene.project(pune);
    const tile = tilesFor(scene, box).find((each) => at.x >= each.left && at.x < each.left + each.width && at.y >= each.top && at.y < each.top + each.height)!;
    const n = 2 ** tile.z;
    expect(tile.x).toBe(Math.floor(((pune.longitude + 180) / 360) * n));
    expect(tile.y).toBe(Math.floor(((1 - Math.asinh(Math.tan((pune.latitude * Math.PI) / 180)) / Math.PI) / 2) * n));
  });
});
