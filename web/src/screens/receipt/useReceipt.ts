import { api } from '../../api/endpoints';
import type { Receipt } from '../../api/types';
import { type Resource, useResource } from '../../api/useResource';
import { useLive } from '../../live/useLive';

export function useReceipt(leaseId: string): Resource<Receipt> {
  const receipt = useResource(`receipt/${leaseId}`, (signal) => api.receipt(leaseId, signal));
  // Money is taken and given back a moment after the end.
  useLive({}, (heard) => {
    if (heard.event === 'resync' || (heard.event === 'lease' && heard.leaseId === leaseId)) receipt.reload();
  });
  return receipt;
}
