import { useState } from 'react';
import { Link2, Send, Trash2 } from 'lucide-react';
import { shares, type Share } from '../../../api/shares';
import type { Lease } from '../../../api/types';
import { useResource } from '../../../api/useResource';
import { serverNow } from '../../../api/clock';
import { clock, day } from '../../../format/time';
import { useLive } from '../../../live/useLive';
import { Button } from '../../../parts/Button';
import { Chips } from '../../../parts/Chips';
import { CopyButton } from '../../../parts/CopyButton';
import { Field } from '../../../parts/Field';
import { Trouble } from '../../../parts/Trouble';
import { useDeed } from '../../../parts/useDeed';
import { t, tn } from '../../../text/t';
import { Sheet } from '../pass/Sheet';
import './ShareDialog.css';

type How = 'once' | 'hours' | 'rental';

/** Two hours are an errand; whoever needs longer has the rental's whole time. */
const errand = 2 * 3_600_000;

/** Lets somebody else open the locker: what they may, the link to send, and who has one already. */
export function ShareDialog({ lease, onClose }: { lease: Lease; onClose: () => void }) {
  const list = useResource(`shares/${lease.id}`, (signal) => shares.of(lease.id, signal));
  useLive({}, (heard) => { if (heard.event === 'resync' || ('leaseId' in heard && heard.leaseId === lease.id)) list.reload(); });
  const [how, setHow] = useState<How>('once');
  const [name, setName] = useState('');
  const [link, setLink] = useState<string | null>(null);
  const { busy, problem, run } = useDeed<string>();

  const act = async (what: string, deed: () => Promise<void>): Promise<void> => {
    await run(what, deed);
    list.reload();
  };
  const make = (): Promise<void> => act('make', async () => {
    const until = how === 'hours' ? { until: new Date(serverNow() + errand).toISOString() } : {};
    const made = await shares.make(lease.id, { once: how === 'once', ...(name.trim() === '' ? {} : { name: name.trim() }), ...until });
    setLink(location.origin + made.path);
    setName('');
  });
  const takeBack = (share: Share): Promise<void> => act(share.id, async () => {
    await shares.takeBack(lease.id, share.id);
    setLink(null);
  });

  return (
    <Sheet title={t('share.title', { label: lease.locker.label })} onClose={onClose} done={t('pass.done')}>
      {link === null ? (
        <form className="share-new" onSubmit={(event) => { event.preventDefault(); void make(); }}>
          <p className="small quiet">{t('share.text')}</p>
          <Chips label={t('share.how')} value={how} onChoose={setHow} chips={[
            { value: 'once', text: t('share.once') }, { value: 'hours', text: t('share.hours') }, { value: 'rental', text: t('share.rental') },
          ]} />
          <p className="small quiet">{how === 'once' ? t('share.onceText') : how === 'hours' ? t('share.hoursText', { time: clock(serverNow() + errand, lease.site.timeZone) }) : t('share.rentalText')}</p>
          <Field label={t('share.name')} hint={t('share.nameHint')} value={name} maxLength={40} autoComplete="off" onChange={(event) => setName(event.target.value)} />
          <Button type="submit" look="primary" wide busy={busy === 'make'} icon={<Link2 size={20} aria-hidden="true" />}>{t('share.make')}</Button>
        </form>
      ) : <NewLink link={link} label={lease.locker.label} again={() => setLink(null)} />}
      {problem !== null && <Trouble problem={problem} />}
      {list.problem !== null && list.data === null && <Trouble problem={list.problem} retry={list.reload} />}
      {list.data !== null && list.data.items.length > 0 && (
        <section aria-labelledby="share-list">
          <h3 id="share-list">{t('share.list')}</h3>
          <ul className="share-list">
            {list.data.items.map((share) => (
              <li key={share.id} data-over={over(share)}>
                <span>
                  <strong>{share.name === '' ? t('share.somebody') : share.name}</strong>
                  <span className="small quiet">{stands(share, lease.site.timeZone)}</span>
                </span>
                {!over(share) && (
                  <Button busy={busy === share.id} icon={<Trash2 size={18} aria-hidden="true" />} onClick={() => void takeBack(share)}
                    aria-label={t('share.takeBackOf', { name: share.name === '' ? t('share.somebody') : share.name })}>{t('share.takeBack')}</Button>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
    </Sheet>
  );
}

/** The only time that a link is seen: nobody can show it again, only make another. */
function NewLink({ link, label, again }: { link: string; label: string; again: () => void }) {
  // Where a phone can hand it to a messenger it does; somebody who closes that choice has changed their mind, and nothing is wrong.
  const hands = typeof navigator.share === 'function';
  const send = (): Promise<void> => navigator.share({ title: t('share.sendTitle', { label }), url: link }).catch(() => undefined);
  return (
    <div className="share-link" role="status">
      <p><strong>{t('share.made')}</strong></p>
      <p className="share-url" data-link>{link}</p>
      <p className="small quiet">{t('share.madeText')}</p>
      {hands ? <Button look="primary" wide icon={<Send size={20} aria-hidden="true" />} onClick={() => void send()}>{t('share.send')}</Button> : <CopyButton look="primary" text={link} />}
      <Button look="text" onClick={again}>{t('share.another')}</Button>
    </div>
  );
}

function over(share: Share): boolean {
  return share.state !== 'good' && share.state !== 'waiting';
}

function stands(share: Share, timeZone: string): string {
  const opened = share.openings === 0 || share.openedAt === null ? [] : [tn('share.openings', share.openings, { time: day(share.openedAt, timeZone) })];
  const may = share.state === 'used' ? t('share.isUsed')
    : share.state === 'expired' ? t('share.isExpired')
    : share.state === 'taken-back' ? t('share.isTakenBack')
    : share.state === 'rental-over' ? t('share.isOver')
    : share.once ? t('share.mayOnce', { time: share.until === null ? '' : day(share.until, timeZone) })
    : share.until === null ? t('share.mayRental') : t('share.mayUntil', { time: day(share.until, timeZone) });
  return [may, ...opened].join(' · ');
}
