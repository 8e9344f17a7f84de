import { FileDown } from 'lucide-react';
import { useState } from 'react';
import { api } from '../../api/endpoints';
import { asProblem, type Problem } from '../../api/problem';
import { Button } from '../../parts/Button';
import { download } from '../../parts/download';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { custodyFile } from './custody';

/** Takes the record of who opened the locker along. */
export function CustodyButton({ leaseId }: { leaseId: string }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const take = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const record = await api.custody(leaseId);
      download(t('custody.file', { label: record.locker }), custodyFile(record), 'text/csv;charset=utf-8');
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <>
      {problem !== null && <Trouble problem={problem} />}
      <Button look="plain" wide busy={busy} icon={<FileDown size={20} aria-hidden="true" />} onClick={() => void take()}>{t('custody.download')}</Button>
    </>
  );
}
