import { Link } from '../../app/Link';
import { useDemo } from '../../parts/useDemo';
import { t } from '../../text/t';

/** In the demonstration the bank can be worked by hand: its doors closed, jammed, its plug pulled. */
export function VirtualBankLink({ bankId }: { bankId: string }) {
  const { data: demo } = useDemo();
  if (demo === null || !demo.enabled) return null;
  return <p className="small"><Link href={`/bank/${bankId}`}>{t('site.virtual')}</Link></p>;
}
