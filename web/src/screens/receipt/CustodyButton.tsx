import { FileDown } from 'lucide-react';
import { api } from '../../api/endpoints';
import { Button } from '../../parts/Button';
import { download } from '../../parts/download';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { t } from '../../text/t';
import { custodyFile } from './custody';

/** Takes the record of who opened the locker along. */
export function CustodyButton({ leaseId }: { leaseId: string }) {
  const { busy, problem, run } = useDeed();
  const take = (): Promise<boolean> => run('deed', async () => {
    const record = await api.custody(leaseId);
    download(t('custody.file', { label: record.locker }), custodyFile(record), 'text/csv;charset=utf-8');
  });
  return (
    <>
      {problem !== null && <Trouble problem={problem} />}
      <Button look="plain" wide busy={busy !== null} icon={<FileDown size={20} aria-hidden="true" />} onClick={() => void take()}>{t('custody.download')}</Button>
    </>
  );
}
