import { useState } from 'react';
import { CreditCard, Trash2, TriangleAlert } from 'lucide-react';
import { api } from '../../../api/endpoints';
import type { CardLeast } from '../../../api/types';
import { Button } from '../../../parts/Button';
import { Field } from '../../../parts/Field';
import { Trouble } from '../../../parts/Trouble';
import { useDeed } from '../../../parts/useDeed';
import { t } from '../../../text/t';
import { Sheet } from './Sheet';
import { passWords } from './passWords';
import type { PassFor } from './useKeptPass';

/** The cards that open this locker. One that only tells its number is marked: it can be copied. */
export function CardDialog({ lease, reload, onClose }: { lease: PassFor; reload: () => void; onClose: () => void }) {
  const [uid, setUid] = useState('');
  const [least, setLeast] = useState<CardLeast>('signed');
  const { busy, problem, run } = useDeed();
  const plain = uid.replace(/[\s:]/g, '');
  const wrong = uid !== '' && !/^([0-9a-fA-F]{2}){4,10}$/.test(plain);
  const { cards } = lease.offline;
  const set = (next: { uid: string; least: CardLeast }[]): void => void run('deed', async () => {
    await api.setCards(lease.id, next);
    setUid('');
    reload();
  });
  return (
    <Sheet title={passWords(lease).card} onClose={onClose}>
      {cards.map((card) => (
        <p key={card.uid} className="card-known">
          {card.clonable ? <TriangleAlert size={20} aria-hidden="true" /> : <CreditCard size={20} aria-hidden="true" />}
          <span>{t('pass.cardKnown', { uid: card.uid })}{card.clonable && <em>{t('pass.cardClonable')}</em>}</span>
        </p>
      ))}
      {cards.length > 0 && <Button wide busy={busy !== null} icon={<Trash2 size={18} aria-hidden="true" />} onClick={() => set([])}>{t('pass.cardNone')}</Button>}
      <form className="reader-own" onSubmit={(event) => { event.preventDefault(); if (uid !== '' && !wrong) set([{ uid: plain, least }]); }}>
        <Field label={t('pass.cardUid')} value={uid} onChange={(event) => setUid(event.target.value)} maxLength={32} spellCheck={false} autoComplete="off" hint={t('pass.cardHint')}
          errors={wrong ? [t('demo.cardWrong')] : undefined} />
        <div className="field">
          <label htmlFor="card-least">{t('pass.cardLeast')}</label>
          <select id="card-least" value={least} onChange={(event) => setLeast(event.target.value as CardLeast)}>
            <option value="signed">{t('demo.cardSigned')}</option>
            <option value="mutual">{t('demo.cardMutual')}</option>
            <option value="uid">{t('demo.cardUidOnly')}</option>
          </select>
        </div>
        <Button type="submit" wide busy={busy !== null}>{t('pass.cardSet')}</Button>
      </form>
      {problem !== null && <Trouble problem={problem} />}
    </Sheet>
  );
}
