import { useSyncExternalStore } from 'react';
import type { Person } from '../api/types';
import { onSession, person } from './store';

export function usePerson(): Person | null {
  return useSyncExternalStore(onSession, person);
}
