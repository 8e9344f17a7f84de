import type { Position } from '../../api/endpoints';
import { distance } from '../../format/distance';
import { t } from '../../text/t';
import { type Box, rings, type View } from './layout';

/** What lies under the pins: a fine grid, and rings that say how far apart things are. */
export function MapGround({ scene, box, here }: { scene: View; box: Box; here: Position | null }) {
  const person = here === null ? null : scene.project(here);
  const visible = person !== null && person.x > 0 && person.x < box.width && person.y > 0 && person.y < box.height;
  const centre = visible ? person : { x: box.width / 2, y: box.height / 2 };
  return (
    <svg className="map-ground" width={box.width} height={box.height} aria-hidden="true">
      <defs>
        <pattern id="map-grid" width="28" height="28" patternUnits="userSpaceOnUse" x={box.width / 2} y={box.height / 2}>
          <circle cx="1" cy="1" r="1" className="map-dot" />
        </pattern>
      </defs>
      <rect width="100%" height="100%" fill="url(#map-grid)" />
      {rings(scene.metresPerPixel, box).reverse().map(({ metres, pixels }) => (
        <g key={metres}>
          <circle cx={centre.x} cy={centre.y} r={pixels} className="map-ring" />
          {centre.y - pixels > 16 && <text x={centre.x} y={centre.y - pixels - 5} className="map-label num">{distance(metres)}</text>}
        </g>
      ))}
      <path className="map-cross" d={`M${centre.x - 6} ${centre.y}h12M${centre.x} ${centre.y - 6}v12`} />
      {visible && (
        <g>
          <circle cx={person.x} cy={person.y} r="16" className="map-here-glow" />
          <circle cx={person.x} cy={person.y} r="7" className="map-here" />
          <text x={person.x} y={person.y + 30} className="map-label here">{t('map.you')}</text>
        </g>
      )}
    </svg>
  );
}
