import type { Position } from '../../api/endpoints';
import { type Box, metresPerDegree, type View } from './layout';

/** One picture of a street map and where it lies on ours. Pure, so that it can be tested without a screen. */
interface Tile { z: number; x: number; y: number; left: number; top: number; width: number; height: number }

const side = 256;
/** No map of ours is closer, and most servers have nothing beyond. */
const closest = 18;
/** A wide screen shows some 30. More would be a mistake, and a burden on whoever lends the map. */
const most = 80;

/** The square pictures (Web Mercator, numbered as everywhere) that cover the box. Each is laid where its corners belong, so that pins stand where they should. */
export function tilesFor({ centre, metresPerPixel, project }: View, { width, height }: Box): Tile[] {
  const east = metresPerDegree * Math.cos((centre.latitude * Math.PI) / 180);
  const z = Math.max(0, Math.min(closest, Math.round(Math.log2((360 * east) / (metresPerPixel * side)))));
  const [west, north] = place({ latitude: centre.latitude + (height / 2) * metresPerPixel / metresPerDegree, longitude: centre.longitude - (width / 2) * metresPerPixel / east }, z);
  const [right, south] = place({ latitude: centre.latitude - (height / 2) * metresPerPixel / metresPerDegree, longitude: centre.longitude + (width / 2) * metresPerPixel / east }, z);
  const end = 2 ** z - 1;
  const tiles: Tile[] = [];
  for (let y = Math.max(0, Math.floor(north)); y <= Math.min(end, Math.floor(south)); y += 1) {
    for (let x = Math.max(0, Math.floor(west)); x <= Math.min(end, Math.floor(right)) && tiles.length < most; x += 1) {
      const from = project(corner(x, y, z));
      const to = project(corner(x + 1, y + 1, z));
      tiles.push({ z, x, y, left: from.x, top: from.y, width: to.x - from.x, height: to.y - from.y });
    }
  }
  return tiles;
}

export function addressOf(template: string, { z, x, y }: Tile): string {
  return template.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y));
}

function place({ latitude, longitude }: Position, z: number): [x: number, y: number] {
  const radians = (latitude * Math.PI) / 180;
  return [((longitude + 180) / 360) * 2 ** z, ((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * 2 ** z];
}

function corner(x: number, y: number, z: number): Position {
  return { latitude: (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / 2 ** z))) * 180) / Math.PI, longitude: (x / 2 ** z) * 360 - 180 };
}
