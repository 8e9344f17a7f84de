import { useState } from 'react';
import { UserPlus } from 'lucide-react';
import { type Delegate, deposits } from '../../api/deposits';
import { Button } from '../../parts/Button';
import { CopyButton } from '../../parts/CopyButton';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { t } from '../../text/t';

interface DelegatesProps { secret: string; delegates: Delegate[]; onChanged: () => void }

/** The receiver lets somebody else fetch it, once, and takes that back when they like. */
export function Delegates({ secret, delegates, onChanged }: DelegatesProps) {
  const { busy, problem, run } = useDeed<string>();
  const [name, setName] = useState('');
  const [made, setMade] = useState<{ link: string; first: string; pin: string } | null>(null);
  const act = (what: string, deed: () => Promise<void>): void => void run(what, deed).then(onChanged);
  const make = (): void => act('make', async () => {
    const { path, code, typeFirst } = await deposits.nameDelegate(secret, name.trim());
    setMade({ link: location.origin + path, first: typeFirst, pin: code });
    setName('');
  });
  const good = delegates.filter((each) => each.state === 'good');
  return (
    <section className="panel send-part" aria-labelledby="delegates">
      <h2 id="delegates">{t('collect.delegate')}</h2>
      <p className="small quiet">{t('collect.delegateText')}</p>
      {good.length > 0 && (
        <ul className="delegates">
          {good.map((each) => {
            const who = each.name === '' ? t('share.somebody') : each.name;
            return (
              <li key={each.id}>
                <span>{who}</span>
                <Button look="text" busy={busy === each.id} aria-label={t('share.takeBackOf', { name: who })} onClick={() => { setMade(null); act(each.id, () => deposits.removeDelegate(secret, each.id)); }}>{t('share.takeBack')}</Button>
              </li>
            );
          })}
        </ul>
      )}
      {made !== null && (
        <div className="stack" role="status">
          <p className="small">{t('collect.delegateMade')}</p>
          <p className="delegate-link small">{made.link}</p>
          <p className="delegate-link small">{t('collect.delegateCode', { first: made.first, pin: made.pin })}</p>
          <CopyButton key={made.link} text={made.link} />
        </div>
      )}
      {problem !== null && <Trouble problem={problem} />}
      {good.length < 2 && (
        <form className="stack" onSubmit={(event) => { event.preventDefault(); if (busy === null) make(); }}>
          <Field label={t('collect.delegateName')} value={name} maxLength={40} autoComplete="off" onChange={(event) => setName(event.target.value)} />
          <Button type="submit" wide busy={busy === 'make'} icon={<UserPlus size={20} aria-hidden="true" />}>{t('collect.delegateMake')}</Button>
        </form>
      )}
    </section>
  );
}
