import { useState } from 'react';
import { CreditCard } from 'lucide-react';
import type { CardAssurance } from '../../api/types';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { type Plain, t } from '../../text/t';

/** Three cards that lie about, each as sure as its kind is. */
const cards: { uid: string; assurance: CardAssurance; name: Plain }[] = [
  { uid: '04A1B2C3', assurance: 'uidOnly', name: 'demo.cardWhite' },
  { uid: '045F129A338001', assurance: 'signed', name: 'demo.cardBlue' },
  { uid: '04D4E5F6071829', assurance: 'mutual', name: 'demo.cardMetal' },
];

interface CardReaderProps { busy: string | null; onTap: (card: { uid: string; assurance: CardAssurance }) => void }

/** Holds a card to the reader: one of three, or one's own number. */
export function CardReader({ busy, onTap }: CardReaderProps) {
  const [own, setOwn] = useState('');
  const [assurance, setAssurance] = useState<CardAssurance>('uidOnly');
  const uid = own.replace(/[\s:]/g, '').toUpperCase();
  const wrong = own !== '' && !/^[0-9A-F]{8,20}$/.test(uid);
  return (
    <div className="reader">
      {cards.map((card) => (
        <Button key={card.uid} wide busy={busy === card.uid} icon={<CreditCard size={18} aria-hidden="true" />} onClick={() => onTap(card)}>{t(card.name)}</Button>
      ))}
      <form
        className="reader-own"
        onSubmit={(event) => {
          event.preventDefault();
          if (own !== '' && !wrong) onTap({ uid, assurance });
        }}
      >
        <Field label={t('demo.cardOwn')} value={own} onChange={(event) => setOwn(event.target.value)} maxLength={32} spellCheck={false} autoComplete="off"
          errors={wrong ? [t('demo.cardWrong')] : undefined} />
        <div className="field">
          <label htmlFor="card-kind">{t('demo.cardKind')}</label>
          <select id="card-kind" value={assurance} onChange={(event) => setAssurance(event.target.value as CardAssurance)}>
            <option value="uidOnly">{t('demo.cardUidOnly')}</option>
            <option value="signed">{t('demo.cardSigned')}</option>
            <option value="mutual">{t('demo.cardMutual')}</option>
          </select>
        </div>
        <Button type="submit" busy={busy === uid && uid !== ''}>{t('demo.cardTap')}</Button>
      </form>
    </div>
  );
}
