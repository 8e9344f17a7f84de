import type { Command } from '../../api/types';
import type { Said } from '../../parts/Talk';
import { t } from '../../text/t';

/** What an order to the door says while it is under way, or when it did not do what it should; null where the door itself says more. */
export function ofCommand(command: Command | null, asking: boolean, label: string): Said | null {
  if (asking || command?.state === 'pending' || command?.state === 'sent') return { mood: 'busy', title: t('talk.opening', { label }), text: t('talk.pending') };
  switch (command?.state) {
    case 'not-opened': return { mood: 'warn', title: t('talk.notOpened', { label }), text: t('talk.notOpenedText') };
    case 'refused': case 'expired': case 'unknown': case 'unconfirmed': return { mood: 'warn', title: t('talk.refused', { label }), text: t('shared.failed') };
    default: return null;
  }
}

/** The provider's page; of another origin where the provider is one. */
export function leave(checkoutUrl: string, go: (to: string) => void): void {
  if (checkoutUrl.startsWith('/')) go(checkoutUrl);
  else location.assign(checkoutUrl);
}
