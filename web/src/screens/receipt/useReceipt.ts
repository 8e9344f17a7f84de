import { api } from '../../api/endpoints';
import type { Receipt } from '../../api/types';
import { type Resource, useResource } from '../../api/useResource';

export function useReceipt(leaseId: string): Resource<Receipt> {
  return useResource(`receipt/${leaseId}`, (signal) => api.receipt(leaseId, signal));
}
