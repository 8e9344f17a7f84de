import type { Position } from '../../api/endpoints';
import type { SiteSummary } from '../../api/types';

/** Where things are drawn on the schematic map. Pure, so that it can be tested without a screen. */
export interface Box { width: number; height: number }
export interface Point { x: number; y: number }
export interface Pin extends Point { sites: SiteSummary[] }
export interface View { project: (at: Position) => Point; metresPerPixel: number; centre: Position }

export const metresPerDegree = 111_320;
/** Closer than this, a single site would fill the map with nothing around it. */
const smallestSpan = 900;
const pinWidth = 76;
const pinHeight = 40;
/** From this width on pins carry their site's name below them, which needs a wider margin. */
const namedFrom = 520;
const nameWidth = 190;

export function view(around: Position[], { width, height }: Box): View {
  const latitudes = around.map((at) => at.latitude);
  const longitudes = around.map((at) => at.longitude);
  const centre = { latitude: middle(latitudes), longitude: middle(longitudes) };
  const east = metresPerDegree * Math.cos((centre.latitude * Math.PI) / 180);
  const across = Math.max(smallestSpan, span(longitudes) * east);
  const down = Math.max(smallestSpan * 0.6, span(latitudes) * metresPerDegree);
  // A margin on every side, so that no pin is cut by the frame.
  const metresPerPixel = Math.max(across / Math.max(60, width - (width >= namedFrom ? nameWidth : pinWidth * 1.4)), down / Math.max(60, height - pinHeight * 2.2));
  return {
    centre,
    metresPerPixel,
    project: (at) => ({
      x: width / 2 + ((at.longitude - centre.longitude) * east) / metresPerPixel,
      y: height / 2 - ((at.latitude - centre.latitude) * metresPerDegree) / metresPerPixel,
    }),
  };
}

/** Pins that would lie on each other become one; sites at practically the same place are stacked instead. */
export function pins(sites: SiteSummary[], { project, metresPerPixel }: View): Pin[] {
  const groups: Pin[] = sites.map((site) => ({ ...project(site), sites: [site] }));
  for (let joined = true; joined;) {
    joined = false;
    for (let i = 0; i < groups.length && !joined; i += 1) {
      for (let j = i + 1; j < groups.length && !joined; j += 1) {
        const a = groups[i];
        const b = groups[j];
        if (a === undefined || b === undefined || !overlap(a, b)) continue;
        groups.splice(j, 1);
        groups[i] = merged(a, b);
        joined = true;
      }
    }
  }
  return groups.flatMap((group) => (extent(group.sites) < 250 && metresPerPixel < 8 ? stacked(group) : [group]));
}

function merged(a: Pin, b: Pin): Pin {
  const all = a.sites.length + b.sites.length;
  return {
    x: (a.x * a.sites.length + b.x * b.sites.length) / all,
    y: (a.y * a.sites.length + b.y * b.sites.length) / all,
    sites: [...a.sites, ...b.sites],
  };
}

function stacked({ x, y, sites }: Pin): Pin[] {
  return sites.map((site, index) => ({ x, y: y + (index - (sites.length - 1) / 2) * pinHeight, sites: [site] }));
}

function overlap(a: Point, b: Point): boolean {
  return Math.abs(a.x - b.x) < pinWidth && Math.abs(a.y - b.y) < pinHeight;
}

/** The larger side, in metres, of the box around some places. */
function extent(places: Position[]): number {
  return Math.max(span(places.map((at) => at.latitude)), span(places.map((at) => at.longitude))) * metresPerDegree;
}

/** Distances for the rings: the step of 1, 2 or 5 that leaves room between two rings to read. */
export function rings(metresPerPixel: number, { width, height }: Box): { metres: number; pixels: number }[] {
  const least = metresPerPixel * 76;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((n) => n * power >= least) ?? 10) * power;
  const count = Math.ceil((Math.hypot(width, height) / 2) * metresPerPixel / step);
  return Array.from({ length: Math.min(12, count) }, (_, index) => ({ metres: step * (index + 1), pixels: (step * (index + 1)) / metresPerPixel }));
}

function middle(values: number[]): number {
  return (Math.min(...values) + Math.max(...values)) / 2;
}

function span(values: number[]): number {
  return Math.max(...values) - Math.min(...values);
}
