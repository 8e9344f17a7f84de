import { t } from '../text/t';
import { Button } from './Button';
import { Trouble } from './Trouble';
import type { Pages } from './usePages';

interface MoreProps { of: Pick<Pages<unknown, unknown>, 'next' | 'more' | 'busy' | 'failed'>; look?: 'plain' | 'text'; text?: string }

/** The button to the next page, and why it could not be read. */
export function More({ of: { next, more, busy, failed }, look = 'plain', text = t('action.more') }: MoreProps) {
  return (
    <>
      {failed !== null && <Trouble problem={failed} />}
      {next !== null && <Button look={look} busy={busy} onClick={more}>{text}</Button>}
    </>
  );
}
