import { useState } from 'react';
import type { Position } from '../../api/endpoints';

type NearMe = 'off' | 'asking' | 'on' | 'refused' | 'failed';

/** The person's position, only when asked for; a refusal is an answer, not an error. */
export function useNearMe() {
  const [state, setState] = useState<NearMe>('off');
  const [at, setAt] = useState<Position | null>(null);

  const find = (): void => {
    if (!('geolocation' in navigator)) return setState('failed');
    setState('asking');
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setAt({ latitude: coords.latitude, longitude: coords.longitude });
        setState('on');
      },
      (error) => setState(error.code === error.PERMISSION_DENIED ? 'refused' : 'failed'),
      { timeout: 10_000, maximumAge: 60_000 },
    );
  };
  const forget = (): void => {
    setAt(null);
    setState('off');
  };
  return { state, at, find, forget };
}
