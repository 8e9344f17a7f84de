import { useState } from 'react';
import { api } from '../../api/endpoints';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { useLive } from '../../live/useLive';
import { Chips } from '../../parts/Chips';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { Missing } from '../missing/Missing';
import { HaveLocker } from './HaveLocker';
import { TakeLocker } from './TakeLocker';
import './KeypadPage.css';

/** A bank whose lockers need no account: take one with a phone number, or open the one that one has. */
export function KeypadPage({ bankId }: { bankId: string }) {
  const { data: bank, problem, reload } = useResource(`bank/${bankId}`, (signal) => api.bank(bankId, signal));
  const [what, setWhat] = useState<'take' | 'have'>('take');
  // Who has just taken one opens it with the same number.
  const [number, setNumber] = useState('');
  useLive({ sites: bank === null ? [] : [bank.siteId] }, (heard) => {
    if (heard.event === 'resync' || (heard.event === 'bank' || heard.event === 'availability') && heard.bankId === bankId) reload();
  });
  if (problem?.status === 404 || (bank !== null && bank.mode !== 'keypad')) return <Missing what={t('missing.bank')} />;
  if (bank === null) return <Page title={t('keypad.take')} className="middle stack">{problem === null ? <Skeleton rows={2} height={180} /> : <Trouble problem={problem} retry={reload} />}</Page>;
  return (
    <Page title={t('keypad.title', { bank: bank.name })} className="middle stack">
      <p className="quiet"><Link href={`/site/${bank.siteId}`}>{bank.site.name}</Link></p>
      <Chips label={t('keypad.what')} value={what} onChoose={setWhat} chips={[{ value: 'take', text: t('keypad.take') }, { value: 'have', text: t('keypad.have') }]} />
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {what === 'take'
        ? <TakeLocker bank={bank} number={number} onNumber={setNumber} reload={reload} onOpen={() => setWhat('have')} />
        : <HaveLocker bank={bank} number={number} onNumber={setNumber} reload={reload} />}
    </Page>
  );
}
