import { api } from '../api/endpoints';
import type { Demo } from '../api/types';
import { type Resource, useResource } from '../api/useResource';

/** Asked once a visit, by whichever of many buttons wants to know first. */
let asked: Promise<Demo> | null = null;

function ask(): Promise<Demo> {
  asked ??= api.demo().catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** Whether this is a demonstration, in which hardware is worked from a page. */
export function useDemo(): Resource<Demo> {
  return useResource('demo', ask);
}
