import { useEffect, useState } from 'react';
import { api } from '../../api/endpoints';
import type { MapDrawing } from '../../api/types';
import type { Box, View } from './layout';
import { addressOf, tilesFor } from './tiles';

/** Asked once a visit. Without an answer the map is the schematic one, which needs nobody. */
let asked: Promise<MapDrawing> | null = null;

/** Streets below the pins, where whoever runs this place has said where to get them. A picture that does not come leaves the schematic map to be seen. */
export function MapStreets({ scene, box }: { scene: View; box: Box }) {
  const [drawing, setDrawing] = useState<MapDrawing | null>(null);
  useEffect(() => {
    asked ??= api.map();
    asked.then(setDrawing, () => { asked = null; });
  }, []);
  const template = drawing?.tiles ?? null;
  if (template === null) return null;
  return (
    <>
      <div className="map-streets" aria-hidden="true">
        {tilesFor(scene, box).map((tile) => (
          <img
            key={`${tile.z}/${tile.x}/${tile.y}`} src={addressOf(template, tile)} alt="" referrerPolicy="origin" draggable={false}
            style={{ left: tile.left, top: tile.top, width: tile.width + 0.5, height: tile.height + 0.5 }}
            onError={(event) => { event.currentTarget.hidden = true; }}
          />
        ))}
      </div>
      <p className="map-credit">{drawing?.credit}</p>
    </>
  );
}
