import { Printer } from 'lucide-react';
import { Page } from '../../app/Page';
import { Button } from '../../parts/Button';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { CustodyButton } from './CustodyButton';
import { Missing } from '../missing/Missing';
import { ReceiptPaper } from './ReceiptPaper';
import { useReceipt } from './useReceipt';
import './ReceiptPage.css';

export function ReceiptPage({ leaseId }: { leaseId: string }) {
  const { data, problem, reload } = useReceipt(leaseId);
  if (problem?.status === 404 || problem?.status === 403) return <Missing what={t('missing.receipt')} />;
  return (
    <Page title={t('receipt.page')} className="middle receipt-page">
      {data !== null && <ReceiptPaper receipt={data} />}
      {data === null && (problem === null ? <Skeleton rows={1} height={480} /> : <Trouble problem={problem} retry={reload} />)}
      {data !== null && <Button look="primary" wide icon={<Printer size={20} aria-hidden="true" />} onClick={() => print()}>{t('receipt.print')}</Button>}
      {data !== null && <CustodyButton leaseId={leaseId} />}
    </Page>
  );
}
